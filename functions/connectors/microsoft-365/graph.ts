import * as z from 'zod'
import { below, type HttpAnswer, type HttpExchange, type HttpRequest, json } from '../http-exchange.ts'
import { fault, faultOf, type Refusal, refusalOf } from './faults.ts'
import type { Tokens } from './tokens.ts'

/** Graph's own limit of requests in one `$batch`. */
export const batchSize = 20

/** One reading of several: what was read, or why not. */
export type Reading =
  | { readonly ok: true; readonly body: unknown }
  | { readonly ok: false; readonly refusal: Refusal }

const BatchAnswer = z.object({
  responses: z.array(
    z.object({
      id: z.string(),
      status: z.number().int(),
      headers: z.record(z.string(), z.unknown()).optional(),
      body: z.unknown(),
    }),
  ),
})

/** Graph's version 1.0 with a token, renewed once when it is not taken. */
export class Graph {
  readonly #http: HttpExchange
  readonly #tokens: Tokens
  readonly #base: URL

  constructor(http: HttpExchange, tokens: Tokens, graph: URL) {
    this.#http = http
    this.#tokens = tokens
    this.#base = below(graph, '/v1.0')
  }

  /** A page's continuation is followed only within this service: the token goes with it. */
  continuation(link: string): URL {
    const url = URL.parse(link)
    const own = url?.origin === this.#base.origin && url.pathname === `${this.#base.pathname}/users`
    if (url === null || !own) throw fault('misconfigured', true)
    return url
  }

  async get(path: string | URL): Promise<unknown> {
    const url = path instanceof URL ? path : below(this.#base, path)
    const { status, body } = await this.#exchange({ method: 'GET', url })
    if (status !== 200) throw faultOf(refusalOf(status, body), 'read')
    return body
  }

  /** `once`: not to be sent again, whatever happens to the connection. The answer's body, undefined where it has none. */
  async write(method: 'POST' | 'PATCH', path: string, body: object | null, once = false): Promise<unknown> {
    const answer = await this.#exchange({
      method,
      url: below(this.#base, path),
      repeatable: !once,
      ...(body === null
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    if (answer.status < 200 || answer.status > 299)
      throw faultOf(refusalOf(answer.status, answer.body), 'write')
    return answer.body
  }

  /** Up to `batchSize` readings in one exchange, answered in order. One that has no answer is an error of its own. */
  async readTogether(paths: readonly string[]): Promise<Reading[]> {
    const requests = paths.map((url, at) => ({ id: String(at), method: 'GET', url }))
    const { status, body } = await this.#exchange({
      method: 'POST',
      url: below(this.#base, '/$batch'),
      body: JSON.stringify({ requests }),
      headers: { 'content-type': 'application/json' },
      repeatable: true,
    })
    if (status !== 200) throw faultOf(refusalOf(status, body), 'read')
    const read = BatchAnswer.safeParse(body)
    if (!read.success) throw fault('misconfigured', true)
    const byId = new Map(read.data.responses.map(one => [one.id, one]))
    return requests.map(({ id }) => {
      const one = byId.get(id)
      if (one === undefined) throw fault('misconfigured', true)
      if (one.status === 429) {
        const told = Object.entries(one.headers ?? {}).find(([name]) => /^retry-after$/i.test(name))
        this.#http.beQuiet(told === undefined ? undefined : String(told[1]))
      }
      return one.status === 200
        ? { ok: true, body: one.body }
        : { ok: false, refusal: refusalOf(one.status, one.body) }
    })
  }

  async #exchange(asked: HttpRequest): Promise<{ status: number; body: unknown }> {
    let answer = await this.#send(asked)
    if (answer.status === 401) answer = await this.#send(asked)
    return { status: answer.status, body: json(answer.text) }
  }

  async #send(asked: HttpRequest): Promise<HttpAnswer> {
    const token = await this.#tokens.get()
    const headers = { ...asked.headers, authorization: `Bearer ${token}` }
    const answer = await this.#http.send({ ...asked, headers })
    if (answer.status === 401) await this.#tokens.forget(token)
    return answer
  }
}
