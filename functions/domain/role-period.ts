import type { CivilDate } from '../../schemas/calendar.ts'
import type { Role } from '../../schemas/role.ts'
import type { RoleChange, RolePeriod } from '../../schemas/role-change.ts'
import { addDays, laterOf } from './civil-time.ts'
import type { CodedFault } from './refusal.ts'
import type { Code } from './texts/index.ts'

export const isInForce = ({ from, until }: RolePeriod, day: CivilDate): boolean =>
  from <= day && (until === null || day <= until)

/** Neither in force on the day nor ever after. */
const isOver = ({ from, until }: RolePeriod, day: CivilDate): boolean =>
  until !== null && until < laterOf(from, day)

/** In force on the day, and nobody has said until when. */
export const isLasting = (period: RolePeriod, day: CivilDate): boolean =>
  period.until === null && isInForce(period, day)

export const rolesOn = (held: readonly (RolePeriod & { readonly role: Role })[], day: CivilDate): Role[] =>
  held.filter(period => isInForce(period, day)).map(({ role }) => role)

export const samePeriod = (one: RolePeriod | null, other: RolePeriod | null): boolean =>
  one === null || other === null ? one === other : one.from === other.from && one.until === other.until

/** Whoever has one of these decides over the others' accesses and evidence: giving or taking it needs two people. */
export const needsTwo = (role: Role): boolean => role === 'security' || role === 'authority'

/** A working week and a weekend to find a second person; whoever agrees later knows less of why it was asked for. */
export const lapseDays = 7

/**
 * The period that a person is to have a role, by what stands and what was sent. Nothing begins in the past; what is in force
 * keeps its beginning. `until` yesterday takes away at once: a role is had through the whole of its last day.
 */
export function wantedPeriod(
  standing: RolePeriod | null,
  { from, until }: { readonly from?: CivilDate | undefined; readonly until: CivilDate | null },
  today: CivilDate,
): { readonly period: RolePeriod } | { readonly faults: CodedFault[] } | { readonly conflict: Code } {
  const fault = (pointer: string, code: Code) => ({ faults: [{ pointer, code }] })
  const stands = standing !== null && !isOver(standing, today) ? standing : null
  if (until !== null && until < addDays(today, -1)) return fault('/until', 'role.past')
  if (until !== null && until < today) {
    if (from !== undefined && from !== stands?.from) return fault('/until', 'role.until-before-from')
    if (standing === null) return { conflict: 'role.not-held' }
    return { period: stands === null ? standing : { from: stands.from, until } }
  }
  if (from !== undefined && from < today && from !== stands?.from) return fault('/from', 'role.past')
  const running = stands !== null && isInForce(stands, today)
  if (running && from !== undefined && from > today) return { conflict: 'role.in-force' }
  const begins = running ? stands.from : (from ?? stands?.from ?? today)
  if (until !== null && until < begins) return fault('/until', 'role.until-before-from')
  return { period: { from: begins, until } }
}

/**
 * What an approved change comes to on the day of its approval: a role begins on that day at the earliest, and one that should
 * be over by now ends at once. Null: nothing is left of it.
 */
export function periodWhenApproved(
  { from, until, standing }: Pick<RoleChange, 'from' | 'until' | 'standing'>,
  today: CivilDate,
): RolePeriod | null {
  const goesOn = standing !== null && !isOver(standing, today) && standing.from === from
  if (goesOn) return { from, until: until === null ? null : laterOf(until, addDays(today, -1)) }
  const begins = laterOf(from, today)
  return until !== null && until < begins ? null : { from: begins, until }
}

/** Whether somebody who has the role for good would no longer have it so. */
export const takesAway = (standing: RolePeriod | null, next: RolePeriod, today: CivilDate): boolean =>
  standing !== null && isLasting(standing, today) && !isLasting(next, today)

/** How the ledger calls it: `role-ended` where it ends earlier than it did. */
export const actOfChange = (standing: RolePeriod | null, next: RolePeriod): 'role-granted' | 'role-ended' =>
  standing !== null && next.until !== null && (standing.until === null || next.until < standing.until)
    ? 'role-ended'
    : 'role-granted'
