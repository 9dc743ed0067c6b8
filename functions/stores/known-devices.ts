import * as z from 'zod'
import { DeviceRow } from '../../schemas/doors.ts'
import { doorKeys } from './door-keys.ts'
import { batchGet, type Tables } from './tables.ts'

/** Only this of a device's row: an evacuation list must not fail over anything else that it holds. */
const SeenDevice = z.object({ serial: DeviceRow.shape.serial, lastSeenAt: DeviceRow.shape.lastSeenAt })
type SeenDevice = z.infer<typeof SeenDevice>

/** When devices were last heard of. */
export function createKnownDeviceStore(tables: Tables) {
  return {
    /** By serial number; a device that never came is left out. */
    async of(serials: readonly string[]): Promise<Map<string, SeenDevice>> {
      const items = await batchGet(tables, tables.doors, [...new Set(serials)].map(doorKeys.device))
      return new Map(items.map(item => SeenDevice.parse(item)).map(seen => [seen.serial, seen]))
    },
  }
}
