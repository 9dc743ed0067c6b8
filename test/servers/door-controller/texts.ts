/*
 * The words of the protocol as the device reads and writes them, from the vendor's published manual ("Security PUSH
 * Communication Protocol", 3.1.2). It reads like the real thing: whatever stands between two TABs is a field, whatever
 * stands between two line feeds a record, and of a field that comes twice the last one counts.
 */

/** A record of a table: field names in lower case. */
export type Row = Readonly<Record<string, string>>

export interface Command {
  readonly id: string
  /** Everything behind `C:<id>:`. A record of its own on a further line belongs to it. */
  readonly text: string
}

export interface Result {
  readonly id: string
  readonly code: number
  readonly text: string
}

export interface DoorEvent {
  readonly index: number
  readonly time: string
  readonly pin: string
  readonly cardno: string
  readonly eventaddr: number
  readonly event: number
  readonly inoutstatus: 0 | 1
  readonly verifytype: number
}

const lines = (text: string) => text.split(/\r?\n/).filter(line => line.trim() !== '')

/** The commands of an answer to `getrequest`. A line that begins none is one more record of the command above it. */
export function readCommands(body: string): Command[] {
  const found: { id: string; text: string }[] = []
  for (const line of lines(body)) {
    const [, id, text] = /^C:([^:]*):(.*)$/s.exec(line) ?? []
    const last = found.at(-1)
    if (id !== undefined && text !== undefined) found.push({ id, text })
    else if (last) last.text += `\n${line}`
  }
  return found
}

const fields = (record: string): [string, string][] =>
  record.split('\t').flatMap(field => {
    const at = field.indexOf('=')
    return at < 0 ? [] : [[field.slice(0, at).trim().toLowerCase(), field.slice(at + 1).trim()]]
  })

export const readRow = (record: string): Row => Object.fromEntries(fields(record))

/** Names of fields that the record has more than once. */
export function repeatedFields(record: string): string[] {
  const names = fields(record).map(([name]) => name)
  return [...new Set(names.filter((name, at) => names.indexOf(name) !== at))]
}

/** `Name=value` lines of an answer; names in lower case. */
export const readSettings = (body: string): Row =>
  Object.assign({}, ...lines(body).map(line => readRow(line))) as Row

export const writeRow = (fields: Readonly<Record<string, string | number>>): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join('\t')

export const writeEvent = (event: DoorEvent): string =>
  writeRow({
    time: event.time,
    pin: event.pin,
    cardno: event.cardno,
    eventaddr: event.eventaddr,
    event: event.event,
    inoutstatus: event.inoutstatus,
    verifytype: event.verifytype,
    index: event.index,
  })

/** The two words (or the one) that say what a command is. */
export const verbOf = (text: string): string =>
  /^(DATA \w+|CONTROL DEVICE|[SG]ET OPTIONS|\S+)/i.exec(text)?.[1] ?? ''

/** A card number as digits: it comes so, or as the four bytes `[15CD5B07]`, lowest first. */
export function cardNumber(text: string): string {
  const bytes = /^\[((?:[0-9a-f]{2})+)\]$/i.exec(text)?.[1]?.match(/../g)
  if (bytes) return String(BigInt(`0x${bytes.reverse().join('')}`))
  return /^\d+$/.test(text) ? String(BigInt(text)) : text
}

/** One door as `rtstate` shows it. `alarms`: bit 0 forced, 1 tampered, 2 duress, 4 open too long. */
export interface DoorState {
  open: boolean
  relay: boolean
  alarms: number
}

const hex = (value: number, bytes = 1) =>
  value
    .toString(16)
    .toUpperCase()
    .padStart(bytes * 2, '0')

export function writeDoorStates(time: string, doors: readonly DoorState[]): string {
  const sensors = [doors.slice(0, 4), doors.slice(4, 8)].filter(four => four.length > 0)
  return writeRow({
    time,
    sensor: sensors
      .map(four => hex(four.reduce((byte, { open }, at) => byte | ((open ? 0b10 : 0b01) << (2 * at)), 0)))
      .join(''),
    relay: hex(doors.reduce((byte, { relay }, at) => byte | (Number(relay) << at), 0)),
    alarm: Array.from({ length: 8 }, (_, at) => hex(doors[at]?.alarms ?? 0)).join(''),
  })
}
