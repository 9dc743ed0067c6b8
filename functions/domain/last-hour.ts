import type { Instant } from '../../schemas/calendar.ts'
import type { TargetRow } from '../../schemas/target.ts'

const hour = 3_600_000

/**
 * Whether an account stops working within the hour, or has just done so, as its target was last read: a change to it overtakes
 * whatever else waits. The worst hour is the last one of 31 December.
 */
export const endsWithinTheHour = (rows: Iterable<Pick<TargetRow, 'observed'>>, now: Instant): boolean => {
  const then = new Date(Date.parse(now) + hour).toISOString()
  return [...rows].some(
    ({ observed }) =>
      observed?.state === 'enabled' && observed.expiresAt !== null && observed.expiresAt < then,
  )
}
