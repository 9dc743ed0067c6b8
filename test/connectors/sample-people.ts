import { randomUUID } from 'node:crypto'
import type { AccountRef, Profile } from '../../functions/connectors/contract.ts'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import type { Harness, Sample } from './harness.ts'

const run = (process.pid % 1296).toString(36).padStart(2, '0')
let serial = Date.now() % 100_000

/** An invented person whose account does not exist yet: unique name and national id (8 digits and check digit). */
export function samplePerson(harness: Harness, changes: Partial<Profile> = {}): Sample {
  serial += 1
  const body = 20_000_000 + (process.pid % 70) * 100_000 + (serial % 100_000)
  const nationalId = changes.nationalId ?? `${body}-${rutCheckDigit(String(body))}`
  const profile: Profile = {
    nationalId,
    givenNames: 'Rosa Amelia',
    surnames: 'Pizarro Quilodrán',
    position: 'Asistente social',
    unit: 'Dirección de Desarrollo Comunitario',
    ...changes,
  }
  const account: AccountRef = {
    personId: randomUUID(),
    nationalId,
    accountId: null,
    name: harness.accountName(`p${run}${serial.toString(36)}`),
    adopted: false,
  }
  return { account, profile }
}

/** Names and posts that the form lets through and that break careless targets. `marks` hold what DN, SQL and CSV treat specially. */
export const awkwardProfiles: readonly Partial<Profile>[] = [
  { givenNames: 'María José', surnames: 'Muñoz Peña' },
  { givenNames: 'Ñusta', surnames: 'Güiraldes Ångström' },
  { givenNames: 'Bernardo', surnames: "O'Higgins d’Orléans-Bragança" },
  { givenNames: 'J. R.', surnames: 'de la O y de los Ríos' },
  { givenNames: 'Zoë-Anaïs', surnames: 'Łukasiewicz Đorđević' },
  { givenNames: 'Χρήστος', surnames: 'Юрьев 王' },
  { givenNames: 'I', surnames: 'O' },
  {
    givenNames: 'Maximiliano Bartolomé Encarnación Hermenegildo de la Ascensió',
    surnames: 'Goicoechea-Etcheverrigaray Larrañaga y Fernández de Valderrama',
  },
  {
    position: '#1 Jefe(s) *\\ , = + < > ; " / & | ! ~ \' -- %s $(x) {{x}}',
    unit: 'Depto. "Aseo & Ornato", piso 2; ala=sur',
  },
  { position: '=cmd|calc', unit: '(|(objectClass=*))' },
  { position: "'); DROP TABLE mailbox; --", unit: '\\2a\\28\\00' },
  { position: '🙂 Encargada de difusión 🇨🇱', unit: '🙂'.repeat(40) },
  { position: 'x'.repeat(100), unit: 'Departamento de '.repeat(12).trim() },
  { position: '-', unit: '.' },
]
