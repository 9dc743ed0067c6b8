import * as z from 'zod'
import { DeviceRow } from '../../schemas/doors.ts'
import { doorKeys } from './door-keys.ts'
import { batchGet, type Tables } from './tables.ts'

/** Only this of a device's row: an evacuation list must not fail over anything else that it holds. */
const SeenDevice = z.object({ serial: DeviceRow.shape.serial, lastSeenAt: DeviceRow.shape.lastSeenAt })

export type KnownDeviceStore = ReturnType<typeof createKnownDeviceStore>

/** When devices were last heard of. */
export function createKnownDeviceStore(tables: Tables) {
  return {
    /** By serial number; a device that never came is left out. */
    async lastSeen(serials: readonly string[]): Promise<Map<string, string | null>> {
      const items = await batchGet(tables, tables.doors, [...new Set(serials)].map(doorKeys.device))
      return new Map(
        items.map(item => SeenDevice.parse(item)).map(({ serial, lastSeenAt }) => [serial, lastSeenAt]),
      )
    },
  }
}
