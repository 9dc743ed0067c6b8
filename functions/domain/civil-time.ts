import { Temporal } from 'temporal-polyfill'
import type { CivilDate, Instant } from '../../schemas/calendar.ts'

/** Bounds of what an instant's text can say with four digits of year; beyond them text would no longer sort as time. */
export const EARLIEST: Instant = '0000-01-01T00:00:00.000Z'
export const LATEST: Instant = '9999-12-31T23:59:59.999Z'

const written = (instant: Temporal.Instant): Instant => {
  const text = instant.toString({ smallestUnit: 'millisecond' })
  if (text.startsWith('+')) return LATEST
  return text.startsWith('-') ? EARLIEST : text
}

/** The one way an instant is written, `YYYY-MM-DDTHH:mm:ss.sssZ`, so that text compares as time. Finer than a millisecond is cut off. */
export const normalInstant = (instant: Instant): Instant => written(Temporal.Instant.from(instant))

export const laterOf = <T extends string>(one: T, other: T): T => (one < other ? other : one)
export const earlierOf = <T extends string>(one: T, other: T): T => (one < other ? one : other)

/** The civil day of an instant in the body's zone. */
export const dayOf = (instant: Instant, zone: string): CivilDate =>
  Temporal.Instant.from(instant).toZonedDateTimeISO(zone).toPlainDate().toString()

/** The civil day whose given hour has struck last: before it, the day before. */
export const dayWithHour = (instant: Instant, hour: number, zone: string): CivilDate => {
  const local = Temporal.Instant.from(instant).toZonedDateTimeISO(zone)
  return addDays(local.toPlainDate().toString(), local.hour < hour ? -1 : 0)
}

/** How many days later the second day is. */
export const daysBetween = (day: CivilDate, later: CivilDate): number =>
  Temporal.PlainDate.from(day).until(Temporal.PlainDate.from(later), { largestUnit: 'day' }).days

const starts = new Map<string, Instant>()

/**
 * The first instant of a day, which is 01:00 where summer time skips midnight (Chile, 2026-09-06).
 * Remembered, because the same few days are asked for again and again and the answer cannot change while a process lives.
 */
export const startOfDay = (day: CivilDate, zone: string): Instant => {
  const key = `${zone} ${day}`
  const known = starts.get(key)
  if (known !== undefined) return known
  const start = written(Temporal.PlainDate.from(day).toZonedDateTime(zone).toInstant())
  if (starts.size >= 5000) starts.clear()
  starts.set(key, start)
  return start
}

/** Never before year 0000 nor after 9999: dates are four-digit text. */
export const addDays = (day: CivilDate, days: number): CivilDate => {
  const moved = Temporal.PlainDate.from(day).add({ days }).toString()
  if (moved.startsWith('+')) return '9999-12-31'
  return moved.startsWith('-') ? '0000-01-01' : moved
}

/** First instant without access when `day` is the last day with it: the start of the next day in the zone. */
export const endOfAccess = (day: CivilDate, zone: string): Instant =>
  day === '9999-12-31' ? LATEST : startOfDay(addDays(day, 1), zone)

/** The last day with access, of the first instant without it. */
export const lastDayWithAccess = (end: Instant, zone: string): CivilDate =>
  dayOf(new Date(Date.parse(end) - 1).toISOString(), zone)

/** 31 December of that day's year (R3). */
export const lastDayOfYear = (day: CivilDate): CivilDate => `${day.slice(0, 4)}-12-31`

/** An instant as people of the zone read it: `31-12-2026 09:05`. */
export const sayInstant = (instant: Instant, zone: string): string => {
  const { day, month, year, hour, minute } = Temporal.Instant.from(instant).toZonedDateTimeISO(zone)
  const two = (number: number) => String(number).padStart(2, '0')
  return `${two(day)}-${two(month)}-${year} ${two(hour)}:${two(minute)}`
}
