import type { DoorAlarm, PresenceRow } from '../../schemas/doors.ts'
import type { SeenEvents } from '../../schemas/movements.ts'
import { desiredAccess } from '../domain/desired-access.ts'
import { aboutDoor, isPressing } from '../domain/door-alarms.ts'
import type { AlarmRecordStore, toldTogether } from '../stores/alarm-records.ts'
import type { DeviceSight, DeviceSightStore } from '../stores/device-sights.ts'
import type { DoorAlarmStore, subjectOf } from '../stores/door-alarms.ts'
import type { MovementStore } from '../stores/movements.ts'
import type { NoticeDraft } from '../stores/notices.ts'
import type { PresenceStore } from '../stores/presences.ts'
import { type Engine, instantOf, latest, placeOf } from './engine.ts'
import { inParallel } from './in-parallel.ts'
import { raisedEntry, settleAlarm } from './settle-alarm.ts'

export interface Watching extends Pick<Engine, 'settings' | 'people' | 'clock' | 'log'> {
  readonly alarms: DoorAlarmStore
  readonly records: AlarmRecordStore
  readonly devices: Pick<DeviceSightStore, 'of'>
  readonly movements: Pick<MovementStore, 'seenOf'>
  readonly presences: Pick<PresenceStore, 'inside'>
  readonly subjectOf: typeof subjectOf
  readonly toldTogether: typeof toldTogether
}

export interface Watched {
  readonly silent: number
  readonly inside: number
  readonly told: number
  /** People or devices that could not be looked at because of a bug: the others were. */
  readonly broken: number
}

/** Alarms read for one run: what is more is told a minute later. */
const mostTold = 300
/** Between two mails about what can wait; what presses goes out at once and takes along the rest. */
const restMilliseconds = 600_000

type Counted = { -readonly [Key in keyof Watched]: number }

/**
 * Every minute: raises what no device reports by itself (a device that is silent, somebody who is inside and may no longer be),
 * settles what ended by itself, and tells security of what is new, each alarm once.
 *
 * @param eventAt the schedule's own time; the later of it and the clock counts
 */
export async function watchDoors(watching: Watching, eventAt: string): Promise<Watched> {
  const at = latest(eventAt, instantOf(watching.clock()))
  const counted: Counted = { silent: 0, inside: 0, told: 0, broken: 0 }
  const serials = watching.settings.doors.map(({ serial }) => serial)
  const [devices, seen, inside] = await Promise.all([
    watching.devices.of(serials),
    watching.movements.seenOf(serials),
    watching.presences.inside(),
  ])
  await inParallel(serials, async serial => {
    await unbroken(watching, counted, null, async () => {
      await watchSilence(watching, devices.get(serial), at, counted)
      await watchClock(watching, seen.get(serial), at)
    })
  })
  await inParallel(inside, async presence => {
    await unbroken(watching, counted, presence.personId, () => watchPresence(watching, presence, at, counted))
  })
  await tellAlarms(watching, at, counted)
  if (counted.silent + counted.told + counted.broken > 0) watching.log('doors-watched', { ...counted })
  return counted
}

/** What is wrong with one row keeps nobody from looking at the others. */
async function unbroken(
  { log }: Watching,
  counted: Counted,
  personId: string | null,
  look: () => Promise<void>,
): Promise<void> {
  try {
    await look()
  } catch (bug) {
    log('broken', { personId, target: 'data-centre', ...placeOf(bug) })
    counted.broken++
  }
}

/** Raises what is not open, and was not settled since it began: whoever settled it knows of it. */
async function raiseOnce(watching: Watching, alarm: DoorAlarm, began: string): Promise<void> {
  const { open, settledAt } = await watching.alarms.standing(watching.subjectOf(alarm))
  if (open === null && (settledAt === null || settledAt < began)) await watching.alarms.raise(alarm)
}

async function settleOver(watching: Watching, alarm: DoorAlarm, at: string): Promise<void> {
  const { open } = await watching.alarms.standing(watching.subjectOf(alarm))
  if (open !== null) await settleAlarm(watching, open, null, '', at)
}

/** A device that never registered is not silent: it is not there yet. */
async function watchSilence(
  watching: Watching,
  device: DeviceSight | undefined,
  at: string,
  counted: Counted,
): Promise<void> {
  if (device === undefined || device.registeredAt === null) return
  const spoke = latest(device.registeredAt, device.lastSeenAt)
  const alarm = aboutDoor('silent-device', device.serial, at)
  const { silentMinutes } = watching.settings.dataCentre
  if (Date.parse(at) - Date.parse(spoke) <= silentMinutes * 60_000) return settleOver(watching, alarm, at)
  counted.silent++
  await raiseOnce(watching, alarm, spoke)
}

/** It was raised by what the device reported; here it ends once what it reports is right again. */
async function watchClock(watching: Watching, seen: SeenEvents | undefined, at: string): Promise<void> {
  if (seen === undefined || seen.clockOff === null) return
  if (Math.abs(seen.clockOff) > watching.settings.dataCentre.clockDriftSeconds) return
  await settleOver(watching, aboutDoor('clock-drift', seen.serial, at), at)
}

/** R15: who should have no badge any more, by hold or end, and went in before. A badge of nobody's is another alarm. */
async function watchPresence(
  watching: Watching,
  { personId, pin, serial, at: since }: PresenceRow,
  at: string,
  counted: Counted,
): Promise<void> {
  counted.inside++
  if (personId === null) return
  const person = await watching.people.load(personId)
  if (person !== null && desiredAccess(person, 'data-centre', watching.settings, at).enabled) return
  await raiseOnce(watching, { ...aboutDoor('inside-after-hold', serial, at), pin, personId }, since)
}

/** One mail of all that is new; what does not press waits until the last mail is ten minutes old. */
async function tellAlarms(watching: Watching, at: string, counted: Counted): Promise<void> {
  const untold = await watching.alarms.untold(mostTold)
  const last = await watching.records.lastToldAt()
  const rests = last !== null && Math.abs(Date.parse(at) - Date.parse(last)) < restMilliseconds
  if (untold.length === 0 || (rests && !untold.some(({ kind }) => isPressing(kind)))) return
  for (let first = 0; first < untold.length; first += watching.toldTogether) {
    const some = untold.slice(first, first + watching.toldTogether)
    const entries = some.map(alarm => ({ alarm, entry: raisedEntry(alarm, at) }))
    // What was settled meanwhile is gone from the list a minute later.
    if (await watching.records.tell(entries, [noticeOf(some)], at)) counted.told += some.length
  }
  watching.log('alarms-told', { alarms: counted.told })
}

const noticeOf = (alarms: readonly Awaited<ReturnType<DoorAlarmStore['untold']>>[number][]): NoticeDraft => ({
  template: 'door-alarms',
  to: { kind: 'security' },
  about: {
    personId: alarms.length === 1 ? (alarms[0]?.personId ?? null) : null,
    task: null,
    target: 'data-centre',
    request: null,
    alarms: alarms.map(({ kind, serial, at, times }) => ({ kind, door: serial, at, times })),
  },
  fact: alarms[0]?.id ?? '',
})
