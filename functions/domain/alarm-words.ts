import type { DoorAlarmKind } from '../../schemas/doors.ts'
import type { Code } from './texts/index.ts'

export const alarmTexts: Readonly<Record<DoorAlarmKind, Code>> = {
  'withdrawn-badge': 'alarm.withdrawn-badge',
  'expired-badge': 'alarm.expired-badge',
  'unknown-card': 'alarm.unknown-card',
  'lost-card': 'alarm.lost-card',
  'forced-door': 'alarm.forced-door',
  'held-open': 'alarm.held-open',
  tamper: 'alarm.tamper',
  duress: 'alarm.duress',
  'outside-hours': 'alarm.outside-hours',
  'inside-after-hold': 'alarm.inside-after-hold',
  'silent-device': 'alarm.silent-device',
  'clock-drift': 'alarm.clock-drift',
  'events-lost': 'alarm.events-lost',
  'stranger-on-device': 'alarm.stranger-on-device',
  'unauthorised-copy': 'alarm.unauthorised-copy',
  'visit-overdue': 'alarm.visit-overdue',
}
