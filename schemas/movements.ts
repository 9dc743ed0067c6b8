import * as z from 'zod'
import { DoorId } from './access.ts'
import { Instant } from './calendar.ts'
import { PersonId } from './person.ts'

const Ranges = z.array(z.tuple([z.int(), z.int()]).readonly()).readonly()

/** One life of a device's memory: a device whose memory was wiped counts from 1 again. */
export const EventEpoch = z.strictObject({
  number: z.int().positive(),
  /** Indexes of the events that are kept. */
  kept: Ranges,
  /** Indexes that are not asked for any more though nothing is kept: unreadable as sent, or given up. */
  closed: Ranges,
  /** The earliest and the latest time of a kept event; null: none is kept. */
  firstAt: Instant.nullable(),
  newestAt: Instant.nullable(),
})
export type EventEpoch = z.infer<typeof EventEpoch>

/** Which events of a device are here: what is not doubled, and what is missing, is told by it. */
export const SeenEvents = z.strictObject({
  version: z.literal(1),
  serial: DoorId,
  /** Counts every write: of two uploads at once one begins anew. */
  revision: z.int().nonnegative(),
  current: EventEpoch,
  before: EventEpoch.nullable(),
  /** Events kept in all, and given up in all. */
  total: z.int().nonnegative(),
  lost: z.int().nonnegative(),
  /** What was asked for again and has not come. */
  asked: z.array(
    z.strictObject({
      from: z.int(),
      to: z.int(),
      tries: z.int().positive(),
      /** Not before this it is asked for again. */
      again: Instant,
    }),
  ),
  /** The newest event by the device's clock, and when it came by ours. */
  clock: z.strictObject({ event: Instant, came: Instant }).nullable(),
  /** Seconds by which the device's clock is ahead of ours; null: not known yet. */
  clockOff: z.int().nullable(),
})
export type SeenEvents = z.infer<typeof SeenEvents>

/** An event as it is kept: index, seconds since 2000, code, door, pin, card, way, how recognised. */
export const KeptEvent = z.tuple([
  z.int(),
  z.int(),
  z.int(),
  z.int(),
  z.string(),
  z.string(),
  z.enum(['', 'in', 'out']),
  z.int(),
])
export type KeptEvent = z.infer<typeof KeptEvent>

/** What one upload brought of one day. */
export const MovementChunk = z.strictObject({
  version: z.literal(1),
  serial: DoorId,
  epoch: z.int(),
  /** Whose each badge was when it came. */
  people: z.record(z.string(), PersonId),
  events: z.array(KeptEvent),
})
export type MovementChunk = z.infer<typeof MovementChunk>
