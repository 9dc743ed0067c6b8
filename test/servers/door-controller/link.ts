import { setTimeout as delay } from 'node:timers/promises'
import type { Conversation } from './conversation.ts'
import { Refused, type Transport } from './transport.ts'

/**
 * `refused`: the server does not want it, and it asks again ever later. `failing`: out of reach, or it answers with errors.
 * `offline`: its line was cut. `off`: closed.
 */
export type LinkState = 'connecting' | 'online' | 'refused' | 'failing' | 'offline' | 'off'

const refusals = [401, 403, 404, 406]
const longestDelay = 600_000

interface Waiter {
  readonly since: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** When the device talks: at once after an event, and every so often. One turn at a time. */
export class Link {
  state: LinkState = 'connecting'
  refusals = 0
  lastError: unknown = null
  readonly #conversation: Conversation
  readonly #transport: Transport
  readonly #pollMs: number | null
  #greeted = false
  /** Grows with each cut, so that a turn knows that its line is an old one. */
  #line = 0
  #refusedInRow = 0
  #due = 0
  #turns = 0
  #waiters: Waiter[] = []
  #last: Promise<unknown> = Promise.resolve()
  #woken = false
  #wakeSleeper: (() => void) | null = null
  #loop: Promise<void> = Promise.resolve()

  constructor(parts: { conversation: Conversation; transport: Transport; pollMs: number | null }) {
    this.#conversation = parts.conversation
    this.#transport = parts.transport
    this.#pollMs = parts.pollMs
  }

  start(): void {
    this.#loop = this.#run()
  }

  wake(): void {
    this.#woken = true
    this.#wakeSleeper?.()
  }

  /** The next turn introduces the device anew. */
  forgetSession(): void {
    this.#greeted = false
  }

  cut(state: 'offline' | 'off'): void {
    this.state = state
    this.#line++
    this.#greeted = false
    this.#transport.cut()
    this.wake()
  }

  mend(): void {
    if (this.state !== 'offline') return
    this.#transport.mend()
    this.state = 'connecting'
    this.#refusedInRow = 0
    this.#due = 0
    this.wake()
  }

  async close(): Promise<void> {
    if (this.state !== 'off') this.cut('off')
    await Promise.all([this.#loop, this.#last])
    for (const { reject } of this.#waiters.splice(0)) reject(new Error('The device was closed'))
  }

  /** Talks once, whatever the time; `poll`: asks for commands too. */
  turn(poll = true): Promise<LinkState> {
    const done = this.#last.then(() => this.#turn(poll))
    this.#last = done
    return done
  }

  /** Resolves after a turn that began from now on and left nothing to say or to do on either side. */
  settled(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.state === 'off') reject(new Error('The device was closed'))
      else this.#waiters.push({ since: this.#turns, resolve, reject })
    })
  }

  async #run(): Promise<void> {
    while (this.state !== 'off') {
      if (this.state === 'offline') await this.#sleep(null)
      else if (performance.now() >= this.#due) await this.turn()
      else if (await this.#sleep(this.#due - performance.now()))
        if (this.state === 'online') await this.turn(false)
    }
  }

  /** Null: until woken. Answers whether it was woken. */
  async #sleep(milliseconds: number | null): Promise<boolean> {
    const until = new AbortController()
    const woken = new Promise<true>(resolve => {
      this.#wakeSleeper = () => resolve(true)
    })
    if (this.#woken) this.#wakeSleeper?.()
    const timer =
      milliseconds === null
        ? new Promise<false>(() => {})
        : delay(milliseconds, false as const, { signal: until.signal }).catch(() => false as const)
    const wasWoken = await Promise.race([woken, timer])
    until.abort()
    this.#wakeSleeper = null
    this.#woken = false
    return wasWoken
  }

  async #turn(poll: boolean): Promise<LinkState> {
    if (this.state === 'off' || this.state === 'offline') return this.state
    const line = this.#line
    const turn = this.#turns++
    let greeting = false
    try {
      if (!this.#greeted) {
        greeting = true
        await this.#conversation.greet()
        this.#greeted = true
        greeting = false
      }
      const isQuiet = await this.#conversation.talk(poll)
      if (line !== this.#line) return this.state
      this.state = 'online'
      this.#refusedInRow = 0
      if (poll) this.#due = performance.now() + this.#milliseconds(this.#conversation.requestDelay)
      if (isQuiet) this.#release(turn)
    } catch (error) {
      if (line === this.#line) this.#fail(error, greeting)
    }
    return this.state
  }

  #fail(error: unknown, greeting: boolean): void {
    this.#greeted = false
    this.lastError = error
    const isRefusal = greeting && error instanceof Refused && refusals.includes(error.status)
    this.state = isRefusal ? 'refused' : 'failing'
    if (isRefusal) this.refusals++
    this.#refusedInRow = isRefusal ? this.#refusedInRow + 1 : 0
    const grown = this.#milliseconds(this.#conversation.errorDelay) * 2 ** Math.max(0, this.#refusedInRow - 1)
    this.#due = performance.now() + Math.min(grown, longestDelay)
  }

  #release(turn: number): void {
    const released = this.#waiters.filter(({ since }) => since <= turn)
    this.#waiters = this.#waiters.filter(({ since }) => since > turn)
    for (const { resolve } of released) resolve()
  }

  #milliseconds(seconds: number): number {
    return this.#pollMs ?? seconds * 1_000
  }
}
