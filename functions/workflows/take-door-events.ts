import type { DoorAlarm, PresenceRow } from '../../schemas/doors.ts'
import type { KeptEvent, MovementChunk, SeenEvents } from '../../schemas/movements.ts'
import type { Settings } from '../../schemas/settings.ts'
import { aboutDoor, alarmKinds, countAlarms } from '../domain/door-alarms.ts'
import { type DoorRecord, eventCodes, readRecords, readStateTime } from '../domain/door-events.ts'
import { askMissing, clockOffBy, type FreshRecord, foldRecords, nothingSeen } from '../domain/seen-events.ts'
import type { DoorAlarmStore } from '../stores/door-alarms.ts'
import type { BadgeFacts, MovementStore, secondsOf } from '../stores/movements.ts'
import { type Log, latest } from './engine.ts'
import { inParallel } from './in-parallel.ts'
import { tries } from './registers.ts'

export interface TakingEvents {
  readonly settings: Pick<Settings, 'timeZone' | 'dataCentre'>
  readonly movements: MovementStore
  readonly alarms: Pick<DoorAlarmStore, 'raise'>
  readonly secondsOf: typeof secondsOf
  readonly log: Log
}

/** Events written together: what they make stays far below DynamoDB's 400 KB an item. */
const mostAtOnce = 2_500
/** Days and epochs of one transaction, beside the device's row: DynamoDB takes a hundred items and 4 MB. */
const mostChunks = 40
/** A change of the clock's error by less is not worth a write. */
const clockSeconds = 5

/** What is made of what the doors report, for the function that speaks with them. */
export const takeDoorEvents = (needed: TakingEvents) => ({
  /**
   * Keeps every event of an upload once, however often and in whichever order uploads come. What it throws says that not all of
   * it was kept: the device sends it again.
   */
  async take(serial: string, table: 'rtlog' | 'rtstate', body: string, at: string): Promise<void> {
    const { timeZone } = needed.settings
    if (table === 'rtstate') {
      const shown = readStateTime(body, timeZone, at)
      if (shown !== null) await noteClock(needed, serial, shown, at)
      return
    }
    const { records, damaged, unreadable } = readRecords(body, timeZone, at)
    if (damaged.length + unreadable > 0)
      needed.log('events-damaged', { door: serial, damaged: damaged.length, unreadable })
    for (let first = 0; first < records.length; first += mostAtOnce)
      await keep(needed, serial, records.slice(first, first + mostAtOnce), [], at)
    for (let first = 0; first < damaged.length; first += mostAtOnce)
      await keep(needed, serial, [], damaged.slice(first, first + mostAtOnce), at)
  },

  /** Ranges of events that a device has not sent, to be asked for now. That they were asked for is noted. */
  async missing(serial: string, at: string): Promise<readonly { from: number; to: number }[]> {
    const seen = await needed.movements.seen(serial)
    if (seen === null) return []
    const asked = askMissing(seen, needed.settings.dataCentre.missingTries, at)
    if (asked.ask.length === 0 && asked.lost === 0) return []
    if (asked.lost > 0) await needed.alarms.raise(aboutDoor('events-lost', serial, at))
    const kept = await needed.movements.keep(asked.seen, [], at)
    // Whoever was faster asks, or an upload came: the next call looks again.
    return kept ? asked.ask : []
  },
})

/**
 * What follows from the events comes first: a run that dies before they are kept does it again, which changes nothing, and one
 * that dies after it leaves nothing undone.
 */
async function keep(
  needed: TakingEvents,
  serial: string,
  records: readonly DoorRecord[],
  damaged: readonly number[],
  at: string,
): Promise<void> {
  for (let attempt = 1; attempt <= tries; attempt++) {
    const seen = (await needed.movements.seen(serial)) ?? nothingSeen(serial)
    const folded = foldRecords(seen, { records, damaged })
    if (!folded.changed) return
    const facts = await factsFor(needed, serial, folded.fresh)
    const chunks = chunksOf(needed, serial, folded.fresh, facts)
    if (chunks.length > mostChunks && records.length > 1) {
      const half = records.length >> 1
      await keep(needed, serial, records.slice(0, half), damaged, at)
      return keep(needed, serial, records.slice(half), [], at)
    }
    const clocked = withClock(folded.seen, seen, folded.fresh, at)
    const raised = [
      ...alarmsOf(needed, serial, folded.fresh, facts),
      ...(folded.lost > 0 ? [aboutDoor('events-lost', serial, at)] : []),
      ...driftOf(needed, seen, clocked, at),
    ]
    await inParallel(countAlarms(raised), async ({ alarm, times, lastAt }) => {
      await needed.alarms.raise(alarm, { times, lastAt })
    })
    await inParallel(presencesOf(serial, folded.fresh, facts, at), row => needed.movements.place(row, at))
    if (await needed.movements.keep(clocked, chunks, at)) return
  }
  throw new Error('events not kept: too many at once')
}

const distinct = (values: readonly (string | null)[]): string[] => [
  ...new Set(values.filter(value => value !== null)),
]

const factsFor = (
  { movements }: TakingEvents,
  serial: string,
  fresh: readonly FreshRecord[],
): Promise<BadgeFacts> =>
  movements.facts(
    serial,
    distinct(fresh.map(({ record }) => record.pin)),
    distinct(fresh.map(({ record }) => record.card)),
  )

/** The new events by epoch and day, so that those of a day lie together however late they come. */
function chunksOf(
  needed: TakingEvents,
  serial: string,
  fresh: readonly FreshRecord[],
  { users }: BadgeFacts,
): MovementChunk[] {
  const chunks = new Map<string, MovementChunk>()
  for (const { epoch, record } of fresh) {
    const key = `${epoch} ${record.at.slice(0, 10)}`
    const chunk = chunks.get(key) ?? { version: 1, serial, epoch, people: {}, events: [] }
    chunks.set(key, chunk)
    chunk.events.push(kept(needed, record))
    const personId = record.pin === null ? null : users.get(record.pin)?.personId
    if (record.pin !== null && personId != null) chunk.people[record.pin] = personId
  }
  return [...chunks.values()]
}

const kept = ({ secondsOf: seconds }: TakingEvents, record: DoorRecord): KeptEvent => [
  record.index,
  seconds(record.at),
  record.event,
  record.door,
  record.pin ?? '',
  record.card ?? '',
  record.way ?? '',
  record.verified,
]

const inOrder = (one: FreshRecord, other: FreshRecord): number =>
  one.epoch - other.epoch || one.record.index - other.record.index

/** Where badges were seen last, if later than what is known. A clock that is ahead holds nobody inside until its time comes. */
function presencesOf(
  serial: string,
  fresh: readonly FreshRecord[],
  { users, presences }: BadgeFacts,
  at: string,
): PresenceRow[] {
  const moved = new Map<string, PresenceRow>()
  for (const { record } of [...fresh].sort(inOrder)) {
    const { pin, way, event } = record
    if (pin === null || way === null || event !== eventCodes.opened) continue
    const happened = record.at < at ? record.at : at
    const known = moved.get(pin)
    if (known !== undefined ? known.at > happened : (presences.get(pin)?.at ?? '') >= happened) continue
    const personId = users.get(pin)?.personId ?? null
    moved.set(pin, { version: 1, pin, personId, inside: way === 'in', at: happened, serial })
  }
  return [...moved.values()]
}

const alarmsOf = (
  { settings }: TakingEvents,
  serial: string,
  fresh: readonly FreshRecord[],
  { users, lostCards, knownCards }: BadgeFacts,
): DoorAlarm[] =>
  fresh.flatMap(({ record }) => {
    const pin = record.pin ?? (record.card === null ? null : (knownCards.get(record.card) ?? null))
    const user = (pin !== null && users.get(pin)) || null
    const lostCard = record.card !== null && lostCards.has(record.card)
    return alarmKinds(record, { user, lostCard }, settings.dataCentre.hours).map(kind => ({
      ...aboutDoor(kind, serial, record.at),
      pin,
      personId: user?.personId ?? null,
    }))
  })

/** The newest event that an upload brings tells the device's clock; one of before tells nothing. */
function withClock(
  folded: SeenEvents,
  before: SeenEvents,
  fresh: readonly FreshRecord[],
  at: string,
): SeenEvents {
  const newest = latest(...fresh.map(({ record }) => record.at))
  if (newest === '' || newest <= (before.current.newestAt ?? '')) return folded
  const clockOff = clockOffBy(before, newest, at) ?? before.clockOff
  return { ...folded, clock: { event: newest, came: at }, clockOff }
}

const driftOf = (
  { settings }: TakingEvents,
  before: SeenEvents,
  { serial, clock, clockOff }: SeenEvents,
  at: string,
): DoorAlarm[] =>
  clock !== before.clock && clockOff !== null && Math.abs(clockOff) > settings.dataCentre.clockDriftSeconds
    ? [aboutDoor('clock-drift', serial, at)]
    : []

/** A report of door states is never kept back: what it shows is the device's clock now. */
async function noteClock(needed: TakingEvents, serial: string, shown: string, at: string): Promise<void> {
  const seen = (await needed.movements.seen(serial)) ?? nothingSeen(serial)
  const clockOff = Math.round((Date.parse(shown) - Date.parse(at)) / 1000)
  if (seen.clockOff !== null && Math.abs(seen.clockOff - clockOff) < clockSeconds) return
  const noted = { ...seen, clock: { event: shown, came: at }, clockOff }
  for (const alarm of driftOf(needed, seen, noted, at)) await needed.alarms.raise(alarm)
  // Whoever was faster has noted something newer.
  await needed.movements.keep(noted, [], at)
}
