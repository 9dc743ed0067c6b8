import type { DeviceRow, SiteSecrets } from '../../schemas/doors.ts'
import { type DeviceWays, isNews } from '../domain/door-users.ts'
import type { DeviceStore } from '../stores/devices.ts'
import type { DoorAlarmStore } from '../stores/door-alarms.ts'
import type { Changed, DoorUserStore } from '../stores/door-users.ts'
import type { Doorbells } from '../stores/doorbells.ts'
import type { Engine } from './engine.ts'

/** What the doors report, kept by whoever follows it. */
export interface DoorEvents {
  /** Keeps every event once. A throw means: not kept, and the device will send it again. */
  take(serial: string, table: 'rtlog' | 'rtstate', body: string, at: string): Promise<void>
  /** Ranges of indexes that are to be asked for now, both ends included. */
  missing(serial: string, at: string): Promise<readonly { from: number; to: number }[]>
}

/** What the devices' side is given. It knows the rows of badges and devices, and no other table. */
export interface Doors extends Pick<Engine, 'settings' | 'clock' | 'log'> {
  readonly users: DoorUserStore
  readonly devices: DeviceStore
  readonly alarms: Pick<DoorAlarmStore, 'raise'>
  readonly events: DoorEvents
  readonly bells: Pick<Doorbells, 'ring'>
  /** The paths by which devices may come; read anew from time to time. */
  readonly sites: () => Promise<SiteSecrets>
  /** Whether a device keeps within its rate: one that calls without pause keeps nobody else from an answer. */
  readonly mayCall: (serial: string, now: number) => boolean
  /** A new word that nobody can guess, of 32 letters and digits. */
  readonly secretWord: () => string
}

/** A device that is known, in its call. */
export interface Visit {
  readonly device: DeviceRow
  readonly ways: DeviceWays
  readonly at: string
}

/** Tells whoever waits for the device what became of it. A bell that is lost costs time only. */
export async function ringFor(doors: Doors, changes: readonly Changed[]): Promise<void> {
  const people = changes.flatMap(({ before, after }) =>
    after !== null && after !== before && after.personId !== null && isNews(before, after)
      ? [after.personId]
      : [],
  )
  const rings = [...new Set(people)].map(personId => ({
    personId,
    target: 'data-centre' as const,
    urgent: true,
  }))
  if (rings.length > 0 && (await doors.bells.ring(rings)) > 0)
    doors.log('doorbell-missed', { target: 'data-centre', missed: rings.length })
}
