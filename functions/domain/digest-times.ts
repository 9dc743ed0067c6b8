import type { CivilDate, Instant } from '../../schemas/calendar.ts'
import type { Settings } from '../../schemas/settings.ts'
import { addDays, dayOf, daysBetween, dayWithHour } from './civil-time.ts'

type DigestSettings = Pick<Settings, 'timeZone' | 'notices' | 'renewals'>

/** What of the last edition tells whether another one is due. */
interface Before {
  readonly edition: CivilDate
  readonly finishedOn: CivilDate | null
}

/**
 * The day whose digests are to be made now, null: none. One a day: from the hour of the setting on, and at any hour for a
 * day that went by without. The edition before has to be finished, and was sent on another day.
 */
export function editionDue(
  { timeZone, notices }: DigestSettings,
  before: Before | null,
  now: Instant,
): CivilDate | null {
  const edition = dayWithHour(now, notices.digestHour, timeZone)
  if (before === null) return edition
  const { finishedOn } = before
  if (finishedOn === null || edition <= before.edition || dayOf(now, timeZone) <= finishedOn) return null
  return edition
}

/** When units renew what ends at the end of the year. */
export interface Round {
  readonly opensOn: CivilDate
  readonly closesOn: CivilDate
  /** What ends on this day may be renewed. */
  readonly lastDay: CivilDate
}

/** The round that is open on a day. */
export function roundOn({ renewals }: DigestSettings, day: CivilDate): Round | null {
  const year = day.slice(0, 4)
  const round = {
    opensOn: `${year}-${renewals.opensOn}`,
    closesOn: `${year}-${renewals.closesOn}`,
    lastDay: `${year}-12-31`,
  }
  return round.opensOn <= day && day <= round.closesOn ? round : null
}

/** Units are reminded with the first digest of the round, and with each of its last week. */
export const remindsOn = (round: Round, day: CivilDate, remindedOn: CivilDate | null): boolean =>
  remindedOn === null || remindedOn < round.opensOn || day >= addDays(round.closesOn, -7)

/** What waits is worth a mail of its own after three days, and again every week. */
export const isReminderDay = (since: CivilDate, day: CivilDate): boolean => {
  const days = daysBetween(since, day)
  return days === 3 || (days > 0 && days % 7 === 0)
}

/** What stays open is brought up again in the digest of every Monday. */
export const isWeekly = (day: CivilDate): boolean => daysBetween('2024-01-01', day) % 7 === 0
