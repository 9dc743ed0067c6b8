import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'
import { ConnectorError } from './contract.ts'

export interface HttpLimits {
  /** Milliseconds for one exchange, from looking the name up to the last byte of the answer. */
  readonly patience: number
  /** Bytes of one answer. */
  readonly largest: number
  readonly connections: number
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT'
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Whether it may be sent again when the connection had died unnoticed. Default: only what reads. */
  readonly repeatable?: boolean
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

/** Milliseconds of a pause that is worth waiting for. */
const shortPause = 2_000
const usualLimits: HttpLimits = { patience: 8_000, largest: 8 * 1024 * 1024, connections: 4 }
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/
const certificate = /^(CERT_|ERR_TLS_|ERR_SSL_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH)/
/** A kept connection that the other side had closed meanwhile: nothing was answered on it. */
const diedUnnoticed = ['ECONNRESET', 'EPIPE']

/**
 * The address of a service, without a slash at its end. Nothing but https, except on this machine itself: what goes there
 * are tokens and passwords. An address that is none, or bears a login, a query or a fragment, is a fault of the secret.
 */
export function serviceUrl(system: string, text: unknown): URL {
  const url = typeof text === 'string' ? URL.parse(text) : null
  const safe =
    url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && loopback.test(url.hostname)))
  if (!safe || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new ConnectorError(system, 'misconfigured', true)
  url.pathname = url.pathname.replace(/\/+$/, '')
  return url
}

/** `path` below a service's own address. Its parts are already encoded. */
export const below = (base: URL, path: string): URL => new URL(`${base.href.replace(/\/+$/, '')}${path}`)

/**
 * HTTP for connectors: kept connections, one time limit over the whole exchange, a largest answer, an authority of the
 * body's own, and no redirect ever followed (a token would go with it). An answer of any status is an answer; what is
 * thrown is a `ConnectorError` whose cause holds the code alone.
 */
export class HttpExchange {
  readonly #system: string
  readonly #limits: HttpLimits
  readonly #plain: PlainAgent
  readonly #tls: TlsAgent
  #quietUntil = 0

  /** `ca`: the authority that signed the service's certificate, PEM. Empty: the machine's own list. */
  constructor(system: string, options: { ca?: string | undefined; limits?: Partial<HttpLimits> } = {}) {
    this.#system = system
    this.#limits = { ...usualLimits, ...options.limits }
    const shared = { keepAlive: true, maxSockets: this.#limits.connections }
    this.#plain = new PlainAgent(shared)
    this.#tls = new TlsAgent({
      ...shared,
      minVersion: 'TLSv1.2',
      ...(options.ca ? { ca: options.ca } : {}),
    })
  }

  /**
   * A service that asks to be left alone (429 or 503 with Retry-After) is: until then every request is answered `throttled`
   * without being sent, for what is sent meanwhile prolongs it. A short pause is waited for.
   */
  async send(asked: HttpRequest): Promise<HttpAnswer> {
    const quiet = this.#quietUntil - performance.now()
    if (quiet > shortPause) throw new ConnectorError(this.#system, 'throttled', true)
    if (quiet > 0) await pause(quiet)
    const answer = await this.#surely(asked)
    const told = answer.headers['retry-after']
    if (answer.status === 429 || (answer.status === 503 && told !== undefined)) this.beQuiet(told)
    return answer
  }

  /** For what is told to be left alone in another way than by an answer's own header. */
  beQuiet(retryAfterHeader: string | undefined): void {
    const wanted = performance.now() + retryAfter(retryAfterHeader, Date.now())
    this.#quietUntil = Math.max(this.#quietUntil, wanted)
  }

  async #surely(asked: HttpRequest): Promise<HttpAnswer> {
    try {
      return await this.#once(asked)
    } catch (error) {
      const died = error instanceof DiedUnnoticed && (asked.repeatable ?? asked.method === 'GET')
      if (!died) throw this.#faultOf(error)
    }
    try {
      return await this.#once(asked)
    } catch (error) {
      throw this.#faultOf(error)
    }
  }

  close(): void {
    this.#plain.destroy()
    this.#tls.destroy()
  }

  #once({ method, url, headers, body }: HttpRequest): Promise<HttpAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>()
    const options = {
      method,
      signal: AbortSignal.timeout(this.#limits.patience),
      headers: {
        accept: 'application/json',
        ...headers,
        ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
      },
    }
    const request =
      url.protocol === 'https:'
        ? tlsRequest(url, { ...options, agent: this.#tls })
        : plainRequest(url, { ...options, agent: this.#plain })
    request.on('response', answer => {
      const pieces: Buffer[] = []
      let size = 0
      answer.on('data', (piece: Buffer) => {
        pieces.push(piece)
        size += piece.length
        if (size > this.#limits.largest) request.destroy(new TooLarge())
      })
      answer.on('error', reject)
      answer.on('end', () =>
        // Broken off before its announced end: what came is no answer.
        answer.complete
          ? resolve({
              status: answer.statusCode ?? 0,
              headers: answer.headers,
              text: Buffer.concat(pieces).toString('utf8'),
            })
          : reject(new BrokenOff()),
      )
    })
    request.on('error', error =>
      reject(
        request.reusedSocket && diedUnnoticed.includes(codeOf(error) ?? '') ? new DiedUnnoticed() : error,
      ),
    )
    request.end(body)
    return promise
  }

  #faultOf(error: unknown): ConnectorError {
    const code = codeOf(error)
    if (error instanceof TooLarge || (code !== undefined && certificate.test(code)))
      return new ConnectorError(this.#system, 'misconfigured', true, { code })
    return new ConnectorError(this.#system, 'unreachable', true, { code })
  }
}

class DiedUnnoticed extends Error {}
class BrokenOff extends Error {}
class TooLarge extends Error {}

function codeOf(error: unknown): string | undefined {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' ? code : undefined
}

/**
 * Milliseconds that a service asked to be left alone (RFC 9110, 10.2.3: seconds or a date), between one second and five
 * minutes: a clock that is off, or a mistake there, must not silence a target for a day.
 */
export function retryAfter(header: string | undefined, now: number): number {
  const seconds = Number(header ?? Number.NaN)
  const wanted = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header ?? '') - now
  return Math.min(300_000, Math.max(1_000, Number.isFinite(wanted) ? wanted : 10_000))
}

/** Undefined where the text is none: no schema accepts it. */
export function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
