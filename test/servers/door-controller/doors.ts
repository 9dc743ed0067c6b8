import { type DeviceClock, dayNumber, timeText, zkSeconds } from './device-time.ts'
import type { Flash } from './flash.ts'
import { cardNumber, type DoorEvent, type DoorState, type Row, writeDoorStates } from './texts.ts'

/** `seconds`: validity ends at a second of the vendor's count. `days`: with a day, inclusive. */
export type DateFormat = 'seconds' | 'days'

export interface Passage {
  readonly door?: number
  readonly direction?: 'in' | 'out'
}

export interface Swiped {
  readonly opened: boolean
  /** The code of what was logged for it. */
  readonly event: number
  readonly index: number
}

export const eventCodes = {
  opened: 0,
  alarmCancelled: 7,
  remotelyOpened: 8,
  notAllowed: 23,
  unknownCard: 27,
  openTooLong: 28,
  outOfValidity: 29,
  lostCard: 38,
  blocked: 39,
  tampered: 100,
  duress: 101,
  forced: 102,
  doorOpened: 200,
  doorClosed: 201,
  exitButton: 202,
  booted: 206,
} as const

const byCard = 4
const byNobody = 200

const alarmBits = { forced: 0b1, tampered: 0b10, duress: 0b100, openTooLong: 0b1_0000 } as const

/** The locks, and who gets through them. Everything here is decided from the device's own memory and clock. */
export class Doors {
  readonly states: DoorState[]
  readonly #flash: Flash
  readonly #clock: DeviceClock
  readonly #dateFormat: DateFormat
  readonly #happened: () => void

  constructor(parts: {
    flash: Flash
    clock: DeviceClock
    dateFormat: DateFormat
    locks: number
    /** Called after every event, for whoever uploads them. */
    happened: () => void
  }) {
    this.#flash = parts.flash
    this.#clock = parts.clock
    this.#dateFormat = parts.dateFormat
    this.#happened = parts.happened
    this.states = Array.from({ length: parts.locks }, () => ({ open: false, relay: false, alarms: 0 }))
  }

  swipe(card: string, { door = 1, direction = 'in' }: Passage = {}, underDuress = false): Swiped {
    const cardno = cardNumber(card)
    const { user, refusal } = this.#judge(cardno, door)
    const event = refusal ?? (underDuress ? eventCodes.duress : eventCodes.opened)
    if (refusal === null && underDuress) this.#alarm(door, alarmBits.duress)
    const { index } = this.#log(event, door, {
      pin: user?.pin ?? '0',
      cardno,
      inoutstatus: direction === 'in' ? 0 : 1,
      verifytype: byCard,
    })
    if (refusal === null) this.#passOnce(door)
    return { opened: refusal === null, event, index }
  }

  /** The door was broken open; it stays so until `shut`. */
  force(door = 1): void {
    this.#alarm(door, alarmBits.forced)
    this.#stateOf(door).open = true
    this.#log(eventCodes.forced, door)
  }

  /** It was let through rightly and did not close; it stays so until `shut`. */
  holdOpen(door = 1): void {
    this.#alarm(door, alarmBits.openTooLong)
    this.#stateOf(door).open = true
    this.#log(eventCodes.openTooLong, door)
  }

  shut(door = 1): void {
    Object.assign(this.#stateOf(door), { open: false, relay: false, alarms: 0 })
    this.#log(eventCodes.doorClosed, door)
  }

  tamper(door = 1): void {
    this.#alarm(door, alarmBits.tampered)
    this.#log(eventCodes.tampered, door)
  }

  exitButton(door = 1): void {
    this.#log(eventCodes.exitButton, door, { inoutstatus: 1 })
    this.#passOnce(door)
  }

  openFromCloud(door = 1): void {
    this.#log(eventCodes.remotelyOpened, door)
    this.#passOnce(door)
  }

  cancelAlarm(door = 1): void {
    this.#stateOf(door).alarms = 0
    this.#log(eventCodes.alarmCancelled, door)
  }

  boot(): void {
    for (const state of this.states) Object.assign(state, { open: false, relay: false, alarms: 0 })
    this.#log(eventCodes.booted, 1)
  }

  stateText(): string {
    return writeDoorStates(timeText(this.#clock.local()), this.states)
  }

  /** The order of a real one: card, permission for this door, validity. Not yet valid is logged as out of validity too. */
  #judge(cardno: string, door: number): { user: Row | null; refusal: number | null } {
    const extra = this.#flash
      .rows('mulcarduser')
      .find(row => /^[0-9a-f]+$/i.test(row.cardno ?? '') && String(BigInt(`0x${row.cardno}`)) === cardno)
    const user =
      this.#flash
        .rows('user')
        .find(row => (row.cardno ?? '') !== '' && cardNumber(row.cardno ?? '') === cardno) ??
      this.#flash.rows('user').find(({ pin }) => pin === extra?.pin)
    if (cardno === '0' || user === undefined) return { user: null, refusal: eventCodes.unknownCard }
    if (extra?.losscardflag === '1') return { user, refusal: eventCodes.lostCard }
    if (user.disable === '1') return { user, refusal: eventCodes.blocked }
    const allowed = this.#flash
      .rows('userauthorize')
      .some(
        row =>
          row.pin === user.pin &&
          row.authorizetimezoneid !== '0' &&
          (Number(row.authorizedoorid ?? 0) & (1 << (door - 1))) !== 0,
      )
    if (!allowed) return { user, refusal: eventCodes.notAllowed }
    return { user, refusal: this.#isValid(user) ? null : eventCodes.outOfValidity }
  }

  /** Zero and nothing mean no limit. Both ends are inclusive. A number of the other format is taken as it stands. */
  #isValid({ starttime, endtime }: Row): boolean {
    const local = this.#clock.local()
    const now = this.#dateFormat === 'seconds' ? zkSeconds(local) : dayNumber(local)
    const [start, end] = [Number(starttime ?? 0), Number(endtime ?? 0)]
    return (start === 0 || now >= start) && (end === 0 || now <= end)
  }

  #passOnce(door: number): void {
    this.#log(eventCodes.doorOpened, door)
    this.#log(eventCodes.doorClosed, door)
  }

  #stateOf(door: number): DoorState {
    const state = this.states[door - 1]
    if (!state) throw new RangeError(`No door ${door}: the device has ${this.states.length}`)
    return state
  }

  #alarm(door: number, bit: number): void {
    this.#stateOf(door).alarms |= bit
  }

  #log(event: number, door: number, more: Partial<DoorEvent> = {}): DoorEvent {
    this.#stateOf(door)
    const logged = this.#flash.log({
      time: timeText(this.#clock.local()),
      pin: '0',
      cardno: '0',
      eventaddr: door,
      event,
      inoutstatus: 0,
      verifytype: byNobody,
      ...more,
    })
    this.#happened()
    return logged
  }
}
