import * as z from 'zod'
import { DoorId } from './access.ts'
import { Cursor, NextCursor, PersonRef } from './api.ts'
import { CivilDate, Instant } from './calendar.ts'
import { DoorAlarmKind } from './doors.ts'

// --- the devices ---

export const DoorView = z
  .strictObject({
    serial: DoorId,
    name: z.string(),
    registeredAt: Instant.nullable().meta({ description: 'Null: it has never registered.' }),
    lastSeenAt: Instant.nullable(),
    silent: z.boolean().meta({ description: 'Registered, and nothing was heard of it for too long.' }),
    clockOff: z.int().nullable().meta({
      description:
        'Seconds by which its clock is ahead of ours, as what it reported last tells; null: unknown.',
    }),
    users: z.strictObject({
      all: z.int(),
      due: z.int().meta({ description: 'People of whom the device has yet to be told something.' }),
    }),
    events: z.strictObject({
      kept: z.int(),
      missing: z.int().meta({ description: 'Not sent by the device, and still asked for.' }),
      lost: z.int().meta({ description: 'Asked for in vain.' }),
      newestAt: Instant.nullable(),
    }),
  })
  .meta({ id: 'Door' })
export type DoorView = z.infer<typeof DoorView>

export const DoorList = z.strictObject({ doors: z.array(DoorView) }).meta({ id: 'DoorList' })
export type DoorList = z.infer<typeof DoorList>

// --- alarms ---

export const DoorAlarmsQuery = z.strictObject({
  open: z.enum(['true', 'false']).optional().meta({ description: '`false`: those that were settled.' }),
  cursor: Cursor.optional(),
})
export type DoorAlarmsQuery = z.infer<typeof DoorAlarmsQuery>

export const DoorAlarmPath = z.strictObject({ id: z.uuid() })

export const DoorAlarmView = z
  .strictObject({
    id: z.uuid(),
    kind: DoorAlarmKind,
    message: z.string(),
    door: z
      .strictObject({ serial: DoorId, name: z.string().nullable() })
      .nullable()
      .meta({ description: 'Null: it is about no door.' }),
    person: PersonRef.nullable(),
    pin: z.string().nullable(),
    visit: z.uuid().nullable(),
    at: Instant,
    times: z.int().meta({ description: 'How often it happened since `at`.' }),
    lastAt: Instant,
    toldAt: Instant.nullable(),
    settled: z
      .strictObject({
        by: PersonRef.nullable().meta({ description: 'Null: what it was about ended by itself.' }),
        at: Instant,
        comment: z.string(),
      })
      .nullable(),
  })
  .meta({ id: 'DoorAlarm' })
export type DoorAlarmView = z.infer<typeof DoorAlarmView>

export const DoorAlarmList = z
  .strictObject({ alarms: z.array(DoorAlarmView), cursor: NextCursor })
  .meta({ id: 'DoorAlarmList' })
export type DoorAlarmList = z.infer<typeof DoorAlarmList>

export const SentSettlement = z
  .strictObject({
    comment: z
      .string()
      .trim()
      .min(1)
      .max(1_000)
      .regex(/^[^\p{Cc}\u2028\u2029]*(?:[\r\n\t][^\p{Cc}\u2028\u2029]*)*$/u, { error: 'text.unprintable' })
      .meta({ description: 'What was found and done; kept here, the ledger holds its hash.' }),
  })
  .meta({ id: 'SentSettlement' })
export type SentSettlement = z.infer<typeof SentSettlement>

// --- movements ---

export const MovementsQuery = z.strictObject({
  from: CivilDate.optional().meta({ description: 'First day; default: six days before the last one.' }),
  to: CivilDate.optional().meta({ description: 'Last day; default: today.' }),
  person: z.string().trim().min(1).max(40).optional().meta({ description: 'National id or person id.' }),
  door: DoorId.optional(),
  cursor: Cursor.optional(),
})
export type MovementsQuery = z.infer<typeof MovementsQuery>

export const Movement = z
  .strictObject({
    at: Instant,
    door: z.strictObject({ serial: DoorId, name: z.string().nullable() }),
    lock: z.int().meta({ description: 'Which of the device’s doors; 0: it does not say.' }),
    event: z.int().meta({ description: 'The device’s own code.' }),
    message: z.string(),
    way: z.enum(['in', 'out']).nullable(),
    pin: z.string().nullable(),
    person: PersonRef.nullable().meta({ description: 'Whose the badge was when it was used.' }),
    card: z.string().nullable().meta({ description: 'Only where it is nobody’s badge.' }),
    epoch: z.int().meta({ description: 'Rises when the device’s memory was wiped.' }),
    index: z.int().meta({ description: 'The device’s own count.' }),
  })
  .meta({ id: 'Movement' })
export type Movement = z.infer<typeof Movement>

export const MovementPage = z
  .strictObject({
    from: CivilDate,
    to: CivilDate,
    page: z.int().positive(),
    entries: z.array(Movement),
    cursor: NextCursor,
  })
  .meta({ id: 'MovementPage' })
export type MovementPage = z.infer<typeof MovementPage>
