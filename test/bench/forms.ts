import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import { bootLaptop, type Laptop } from '../../infra/local/boot.ts'
import { mustBe } from '../../infra/local/client.ts'

/** One form about one person that asks for directory, mail and ERP, filed on a laptop that does nothing else. */
export interface FormsBench {
  readonly forms: number
  /** Milliseconds from sending the form to its answer. */
  readonly answered: readonly number[]
  /** Milliseconds from sending the form to an account that was read back as open, by system. */
  readonly usable: Readonly<Record<System, readonly number[]>>
  /** DynamoDB units of one form, mean over the forms nobody looked at meanwhile; transactions count double. */
  readonly units: Readonly<Record<'state' | 'ledger', Units>>
}

type System = 'directory' | 'mail' | 'erp'
const systems: readonly System[] = ['directory', 'mail', 'erp']

interface Units {
  readonly read: number
  readonly write: number
  /** Of the writes, those of the table's indexes. */
  readonly indexWrite: number
}

const accesses = [
  { system: 'directory', internetProfile: 'controlado' },
  { system: 'mail' },
  {
    system: 'erp',
    module: 'contabilidad-gubernamental',
    type: 'actualizacion',
    operations: ['ingreso', 'modificacion'],
  },
]
const contract = { type: 'planta', regime: 'municipal', startsOn: '2020-03-01' }

/** Invented people, beyond every number that was ever given out. */
const invent = (place: number) => {
  const digits = String(90_000_000 + place)
  const letters = [...digits].map(digit => 'bcdfghjklm'[Number(digit)]).join('')
  return {
    nationalId: `${digits}-${rutCheckDigit(digits)}`,
    givenNames: 'Rocío',
    surnames: `Banco${letters} Prueba`,
    position: 'Administrativa',
  }
}

export async function benchForms(watched = 100, unwatched = 20): Promise<FormsBench> {
  const dataDir = mkdtempSync(join(tmpdir(), 'llavero-bench-'))
  const laptop = await bootLaptop(dataDir, 0, (_part, work) => work)
  try {
    return await fileForms(laptop, watched, unwatched)
  } finally {
    await laptop.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function fileForms(laptop: Laptop, watched: number, unwatched: number): Promise<FormsBench> {
  const { client, issuer, sample } = laptop
  const hr = await issuer.tokenFor(sample.people.find(({ roles }) => roles.includes('hr'))?.nationalId ?? '')
  const [unit] = sample.units
  if (unit === undefined) throw new Error('the sample body has no unit')
  const head = await issuer.tokenFor(unit.head.nationalId)
  const people = Array.from({ length: watched + unwatched }, (_, place) => invent(place))
  const hired = await client('POST', '/people', {
    token: hr,
    body: people.map(person => ({ ...person, unit: unit.id, ...contract })),
  })
  mustBe(hired, 200, 'POST /people')

  const file = async (person: (typeof people)[number]) => {
    const activations = accesses.map(access => ({ person, contract, access, until: null }))
    const body = { unit: unit.id, activations, deactivations: [], declaration: true }
    mustBe(await client('POST', '/requests', { token: head, body }), 201, 'POST /requests')
  }
  const look = async (nationalId: string): Promise<{ system: System; state: string }[]> =>
    mustBe(await client('GET', `/people/${nationalId}`, { token: head }), 200, 'GET /people').accounts

  const answered: number[] = []
  const usable: Record<System, number[]> = { directory: [], mail: [], erp: [] }
  for (const person of people.slice(0, watched)) {
    const started = performance.now()
    await file(person)
    answered.push(performance.now() - started)
    const waiting = new Set(systems)
    while (waiting.size > 0) {
      for (const { system, state } of await look(person.nationalId))
        if (state === 'enabled' && waiting.delete(system)) usable[system].push(performance.now() - started)
      if (performance.now() - started > 60_000) throw new Error('a form was not carried out within a minute')
      await pause(2)
    }
  }

  await pause(1000)
  const before = sum(laptop)
  for (const person of people.slice(watched)) {
    await file(person)
    // Longer than a form takes: whoever looked would be charged with it.
    await pause(400)
  }
  await pause(3000)
  const after = sum(laptop)
  for (const { nationalId } of people.slice(watched))
    if ((await look(nationalId)).some(({ state }) => state !== 'enabled'))
      throw new Error('a form that was counted was not carried out')
  const each = (table: 'state' | 'ledger', kind: keyof Units) =>
    (after[table][kind] - before[table][kind]) / unwatched
  const units = (table: 'state' | 'ledger') => ({
    read: each(table, 'read'),
    write: each(table, 'write'),
    indexWrite: each(table, 'indexWrite'),
  })
  return {
    forms: watched,
    answered,
    usable,
    units: { state: units('state'), ledger: units('ledger') },
  }
}

/** Units so far, by table; the keys are the table's name, and its name and an index's. The ledger is the one with chains. */
function sum(laptop: Laptop): Record<'state' | 'ledger', Units> {
  const found = { state: { read: 0, write: 0, indexWrite: 0 }, ledger: { read: 0, write: 0, indexWrite: 0 } }
  for (const [where, { read, write }] of Object.entries(laptop.consumed())) {
    const table = found[/by-|Ledger/.test(where) ? 'ledger' : 'state']
    table.read += read
    table.write += write
    if (where.includes('/')) table.indexWrite += write
  }
  return found
}
