import type { RoleRow } from '../../schemas/rows.ts'
import type { Settings } from '../../schemas/settings.ts'
import { holdsOn, leavesPost } from '../domain/holds.ts'
import { parseNationalId } from '../domain/national-id.ts'
import { isInForce, needsTwo } from '../domain/role-period.ts'
import type { EntryDraft } from '../stores/ledger.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { RoleStore } from '../stores/roles.ts'
import { standingRole } from './change-role.ts'
import type { Log } from './engine.ts'
import { nowOf, type Registers, tries } from './registers.ts'

/** What filling vacant roles is given. */
export type VacantRoles = Pick<Registers, 'people' | 'identities' | 'settings' | 'clock'> & {
  readonly roles: RoleStore
  readonly log: Log
}

/** An entry of what a deployment does, which no person of the register does. */
export function deploymentEntry({ settings, clock }: Pick<Registers, 'settings' | 'clock'>) {
  const { at } = nowOf({ settings, clock })
  return (said: Pick<EntryDraft, 'act' | 'subject' | 'before' | 'after'>): EntryDraft => ({
    at,
    asOf: at,
    phase: 'recorded',
    actor: { personId: null, role: 'bootstrap', onBehalfOf: null },
    system: 'llavero',
    request: null,
    cause: { kind: 'bootstrap', ref: settings.body.id },
    ...said,
  })
}

/**
 * The way out where nobody is left who could give a role that needs two people: everybody who had it was terminated, or is
 * held. Whoever deploys has named in the settings (`rescue`) who takes it then. It counts only while the role is vacant, only for
 * somebody whom the register knows and who is not held, and stands in their chain as the deployment's act.
 *
 * @returns why somebody who is named for a vacant role cannot take it, by their place in `rescue`; null: nothing is wrong
 */
export async function fillVacantRoles(registers: VacantRoles): Promise<string | null> {
  const { rescue } = registers.settings
  const wrong: string[] = []
  for (const role of new Set(rescue.flatMap(({ roles }) => roles))) {
    if (!needsTwo(role) || !(await isVacant(registers, role))) continue
    for (const [index, named] of rescue.entries()) {
      const why = named.roles.includes(role) ? await give(registers, named, role) : null
      if (why !== null) wrong.push(`rescue ${index}: ${why}`)
    }
  }
  return wrong.length === 0 ? null : wrong.join('; ')
}

/** Whoever is on leave comes back to it. */
const mayAct = (person: PersonAggregate, { settings, clock }: VacantRoles): boolean =>
  !leavesPost(holdsOn(person, nowOf({ settings, clock }).at, settings))

async function isVacant(registers: VacantRoles, role: RoleRow['role']): Promise<boolean> {
  const { today } = nowOf(registers)
  for (const { personId, row } of await registers.roles.list(today)) {
    if (row.role !== role || !isInForce(row, today)) continue
    const person = await registers.people.load(personId)
    if (person !== null && mayAct(person, registers)) return false
  }
  return true
}

/** Null: it is theirs now. */
async function give(
  registers: VacantRoles,
  { person: { nationalId }, issuer, subject }: Settings['rescue'][number],
  role: RoleRow['role'],
): Promise<string | null> {
  const { people, roles, identities, settings, log } = registers
  const parsed = parseNationalId(settings.nationalId, nationalId)
  if (!parsed.ok) return parsed.code
  const personId = await people.idOf(parsed.value)
  for (let attempt = 1; attempt <= tries; attempt++) {
    const person = personId === null ? null : await people.load(personId)
    if (person === null || personId === null) return 'nobody whom the register knows'
    if (!mayAct(person, registers)) return 'terminated, sanctioned or suspended'
    const entry = deploymentEntry(registers)
    const linked = entry({ act: 'identity-linked', subject: personId })
    const link = await identities.link(person.row, { issuer, subject }, linked)
    if (link === 'taken') return 'the identity is somebody else’s'
    if (link !== 'already') continue
    const standing = standingRole(person, role)
    const next: RoleRow = { version: 1, role, from: nowOf(registers).today, until: null }
    const given = entry({ act: 'role-granted', subject: personId, before: standing, after: next })
    if (!(await roles.record(person.row, { standing, next, rests: null }, given))) continue
    log('role-rescued', { personId, role })
    return null
  }
  return 'the register was busy'
}
