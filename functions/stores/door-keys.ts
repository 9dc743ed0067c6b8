import type { Key } from './keys.ts'

const key = (pk: string, sk: string): Key => ({ pk, sk })

const padded = (number: number) => String(number).padStart(12, '0')

export const movementsOf = (serial: string, day: string) => `MOVEMENTS#${serial}#${day}`

/** Every key of the table of the doors, in one place. A badge's rows share one partition, and so do a device's. */
export const doorKeys = {
  device: (serial: string) => key(`DEVICE#${serial}`, 'DEVICE'),
  /** Which row each command of one answer was about, by the first id of them. */
  sent: (serial: string, first: number) => key(`DEVICE#${serial}`, `SENT#${padded(first)}`),
  /** One packet of rows that a device sent to answer the command of that id. */
  packet: (serial: string, id: number, index: number) =>
    key(`DEVICE#${serial}`, `PACKET#${padded(id)}#${padded(index)}`),
  /** What the doors as a whole are doing, where an operator has said it. */
  mode: () => key('MODE', 'MODE'),
  user: (pin: string, serial: string) => key(`PIN#${pin}`, `USER#${serial}`),
  card: (pin: string) => key(`PIN#${pin}`, 'CARD'),
  /** Whose card it is, or was last. */
  knownCard: (number: string) => key(`KNOWNCARD#${number}`, 'KNOWNCARD'),
  /** On the blacklist as long as there is a row. */
  lostCard: (number: string) => key(`LOSTCARD#${number}`, 'LOSTCARD'),
  presence: (pin: string) => key(`PIN#${pin}`, 'PRESENCE'),
  alarm: (id: string) => key(`ALARM#${id}`, 'ALARM'),
  /** The one that is open for this kind, door and subject: it names the alarm's id. */
  openAlarm: (kind: string, serial: string, subject: string) =>
    key(`OPEN-ALARM#${kind}#${serial}#${subject}`, 'OPEN-ALARM'),
  /** Which events of a device are here. */
  seen: (serial: string) => key(`DEVICE#${serial}`, 'EVENTS'),
  /** What one upload brought of one day (UTC), sorted by the time of its first event. */
  movements: (serial: string, day: string, first: { at: string; epoch: number; index: number }) =>
    key(movementsOf(serial, day), `${first.at}#${first.epoch}#${first.index}`),
  /** When somebody was told of alarms last. */
  watch: () => key('WATCH', 'WATCH'),
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

/** Partition of the `due` index: what a device has yet to be told; what takes away first, each sorted by when it may be told. */
export const dueAtDevice = (serial: string) => `device#${serial}`

/** Partition of the `due` index: alarms of which nobody was told, sorted by when they happened. */
export const untoldAlarms = 'alarms#untold'
