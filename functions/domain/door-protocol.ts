import { Temporal } from 'temporal-polyfill'
import type { Instant } from '../../schemas/calendar.ts'
import { CardNumber, Pin } from '../../schemas/doors.ts'
import { endOfAccess, lastDayWithAccess } from './civil-time.ts'

/** How a device takes and shows an end: as a day, or as the vendor's count of seconds. */
export type DateFormat = 'days' | 'seconds'

/** Tables of a device from which this system takes a person. */
export type PersonTable = 'userauthorize' | 'templatev10' | 'mulcarduser' | 'user'

/**
 * All that a device is ever told. Whatever is not here cannot be said: no `Shell`, and no deletion of anybody but one person
 * by their number.
 */
export type Command =
  | {
      readonly say: 'put-user'
      readonly pin: string
      readonly card: string | null
      readonly name: string
      readonly end: string
    }
  | { readonly say: 'authorise'; readonly pin: string; readonly timeZone: number; readonly locks: number }
  | { readonly say: 'delete'; readonly table: PersonTable; readonly pin: string }
  /** Null: everybody's rows. */
  | { readonly say: 'show'; readonly table: 'user' | 'userauthorize'; readonly pin: string | null }
  /** Events by their index, both included. */
  | { readonly say: 'resend'; readonly from: number; readonly to: number }

/** Accepted, and carried out later. */
export const acceptedLater = -5000

/** Bytes of a name on a device's display. */
const longestName = 24
const notInNames = /[^\p{L}\p{M}\p{Nd} '.-]+/gu

/** A name as it may stand in a record: nothing that could end a field or a command, and no longer than a display. */
export function nameOnDevice(name: string): string {
  const plain = name
    .toWellFormed()
    .normalize('NFC')
    .replaceAll('’', "'")
    .replace(notInNames, ' ')
    .replace(/ {2,}/g, ' ')
    .trim()
  let short = ''
  for (const letter of plain) {
    if (bytesOf(short) + bytesOf(letter) > longestName) break
    short += letter
  }
  return short.trimEnd()
}

const bytesOf = (text: string) => new TextEncoder().encode(text).length

const number = (value: number, least: number, most: number): string => {
  if (!Number.isSafeInteger(value) || value < least || value > most)
    throw new RangeError('no number of this protocol')
  return String(value)
}

/** Zero is nobody's number, and the vendor's word for "no person". */
const personOf = (pin: string): string => {
  if (!Pin.safeParse(pin).success || /^0+$/.test(pin)) throw new RangeError('no number of a person')
  return pin
}

const cardOf = (card: string | null): string => {
  if (card === null) return ''
  if (!CardNumber.safeParse(card).success) throw new RangeError('no number of a card')
  return card
}

const endOf = (end: string): string => {
  if (!/^\d{1,10}$/.test(end)) throw new RangeError('no end of this protocol')
  return end
}

const fields = (...pairs: readonly (readonly [name: string, value: string])[]) =>
  pairs.map(([name, value]) => `${name}=${value}`).join('\t')

function sentence(command: Command): string {
  switch (command.say) {
    case 'put-user':
      return `DATA UPDATE user ${fields(
        ['CardNo', cardOf(command.card)],
        ['Pin', personOf(command.pin)],
        ['Password', ''],
        ['Group', '0'],
        ['StartTime', '0'],
        ['EndTime', endOf(command.end)],
        ['Name', nameOnDevice(command.name)],
        ['Privilege', '0'],
      )}`
    case 'authorise':
      return `DATA UPDATE userauthorize ${fields(
        ['Pin', personOf(command.pin)],
        ['AuthorizeTimezoneId', number(command.timeZone, 1, 50)],
        ['AuthorizeDoorId', number(maskOf(command.locks), 1, 255)],
      )}`
    case 'delete':
      return `DATA DELETE ${command.table} ${fields(['Pin', personOf(command.pin)])}`
    case 'show': {
      const filter = command.pin === null ? '*' : fields(['Pin', personOf(command.pin)])
      return `DATA QUERY tablename=${command.table},fielddesc=*,filter=${filter}`
    }
    case 'resend':
      return `ACCOUNT transaction ${fields(
        ['StartIndex', number(command.from, 0, 2 ** 32)],
        ['EndIndex', number(command.to, command.from, 2 ** 32)],
      )}`
  }
}

/** One line of an answer to `getrequest`. Throws for what no caller of sound mind asks: that is a bug, never input. */
export const encodeCommand = (id: number, command: Command): string =>
  `C:${number(id, 1, 2 ** 31 - 1)}:${sentence(command)}`

/** The first so many locks, as bits. */
export const maskOf = (locks: number): number => 2 ** locks - 1

/** Whatever the device sent, name by name in lower case; of a name that comes twice the first counts. */
export type Fields = ReadonlyMap<string, string>

function fieldsOf(text: string, separator: string | RegExp): Fields {
  const found = new Map<string, string>()
  for (const part of text.split(separator)) {
    const at = part.indexOf('=')
    const name = part.slice(0, at).trim().toLowerCase()
    if (at > 0 && name !== '' && !found.has(name)) found.set(name, part.slice(at + 1).trim())
  }
  return found
}

const linesOf = (body: string) => body.split(/[\r\n]+/).filter(line => line.trim() !== '')

/** What a device says of itself when it registers. */
export interface Registration {
  readonly dateFormat: DateFormat
  readonly firmware: string | null
  readonly locks: number | null
}

/** A device that does not say how it takes an end is told days: what it then misreads is an end long past. */
export function readRegistration(body: string): Registration {
  const found = fieldsOf(linesOf(body).join(','), ',')
  const said = (name: string) => found.get(name) ?? found.get(`~${name}`)
  const locks = Number(said('lockcount') ?? Number.NaN)
  const firmware = (said('firmver') ?? '').replace(/[^\x20-\x7e]/g, '').slice(0, 80)
  return {
    dateFormat: said('datefmtfunon') === '1' ? 'seconds' : 'days',
    firmware: firmware === '' ? null : firmware,
    locks: Number.isInteger(locks) && locks >= 1 && locks <= 64 ? locks : null,
  }
}

/** What became of one command: a negative code is a failure, all but one. */
export interface CommandResult {
  readonly id: number
  readonly code: number
}

/** Lines that are none are left out: whatever was not answered is asked again. */
export function readResults(body: string): CommandResult[] {
  return linesOf(body).flatMap(line => {
    const found = fieldsOf(line, '&')
    const [id, code] = [found.get('id') ?? '', found.get('return') ?? '']
    if (!/^\d{1,10}$/.test(id) || !/^-?\d{1,10}$/.test(code)) return []
    return [{ id: Number(id), code: Number(code) }]
  })
}

/** Rows of a table, each with the table's name before it or without. */
export function readRows(body: string, table: string): Fields[] {
  const before = new RegExp(`^\\s*${table.replace(/\W/g, '')}\\s+`, 'i')
  return linesOf(body)
    .map(line => fieldsOf(line.replace(before, ''), '\t'))
    .filter(row => row.size > 0)
}

/** Somebody as a device shows them. */
export interface ShownUser {
  readonly pin: string
  readonly card: string | null
  /** As written there. */
  readonly end: string
}

export const readUsers = (rows: readonly Fields[]): ShownUser[] =>
  rows.flatMap(row => {
    const pin = row.get('pin') ?? ''
    if (pin === '' || pin.length > 24) return []
    return [{ pin, card: cardShown(row.get('cardno') ?? ''), end: row.get('endtime') ?? '' }]
  })

/** Which locks open for somebody in one of the device's time zones. */
export interface ShownAuthorisation {
  readonly pin: string
  readonly timeZone: number
  readonly mask: number
}

export const readAuthorisations = (rows: readonly Fields[]): ShownAuthorisation[] =>
  rows.flatMap(row => {
    const pin = row.get('pin') ?? ''
    const [timeZone, mask] = [
      Number(row.get('authorizetimezoneid') ?? 0),
      Number(row.get('authorizedoorid') ?? 0),
    ]
    if (pin === '' || pin.length > 24 || !Number.isInteger(timeZone) || !Number.isInteger(mask)) return []
    return [{ pin, timeZone, mask }]
  })

/** A card as devices write it: decimal, or its bytes in hexadecimal, the lowest first; no card is empty or zero. */
function cardShown(text: string): string | null {
  const bytes = /^\[((?:[0-9a-f]{2})+)\]$/i.exec(text)?.[1]?.match(/../g)
  if (bytes !== undefined && bytes !== null) return nonZero(BigInt(`0x${[...bytes].reverse().join('')}`))
  return /^\d{1,20}$/.test(text) ? nonZero(BigInt(text)) : text.slice(0, 40) || null
}

const nonZero = (card: bigint) => (card === 0n ? null : String(card))

/** The vendor's count since 2000, in which every month has 31 days. */
export const zkSeconds = ({
  year,
  month,
  day,
  hour,
  minute,
  second,
}: Temporal.PlainDateTime | LocalTime): number =>
  ((year - 2000) * 12 * 31 + (month - 1) * 31 + day - 1) * 86_400 + hour * 3600 + minute * 60 + second

export interface LocalTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}

/** Null: no moment that there is, such as 31 February. */
export function fromZkSeconds(count: number): Temporal.PlainDateTime | null {
  if (!Number.isSafeInteger(count) || count < 0 || count >= 2 ** 32) return null
  const days = Math.floor(count / 86_400)
  const rest = count % 86_400
  try {
    return Temporal.PlainDateTime.from(
      {
        year: 2000 + Math.floor(days / 372),
        month: 1 + (Math.floor(days / 31) % 12),
        day: 1 + (days % 31),
        hour: Math.floor(rest / 3600),
        minute: Math.floor(rest / 60) % 60,
        second: rest % 60,
      },
      { overflow: 'reject' },
    )
  } catch {
    return null
  }
}

/** The vendor's word for an end that never comes. */
const never = '0'

/**
 * An end as a device takes it: the last second, or the last day, on which it opens. Beyond this century it never ends;
 * before it, it ended on the first day that can be written, for nothing written there must mean never.
 */
export function encodeEnd(until: Instant | null, format: DateFormat, zone: string): string {
  if (until === null) return never
  const last = Temporal.Instant.fromEpochMilliseconds(Date.parse(until) - 1).toZonedDateTimeISO(zone)
  if (last.year > 2099) return never
  if (last.year < 2000 || (last.year === 2000 && last.dayOfYear === 1))
    return format === 'days' ? '20000101' : '1'
  if (format === 'days') return lastDayWithAccess(until, zone).replaceAll('-', '')
  return String(zkSeconds(last.toPlainDateTime()))
}

/** The first instant at which a device refuses; null: never. An end that cannot be read is one that has been. */
export function decodeEnd(text: string, zone: string): Instant | null {
  if (/^0*$/.test(text)) return null
  const day = /^(20\d\d)(\d\d)(\d\d)$/.exec(text)
  if (day !== null) {
    const civil = day.slice(1).join('-')
    if (isDay(civil)) return endOfAccess(civil, zone)
  }
  const last = fromZkSeconds(Number(text))
  if (last === null) return '2000-01-01T00:00:00.000Z'
  const end = last.add({ seconds: 1 }).toZonedDateTime(zone).toInstant()
  return new Date(end.epochMilliseconds).toISOString()
}

function isDay(civil: string): boolean {
  try {
    return Temporal.PlainDate.from(civil, { overflow: 'reject' }).toString() === civil
  } catch {
    return false
  }
}

/** A row of the events' table as the line in which the same event comes by itself. */
export function eventLine(row: Fields): string | null {
  const count = Number(row.get('time_second') ?? Number.NaN)
  const at = fromZkSeconds(count)
  const index = row.get('index') ?? ''
  if (at === null || !/^\d{1,12}$/.test(index)) return null
  return fields(
    ['time', at.toString({ smallestUnit: 'second' }).replace('T', ' ')],
    ['pin', row.get('pin') ?? ''],
    ['cardno', row.get('cardno') ?? ''],
    ['eventaddr', row.get('doorid') ?? ''],
    ['event', row.get('eventtype') ?? ''],
    ['inoutstatus', row.get('inoutstate') ?? ''],
    ['verifytype', row.get('verified') ?? ''],
    ['index', index],
  )
}
