import { System } from '../../schemas/access.ts'
import type { CivilDate, Instant } from '../../schemas/calendar.ts'
import type { HoldKind } from '../../schemas/hold.ts'
import { dayOf } from './civil-time.ts'
import { foldEvents } from './register.ts'
import { type PersonRecord, type RecordSettings, shuts } from './standing.ts'

export interface HoldInForce {
  readonly kind: HoldKind
  /** A day where an HR event says so. */
  readonly since: CivilDate | Instant
  /** First instant at which it no longer holds; null: until somebody ends it. */
  readonly until: Instant | null
}

/**
 * Which holds are in force on a person at an instant: what follows from the register's events on that day, then what people
 * have said. Whom the register does not know at all, nothing there holds; a leave that shuts no system is none.
 */
export const holdsOn = (
  { events, holds }: Pick<PersonRecord, 'events' | 'holds'>,
  instant: Instant,
  settings: RecordSettings,
): HoldInForce[] => [
  ...foldEvents(events, dayOf(instant, settings.timeZone), settings.timeZone)
    .holds.filter(hold => System.options.some(system => shuts(hold, system, settings)))
    .map(({ kind, since }) => ({ kind, since, until: null })),
  ...holds
    .filter(
      ({ since, until, ended }) =>
        since <= instant && (until === null || instant < until) && (ended === null || instant < ended.at),
    )
    .map(({ kind, since, until }) => ({ kind, since, until })),
]

/** Whether whoever is held so has lost their post with it. A leave is no vacancy: who is on leave comes back to it. */
export const leavesPost = (holds: readonly Pick<HoldInForce, 'kind'>[]): boolean =>
  holds.some(({ kind }) => kind !== 'leave')
