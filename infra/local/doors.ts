import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Settings } from '../../schemas/settings.ts'
import {
  blankFlash,
  type DoorController,
  type FlashState,
  openDoorController,
} from '../../test/servers/door-controller/index.ts'
import { keepJson, keptJson } from './kept-json.ts'

/** What stands in a device's memory, as it is kept between starts. */
type Kept = Readonly<Record<string, FlashState>>

/** One door as `/local/doors` tells it. */
export interface LocalDoor {
  readonly serial: string
  readonly name: string
  readonly online: boolean
  readonly users: number
  readonly events: number
  readonly unsent: number
}

/** What can be done to a door from outside. */
export const doorActs = ['force', 'hold-open', 'shut', 'tamper', 'exit-button', 'boot'] as const
export type DoorAct = (typeof doorActs)[number]

export interface DoorsOptions {
  readonly settings: Settings
  readonly sites: readonly { readonly secret: string; readonly serials: readonly string[] }[]
  readonly base: string
  readonly dataDir: string
  readonly now: () => number
}

export type LocalDoors = ReturnType<typeof startDoors>

/**
 * Plays the devices on the doors, each with a memory of its own under the data directory. The first door of the settings is
 * left to whoever tries the protocol by hand.
 */
export function startDoors({ settings, sites, base, dataDir, now }: DoorsOptions) {
  const folder = join(dataDir, 'doors')
  mkdirSync(folder, { recursive: true })
  const played = settings.doors.slice(1)
  const fileOf = (serial: string) => join(folder, `${serial}.json`)
  const open = ({ serial, locks }: (typeof played)[number]) =>
    openDoorController({
      serial,
      url: `${base}/iclock/${sites.find(({ serials }) => serials.includes(serial))?.secret}`,
      timeZone: settings.timeZone,
      locks,
      flash: fileOf(serial),
      now,
    })
  let devices = new Map<string, DoorController>(played.map(door => [door.serial, open(door)]))
  const all = () => [...devices.values()]
  const isOnline = ({ state }: DoorController) => !['off', 'offline'].includes(state)

  const doings: Record<DoorAct, (device: DoorController) => void> = {
    force: device => device.force(),
    'hold-open': device => device.holdOpen(),
    shut: device => device.shut(),
    tamper: device => device.tamper(),
    'exit-button': device => device.exitButton(),
    boot: device => device.boot(),
  }

  const close = async () => {
    await Promise.all(all().map(device => device.close()))
  }

  return {
    has: (serial: string): boolean => devices.has(serial),
    list: (): LocalDoor[] =>
      played.flatMap(({ serial, name }) => {
        const device = devices.get(serial)
        if (device === undefined) return []
        const told = { users: device.users().length, events: device.events().length }
        return [{ serial, name, online: isOnline(device), ...told, unsent: device.unsent().length }]
      }),
    swipe: (serial: string, card: string, direction: 'in' | 'out') =>
      devices.get(serial)?.swipe(card, { direction }),
    act: (serial: string, act: DoorAct): void => {
      const device = devices.get(serial)
      if (device !== undefined) doings[act](device)
    },
    connect: (serial: string, online: boolean): void => {
      const device = devices.get(serial)
      if (online) device?.goOnline()
      else device?.goOffline()
    },
    /** `empty`: the memory of every device is wiped. All other faults cut the line. */
    setFault: (kind: 'down' | 'frozen' | 'empty' | 'slow' | null): void => {
      for (const device of all()) {
        if (kind === 'empty') device.resetFlash()
        else if (kind === null) device.goOnline()
        else device.goOffline()
      }
    },
    /** Every device on the line has said and fetched what there was; false after that many milliseconds. */
    settled: (patience: number): Promise<boolean> =>
      Promise.race([
        Promise.all(
          all()
            .filter(isOnline)
            .map(async device => {
              const settled = device.settled()
              await device.step()
              await settled
            }),
        ).then(
          () => true,
          () => false,
        ),
        sleep(Math.max(0, patience), false, { ref: false }),
      ]),
    async snapshot(): Promise<Kept> {
      await close()
      const kept = Object.fromEntries(
        played.map(({ serial }) => [serial, keptJson(fileOf(serial)) ?? blankFlash()]),
      )
      devices = new Map(played.map(door => [door.serial, open(door)]))
      return kept
    },
    /** Takes the devices off the line, does something, and puts them back with that memory; what is left out is blank. */
    async restore(kept: Kept, meanwhile: () => Promise<void>): Promise<void> {
      await close()
      await meanwhile()
      for (const { serial } of played) keepJson(fileOf(serial), kept[serial] ?? blankFlash())
      devices = new Map(played.map(door => [door.serial, open(door)]))
    },
    close,
  }
}
