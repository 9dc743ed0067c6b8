import { Conversation } from './conversation.ts'
import { DeviceClock } from './device-time.ts'
import { dialects, type Firmware } from './dialect.ts'
import { type DateFormat, Doors, type Passage, type Swiped } from './doors.ts'
import { executorOf } from './executor.ts'
import { type Faults, noFaults } from './faults.ts'
import { Flash, type FlashState, type StoredEvent } from './flash.ts'
import { Link, type LinkState } from './link.ts'
import type { AccountForm } from './queries.ts'
import type { Row } from './texts.ts'
import { type Send, Transport } from './transport.ts'

export { zkSeconds } from './device-time.ts'
export { eventCodes } from './doors.ts'
export { blankFlash, type FlashState } from './flash.ts'

export interface DoorControllerOptions {
  readonly serial: string
  /** What stands before `/cdata`, such as `http://127.0.0.1:3000/iclock/<secret of the site>`. */
  readonly url: string
  /** The zone its clock shows, IANA. */
  readonly timeZone: string
  readonly locks?: number
  readonly deviceName?: string
  readonly firmware?: Firmware
  readonly dateFormat?: DateFormat
  readonly accountForm?: AccountForm
  /** The machine's time, which the device's clock runs with (ms since 1970). */
  readonly now?: () => number
  /** Milliseconds its clock is ahead until an answer sets it. */
  readonly clockOffset?: number
  readonly ignoresDate?: boolean
  /** A file, or an object that is kept for the next device: what survives `close`. Left out: nothing does. */
  readonly flash?: string | FlashState
  /** Events it holds, sent or not. */
  readonly capacity?: number
  readonly maxUsers?: number
  /** Events of one upload, rows of one packet. */
  readonly uploadSize?: number
  readonly packetRows?: number
  /** Instead of every delay that the server sets. */
  readonly pollMs?: number
  /** Never talks by itself, only when `step` is called. */
  readonly manual?: boolean
  readonly send?: Send
  readonly faults?: Partial<Faults>
}

/**
 * A ZKTeco door controller that speaks "Security PUSH": it opens every connection, decides at the door from its own memory,
 * and goes on doing so while nobody answers. Written from the vendor's manual, it was never compared with a real device.
 */
export class DoorController {
  readonly serial: string
  readonly faults: Faults
  readonly clock: DeviceClock
  /** Fields that came twice in a record. Somebody's value had a TAB in it: which of the two counts is the firmware's luck. */
  readonly repeatedFields: string[] = []
  readonly #flash: Flash
  readonly #doors: Doors
  readonly #conversation: Conversation
  readonly #link: Link

  constructor(options: DoorControllerOptions) {
    const dialect = dialects[options.firmware ?? 'usual']
    const parameters = parametersOf(options)
    this.serial = options.serial
    this.faults = { ...noFaults(), ...options.faults }
    this.clock = new DeviceClock({
      now: options.now ?? Date.now,
      offset: options.clockOffset ?? 0,
      ignoresDate: options.ignoresDate ?? false,
      timeZone: options.timeZone,
    })
    this.#flash = new Flash(options.flash, options.capacity ?? 20_000)
    const transport = new Transport({
      url: options.url.replace(/\/+$/, ''),
      serial: options.serial,
      clock: this.clock,
      send: options.send ?? fetch,
      headers: dialect.headers,
    })
    this.#doors = new Doors({
      flash: this.#flash,
      clock: this.clock,
      dateFormat: options.dateFormat ?? 'seconds',
      locks: options.locks ?? 1,
      happened: () => this.#link.wake(),
    })
    this.#conversation = new Conversation({
      transport,
      dialect,
      flash: this.#flash,
      doors: this.#doors,
      faults: this.faults,
      registration: Object.entries(parameters)
        .map(([name, value]) => `${name}=${value}`)
        .join(','),
      uploadSize: options.uploadSize ?? 100,
      packetRows: options.packetRows ?? 100,
    })
    this.#link = new Link({
      conversation: this.#conversation,
      transport,
      pollMs: options.pollMs ?? null,
    })
    this.#conversation.execute = executorOf({
      flash: this.#flash,
      doors: this.#doors,
      uploads: this.#conversation,
      maxUsers: options.maxUsers ?? 30_000,
      accountForm: options.accountForm ?? 'rtlog',
      rowText: dialect.row,
      parameters,
      repeated: field => this.repeatedFields.push(field),
      rebooted: () => this.#link.forgetSession(),
    })
    if (!options.manual) this.#link.start()
  }

  get state(): LinkState {
    return this.#link.state
  }
  /** Times the server did not want it. */
  get refusals(): number {
    return this.#link.refusals
  }
  /** Why the last turn failed. */
  get lastError(): unknown {
    return this.#link.lastError
  }

  swipe(card: string, passage: Passage = {}): Swiped {
    return this.#doors.swipe(card, passage)
  }
  /** A card shown under threat: the door opens as ever, and the event tells. */
  duress(card: string, passage: Passage = {}): Swiped {
    return this.#doors.swipe(card, passage, true)
  }
  force(door = 1): void {
    this.#doors.force(door)
  }
  holdOpen(door = 1): void {
    this.#doors.holdOpen(door)
  }
  /** Ends what `force` and `holdOpen` began. */
  shut(door = 1): void {
    this.#doors.shut(door)
  }
  tamper(door = 1): void {
    this.#doors.tamper(door)
  }
  exitButton(door = 1): void {
    this.#doors.exitButton(door)
  }
  openFromCloud(door = 1): void {
    this.#doors.openFromCloud(door)
  }
  boot(): void {
    this.#doors.boot()
    this.#link.forgetSession()
  }

  goOffline(): void {
    if (this.state !== 'off') this.#link.cut('offline')
  }
  goOnline(): void {
    this.#link.mend()
  }
  /** Everything is gone: people, events, what the server gave it; indexes begin at 1 again. */
  resetFlash(): void {
    this.#flash.wipe()
    this.#link.forgetSession()
    this.#link.wake()
  }

  /** Rows as the device holds them: field names in lower case. */
  users(): Row[] {
    return this.#flash.rows('user')
  }
  authorizations(): Row[] {
    return this.#flash.rows('userauthorize')
  }
  events(): readonly StoredEvent[] {
    return this.#flash.state.events
  }
  unsent(): readonly StoredEvent[] {
    return this.#flash.unsent()
  }
  /** Every command that came, as it came, in order, repeated ones too. */
  commands(): readonly string[] {
    return this.#conversation.received
  }

  /** One turn of talk now; it never throws: the state tells how it went. */
  step(): Promise<LinkState> {
    return this.#link.turn()
  }
  /** Resolves when a turn begun from now on found nothing more to say or do, which needs a server that wants it; rejects when the device is closed. */
  settled(): Promise<void> {
    return this.#link.settled()
  }
  async close(): Promise<void> {
    if (this.state === 'off') return
    await this.#link.close()
    this.#flash.save()
  }
}

export const openDoorController = (options: DoorControllerOptions): DoorController =>
  new DoorController(options)

/** What it tells of itself. Capacities are in hundreds of people and ten thousands of events. */
function parametersOf(options: DoorControllerOptions): Readonly<Record<string, string | number>> {
  const locks = options.locks ?? 1
  return {
    DeviceType: 'acc',
    '~DeviceName': options.deviceName ?? `inBio${locks}60`,
    FirmVer: 'AC Ver 5.7.8.3033',
    PushVersion: 'Ver 2.0.33',
    CommType: 'ethernet',
    MaxPackageSize: 2_048_000,
    LockCount: locks,
    ReaderCount: 2 * locks,
    AuxInCount: 0,
    AuxOutCount: 0,
    MachineType: 101,
    '~IsOnlyRFMachine': 1,
    '~MaxUserCount': Math.ceil((options.maxUsers ?? 30_000) / 100),
    '~MaxAttLogCount': Math.ceil((options.capacity ?? 20_000) / 10_000),
    LogIDFunOn: 1,
    DateFmtFunOn: (options.dateFormat ?? 'seconds') === 'seconds' ? 1 : 0,
    DeleteAndFunOn: 1,
    // Place 11: it knows ACCOUNT. Place 15 stays 0: one authorization names its doors as bits.
    AccSupportFunList: Array.from({ length: 32 }, (_, at) => (at === 11 ? 1 : 0)).join(''),
    MulCardUserFunOn: 0,
    MaxLockCount: 4,
  }
}
