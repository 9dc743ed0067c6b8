import * as z from 'zod'
import { DeviceRow } from '../../schemas/doors.ts'
import { doorKeys, doorLists, dueAtDevice } from './door-keys.ts'
import { batchGet, countAll, type Tables } from './tables.ts'

/** What is read of a device's row: the rest of it is between the device and whoever speaks with it. */
const DeviceSight = z.object(
  DeviceRow.pick({ serial: true, registeredAt: true, lastSeenAt: true, firmware: true }).shape,
)
export type DeviceSight = z.infer<typeof DeviceSight>

export type DeviceSightStore = ReturnType<typeof createDeviceSightStore>

/** How the devices stand, for whoever watches them. */
export function createDeviceSightStore(tables: Tables) {
  const count = (IndexName: string, attribute: string, value: string): Promise<number> =>
    countAll(tables, {
      TableName: tables.doors,
      IndexName,
      KeyConditionExpression: '#list = :list',
      ExpressionAttributeNames: { '#list': attribute },
      ExpressionAttributeValues: { ':list': value },
    })

  return {
    /** A device that never came has none. */
    async of(serials: readonly string[]): Promise<Map<string, DeviceSight>> {
      const items = await batchGet(tables, tables.doors, serials.map(doorKeys.device))
      const rows = items.map(item => DeviceSight.parse(item))
      return new Map(rows.map(row => [row.serial, row]))
    },

    /** How many people are on a device, and of how many it has yet to be told something. */
    async users(serial: string): Promise<{ readonly all: number; readonly due: number }> {
      const [all, due] = await Promise.all([
        count('list', 'listKey', doorLists.users(serial)),
        count('due', 'dueShard', dueAtDevice(serial)),
      ])
      return { all, due }
    },
  }
}
