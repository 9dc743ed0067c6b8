import type { Key } from './keys.ts'

const key = (pk: string, sk: string): Key => ({ pk, sk })

/** Every key of the table of the doors, in one place. A badge's rows share one partition, and so do a device's. */
export const doorKeys = {
  device: (serial: string) => key(`DEVICE#${serial}`, 'DEVICE'),
  user: (pin: string, serial: string) => key(`PIN#${pin}`, `USER#${serial}`),
  card: (pin: string) => key(`PIN#${pin}`, 'CARD'),
  presence: (pin: string) => key(`PIN#${pin}`, 'PRESENCE'),
} as const

/** Partitions of the `list` index of the doors' table. */
export const doorLists = {
  /** Everybody on a device, sorted by pin. */
  users: (serial: string) => `users#${serial}`,
  /** Whoever is inside, sorted by pin. */
  inside: () => 'inside',
} as const

/** Partition of the `due` index: what a device has yet to be told, sorted by since when. */
export const dueAtDevice = (serial: string) => `device#${serial}`
