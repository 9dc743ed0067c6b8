import type {
  DoorAlarmList,
  DoorAlarmsQuery,
  DoorAlarmView,
  DoorList,
  DoorView,
} from '../../schemas/api-movements.ts'
import type { DoorAlarmRow } from '../../schemas/doors.ts'
import type { SeenEvents } from '../../schemas/movements.ts'
import { alarmTexts } from '../domain/alarm-words.ts'
import { type Caller, holdsAny } from '../domain/entitlement.ts'
import { type Refusal, refuse, refuseWith } from '../domain/refusal.ts'
import { missingCount } from '../domain/seen-events.ts'
import { say } from '../domain/texts/index.ts'
import type { AlarmRecordStore } from '../stores/alarm-records.ts'
import type { DeviceSight, DeviceSightStore } from '../stores/device-sights.ts'
import type { DoorAlarmStore } from '../stores/door-alarms.ts'
import type { MovementStore } from '../stores/movements.ts'
import { openCursor, sealCursor } from './cursor.ts'
import type { Engine } from './engine.ts'
import { inParallel } from './in-parallel.ts'
import { type KnownPeople, knownPeople } from './known-people.ts'
import { nowOf } from './registers.ts'
import { settleAlarm } from './settle-alarm.ts'

export interface ReadingDoors extends Pick<Engine, 'settings' | 'people' | 'clock'> {
  readonly devices: DeviceSightStore
  readonly movements: Pick<MovementStore, 'seenOf'>
  readonly alarms: DoorAlarmStore
  readonly records: Pick<AlarmRecordStore, 'settle'>
}

const alarmsAtOnce = 50

/** Every door of the settings: how its device stands, and what of its reports is here. */
export async function listDoors(needed: ReadingDoors): Promise<DoorList> {
  const { doors } = needed.settings
  const serials = doors.map(({ serial }) => serial)
  const [devices, seen] = await Promise.all([needed.devices.of(serials), needed.movements.seenOf(serials)])
  const views = new Map<string, DoorView>()
  await inParallel(doors, async ({ serial, name }) => {
    const users = await needed.devices.users(serial)
    views.set(serial, {
      serial,
      name,
      ...standing(needed, devices.get(serial)),
      clockOff: seen.get(serial)?.clockOff ?? null,
      users,
      events: eventsOf(seen.get(serial)),
    })
  })
  return { doors: doors.flatMap(({ serial }) => views.get(serial) ?? []) }
}

function standing(
  { clock, settings }: ReadingDoors,
  device: DeviceSight | undefined,
): Pick<DoorView, 'registeredAt' | 'lastSeenAt' | 'silent'> {
  const { registeredAt = null, lastSeenAt = null } = device ?? {}
  const spoke = lastSeenAt ?? registeredAt
  const quiet = spoke === null ? 0 : clock() - Date.parse(spoke)
  return {
    registeredAt,
    lastSeenAt,
    silent: registeredAt !== null && quiet > settings.dataCentre.silentMinutes * 60_000,
  }
}

const eventsOf = (seen: SeenEvents | undefined): DoorView['events'] =>
  seen === undefined
    ? { kept: 0, missing: 0, lost: 0, newestAt: null }
    : {
        kept: seen.total,
        missing: missingCount(seen),
        lost: seen.lost,
        newestAt: seen.current.newestAt,
      }

/** Alarms that are open, or were settled; the newest first. */
export async function listAlarms(
  needed: ReadingDoors,
  query: DoorAlarmsQuery,
): Promise<DoorAlarmList | Refusal> {
  const state = query.open === 'false' ? 'settled' : 'open'
  const opened = openCursor(query.cursor)
  const place = opened?.place ?? null
  if (opened === null || (place !== null && !/^.{24}#[0-9a-f-]{36}$/.test(place)))
    return refuse('invalid', [{ pointer: '/query/cursor', code: 'query.bad-cursor' }])
  const page = await needed.alarms.page(state, place, alarmsAtOnce)
  const people = knownPeople(needed)
  return {
    alarms: await Promise.all(page.alarms.map(alarm => view(needed, alarm, people))),
    cursor: page.next === null ? null : sealCursor(page.next),
  }
}

/** Somebody has looked: the alarm is closed with their words, and what happens from now on raises a new one. */
export async function settleDoorAlarm(
  needed: ReadingDoors,
  caller: Caller,
  id: string,
  comment: string,
): Promise<DoorAlarmView | Refusal> {
  const { at } = nowOf(needed)
  const role = holdsAny(caller, ['security']) ? 'security' : 'authority'
  const actor = { personId: caller.personId, role, onBehalfOf: null }
  const settled = await settleAlarm(needed, id, actor, comment, at)
  if (settled !== null) return view(needed, settled, knownPeople(needed))
  const standing = await needed.alarms.load(id)
  if (standing === null) return refuse('not-found')
  // Said again: the same answer.
  const same = standing.settled?.by === caller.personId && standing.settled.comment === comment
  return same ? view(needed, standing, knownPeople(needed)) : refuseWith('conflict', 'alarm.settled')
}

async function view(
  { settings }: ReadingDoors,
  alarm: DoorAlarmRow,
  people: KnownPeople,
): Promise<DoorAlarmView> {
  const { id, kind, serial, pin, visit, at, times, lastAt, toldAt, personId, settled } = alarm
  const name = settings.doors.find(door => door.serial === serial)?.name ?? null
  return {
    id,
    kind,
    message: say(settings.locale, alarmTexts[kind]),
    door: serial === null ? null : { serial, name },
    person: personId === null ? null : await people.ref(personId),
    pin,
    visit,
    at,
    times,
    lastAt,
    toldAt,
    settled: settled && {
      by: settled.by === null ? null : await people.ref(settled.by),
      at: settled.at,
      comment: settled.comment,
    },
  }
}
