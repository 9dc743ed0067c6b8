import { createHash } from 'node:crypto'
import type { RoleChange, RoleChangeView, SentRoleDecision } from '../../schemas/role-change.ts'
import type { RoleRow } from '../../schemas/rows.ts'
import type { Caller } from '../domain/entitlement.ts'
import { isRefusal, type Refusal, refuse, refuseWith } from '../domain/refusal.ts'
import { actOfChange, periodWhenApproved, samePeriod } from '../domain/role-period.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { RoleWrite } from '../stores/roles.ts'
import { restsOn, roleDraft, standingRole } from './change-role.ts'
import { knownPeople } from './known-people.ts'
import { type RoleRegisters, viewChange } from './read-roles.ts'
import { nowOf, tries } from './registers.ts'

/**
 * A second person approves or rejects a proposed change of a role (by `security` or `authority`, see the contract's table):
 * neither who proposed it nor whom it concerns. An approved change holds at once, if the role still stands as it did when it
 * was proposed. The same decision by the same person again is answered again.
 */
export async function decideRole(
  registers: RoleRegisters,
  caller: Caller,
  id: string,
  sent: SentRoleDecision,
): Promise<RoleChangeView | Refusal> {
  const { roles, people } = registers
  for (let attempt = 1; attempt <= tries; attempt++) {
    const change = await roles.change(id)
    if (change === null) return refuse('not-found')
    if ([change.personId, change.proposedBy].includes(caller.personId))
      return refuseWith('forbidden', 'role.change-own')
    const { at } = nowOf(registers)
    const decided: RoleChange = {
      ...change,
      state: sent.decision === 'approve' ? 'approved' : 'rejected',
      decidedBy: caller.personId,
      decidedAt: at,
      comment: sent.comment === undefined || sent.comment === '' ? null : sent.comment,
    }
    if (change.state !== 'pending')
      return isSame(change, decided)
        ? viewChange(knownPeople(registers), change)
        : refuseWith('conflict', 'role.change-decided')
    if (change.lapsesAt <= at) return refuseWith('conflict', 'role.change-lapsed')
    const person = await people.load(change.personId)
    if (person === null) return refuseWith('conflict', 'role.change-overtaken')
    const role = sent.decision === 'approve' ? await approved(registers, person, change) : null
    if (role !== null && isRefusal(role)) return role
    if (await roles.decide(person.row, decided, role, entryFor(registers, caller, person, decided, role)))
      return viewChange(knownPeople(registers), decided)
  }
  return refuse('busy')
}

const isSame = (one: RoleChange, other: RoleChange) =>
  one.state === other.state && one.decidedBy === other.decidedBy && one.comment === other.comment

/** What the approval writes, by what stands today. */
async function approved(
  registers: RoleRegisters,
  person: PersonAggregate,
  change: RoleChange,
): Promise<RoleWrite | Refusal> {
  const { today } = nowOf(registers)
  const standing = standingRole(person, change.role)
  if (!samePeriod(standing, change.standing)) return refuseWith('conflict', 'role.change-overtaken')
  const period = periodWhenApproved(change, today)
  if (period === null) return refuseWith('conflict', 'role.change-lapsed')
  const next: RoleRow = { version: 1, role: change.role, ...period }
  const rests = await restsOn(registers, person, standing, next)
  return rests === 'nobody' ? refuseWith('conflict', 'role.last') : { standing, next, rests }
}

/** Both names stand in the entry: who proposed, and who agreed or did not. */
function entryFor(
  registers: RoleRegisters,
  caller: Caller,
  person: PersonAggregate,
  { id, role, from, until, standing, proposedBy, comment }: RoleChange,
  written: RoleWrite | null,
) {
  const period = written === null ? { from, until } : { from: written.next.from, until: written.next.until }
  return roleDraft(registers, caller, person, {
    act: written === null ? 'role-rejected' : actOfChange(standing, period),
    cause: { kind: 'role-change', ref: id },
    before: standing,
    after: { role, ...period },
    evidence: {
      proposedBy,
      commentHash: comment === null ? null : createHash('sha256').update(comment).digest('hex'),
    },
  })
}
