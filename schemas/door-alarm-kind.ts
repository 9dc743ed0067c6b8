import * as z from 'zod'

/** What somebody has to look at. Each kind is told once as long as it is open, however often it happens again. */
export const DoorAlarmKind = z.enum([
  'withdrawn-badge',
  'expired-badge',
  'unknown-card',
  'lost-card',
  'forced-door',
  'held-open',
  'tamper',
  'duress',
  'outside-hours',
  'inside-after-hold',
  'silent-device',
  'clock-drift',
  'events-lost',
  'stranger-on-device',
  'unauthorised-copy',
  'visit-overdue',
])
export type DoorAlarmKind = z.infer<typeof DoorAlarmKind>
