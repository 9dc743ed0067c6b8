import { randomUUID } from 'node:crypto'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { createDoorAlarmStore } from '../../functions/stores/door-alarms.ts'
import { doorKeys } from '../../functions/stores/door-keys.ts'
import { createMovementStore, secondsOf } from '../../functions/stores/movements.ts'
import { openTables } from '../../functions/stores/tables.ts'
import { inParallel } from '../../functions/workflows/in-parallel.ts'
import { takeDoorEvents } from '../../functions/workflows/take-door-events.ts'
import sample from '../../infra/settings/valle-claro.json' with { type: 'json' }
import { Settings } from '../../schemas/settings.ts'
import { openTestTables } from '../servers/aws/tables.ts'

export interface DoorsBench {
  readonly devices: number
  readonly seconds: number
  /** Events that happened; how many of them are not kept, and how many are kept more than once. */
  readonly events: number
  readonly lost: number
  readonly doubled: number
  /** Uploads, those that came twice, and those that came late because they were asked for again. */
  readonly uploads: number
  readonly repeated: number
  readonly late: number
  readonly milliseconds: number
  /** DynamoDB units of the doors' table, its indexes included; transactions count double. */
  readonly read: number
  readonly write: number
}

const start = Date.parse('2026-11-20T15:00:00.000Z')
const perSecond = 100

const written = (at: number) =>
  new Date(at).toLocaleString('sv-SE', { timeZone: sample.timeZone }).replace('T', ' ')

/** People who come to one door. */
const pins = 20
const pinOf = (device: number, place: number) => String(1_000_000 + device * pins + place)

/** A second at a door: two people go through it, and the door says all the rest: opened, closed, the button. */
const secondOf = (device: number, second: number): string => {
  const time = written(start + second * 1000)
  const lines = Array.from({ length: perSecond }, (_, place) => {
    const index = second * perSecond + place + 1
    const passes = place % 50 === 0
    const pin = passes ? pinOf(device, (second + place / 50) % pins) : 0
    const event = passes ? 0 : [200, 201, 202][place % 3]
    return `time=${time}\tpin=${pin}\tcardno=0\teventaddr=1\tevent=${event}\tinoutstatus=${second % 2}\tverifytype=1\tindex=${index}`
  })
  return `${lines.join('\n')}\n`
}

/**
 * Devices that each report a hundred events a second, one upload a second: one upload in twenty
 * comes twice, one in fifty is lost on the way and comes only when it is asked for.
 */
export async function benchDoors(devices = 200, seconds = 60): Promise<DoorsBench> {
  const dynamo = await openTestTables()
  const tables = openTables(
    { state: dynamo.stateTable, ledger: dynamo.ledgerTable, doors: dynamo.doorsTable },
    new DynamoDBClient({ ...dynamo.client, maxAttempts: 5 }),
  )
  const settings = Settings.parse(sample)
  const movements = createMovementStore(tables, settings)
  const alarms = createDoorAlarmStore(tables)
  const door = takeDoorEvents({ settings, movements, alarms, secondsOf, log: () => {} })
  const serials = Array.from({ length: devices }, (_, device) => `BENCH-${device}`)
  // Whose the badges are: nobody is a stranger, who would raise an alarm.
  await inParallel(
    serials.flatMap((serial, device) =>
      Array.from({ length: pins }, (_, place) => ({ serial, pin: pinOf(device, place) })),
    ),
    async ({ serial, pin }) => {
      const wish = { present: true, card: null, until: null }
      const user = { personId: randomUUID(), wish, wishedAt: new Date(0).toISOString() }
      await tables.client.send(
        new PutCommand({ TableName: tables.doors, Item: { ...doorKeys.user(pin, serial), ...user } }),
      )
    },
  )
  const unitsOf = () => {
    const sum = { read: 0, write: 0 }
    for (const [where, { read, write }] of Object.entries(dynamo.consumed())) {
      if (where.split('/')[0] !== dynamo.doorsTable) continue
      sum.read += read
      sum.write += write
    }
    return sum
  }
  const before = unitsOf()
  const counted = { uploads: 0, repeated: 0, late: 0 }
  const places = serials.map((serial, device) => ({ serial, device }))
  const arrival = (second: number) => new Date(start + (second + 1) * 1000).toISOString()
  const began = performance.now()
  for (let second = 0; second < seconds; second++)
    await inParallel(places, async ({ serial, device }) => {
      const body = secondOf(device, second)
      const chance = (device * 31 + second * 17) % 100
      // The last one of a device is never lost: nobody would miss it.
      const isLost = chance < 2 && second > 0 && second < seconds - 1
      const times = isLost ? 0 : chance >= 95 ? 2 : 1
      counted.uploads += times
      counted.repeated += Math.max(0, times - 1)
      await Promise.all(
        Array.from({ length: times }, () => door.take(serial, 'rtlog', body, arrival(second))),
      )
    })
  await inParallel(places, async ({ serial, device }) => {
    for (const { from, to } of await door.missing(serial, arrival(seconds)))
      for (let second = Math.floor(from / perSecond); second < to / perSecond; second++) {
        counted.late++
        await door.take(serial, 'rtlog', secondOf(device, second), arrival(seconds))
      }
  })
  const milliseconds = performance.now() - began
  const after = unitsOf()
  let [kept, distinct] = [0, 0]
  const now = arrival(seconds)
  await inParallel(serials, async serial => {
    const chunks = await movements.ofDay(serial, now.slice(0, 10), now)
    const named = chunks.flatMap(({ epoch, events }) => events.map(([index]) => `${epoch} ${index}`))
    kept += named.length
    distinct += new Set(named).size
  })
  await dynamo.close()
  const events = devices * seconds * perSecond
  return {
    devices,
    seconds,
    events,
    lost: events - distinct,
    doubled: kept - distinct,
    ...counted,
    milliseconds,
    read: after.read - before.read,
    write: after.write - before.write,
  }
}
