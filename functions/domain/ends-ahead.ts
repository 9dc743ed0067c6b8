import type { CivilDate, Instant } from '../../schemas/calendar.ts'
import { TargetId } from '../../schemas/settings.ts'
import { dayOf, daysBetween } from './civil-time.ts'
import { desiredAccess, type PersonRecord, type RecordSettings } from './desired-access.ts'
import { foldEvents } from './register.ts'

/** Something that a person has and that ends, by all that is known now. */
export interface EndAhead {
  readonly target: TargetId
  /** An ERP module; null: the account itself. */
  readonly module: string | null
  /** First instant without it. */
  readonly endsAt: Instant
  readonly lastDay: CivilDate
  /** Days from today to the last day with it; 0: today is the last one. */
  readonly days: number
}

/** Days before an end at which people are told of it. */
const thresholds = [1, 7, 30, 60] as const
const farthest = 60

/**
 * The threshold that has been reached; null: the end is farther off. One that was passed unnoticed (the end was not known
 * yet, or nobody looked) counts until the next one is reached, so that it is told late rather than not at all.
 */
export const thresholdOf = (days: number): number | null => thresholds.find(one => days <= one) ?? null

/** Whether somebody is held back from an instant on: a termination or a leave in the register, a hold on the person. */
const heldAt = (record: PersonRecord, at: Instant, zone: string): boolean =>
  foldEvents(record.events, dayOf(at, zone), zone).holds.length > 0 ||
  record.holds.some(
    ({ since, until, ended }) =>
      since <= at && (until === null || at < until) && (ended === null || at < ended.at),
  )

/**
 * What of a person's access ends by itself within sixty days. A renewal that is granted already has moved its end. What a
 * hold ends (a termination, a leave) is not among it, nor anything of somebody who is held now: there is nothing to renew.
 */
export function endsAhead(record: PersonRecord, settings: RecordSettings, asOf: Instant): EndAhead[] {
  const zone = settings.timeZone
  const today = dayOf(asOf, zone)
  const found = TargetId.options.flatMap((target): Pick<EndAhead, 'target' | 'module' | 'endsAt'>[] => {
    const { expiresAt, rights } = desiredAccess(record, target, settings, asOf)
    if (target !== 'erp') return expiresAt === null ? [] : [{ target, module: null, endsAt: expiresAt }]
    return rights.flatMap(({ id, until }) => (until === null ? [] : [{ target, module: id, endsAt: until }]))
  })
  return found.flatMap(end => {
    const lastDay = dayOf(new Date(Date.parse(end.endsAt) - 1).toISOString(), zone)
    const days = daysBetween(today, lastDay)
    return days > farthest || heldAt(record, end.endsAt, zone) ? [] : [{ ...end, lastDay, days }]
  })
}

/**
 * The ends that are to be told now: each at its threshold, once. `told`: the lowest threshold that was told of an end, by its
 * instant; an end that was moved is another one.
 */
export const endsToTell = (ends: readonly EndAhead[], told: Readonly<Record<Instant, number>>): EndAhead[] =>
  ends.filter(({ endsAt, days }) => {
    const threshold = thresholdOf(days)
    return threshold !== null && threshold < (told[endsAt] ?? Number.POSITIVE_INFINITY)
  })
