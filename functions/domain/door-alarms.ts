import type { Instant } from '../../schemas/calendar.ts'
import type { DoorAlarm, DoorAlarmKind, DoorUserRow } from '../../schemas/doors.ts'
import type { Settings } from '../../schemas/settings.ts'
import { earlierOf, laterOf } from './civil-time.ts'
import { type DoorRecord, eventCodes } from './door-events.ts'

export type KnownUser = Pick<DoorUserRow, 'personId' | 'wish' | 'wishedAt' | 'knownSince'>

/** What is known of who and what a record names. */
export interface RecordFacts {
  /** The person on that device, as we wanted it; null: nobody of that pin was ever put there. */
  readonly user: KnownUser | null
  /** Whether the card was reported lost. */
  readonly lostCard: boolean
}

/** An alarm about a device and nobody in particular. */
export const aboutDoor = (kind: DoorAlarm['kind'], serial: string, at: Instant): DoorAlarm => ({
  kind,
  serial,
  pin: null,
  personId: null,
  visit: null,
  at,
})

type Hours = Settings['dataCentre']['hours']

/** Kinds that the device itself tells by a code, whoever it was. */
const told: ReadonlyMap<number, DoorAlarmKind> = new Map([
  [eventCodes.outsideHours, 'outside-hours'],
  [eventCodes.heldOpen, 'held-open'],
  [eventCodes.lostCard, 'lost-card'],
  [eventCodes.blacklisted, 'lost-card'],
  [eventCodes.tamper, 'tamper'],
  [eventCodes.duress, 'duress'],
  [eventCodes.forced, 'forced-door'],
])

/** Hours from an evening to a morning hold over midnight. */
const isOutside = (hours: Hours, timeOfDay: string): boolean =>
  hours !== undefined &&
  (hours.from <= hours.until
    ? timeOfDay < hours.from || timeOfDay >= hours.until
    : timeOfDay < hours.from && timeOfDay >= hours.until)

/** Whether the badge was to be off the device when it was shown; what was withdrawn later does not count back. */
const isWithdrawn = ({ wish, wishedAt }: KnownUser, at: string): boolean => !wish.present && wishedAt <= at

/** Which alarms an event raises: a card known as lost is that and nothing else; a badge that opens may raise two. */
export function alarmKinds(
  record: DoorRecord,
  { user, lostCard }: RecordFacts,
  hours: Hours,
): DoorAlarmKind[] {
  const { event, pin, at, timeOfDay } = record
  if (lostCard) return ['lost-card']
  const kind = told.get(event)
  if (kind !== undefined) return [kind]
  // Off the device it is as unknown as any other: that it was there tells it apart.
  if (event === eventCodes.unknownCard)
    return user !== null && user.knownSince !== null && isWithdrawn(user, at)
      ? ['withdrawn-badge']
      : ['unknown-card']
  const withdrawn = user !== null && isWithdrawn(user, at)
  if (event === eventCodes.expired) return [withdrawn ? 'withdrawn-badge' : 'expired-badge']
  if (event === eventCodes.illegal) return withdrawn ? ['withdrawn-badge'] : []
  if (event !== eventCodes.opened) return []
  return [
    ...(withdrawn ? (['withdrawn-badge'] as const) : []),
    ...(pin !== null && user === null ? (['stranger-on-device'] as const) : []),
    ...(isOutside(hours, timeOfDay) ? (['outside-hours'] as const) : []),
  ]
}

/** An alarm with how often it happened in one upload, and when last. */
export interface CountedAlarm {
  readonly alarm: DoorAlarm
  readonly times: number
  readonly lastAt: string
}

/** The alarms of one upload, each kind and badge once. */
export function countAlarms(alarms: readonly DoorAlarm[]): CountedAlarm[] {
  const counted = new Map<string, CountedAlarm>()
  for (const alarm of alarms) {
    const key = [alarm.kind, alarm.serial, alarm.visit ?? alarm.pin].join(' ')
    const known = counted.get(key)
    counted.set(key, {
      alarm: { ...alarm, at: earlierOf(known?.alarm.at ?? alarm.at, alarm.at) },
      times: (known?.times ?? 0) + 1,
      lastAt: laterOf(known?.lastAt ?? alarm.at, alarm.at),
    })
  }
  return [...counted.values()]
}

/** Kinds of which somebody is told at once, however short ago the last mail went out. */
const pressing: readonly DoorAlarmKind[] = [
  'withdrawn-badge',
  'lost-card',
  'forced-door',
  'tamper',
  'duress',
  'inside-after-hold',
  'stranger-on-device',
  'unauthorised-copy',
  'visit-overdue',
]

export const isPressing = (kind: DoorAlarmKind): boolean => pressing.includes(kind)
