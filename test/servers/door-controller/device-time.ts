/** A moment as a device sees it: its own zone, whole seconds, nothing that tells which zone. */
export interface LocalTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}

/** Reads a moment (ms since 1970) in an IANA zone. */
export function localTimeIn(timeZone: string): (at: number) => LocalTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  return at => {
    const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? Number.NaN
    return {
      year: part('year'),
      month: part('month'),
      day: part('day'),
      hour: part('hour'),
      minute: part('minute'),
      second: part('second'),
    }
  }
}

/** The vendor's count since 2000, in which every month has 31 days. */
export const zkSeconds = ({ year, month, day, hour, minute, second }: LocalTime): number =>
  ((year - 2000) * 12 * 31 + (month - 1) * 31 + day - 1) * 86_400 + hour * 3_600 + minute * 60 + second

/** YYYYMMDD as a number. */
export const dayNumber = ({ year, month, day }: LocalTime): number => year * 10_000 + month * 100 + day

const two = (value: number) => String(value).padStart(2, '0')

/** `2017-01-10 11:49:32` */
export const timeText = ({ year, month, day, hour, minute, second }: LocalTime): string =>
  `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}`

/** The count of a time as an event holds it. */
export function zkSecondsOf(text: string): number {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = (text.match(/\d+/g) ?? []).map(
    Number,
  )
  return zkSeconds({ year, month, day, hour, minute, second })
}

/** What a device takes for the time. It runs with the machine's and is set by the `Date` of answers. */
export class DeviceClock {
  /** Milliseconds it is ahead. */
  offset: number
  /** Its battery or its firmware is at fault: no answer sets it. */
  ignoresDate: boolean
  readonly #now: () => number
  readonly #local: (at: number) => LocalTime

  constructor(options: { now: () => number; offset: number; ignoresDate: boolean; timeZone: string }) {
    this.#now = options.now
    this.#local = localTimeIn(options.timeZone)
    this.offset = options.offset
    this.ignoresDate = options.ignoresDate
  }

  local(): LocalTime {
    return this.#local(this.#now() + this.offset)
  }

  /** A header has whole seconds: a clock that is within its second stays. */
  setBy(header: string | null): void {
    const told = Date.parse(header ?? '')
    if (Number.isNaN(told) || this.ignoresDate) return
    const behind = told - (this.#now() + this.offset)
    if (behind > 0 || behind <= -1_000) this.offset += behind
  }
}
