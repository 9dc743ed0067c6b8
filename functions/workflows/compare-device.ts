import { type DoorSight, Pin } from '../../schemas/doors.ts'
import { decodeEnd, type ShownAuthorisation, type ShownUser } from '../domain/door-protocol.ts'
import { compared, type ShownDevice, strangerRow } from '../domain/door-users.ts'
import type { Packet } from '../stores/devices.ts'
import { type Doors, ringFor, type Visit } from './door-visit.ts'

/** So many people whom nobody here knows may be taken off a device at once; more of them are somebody's mistake. */
const mostStrangers = 10

/** Whoever was on a device before it came to us is told of, and left there for so long: time to say that they belong there. */
const graceMilliseconds = 20 * 3_600_000

/** What one packet shows; null: the device says that there is nothing to show. */
export interface ShownPacket {
  readonly index: number
  readonly count: number
  readonly users: readonly ShownUser[]
  readonly authorisations: readonly ShownAuthorisation[]
}

/**
 * Takes in a part of what a device holds. With the last part of both tables the device is compared with what should be there:
 * whoever is missing or different is due again, and whoever should not be there is taken off.
 */
export async function takePacket(
  doors: Doors,
  visit: Visit,
  id: number,
  shown: ShownPacket | null,
): Promise<void> {
  const { device, at } = visit
  const { comparing } = device
  if (comparing === null) return
  if (shown === null) {
    // A packet that came has already said it.
    const { found } = await doors.devices.packets(device.serial, id)
    if (found.length > 0) return
    await doors.devices.keepPacket(device.serial, id, { index: 1, count: 1, rows: [] }, at)
  } else await doors.devices.keepPacket(device.serial, id, packed(shown), at)
  const [users, authorisations] = await Promise.all([
    doors.devices.packets(device.serial, comparing.user),
    doors.devices.packets(device.serial, comparing.userauthorize),
  ])
  if (!users.complete || !authorisations.complete) return
  await compareWith(doors, visit, unpacked(users.found, authorisations.found, comparing.at))
  const isFirst = device.firstComparedAt === null
  if (await doors.devices.compared(device.serial, comparing, { at, isFirst }))
    doors.log('device-compared', { serial: device.serial })
}

const packed = ({ index, count, users, authorisations }: ShownPacket): Packet => ({
  index,
  count,
  rows: [
    ...users.map(({ pin, card, end }) => [pin, card, end]),
    ...authorisations.map(({ pin, timeZone, mask }) => [pin, timeZone, mask]),
  ],
})

const unpacked = (
  users: readonly Packet[],
  authorisations: readonly Packet[],
  askedAt: string,
): ShownDevice => ({
  users: users.flatMap(({ rows }) =>
    rows.map(([pin, card, end]) => ({
      pin: String(pin),
      card: card == null ? null : String(card),
      end: String(end),
    })),
  ),
  authorisations: authorisations.flatMap(({ rows }) =>
    rows.map(([pin, timeZone, mask]) => ({
      pin: String(pin),
      timeZone: Number(timeZone),
      mask: Number(mask),
    })),
  ),
  askedAt,
})

async function compareWith(doors: Doors, visit: Visit, shown: ShownDevice): Promise<void> {
  const { device, ways, at } = visit
  const listed = await doors.users.ofDevice(device.serial)
  const pins = new Set([...shown.users, ...shown.authorisations].map(({ pin }) => pin))
  const numbers = [...pins].filter(pin => Pin.safeParse(pin).success)
  // The list may lag behind: whoever is not in it is looked for by name before they are called a stranger.
  const lacking = numbers.filter(pin => !listed.some(row => row.pin === pin))
  const rows = [...listed, ...(await doors.users.some(device.serial, lacking))]
  const own = rows.filter(({ personId }) => personId !== null)
  for (const { pin } of own) {
    const change = await doors.users.change(device.serial, pin, row =>
      row === null ? null : compared(row, shown, ways, at),
    )
    await ringFor(doors, [change])
  }
  const strangers = [...pins].filter(pin => own.every(row => row.pin !== pin))
  if (strangers.length > 0) await meetStrangers(doors, visit, shown, strangers)
}

const isSettledIn = ({ device: { firstComparedAt }, at }: Visit): boolean =>
  firstComparedAt !== null && Date.parse(at) - Date.parse(firstComparedAt) >= graceMilliseconds

/** R18: somebody on a door whom nobody here put there. */
async function meetStrangers(
  doors: Doors,
  visit: Visit,
  shown: ShownDevice,
  pins: readonly string[],
): Promise<void> {
  const { device, ways, at } = visit
  const raise = (pin: string | null, personId: string | null) =>
    doors.alarms.raise({
      kind: 'stranger-on-device',
      serial: device.serial,
      pin,
      personId,
      visit: null,
      at,
    })
  if (pins.length > mostStrangers) {
    await raise(null, null)
    return
  }
  // In a mode that only reports, or waits, somebody else's people are told of and left where they are.
  const own = doors.settings.targets.find(({ kind }) => kind === 'security-push')
  const acts = isSettledIn(visit) && ((await doors.devices.mode()) ?? own?.mode) === 'active'
  for (const pin of pins) {
    // What is not one of our numbers cannot be taken off by one.
    if (!Pin.safeParse(pin).success || /^0+$/.test(pin)) {
      await raise(null, null)
      continue
    }
    const elsewhere = await doors.users.badge(pin)
    const owner = elsewhere.rows.find(({ personId }) => personId !== null)?.personId ?? null
    await raise(pin, owner)
    if (!acts) continue
    const change = await doors.users.change(device.serial, pin, row =>
      row === null
        ? strangerRow(device.serial, pin, owner, sightOf(pin, shown, ways.zone), at)
        : compared(row, shown, ways, at),
    )
    await ringFor(doors, [change])
  }
}

const sightOf = (pin: string, shown: ShownDevice, zone: string): DoorSight => {
  const user = shown.users.find(one => one.pin === pin)
  return {
    present: user !== undefined,
    card: user?.card ?? null,
    until: user === undefined ? null : decodeEnd(user.end, zone),
    authorised: shown.authorisations.some(one => one.pin === pin),
  }
}
