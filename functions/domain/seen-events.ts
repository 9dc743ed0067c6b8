import type { Instant } from '../../schemas/calendar.ts'
import type { EventEpoch, SeenEvents } from '../../schemas/movements.ts'
import { earlierOf, laterOf } from './civil-time.ts'
import type { DoorRecord, ReadRecords } from './door-events.ts'
import {
  gapsOf,
  holds,
  type IndexRanges,
  meets,
  sizeOf,
  union,
  withoutIndex,
  withRange,
} from './index-ranges.ts'

/** An event that was not here before, and to which life of the device's memory it belongs. */
export interface FreshRecord {
  readonly epoch: number
  readonly record: DoorRecord
}

export interface Folded {
  readonly seen: SeenEvents
  readonly fresh: readonly FreshRecord[]
  /** How many events will never come. */
  readonly lost: number
  /** Whether anything of it is new. */
  readonly changed: boolean
}

const emptyEpoch = (number: number): EventEpoch => ({
  number,
  kept: [],
  closed: [],
  firstAt: null,
  newestAt: null,
})

export const nothingSeen = (serial: string): SeenEvents => ({
  version: 1,
  serial,
  revision: 0,
  current: emptyEpoch(1),
  before: null,
  total: 0,
  lost: 0,
  asked: [],
  clock: null,
  clockOff: null,
})

/** A row that a lying device makes ever longer stays below this: what is more is given up, the oldest first. */
const mostRanges = 300
/** No device's memory holds so many: a jump as far is no gap. */
const mostInMemory = 1_000_000

/** What a record can be of: an index that was kept at a time outside of all that was kept is another event. */
const keptIn = (epoch: EventEpoch, { index, at }: DoorRecord): boolean =>
  epoch.firstAt !== null &&
  epoch.newestAt !== null &&
  epoch.firstAt <= at &&
  at <= epoch.newestAt &&
  holds(epoch.kept, index)

const keep = (epoch: EventEpoch, { index, at }: DoorRecord): EventEpoch => ({
  ...epoch,
  kept: withRange(epoch.kept, [index, index]),
  closed: withoutIndex(epoch.closed, index),
  firstAt: earlierOf(epoch.firstAt ?? at, at),
  newestAt: laterOf(epoch.newestAt ?? at, at),
})

/**
 * What of an upload is new. An event is known by its index and lies within the times of what was kept; one whose index was
 * kept and whose time lies outside of them cannot be that event: the device's memory was wiped and counts anew (a new epoch).
 * Of the epoch before repeated events are still known. Not seen: a wiped device whose clock had been ahead, for as long as it had.
 */
export function foldRecords(
  seen: SeenEvents,
  { records, damaged }: Pick<ReadRecords, 'records' | 'damaged'>,
): Folded {
  const fresh: FreshRecord[] = []
  let { current, before } = seen
  let lost = 0
  for (const record of records) {
    if (keptIn(current, record) || (before !== null && keptIn(before, record))) continue
    if (holds(current.kept, record.index)) {
      lost += sizeOf(missingOf(current))
      before = current
      current = emptyEpoch(before.number + 1)
    }
    current = keep(current, record)
    fresh.push({ epoch: current.number, record })
  }
  const known = new Set<number>()
  for (const index of damaged)
    if (!known.has(index) && !holds(current.kept, index) && !holds(current.closed, index)) {
      known.add(index)
      current = { ...current, closed: withRange(current.closed, [index, index]) }
    }
  const compact = compacted(current)
  lost += compact.lost
  return {
    fresh,
    lost,
    changed: fresh.length > 0 || known.size > 0,
    seen: {
      ...seen,
      current: compact.epoch,
      before,
      total: seen.total + fresh.length,
      lost: seen.lost + lost,
      asked: current.number === seen.current.number ? seen.asked : [],
    },
  }
}

const missingOf = (epoch: EventEpoch): IndexRanges => gapsOf(union(epoch.kept, epoch.closed))

/** Given up without being asked for: gaps no memory holds, and what would make the row too long. */
function compacted(epoch: EventEpoch): { epoch: EventEpoch; lost: number } {
  let { kept, closed } = epoch
  const missing = missingOf(epoch)
  for (const gap of missing) if (sizeOf([gap]) > mostInMemory) closed = withRange(closed, gap)
  while (kept.length > mostRanges) kept = withRange(kept, [kept[0]?.[1] ?? 0, kept[1]?.[0] ?? 0])
  while (closed.length > mostRanges) closed = withRange(closed, [closed[0]?.[1] ?? 0, closed[1]?.[0] ?? 0])
  const compact = { ...epoch, kept, closed }
  return { epoch: compact, lost: sizeOf(missing) - sizeOf(missingOf(compact)) }
}

/** Ranges asked for in one go. */
const mostAsked = 20
/** Minutes until a range is asked for again: the first time, and at most. */
const againMinutes = { first: 5, most: 360 } as const

const againAt = (tries: number, at: Instant): Instant =>
  new Date(
    Date.parse(at) + Math.min(againMinutes.first * 2 ** (tries - 1), againMinutes.most) * 60_000,
  ).toISOString()

/**
 * Which ranges are to be asked for now, and the row that remembers it: again after five minutes, then ten, and so on up to six
 * hours; after the last try they are given up, and are still kept should they come.
 */
export function askMissing(
  seen: SeenEvents,
  tries: number,
  at: Instant,
): {
  readonly seen: SeenEvents
  readonly ask: readonly { from: number; to: number }[]
  readonly lost: number
} {
  const ask: { from: number; to: number }[] = []
  const asked: SeenEvents['asked'] = []
  let { closed } = seen.current
  let lost = 0
  for (const gap of missingOf(seen.current)) {
    const [from, to] = gap
    const told = seen.asked.filter(one => meets([one.from, one.to], gap))
    const tried = Math.max(0, ...told.map(one => one.tries))
    const again = told.reduce((latest, one) => laterOf(latest, one.again), '')
    if (again > at || (tried < tries && ask.length >= mostAsked)) {
      if (tried > 0) asked.push({ from, to, tries: tried, again })
    } else if (tried >= tries) {
      closed = withRange(closed, gap)
      lost += sizeOf([gap])
    } else {
      ask.push({ from, to })
      asked.push({ from, to, tries: tried + 1, again: againAt(tried + 1, at) })
    }
  }
  const current = { ...seen.current, closed }
  return { seen: { ...seen, current, asked, lost: seen.lost + lost }, ask, lost }
}

/** How many events of a device are missing and still asked for. */
export const missingCount = (seen: SeenEvents): number => sizeOf(missingOf(seen.current))

/** Events that lie so far apart that an upload which was kept back cannot bring them as far apart as they happened. */
const apartMilliseconds = 30_000
/** Between an event and its arrival lie some seconds, more or less. */
const jitterMilliseconds = 10_000

/**
 * By how many seconds the device's clock is ahead of ours, as the newest event of an upload tells it; null: it tells nothing. Nobody
 * reports what is still to come, so a clock that is ahead shows at once. One that is behind looks like an event that was kept
 * back, unless two of them came as far apart as they happened.
 */
export function clockOffBy(seen: SeenEvents, event: Instant, came: Instant): number | null {
  const off = Date.parse(event) - Date.parse(came)
  const seconds = Math.round(off / 1000)
  if (off >= 0 || -off <= jitterMilliseconds) return seconds
  if (seen.clock === null) return null
  const before = Date.parse(seen.clock.event) - Date.parse(seen.clock.came)
  const apart = Date.parse(event) - Date.parse(seen.clock.event)
  return apart >= apartMilliseconds && Math.abs(off - before) <= jitterMilliseconds ? seconds : null
}
