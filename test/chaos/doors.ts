import { createDoorAlarmStore } from '../../functions/stores/door-alarms.ts'
import { chains } from '../../functions/stores/keys.ts'
import { createMovementStore, secondsOf } from '../../functions/stores/movements.ts'
import type { BadgeRegisters } from '../../functions/workflows/find-bearer.ts'
import { takeDoorEvents } from '../../functions/workflows/take-door-events.ts'
import { noFaults } from '../servers/door-controller/faults.ts'
import {
  blankFlash,
  type DoorController,
  type DoorControllerOptions,
  openDoorController,
} from '../servers/door-controller/index.ts'
import { first, openDoorSide, second } from '../servers/door-side.ts'
import type { World } from '../servers/world.ts'

export const serials = [first, second] as const
export type Serial = (typeof serials)[number]

/** They differ in how they speak: each history meets both. */
const ways: Record<Serial, Partial<DoorControllerOptions>> = {
  [first]: {},
  [second]: { dateFormat: 'days', firmware: 'other', packetRows: 1, accountForm: 'rows' },
}

/** How a device takes what it is told. */
export type Mood = 'well' | 'says yes and does nothing' | 'refuses' | 'does all twice' | 'never says so'
const moods: Record<Mood, Partial<DoorController['faults']>> = {
  well: {},
  'says yes and does nothing': { answer: () => 0 },
  refuses: { answer: () => -1 },
  'does all twice': { executesTwice: () => true, duplicateUploads: true },
  'never says so': { losesAcknowledgement: () => true },
}

/** What happens to the answers to a device's calls. */
export type Road = 'open' | 'answers are lost' | 'the function dies'

const mostTurns = 80

/** The door controllers of a town: they talk when they are told to, by the clock of the world, over a road that may be bad. */
export function openTownDoors(world: World) {
  const { engine, tables } = world
  const { settings, log } = engine
  const alarms = createDoorAlarmStore(tables)
  const movements = createMovementStore(tables, settings)
  const side = openDoorSide(world, {
    alarms,
    events: takeDoorEvents({ settings, movements, alarms, secondsOf, log }),
  })
  const roads = new Map<Serial, Road>()
  const flashes = new Map(serials.map(serial => [serial, blankFlash()] as const))

  /** One call of a device, as the network brings it. */
  async function send(serial: Serial, url: string, { method, body }: RequestInit): Promise<Response> {
    const road = roads.get(serial)
    const path = url.slice(url.indexOf('/iclock/') + '/iclock/'.length)
    const text = body instanceof Uint8Array ? Buffer.from(body).toString('utf8') : String(body ?? '')
    side.life.calls = road === 'the function dies' ? Math.floor(world.time.now / 1000) % 7 : null
    const answer = await side
      .call(method === 'POST' ? 'POST' : 'GET', path, text)
      .catch(() => ({ status: 500, text: '' }))
      .finally(() => {
        side.life.calls = null
      })
    // Another life, another second: it does not die at the same call for ever.
    if (road === 'the function dies') world.time.now += 1000
    if (road === 'answers are lost') throw new Error('the answer is lost')
    return new Response(answer.text, {
      status: answer.status,
      headers: { date: new Date(world.time.now).toUTCString() },
    })
  }

  const devices = new Map<Serial, DoorController>(
    serials.map(serial => [
      serial,
      openDoorController({
        serial,
        url: 'http://doors/iclock',
        timeZone: settings.timeZone,
        now: () => world.time.now,
        manual: true,
        flash: flashes.get(serial) ?? blankFlash(),
        send: (url, init) => send(serial, url, init),
        ...ways[serial],
      }),
    ]),
  )
  const device = (serial: Serial): DoorController => {
    const found = devices.get(serial)
    if (found === undefined) throw new Error('no such device')
    return found
  }
  const registers: BadgeRegisters = { ...engine, ledger: world.ledger, badges: world.badges, alarms, chains }

  return {
    device,
    registers,

    road(serial: Serial, road: Road): void {
      roads.set(serial, road)
    },

    mood(serial: Serial, mood: Mood): void {
      Object.assign(device(serial).faults, noFaults(), moods[mood])
    },

    /** Everything works, and everybody is on the line. */
    mend(): void {
      roads.clear()
      for (const each of devices.values()) Object.assign(each.faults, noFaults())
      for (const each of devices.values()) each.goOnline()
    },

    /** Talks until neither side has anything left, or as far as the road lets it. */
    async talk(serial: Serial): Promise<void> {
      const talker = device(serial)
      for (let turn = 0; turn < mostTurns; turn++) {
        const before = talker.commands().length
        const state = await talker.step()
        const quiet = talker.commands().length === before && talker.unsent().length === 0
        if (state === 'online' && quiet) return
        if (state === 'offline' || (roads.get(serial) ?? 'open') !== 'open') return
      }
      throw new Error(`${serial} never comes to an end: ${String(talker.lastError)}`)
    },

    /** Whether a device has somebody whom it lets pass, whatever their card. */
    lets: (serial: Serial, pin: string): boolean =>
      device(serial)
        .users()
        .some(user => user.pin === pin) &&
      device(serial)
        .authorizations()
        .some(row => row.pin === pin),

    /** Whether a device holds anything of somebody. */
    knows: (serial: Serial, pin: string): boolean =>
      [...device(serial).users(), ...device(serial).authorizations()].some(row => row.pin === pin),

    /** Somebody at the device itself changes what it holds. */
    tamperWith(serial: Serial, pin: string, act: 'wipes' | 'takes off' | 'writes on'): void {
      const { tables: held } = flashes.get(serial) ?? blankFlash()
      if (act === 'wipes') {
        device(serial).resetFlash()
        return
      }
      if (act === 'takes off') {
        for (const rows of Object.values(held))
          for (const [key, row] of Object.entries(rows)) if (row.pin === pin) delete rows[key]
        return
      }
      held.user = { ...held.user, [`=${pin}`]: { pin, cardno: '999', endtime: '0', name: 'By hand' } }
      held.userauthorize = {
        ...held.userauthorize,
        [`=${pin}\t1`]: { pin, authorizetimezoneid: '1', authorizedoorid: '1' },
      }
    },

    close: () => Promise.all([...devices.values()].map(each => each.close())),
  }
}
