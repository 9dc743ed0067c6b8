import * as z from 'zod'
import { below, type HttpExchange, json } from '../http-exchange.ts'
import { fault } from './faults.ts'

export interface Credentials {
  /** Base of the sign-in service, `https://login.microsoftonline.com`. */
  readonly login: URL
  /** Base of Graph, without the version: the token is asked for it. */
  readonly graph: URL
  readonly tenant: string
  readonly clientId: string
  readonly clientSecret: string
}

const Token = z.object({
  token_type: z.string().regex(/^bearer$/i),
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive(),
})

/** Milliseconds before its end at which a token is not used any more: the longest request, and clocks that differ. */
const margin = 300_000

/**
 * OAuth 2 client credentials (RFC 6749, 4.4). One token for all requests, asked for once however many wait for it. Its life
 * is measured from its arrival on a clock that nobody sets, so that no time of day has to agree.
 */
export class Tokens {
  readonly #http: HttpExchange
  readonly #credentials: Credentials
  #current: Promise<{ text: string; until: number }> | null = null

  constructor(http: HttpExchange, credentials: Credentials) {
    this.#http = http
    this.#credentials = credentials
  }

  async get(): Promise<string> {
    const held = this.#current
    if (held !== null) {
      const token = await held.catch(() => null)
      if (token !== null && performance.now() < token.until) return token.text
      if (this.#current === held) this.#current = null
    }
    this.#current ??= this.#fetch()
    return (await this.#current).text
  }

  /** The service no longer takes this one. */
  async forget(text: string): Promise<void> {
    const held = this.#current
    const token = await held?.catch(() => null)
    if (token?.text === text && this.#current === held) this.#current = null
  }

  async #fetch(): Promise<{ text: string; until: number }> {
    const { login, graph, tenant, clientId, clientSecret } = this.#credentials
    const answer = await this.#http.send({
      method: 'POST',
      url: below(login, `/${encodeURIComponent(tenant)}/oauth2/v2.0/token`),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
        scope: `${graph.origin}/.default`,
      }).toString(),
      repeatable: true,
    })
    if (answer.status === 429) throw fault('throttled', true)
    if (answer.status >= 500) throw fault('unreachable', true, { status: answer.status })
    // A wrong or expired client secret: the operator's next one heals it.
    if (answer.status !== 200) throw fault('misconfigured', true, { status: answer.status })
    const token = Token.safeParse(json(answer.text))
    if (!token.success) throw fault('misconfigured', true)
    const life = token.data.expires_in * 1000
    return { text: token.data.access_token, until: performance.now() + Math.max(life - margin, life / 2) }
  }
}
