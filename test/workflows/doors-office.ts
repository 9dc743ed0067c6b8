import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { createAlarmRecordStore, toldTogether } from '../../functions/stores/alarm-records.ts'
import { createDeviceSightStore } from '../../functions/stores/device-sights.ts'
import { createDoorAlarmStore, subjectOf } from '../../functions/stores/door-alarms.ts'
import { doorKeys } from '../../functions/stores/door-keys.ts'
import { createMovementStore, instantAt, secondsOf } from '../../functions/stores/movements.ts'
import { createPresenceStore } from '../../functions/stores/presences.ts'
import type { Tables } from '../../functions/stores/tables.ts'
import { takeDoorEvents } from '../../functions/workflows/take-door-events.ts'
import { type WatchedCentre, watchDataCentre } from '../../functions/workflows/watch-data-centre.ts'
import type { VisitWatch } from '../../functions/workflows/watch-visits.ts'
import type { DeviceRow, DoorUserRow } from '../../schemas/doors.ts'
import type { Settings } from '../../schemas/settings.ts'
import { openWorld } from '../servers/world.ts'

export const serial = 'ACC-0001'
export const zone = 'America/Santiago'

/** An instant as a device writes it. */
export const written = (at: number): string =>
  new Date(at).toLocaleString('sv-SE', { timeZone: zone }).replace('T', ' ')

export interface Line {
  readonly index: number
  readonly at: number
  readonly event?: number
  readonly pin?: string
  readonly card?: string
  readonly way?: 0 | 1
}

export const lineOf = ({ index, at, event = 0, pin = '0', card = '0', way = 0 }: Line): string =>
  [
    `time=${written(at)}`,
    `pin=${pin}`,
    `cardno=${card}`,
    'eventaddr=1',
    `event=${event}`,
    `inoutstatus=${way}`,
    'verifytype=1',
    `index=${index}`,
  ].join('\t')

/** Who is on a device, as whoever keeps badges writes it. */
export const putUser = (
  tables: Tables,
  user: Pick<DoorUserRow, 'pin' | 'personId'> & { present?: boolean },
  of = serial,
) =>
  tables.client.send(
    new PutCommand({
      TableName: tables.doors,
      Item: {
        ...doorKeys.user(user.pin, of),
        version: 1,
        serial: of,
        pin: user.pin,
        personId: user.personId,
        name: 'Rocío Pincheira',
        wish: { present: user.present ?? true, card: null, until: null },
        wished: 1,
        wishedAt: '2026-01-01T00:00:00.000Z',
        seen: null,
        seenAt: null,
        seenFor: 0,
        dueSince: null,
        tryAt: null,
        sent: null,
        attempts: 0,
        refused: null,
        knownSince: '2026-01-01T00:00:00.000Z',
        revision: 0,
        listKey: `users#${of}`,
        listSort: user.pin,
      } satisfies DoorUserRow & Record<string, unknown>,
    }),
  )

export const putDevice = (tables: Tables, lastSeenAt: string | null, of = serial) =>
  tables.client.send(
    new PutCommand({
      TableName: tables.doors,
      Item: {
        ...doorKeys.device(of),
        version: 1,
        serial: of,
        registryCode: 'code',
        sessionId: 'session',
        dateFormat: 'seconds',
        firmware: null,
        locks: 1,
        lastCommand: 0,
        registeredAt: '2026-01-01T00:00:00.000Z',
        lastSeenAt,
        clockOff: null,
        greetedAt: null,
        firstComparedAt: null,
        comparedAt: null,
        comparing: null,
      } satisfies DeviceRow & Record<string, unknown>,
    }),
  )

export type DoorsOffice = Awaited<ReturnType<typeof openDoorsOffice>>

/** A world with one door, and everything that looks after what it reports. */
export async function openDoorsOffice(
  change: Partial<Settings['dataCentre']> = {},
  nastiness?: { seed: number; rate: number },
) {
  const plain = await openWorld()
  const dataCentre = { ...plain.engine.settings.dataCentre, ...change }
  await plain.close()
  const doors = [{ serial, name: 'Centro de datos', locks: 1, deviceTimeZone: 1 }]
  const world = await openWorld({
    settings: { dataCentre, doors },
    ...(nastiness === undefined ? {} : { nastiness }),
  })
  const { tables, engine } = world
  const { settings } = engine
  const movements = createMovementStore(tables, settings)
  const alarms = createDoorAlarmStore(tables)
  const records = createAlarmRecordStore(tables, settings)
  const presences = createPresenceStore(tables)
  const devices = createDeviceSightStore(tables)
  const events = takeDoorEvents({ settings, movements, alarms, secondsOf, log: engine.log })
  const now = () => new Date(world.time.now).toISOString()
  return {
    ...world,
    movements,
    alarms,
    records,
    presences,
    devices,
    events,
    settings,
    now,
    /** Uploads lines as the device would. */
    upload: (lines: readonly (Line | string)[]): Promise<void> =>
      events.take(
        serial,
        'rtlog',
        `${lines.map(line => (typeof line === 'string' ? line : lineOf(line))).join('\n')}\n`,
        now(),
      ),
    /** `visits`: the log of visits, where it is another one. */
    watch: (visits: VisitWatch['visits'] = world.visits): Promise<WatchedCentre> =>
      watchDataCentre(
        { ...engine, alarms, records, devices, movements, presences, visits, subjectOf, toldTogether },
        now(),
      ),
    /** Everything kept of a day, `epoch:index`, in order. */
    async kept(days = [now().slice(0, 10)]): Promise<string[]> {
      const chunks = (await Promise.all(days.map(day => movements.ofDay(serial, day, now())))).flat()
      return chunks
        .flatMap(({ epoch, events: all }) => all.map(([index]) => `${epoch}:${index}`))
        .sort((one, other) => Number(one.split(':')[1]) - Number(other.split(':')[1]))
    },
    open: async () => (await alarms.page('open', null, 100)).alarms,
    instantAt,
  }
}
