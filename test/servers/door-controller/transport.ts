import { createHash } from 'node:crypto'
import type { DeviceClock } from './device-time.ts'

export type Send = (url: string, init: RequestInit) => Promise<Response>

/** The server answered, and not with what it was asked for. */
export class Refused extends Error {
  readonly status: number
  constructor(path: string, status: number) {
    super(`${path} was answered ${status}`)
    this.status = status
  }
}

interface TransportParts {
  readonly url: string
  readonly serial: string
  readonly clock: DeviceClock
  readonly send: Send
  readonly headers: Readonly<Record<string, string>>
}

/** One request of the device at a time, each with its serial number; every answer sets its clock. */
export class Transport {
  /** Seconds after which no answer is expected. */
  timeout = 10
  registryCode = ''
  sessionId = ''
  #line = new AbortController()
  readonly #parts: TransportParts

  constructor(parts: TransportParts) {
    this.#parts = parts
  }

  /** The line is cut: what is under way is lost, and nothing gets out. */
  cut(): void {
    this.#line.abort(new Error('The line is cut'))
  }

  mend(): void {
    if (this.#line.signal.aborted) this.#line = new AbortController()
  }

  get(path: string, query: Readonly<Record<string, string | number>> = {}): Promise<string> {
    return this.#ask('GET', path, query, null)
  }

  post(
    path: string,
    query: Readonly<Record<string, string | number>>,
    body: string | Uint8Array,
  ): Promise<string> {
    return this.#ask('POST', path, query, body)
  }

  async #ask(
    method: string,
    path: string,
    query: Readonly<Record<string, string | number>>,
    body: string | Uint8Array | null,
  ): Promise<string> {
    const { url, serial, clock, send, headers } = this.#parts
    const { signal } = this.#line
    signal.throwIfAborted()
    const asked = [`SN=${encodeURIComponent(serial)}`]
    for (const [name, value] of Object.entries(query)) asked.push(`${name}=${encodeURIComponent(value)}`)
    const response = await send(`${url}/${path}?${asked.join('&')}`, {
      method,
      headers: { ...headers, ...this.#cookie() },
      ...(body === null ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(this.timeout * 1_000)]),
    })
    clock.setBy(response.headers.get('date'))
    const text = await response.text()
    signal.throwIfAborted()
    if (response.status !== 200) throw new Refused(path, response.status)
    return text
  }

  #cookie(): Record<string, string> {
    if (this.registryCode === '') return {}
    const token = createHash('md5')
      .update(this.registryCode + this.#parts.serial + this.sessionId)
      .digest('hex')
    return { cookie: `token=${token}` }
  }
}
