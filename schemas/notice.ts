import * as z from 'zod'
import { CatalogueId, DoorId } from './access.ts'
import { CivilDate, Instant } from './calendar.ts'
import { DoorAlarmKind } from './door-alarm-kind.ts'
import { NoticeTemplate } from './notice-template.ts'
import { PersonId } from './person.ts'
import { LineId, RequestNumber } from './request.ts'
import { TargetId } from './settings.ts'

/**
 * Whom a mail goes to: an address of the settings; a person at their own address as the mail system shows it; whoever heads
 * a unit when it is sent. `webhook`: not a mail but a call to the help desk.
 */
export const Recipient = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['it', 'escalation', 'security', 'webhook']) }),
  z.strictObject({ kind: z.literal('vendor'), target: TargetId }),
  z.strictObject({ kind: z.literal('person'), personId: PersonId }),
  z.strictObject({ kind: z.literal('unit-head'), unit: CatalogueId }),
])
export type Recipient = z.infer<typeof Recipient>

/**
 * `dropped`: there was nothing left to tell when its turn came. `deferred`: one too many within an hour, told in the next
 * digest.
 */
const NoticeState = z.enum(['pending', 'sent', 'parked', 'dropped', 'deferred'])

/**
 * A mail that a fact has caused, written in the fact's own transaction; its id follows from the fact, so that nothing is
 * told twice. Ids only: names are joined when it is sent.
 */
export const NoticeRow = z.strictObject({
  version: z.literal(1),
  id: z.string(),
  template: NoticeTemplate,
  to: Recipient,
  about: z.strictObject({
    personId: PersonId.nullable(),
    task: z.uuid().nullable(),
    target: TargetId.nullable(),
    request: RequestNumber.nullable(),
    line: LineId.optional(),
    /** A stopped batch, or the hold that a suspension laid on a person. */
    hold: z.uuid().optional(),
    /** The emergency that the authority has yet to say something of. */
    visit: z.uuid().optional(),
    /** What kind of cause a stopped batch has, as the guard counts it. */
    cause: z.enum(['hr-event', 'import', 'calendar', 'drift', 'form']).optional(),
    /** A digest: of which day, of which units, and what it looks back upon (after `since`, up to `until`). */
    edition: CivilDate.optional(),
    units: z.array(CatalogueId).optional(),
    since: Instant.optional(),
    until: Instant.optional(),
    /** Alarms of the doors, told together. */
    alarms: z
      .array(z.strictObject({ kind: DoorAlarmKind, door: DoorId.nullable(), at: Instant, times: z.int() }))
      .optional(),
  }),
  createdAt: Instant,
  /** Null once nothing is left to do. */
  dueAt: Instant.nullable(),
  leaseUntil: Instant.nullable(),
  attempts: z.number().int().nonnegative(),
  state: NoticeState,
  sentAt: Instant.nullable(),
  /** The mail service's own id of what it took. */
  messageId: z.string().nullable(),
  fault: z.string().nullable(),
})
export type NoticeRow = z.infer<typeof NoticeRow>

/** What the mails' queue carries, and nothing else. */
export const NoticeBell = z.strictObject({ notice: z.string().regex(/^[0-9a-f]{32}$/) })
export type NoticeBell = z.infer<typeof NoticeBell>

/** When the last mails went to one address of the settings, the oldest first. */
export const MailSlots = z.strictObject({
  version: z.literal(1),
  revision: z.int(),
  times: z.array(Instant),
})
export type MailSlots = z.infer<typeof MailSlots>

/** Which ends a person was told ahead, each with the least number of days before it that was told. */
export const ToldRow = z.strictObject({
  version: z.literal(1),
  personId: PersonId,
  revision: z.int().positive(),
  ends: z.record(Instant, z.int()),
})
export type ToldRow = z.infer<typeof ToldRow>
