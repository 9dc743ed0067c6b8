import type { Key } from './keys.ts'

const key = (pk: string, sk: string): Key => ({ pk, sk })

/** Every key of the table of the doors, in one place. A badge's rows share one partition, and so do a device's. */
export const doorKeys = {
  device: (serial: string) => key(`DEVICE#${serial}`, 'DEVICE'),
  user: (pin: string, serial: string) => key(`PIN#${pin}`, `USER#${serial}`),
  card: (pin: string) => key(`PIN#${pin}`, 'CARD'),
  /** On the blacklist as long as there is a row. */
  lostCard: (number: string) => key(`LOSTCARD#${number}`, 'LOSTCARD'),
  presence: (pin: string) => key(`PIN#${pin}`, 'PRESENCE'),
  alarm: (id: string) => key(`ALARM#${id}`, 'ALARM'),
  /** The one that is open for this kind, door and subject: it names the alarm's id. */
  openAlarm: (kind: string, serial: string, subject: string) =>
    key(`OPEN-ALARM#${kind}#${serial}#${subject}`, 'OPEN-ALARM'),
} as const

/** Partitions of the `list` index of the doors' table. */
export const doorLists = {
  /** Everybody on a device, sorted by pin. */
  users: (serial: string) => `users#${serial}`,
  /** Whoever is inside, sorted by pin. */
  inside: () => 'inside',
  /** Sorted by `<at>#<id>`. */
  alarms: (state: 'open' | 'settled') => `alarms#${state}`,
} as const

/** Partition of the `due` index: what a device has yet to be told, sorted by since when. */
export const dueAtDevice = (serial: string) => `device#${serial}`
