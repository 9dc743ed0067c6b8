import * as z from 'zod'
import { DoorId } from './access.ts'
import { Instant } from './calendar.ts'
import { DoorAlarmKind } from './door-alarm-kind.ts'
import { PersonId } from './person.ts'
import { ChainHead } from './target.ts'

/** The number under which a person is known to every device, and by which their badge is called: seven digits. */
export const Pin = z.string().regex(/^\d{1,9}$/, { error: 'badge.pin-shape' })
export type Pin = z.infer<typeof Pin>

/** A card's number as devices print it, decimal. Personal data: it goes to the devices and to whoever hands out cards. */
export const CardNumber = z
  .string()
  .regex(/^[1-9]\d{2,18}$/, { error: 'badge.card-shape' })
  .meta({ id: 'CardNumber' })
export type CardNumber = z.infer<typeof CardNumber>

/** What one device should hold of one person. */
export const DoorWish = z.strictObject({
  /** Whether the device should know the person at all. */
  present: z.boolean(),
  /** The card that opens; null: none was handed over yet, and only what is enrolled on the device itself opens. */
  card: CardNumber.nullable(),
  /** First instant at which the device refuses; null = never. */
  until: Instant.nullable(),
})
export type DoorWish = z.infer<typeof DoorWish>

/** What a device has shown of one person. `until` as its own format tells it; a device that counts in days ends at midnight. */
export const DoorSight = z.strictObject({
  present: z.boolean(),
  card: z.string().nullable(),
  until: Instant.nullable(),
  /** Whether all of its locks open for the person; of somebody who should not be there: whether any does. */
  authorised: z.boolean(),
})
export type DoorSight = z.infer<typeof DoorSight>

/**
 * One person on one device: what should be there, what was last seen there, and what was said to bring one to the other. It is
 * due as long as the two differ; the device fetches what is due, in the order in which it became so.
 */
export const DoorUserRow = z.strictObject({
  version: z.literal(1),
  serial: DoorId,
  pin: Pin,
  /** Whose it is; null: somebody the device knows and we do not. */
  personId: PersonId.nullable(),
  /** As the device shows it on its display; encoded where it is sent. Personal data. */
  name: z.string(),
  wish: DoorWish,
  /** Rises with each change of the wish. */
  wished: z.int(),
  wishedAt: Instant,
  seen: DoorSight.nullable(),
  seenAt: Instant.nullable(),
  /** The wish that the last sight was taken after. */
  seenFor: z.int(),
  /** Since when something is to be brought to the device; null: nothing. */
  dueSince: Instant.nullable(),
  /** When the device is to be told (again), at the earliest; null where nothing is due. */
  tryAt: Instant.nullable().default(null),
  /** Commands given to the device and not answered yet: their ids, what they are for, and when they went out. */
  sent: z
    .strictObject({
      wished: z.int(),
      ids: z.array(z.int()),
      failed: z.int().nullable(),
      at: Instant,
      /** What it has shown since then: the person's own entry, and their authorisation. Null: not yet. */
      shown: z
        .strictObject({
          user: DoorSight.omit({ authorised: true }).nullable(),
          authorised: z.boolean().nullable(),
        })
        .default({ user: null, authorised: null }),
    })
    .nullable(),
  /** How often this wish was sent. */
  attempts: z.int(),
  /** What the device answered the last time it refused: its own negative code; null: it did not. -1: it says yes, and shows otherwise. */
  refused: z.int().nullable(),
  /** When the device first showed the person; null: never. */
  knownSince: Instant.nullable().default(null),
  /** Rises with every change of the row. */
  revision: z.int().default(0),
})
export type DoorUserRow = z.infer<typeof DoorUserRow>

/** What a device has said of itself, and how it stands. */
export const DeviceRow = z.strictObject({
  version: z.literal(1),
  serial: DoorId,
  registryCode: z.string().nullable(),
  sessionId: z.string().nullable(),
  /** How it takes an end: as a day, or as seconds. */
  dateFormat: z.enum(['days', 'seconds']).default('seconds'),
  firmware: z.string().nullable().default(null),
  locks: z.int().nullable().default(null),
  /** The last id given to a command. */
  lastCommand: z.int().default(0),
  registeredAt: Instant.nullable(),
  lastSeenAt: Instant.nullable(),
  /** Seconds by which its clock is ahead of ours, as its newest event tells; null: unknown. */
  clockOff: z.number().nullable().default(null),
  /** When it last introduced itself: it had been off, or away, and may have forgotten everybody. */
  greetedAt: Instant.nullable().default(null),
  /** When it was compared for the first time: whoever was on it then was there before us. */
  firstComparedAt: Instant.nullable().default(null),
  /** When all of its users were last compared with what should be there. */
  comparedAt: Instant.nullable().default(null),
  /** The two questions of a comparison that is under way: the ids of their commands, and when they were asked. */
  comparing: z.strictObject({ user: z.int(), userauthorize: z.int(), at: Instant }).nullable().default(null),
})
export type DeviceRow = z.infer<typeof DeviceRow>

/** The secret of the target: the path under which the devices of each site come, and which devices those are. */
export const SiteSecrets = z.object({
  sites: z.array(
    z.object({
      secret: z.string().min(20).max(200),
      serials: z.array(DoorId),
      /** PEM of the authority by which the site's relay is certified: no other certificate may come by this path. */
      authority: z.string().startsWith('-----BEGIN CERTIFICATE-----').max(8_000).optional(),
    }),
  ),
})
export type SiteSecrets = z.infer<typeof SiteSecrets>

/** The card of a person as the worker and the devices' function see it: nothing else about the badge. */
export const CardRow = z.strictObject({
  version: z.literal(1),
  pin: Pin,
  personId: PersonId,
  /** The card that opens now; null: none. */
  card: CardNumber.nullable(),
})
export type CardRow = z.infer<typeof CardRow>

/** A card that opens no more, whoever shows it: lost, copied or not brought back. It stays so. */
export const LostCardRow = z.strictObject({
  version: z.literal(1),
  /** Whose it was. */
  pin: Pin,
  personId: PersonId,
  since: Instant,
})
export type LostCardRow = z.infer<typeof LostCardRow>

/** Where a badge was seen last: inside the room or outside of it, by the doors' own word. */
export const PresenceRow = z.strictObject({
  version: z.literal(1),
  pin: Pin,
  personId: PersonId.nullable(),
  inside: z.boolean(),
  at: Instant,
  serial: DoorId,
})
export type PresenceRow = z.infer<typeof PresenceRow>

export { DoorAlarmKind }

/** Ids only: a card's number or a name is never in it. */
export const DoorAlarm = z.strictObject({
  kind: DoorAlarmKind,
  /** Null: it is about no door. */
  serial: DoorId.nullable(),
  pin: Pin.nullable(),
  personId: PersonId.nullable(),
  /** The visit it is about. */
  visit: z.uuid().nullable(),
  at: Instant,
})
export type DoorAlarm = z.infer<typeof DoorAlarm>

export const DoorAlarmRow = DoorAlarm.extend({
  version: z.literal(1),
  id: z.uuid(),
  /** How often it has happened since `at`, and when last. */
  times: z.int(),
  lastAt: Instant,
  /** When it was told by mail and written to the ledger; null: not yet. */
  toldAt: Instant.nullable(),
  /** `by` null: what it was about ended by itself. */
  settled: z.strictObject({ by: PersonId.nullable(), at: Instant, comment: z.string() }).nullable(),
})
export type DoorAlarmRow = z.infer<typeof DoorAlarmRow>

/** What an alarm's chain in the ledger hangs on; it stays when the alarm itself is forgotten, and so names nobody. */
export const DoorAlarmRecord = z.strictObject({
  version: z.literal(1),
  id: z.uuid(),
  kind: DoorAlarmKind,
  head: ChainHead,
})
export type DoorAlarmRecord = z.infer<typeof DoorAlarmRecord>
