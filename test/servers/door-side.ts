import { createBadgesConnector } from '../../functions/connectors/badges/index.ts'
import { createDeviceStore } from '../../functions/stores/devices.ts'
import { createDoorUserStore } from '../../functions/stores/door-users.ts'
import { type DeviceAnswer, type Doors, serveDevice } from '../../functions/workflows/serve-device.ts'
import type { World } from './world.ts'

export const siteSecret = 'an-invented-site-secret-1'
export const [first, second] = ['VC-CPD-0001', 'VC-CPD-0002'] as const

/** The side of a world that devices speak to; the engine has its real connector from here on. */
export function openDoorSide(world: World, { alarms, events }: Pick<Doors, 'alarms' | 'events'>) {
  const { settings, log } = world.engine
  const users = createDoorUserStore(world.tables)
  let words = 0
  let within: Doors['mayCall'] = () => true
  let authority: string | undefined
  const doors: Doors = {
    settings,
    clock: () => world.time.now,
    log,
    users,
    devices: createDeviceStore(world.tables),
    alarms,
    events,
    bells: {
      ring: async rings => {
        world.rung.push(...rings)
        return 0
      },
    },
    sites: async () => ({
      sites: [{ secret: siteSecret, serials: [first, second, 'NOT-IN-SETTINGS'], authority }],
    }),
    mayCall: (serial, now) => within(serial, now),
    secretWord: () => `word${String(++words).padStart(28, '0')}`,
  }
  world.connectors['data-centre'] = createBadgesConnector(
    { id: 'data-centre' },
    { doors: settings.doors, rows: users, clock: () => world.time.now },
  )
  /** How many more calls of its stores the function lives through; null: all of them. */
  const life: { calls: number | null } = { calls: null }
  const dying = <T extends object>(store: T): T =>
    new Proxy(store, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name)
        if (typeof method !== 'function') return method
        return (...given: unknown[]) => {
          if (life.calls !== null && life.calls-- <= 0) throw new Error('the process died')
          return Reflect.apply(method, target, given)
        }
      },
    })
  const mortal = (all: Doors): Doors => ({
    ...all,
    users: dying(all.users),
    devices: dying(all.devices),
    bells: dying(all.bells),
  })

  return {
    life,
    users,
    doors,
    /** Holds devices to a rate from now on. */
    holdTo: (rate: Doors['mayCall']) => {
      within = rate
    },

    /** From now on nobody comes without a certificate of that authority (PEM). */
    certifyBy: (pem: string) => {
      authority = pem
    },

    /** One call as a device makes it. */
    call: (method: 'GET' | 'POST', path: string, body = '', site = siteSecret): Promise<DeviceAnswer> => {
      const url = new URL(path, 'http://device')
      const query = new Map([...url.searchParams].map(([name, value]) => [name.toLowerCase(), value]))
      const asked = { method, site, certificate: null, call: url.pathname.slice(1), query, body }
      return serveDevice(mortal(doors), asked)
    },
  }
}
