import { randomBytes } from 'node:crypto'

let last = { now: 0, count: 0 }

/** Places within one millisecond, in the order asked for; the first is random, and leaves half of the 4,096 for those after it. */
function placeWithin(now: number, random: number): number {
  const count = now === last.now ? last.count + 1 : random >> 1
  last = { now, count }
  return count & 0x0fff
}

/** A UUIDv7 (RFC 9562): 48 bits of milliseconds, a place within it, the rest random. Sorts by the time and order in which it was made. */
export function newId(now: number): string {
  const bytes = randomBytes(16)
  const place = placeWithin(now, bytes.readUInt16BE(6) & 0x0fff)
  bytes.writeUIntBE(now, 0, 6)
  bytes.writeUInt16BE(0x7000 | place, 6)
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** When a UUIDv7 was made, in milliseconds. */
export const timeOf = (id: string): number => Number.parseInt(id.replace('-', '').slice(0, 12), 16)
