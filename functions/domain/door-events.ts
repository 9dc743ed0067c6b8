import { Temporal } from 'temporal-polyfill'
import type { Instant } from '../../schemas/calendar.ts'

/** What a door's event says by its code, as far as anything here follows from it. Every other one is kept all the same. */
export const eventCodes = {
  opened: 0,
  outsideHours: 21,
  illegal: 23,
  unknownCard: 27,
  heldOpen: 28,
  expired: 29,
  lostCard: 38,
  blacklisted: 39,
  tamper: 100,
  duress: 101,
  forced: 102,
} as const

/** One event as a device reports it. */
export interface DoorRecord {
  /** The device's own count; with its serial number it names the event. */
  readonly index: number
  readonly at: Instant
  /** `HH:MM` by the device's own clock, which shows the time of the body's zone. */
  readonly timeOfDay: string
  readonly event: number
  /** Which of the device's doors; 0 where it says none. */
  readonly door: number
  /** Null: no badge was shown, or none that can be read. */
  readonly pin: string | null
  readonly card: string | null
  readonly way: 'in' | 'out' | null
  /** How the person was recognised, by the device's own code. */
  readonly verified: number
}

export interface ReadRecords {
  readonly records: readonly DoorRecord[]
  /** Indexes of lines that cannot be read further: they were sent, and asking for them again brings the same line. */
  readonly damaged: readonly number[]
  /** Lines of which not even the index can be read. What they told shows as a gap. */
  readonly unreadable: number
}

/**
 * Reads the body of an upload of events: a record a line, fields joined by TAB, their names in any case. A line that cannot be
 * read never costs another one.
 *
 * @param arrival when it came, which tells apart the two passes of an hour that a change of clocks repeats
 */
export function readRecords(body: string, zone: string, arrival: Instant): ReadRecords {
  const records: DoorRecord[] = []
  const damaged: number[] = []
  let unreadable = 0
  for (const line of body.split(/\r\n|\n|\r/)) {
    if (line.trim() === '') continue
    const fields = fieldsOf(line)
    const index = whole(fields.get('index'), mostIndex)
    const record = index === null ? null : recordOf(index, fields, zone, arrival)
    if (record !== null) records.push(record)
    else if (index !== null) damaged.push(index)
    else unreadable += 1
  }
  return { records, damaged, unreadable }
}

/**
 * The device's clock as its report of door states shows it, which is never kept back; null where it shows none. It may be off
 * by any amount.
 */
export function readStateTime(body: string, zone: string, arrival: Instant): Instant | null {
  for (const line of body.split(/\r\n|\n|\r/)) {
    const at = instantOfDevice(fieldsOf(line).get('time') ?? '', zone, arrival)
    if (at !== null) return at
  }
  return null
}

/** The devices' count has 32 bits; what is beyond is a damaged one. */
const mostIndex = 4_294_967_295

/** A name that comes twice with two values says nothing: which one counts would be a guess. */
function fieldsOf(line: string): Map<string, string> {
  const fields = new Map<string, string>()
  const contradicted = new Set<string>()
  for (const field of line.split('\t')) {
    const cut = field.indexOf('=')
    if (cut < 0) continue
    const name = field.slice(0, cut).trim().toLowerCase()
    const value = field.slice(cut + 1).trim()
    if (fields.has(name) && fields.get(name) !== value) contradicted.add(name)
    fields.set(name, value)
  }
  for (const name of contradicted) fields.delete(name)
  return fields
}

function recordOf(
  index: number,
  fields: ReadonlyMap<string, string>,
  zone: string,
  arrival: Instant,
): DoorRecord | null {
  const time = fields.get('time') ?? ''
  const at = instantOfDevice(time, zone, arrival)
  const event = whole(fields.get('event'), 65_535)
  if (at === null || event === null) return null
  const way = fields.get('inoutstatus')
  return {
    index,
    at,
    timeOfDay: time.slice(11, 16),
    event,
    door: whole(fields.get('eventaddr'), 255) ?? 0,
    pin: numberShown(fields.get('pin'), 9),
    card: numberShown(fields.get('cardno'), 19),
    way: way === '0' ? 'in' : way === '1' ? 'out' : null,
    verified: whole(fields.get('verifytype'), 65_535) ?? 0,
  }
}

const whole = (text: string | undefined, most: number): number | null =>
  text !== undefined && /^\d{1,10}$/.test(text) && Number(text) <= most ? Number(text) : null

/** Devices write 0 where there is none. */
const numberShown = (text: string | undefined, digits: number): string | null =>
  text !== undefined && /^\d+$/.test(text) && text.length <= digits && /[1-9]/.test(text) ? text : null

/** Both instants at which a minute of local time begins, where a change of clocks repeats it. */
const minutes = new Map<string, readonly [first: number, second: number] | null>()
/** A clock that is a little ahead of ours is still in the pass that it says. */
const slackMilliseconds = 300_000

/**
 * Local time without a zone, as devices write it, as an instant. A time that a change of clocks skips is moved on by what was
 * skipped (a device that has not changed its clock yet). One that comes twice is the later of both unless that is still to
 * come: right for what is reported at once; what a device kept back from the first pass is put one hour late.
 */
export function instantOfDevice(text: string, zone: string, arrival: Instant): Instant | null {
  const shape = /^(20\d\d-\d\d-\d\d)[ T](\d\d:\d\d):([0-5]\d)$/.exec(text)
  if (shape === null) return null
  const [, day, time, second] = shape
  const key = `${zone} ${day}T${time}`
  let both = minutes.get(key)
  if (both === undefined) {
    both = bothOf(`${day}T${time}`, zone)
    if (minutes.size >= 5000) minutes.clear()
    minutes.set(key, both)
  }
  if (both === null) return null
  const milliseconds = Number(second) * 1000
  const later = both[1] + milliseconds
  const latest = Date.parse(arrival) + slackMilliseconds
  return new Date(later <= latest ? later : both[0] + milliseconds).toISOString()
}

function bothOf(minute: string, zone: string): readonly [number, number] | null {
  let local: Temporal.PlainDateTime
  try {
    local = Temporal.PlainDateTime.from(minute, { overflow: 'reject' })
  } catch {
    return null
  }
  const at = (disambiguation: 'earlier' | 'later' | 'compatible') =>
    local.toZonedDateTime(zone, { disambiguation })
  const earlier = at('earlier')
  const skipped = !earlier.toPlainDateTime().equals(local)
  const first = skipped ? at('compatible') : earlier
  return [first.epochMilliseconds, (skipped ? first : at('later')).epochMilliseconds]
}
