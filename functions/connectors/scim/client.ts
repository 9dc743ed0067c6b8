import * as z from 'zod'
import { ConnectorError, type ConnectorFault } from '../contract.ts'
import { below, HttpExchange, type HttpLimits, json, serviceUrl } from '../http-exchange.ts'

export interface ScimSecret {
  /** Base of the service, up to where `/Users` follows. */
  readonly url: string
  readonly token: string
  /** The authority that signed the server's certificate, PEM. Empty: the machine's own list. */
  readonly ca?: string
}

export const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

/** What the service says that it can (RFC 7643, 5 and 6). */
export interface Provider {
  /** It keeps versions, and insists on one that is named. */
  readonly versions: boolean
  readonly changesPassword: boolean
  /** Whether it has a place for the national id: `employeeNumber`. */
  readonly employeeNumbers: boolean
}

export interface Page {
  readonly resources: readonly unknown[]
  readonly startIndex: number
  readonly total: number
}

/** What the service said no to, as far as it is a code: its sentences quote values. */
export interface Refusal {
  readonly status: number
  /** RFC 7644, 3.12. */
  readonly scimType: string | null
}

type Change = { readonly op: 'add' | 'remove' | 'replace'; readonly path: string; readonly value?: unknown }

const Feature = z.object({ supported: z.boolean() })
const Configuration = z.object({
  patch: Feature,
  filter: Feature,
  changePassword: Feature.optional(),
  etag: Feature.optional(),
})
const ResourceType = z.object({
  endpoint: z.string(),
  schemaExtensions: z.array(z.object({ schema: z.string() })).default([]),
})
const listMark = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'
const ListResponse = z.object({
  schemas: z.array(z.string()).refine(schemas => schemas.includes(listMark)),
  totalResults: z.int().nonnegative(),
  startIndex: z.int().positive().optional(),
  itemsPerPage: z.int().nonnegative().optional(),
  Resources: z.array(z.unknown()).default([]),
})
const ErrorMessage = z.object({ scimType: z.string().nullish() })

/** Milliseconds for which what the service can need not be asked again. */
const sureFor = 600_000
const pageSize = 100

/** SCIM 2.0 (RFC 7644) as a client: only what is read is repeated, nothing is ever put or deleted. */
export class ScimClient {
  readonly #system: string
  readonly #secret: ScimSecret
  readonly #http: HttpExchange
  #known: { provider: Provider; until: number } | null = null

  constructor(system: string, secret: ScimSecret, limits: Partial<HttpLimits> = {}) {
    this.#system = system
    this.#secret = secret
    this.#http = new HttpExchange(system, { ca: secret.ca, limits })
  }

  close(): void {
    this.#http.close()
  }

  fault(kind: ConnectorFault, retryable: boolean, cause?: unknown): ConnectorError {
    return new ConnectorError(this.#system, kind, retryable, cause)
  }

  async provider(): Promise<Provider> {
    if (this.#known !== null && performance.now() < this.#known.until) return this.#known.provider
    const said = Configuration.safeParse(await this.#get('/ServiceProviderConfig'))
    // Without these nobody can be looked for, and nothing be changed by difference.
    if (!said.success || !said.data.patch.supported || !said.data.filter.supported)
      throw this.fault('misconfigured', true, { code: 'PROVIDER' })
    const { resources } = await this.page('/ResourceTypes', 1)
    const types = z.array(ResourceType).safeParse(resources)
    if (!types.success) throw this.fault('misconfigured', true, { code: 'PROVIDER' })
    const users = types.data.find(({ endpoint }) => /(^|\/)Users$/.test(endpoint))
    const provider = {
      versions: said.data.etag?.supported === true,
      changesPassword: said.data.changePassword?.supported === true,
      employeeNumbers: users?.schemaExtensions.some(({ schema }) => schema === enterprise) === true,
    }
    this.#known = { provider, until: performance.now() + sureFor }
    return provider
  }

  /** Null: the service says that there is none. */
  async read(path: string): Promise<unknown> {
    try {
      return await this.#get(path)
    } catch (error) {
      if (refusalUnder(error)?.status === 404) return null
      throw error
    }
  }

  /**
   * One page. How many there are in all, the service has to say: a page without that, or with fewer than it says itself, was
   * cut, and an empty one before the end proves nothing.
   */
  async page(path: string, startIndex: number, query: Readonly<Record<string, string>> = {}): Promise<Page> {
    const paging =
      path === '/ResourceTypes' ? {} : { startIndex: String(startIndex), count: String(pageSize) }
    const parameters = Object.entries({ ...query, ...paging })
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join('&')
    const read = ListResponse.safeParse(await this.#get(parameters === '' ? path : `${path}?${parameters}`))
    if (!read.success) throw this.fault('misconfigured', true, { code: 'LIST' })
    const { totalResults, itemsPerPage, Resources } = read.data
    const from = read.data.startIndex ?? startIndex
    const seen = from - 1 + Resources.length
    const cut =
      itemsPerPage !== undefined &&
      itemsPerPage < pageSize &&
      Resources.length < Math.min(itemsPerPage, totalResults - from + 1)
    const stuck = Resources.length === 0 && from <= totalResults
    if (cut || stuck || seen > Math.max(totalResults, from - 1) || (totalResults > 0 && from !== startIndex))
      throw this.fault('misconfigured', true, { code: 'CUT' })
    return { resources: Resources, startIndex: from, total: totalResults }
  }

  /** Every page. A total that changes on the way means that somebody else wrote: another walk tells. */
  async all(path: string, query: Readonly<Record<string, string>> = {}): Promise<unknown[]> {
    const found: unknown[] = []
    let total: number | null = null
    for (;;) {
      const page = await this.page(path, found.length + 1, query)
      if (total !== null && page.total !== total) throw this.fault('throttled', true, { code: 'MOVED' })
      total = page.total
      found.push(...page.resources)
      if (found.length >= total) return found
    }
  }

  create(path: string, body: object): Promise<unknown> {
    return this.#write('POST', path, body, null)
  }

  /** By difference only. `version`: what was read must still hold, where the service keeps versions. */
  async patch(path: string, changes: readonly Change[], version: string | null = null): Promise<void> {
    const body = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: changes,
    }
    await this.#write('PATCH', path, body, version)
  }

  async #get(path: string): Promise<unknown> {
    const answer = await this.#http.send({ method: 'GET', url: this.#at(path), headers: this.#headers() })
    const body = json(answer.text)
    if (answer.status !== 200) throw this.#refused(answer.status, body, 'read')
    return body
  }

  async #write(
    method: 'POST' | 'PATCH',
    path: string,
    body: object,
    version: string | null,
  ): Promise<unknown> {
    const answer = await this.#http.send({
      method,
      url: this.#at(path),
      headers: {
        ...this.#headers(),
        'content-type': 'application/scim+json',
        ...(version === null ? {} : { 'if-match': version }),
      },
      body: JSON.stringify(body),
      // What takes away or sets may be done twice; a second making would be a second account.
      repeatable: method === 'PATCH',
    })
    const said = json(answer.text)
    if (answer.status < 200 || answer.status > 299) throw this.#refused(answer.status, said, 'write')
    return said
  }

  #at(path: string): URL {
    return below(serviceUrl(this.#system, this.#secret.url), path)
  }

  #headers() {
    const { token } = this.#secret
    if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) throw this.fault('misconfigured', true)
    return { accept: 'application/scim+json, application/json', authorization: `Bearer ${token}` }
  }

  #refused(status: number, body: unknown, act: 'read' | 'write'): ConnectorError {
    const refusal: Refusal = { status, scimType: ErrorMessage.safeParse(body).data?.scimType ?? null }
    const [kind, retryable] = act === 'write' ? (writing[status] ?? verdict(status)) : verdict(status)
    return this.fault(kind, retryable, refusal)
  }
}

/** Reading and writing differ: a right to read that was lost is given back, a right to write was never there. */
const writing: Readonly<Record<number, readonly [ConnectorFault, boolean]>> = {
  400: ['refused', false],
  403: ['refused', false],
  409: ['conflict', false],
  412: ['conflict', true],
  413: ['refused', false],
}

function verdict(status: number): readonly [ConnectorFault, boolean] {
  if (status === 404) return ['missing', true]
  if (status === 429 || status === 503 || status === 409 || status === 412) return ['throttled', true]
  if (status === 501) return ['misconfigured', true]
  if (status >= 500) return ['unreachable', true]
  return ['misconfigured', true]
}

/** The refusal under an error, if the service answered at all. */
export const refusalUnder = (error: unknown): Refusal | null =>
  error instanceof ConnectorError && typeof (error.cause as Refusal | undefined)?.status === 'number'
    ? (error.cause as Refusal)
    : null

/** Text inside a filter, as RFC 7644, 3.4.2.2 has it: a JSON string. */
export const quoted = (text: string): string => JSON.stringify(text)
