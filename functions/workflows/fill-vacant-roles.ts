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

type Needed = Pick<Registers, 'people' | 'identities' | 'settings' | 'clock'> & {
  readonly roles: RoleStore
  readonly log: Log
}

/**
 * The way out where nobody is left who could give a role that needs two people: everybody who had it was terminated, or is
 * held. Whoever deploys has named in the settings (`rescue`) who takes it then. It counts only while the role is vacant, only for
 * somebody whom the register knows and who is not held, and stands in their chain as the deployment's act.
 */
export async function fillVacantRoles(registers: Needed): Promise<void> {
  const { settings } = registers
  for (const role of new Set(settings.rescue.flatMap(({ roles }) => roles)))
    if (needsTwo(role) && (await isVacant(registers, role)))
      for (const named of settings.rescue) if (named.roles.includes(role)) await give(registers, named, role)
}

/** Whoever is on leave comes back to it. */
const mayAct = (person: PersonAggregate, { settings, clock }: Needed): boolean =>
  !leavesPost(holdsOn(person, nowOf({ settings, clock }).at, settings))

async function isVacant(registers: Needed, role: RoleRow['role']): Promise<boolean> {
  const { today } = nowOf(registers)
  for (const { personId, row } of await registers.roles.list(today)) {
    if (row.role !== role || !isInForce(row, today)) continue
    const person = await registers.people.load(personId)
    if (person !== null && mayAct(person, registers)) return false
  }
  return true
}

async function give(
  registers: Needed,
  { person: { nationalId }, issuer, subject }: Settings['rescue'][number],
  role: RoleRow['role'],
): Promise<void> {
  const { people, roles, identities, settings, log } = registers
  const parsed = parseNationalId(settings.nationalId, nationalId)
  const personId = parsed.ok ? await people.idOf(parsed.value) : null
  for (let attempt = 1; attempt <= tries && personId !== null; attempt++) {
    const person = await people.load(personId)
    if (person === null || !mayAct(person, registers)) return
    const { at, today } = nowOf(registers)
    const entry = (said: Pick<EntryDraft, 'act' | 'before' | 'after'>): EntryDraft => ({
      at,
      asOf: at,
      phase: 'recorded',
      subject: personId,
      actor: { personId: null, role: 'bootstrap', onBehalfOf: null },
      system: 'llavero',
      request: null,
      cause: { kind: 'bootstrap', ref: settings.body.id },
      ...said,
    })
    const link = await identities.link(person.row, { issuer, subject }, entry({ act: 'identity-linked' }))
    if (link === 'taken') return
    if (link !== 'already') continue
    const standing = standingRole(person, role)
    const next: RoleRow = { version: 1, role, from: today, until: null }
    const given = entry({ act: 'role-granted', before: standing, after: next })
    if (!(await roles.record(person.row, { standing, next, rests: null }, given))) continue
    log('role-rescued', { personId, role })
    return
  }
}
