import * as z from 'zod'

/** A day of the civil calendar, `YYYY-MM-DD`. Impossible days (31 April) are refused. It has no zone: the body's own zone gives it one. */
export const CivilDate = z.iso
  .date({ error: 'calendar.impossible-date' })
  .meta({ id: 'CivilDate', example: '2026-12-31' })
export type CivilDate = z.infer<typeof CivilDate>

/** An instant, ISO 8601 in UTC with `Z`. Compared as text only after normalising to milliseconds. */
export const Instant = z.iso
  .datetime({ error: 'calendar.bad-instant' })
  .meta({ id: 'Instant', example: '2027-01-01T03:00:00.000Z' })
export type Instant = z.infer<typeof Instant>

/**
 * An IANA zone that this runtime knows. Offsets (`-03:00`) are none: they know no summer time. The list is asked before the
 * formatter, which costs a cold start 13 ms; only the formatter knows the aliases (`Chile/Continental`).
 */
export const TimeZone = z.string().refine(
  zone => {
    if (Intl.supportedValuesOf('timeZone').includes(zone)) return true
    try {
      return /^[A-Za-z]/.test(zone) && new Intl.DateTimeFormat('en', { timeZone: zone }) !== undefined
    } catch {
      return false
    }
  },
  { error: 'settings.unknown-zone' },
)
