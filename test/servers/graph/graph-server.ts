import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { z } from 'zod'
import { readQuery, readSelect, shown, tokenAt } from './query.ts'
import { AssignLicense, Batch, ChangedUser, NewUser, TokenRequest } from './shapes.ts'
import { GraphError, Tenant } from './tenant.ts'

export const sampleLicence = '18181a46-0d4e-45cd-891e-60aabd171b4e'
export const sampleTenant = '7d1f6a3e-2c0b-4a58-9a3d-5f0c8e2b41aa'

export interface Client {
  secret: string
  /** What the tenant's administrator has consented to. */
  readonly rights: Set<'read' | 'write' | 'password'>
}

interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

interface Asked {
  readonly method: string
  readonly url: URL
  readonly contentType: string | undefined
  readonly body: unknown
}

/**
 * Microsoft Graph and its sign-in service on loopback, as far as users, licences and sessions go. It refuses what the
 * published shapes do not hold. It is a double: the connector was never tried against the service itself.
 */
export class GraphServer {
  readonly tenant: Tenant
  readonly clients = new Map<string, Client>()
  /** Seconds that a token lives. */
  tokenLife = 3_599
  /** Where clients reach it, for the links it hands out. */
  publicUrl = ''
  /** Every user a page may hold, whatever was asked for. */
  largestPage = 999
  /** Requests that are still let through before they are answered 429 with this Retry-After; null lets all through. */
  throttle: { letThrough: number; retryAfter: string } | null = null
  /** Readings show nobody at all. */
  showsNobody = false
  /** Lists break off in the middle of a page. */
  truncates = false
  /** `METHOD path` of each request, batched ones too. */
  readonly requests: string[] = []
  readonly #tokens = new Map<string, { client: string; until: number }>()
  readonly #server: Server

  constructor(tenant: Tenant) {
    this.tenant = tenant
    this.#server = createServer((request, response) => {
      this.#serve(request).then(
        ({ status, headers, body }) => {
          const text = body === undefined ? '' : JSON.stringify(body)
          const isList = typeof body === 'object' && body !== null && 'value' in body
          const cut = this.truncates && isList ? text.slice(0, text.length / 2) : text
          const length = String(Buffer.byteLength(text))
          response.writeHead(status, {
            'content-type': 'application/json',
            'content-length': length,
            ...headers,
          })
          if (cut === text) response.end(text)
          else response.write(cut, () => response.destroy())
        },
        bug => {
          console.error(bug)
          response.destroy()
        },
      )
    })
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  listen(port = 0): Promise<void> {
    return new Promise(resolve => this.#server.listen(port, '127.0.0.1', () => resolve()))
  }

  close(): Promise<void> {
    return new Promise(resolve => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  forgetTokens(): void {
    this.#tokens.clear()
  }

  async #serve(request: IncomingMessage): Promise<Answer> {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const text = Buffer.concat(pieces).toString('utf8')
    const url = new URL(request.url ?? '/', this.publicUrl || `http://127.0.0.1:${this.port}`)
    const contentType = request.headers['content-type']?.split(';')[0]
    if (url.pathname.endsWith('/oauth2/v2.0/token')) return this.#issueToken(url, contentType, text)
    return this.#answer(async () => {
      const client = this.#clientOf(request.headers.authorization)
      const body = text === '' ? undefined : parsed(text)
      const asked = { method: request.method ?? '', url, contentType, body }
      if (url.pathname === '/v1.0/$batch') return this.#batch(asked, client)
      return this.#dispatch(asked, client)
    })
  }

  async #answer(act: () => Promise<Answer>): Promise<Answer> {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof GraphError)) throw error
      const { status, code, message, details } = error
      const inner = { date: this.tenant.now().slice(0, 19), 'request-id': randomUUID() }
      const headers: Record<string, string> =
        status === 429 ? { 'Retry-After': this.throttle?.retryAfter ?? '1' } : {}
      return {
        status,
        headers,
        body: { error: { code, message, ...(details.length > 0 ? { details } : {}), innerError: inner } },
      }
    }
  }

  #issueToken(url: URL, contentType: string | undefined, text: string): Answer {
    const read = TokenRequest.safeParse(Object.fromEntries(new URLSearchParams(text)))
    const failed = (status: number, error: string, code: number): Answer => ({
      status,
      body: { error, error_description: `AADSTS${code}`, error_codes: [code], trace_id: randomUUID() },
    })
    if (contentType !== 'application/x-www-form-urlencoded' || !read.success)
      return failed(400, 'invalid_request', 900144)
    if (url.pathname !== `/${sampleTenant}/oauth2/v2.0/token`) return failed(400, 'invalid_request', 90002)
    if (read.data.scope !== `${url.origin}/.default`) return failed(400, 'invalid_scope', 70011)
    const client = this.clients.get(read.data.client_id)
    if (client === undefined) return failed(400, 'unauthorized_client', 700016)
    if (client.secret !== read.data.client_secret) return failed(401, 'invalid_client', 7000215)
    const token = randomUUID()
    this.#tokens.set(token, {
      client: read.data.client_id,
      until: performance.now() + this.tokenLife * 1000,
    })
    this.requests.push('POST token')
    return {
      status: 200,
      body: {
        token_type: 'Bearer',
        expires_in: this.tokenLife,
        ext_expires_in: this.tokenLife,
        access_token: token,
      },
    }
  }

  #clientOf(authorization: string | undefined): Client {
    const token = this.#tokens.get(/^Bearer (\S+)$/.exec(authorization ?? '')?.[1] ?? '')
    const client = token && performance.now() < token.until ? this.clients.get(token.client) : undefined
    if (client === undefined)
      throw new GraphError(
        401,
        'InvalidAuthenticationToken',
        'Lifetime validation failed, the token is expired.',
      )
    return client
  }

  async #batch({ method, contentType, body }: Asked, client: Client): Promise<Answer> {
    const read = Batch.safeParse(body)
    if (method !== 'POST' || contentType !== 'application/json' || !read.success)
      throw new GraphError(400, 'BadRequest', 'Invalid batch payload format.')
    const responses = await Promise.all(
      read.data.requests.map(async ({ id, method, url, headers, body }) => {
        const inner = new URL(`/v1.0/${url.replace(/^\//, '')}`, this.publicUrl || 'http://127.0.0.1')
        const contentType = headers?.['Content-Type']
        const answer = await this.#answer(async () =>
          this.#dispatch({ method, url: inner, contentType, body }, client),
        )
        return { id, ...answer, headers: { 'Content-Type': 'application/json', ...answer.headers } }
      }),
    )
    // In no particular order, as documented.
    return { status: 200, body: { responses: responses.reverse() } }
  }

  #dispatch({ method, url, contentType, body }: Asked, client: Client): Answer {
    this.requests.push(`${method} ${url.pathname}`)
    if (this.throttle !== null && this.throttle.letThrough-- <= 0)
      throw new GraphError(429, 'TooManyRequests', 'Too many requests.')
    const [version, root, key, action, ...rest] = url.pathname
      .split('/')
      .slice(1)
      .map(part => decodeURIComponent(part))
    if (version !== 'v1.0' || rest.length > 0) throw notFound()
    if (body !== undefined && contentType !== 'application/json')
      throw new GraphError(400, 'Request_BadRequest', 'A valid Content-Type header is required.')
    const right = method === 'GET' ? 'read' : 'write'
    const changesPassword =
      typeof body === 'object' && body !== null && 'passwordProfile' in body && method === 'PATCH'
    if (!client.rights.has(right) || (changesPassword && !client.rights.has('password')))
      throw new GraphError(
        403,
        'Authorization_RequestDenied',
        'Insufficient privileges to complete the operation.',
      )
    const context = (entity: string) => `${url.origin}/v1.0/$metadata#${entity}`

    if (root === 'directory' && key === 'deletedItems' && action !== undefined && method === 'GET') {
      if (!this.tenant.isDeleted(action)) throw resourceNotFound(action)
      return { status: 200, body: { '@odata.context': context('directoryObjects/$entity'), id: action } }
    }
    if (root !== 'users') throw notFound()
    if (key === undefined && method === 'GET') return this.#list(url, context)
    if (key === undefined && method === 'POST') {
      const user = this.tenant.insert(valid(NewUser, body))
      return { status: 201, body: { '@odata.context': context('users/$entity'), ...shown(user, null) } }
    }
    if (key === undefined) throw notAllowed()
    if (action === undefined && method === 'GET') {
      if (this.showsNobody) throw resourceNotFound(key)
      const user = this.tenant.visibleBy(key)
      const select = readSelect(url.searchParams.get('$select'))
      return { status: 200, body: { '@odata.context': context('users/$entity'), ...shown(user, select) } }
    }
    if (action === undefined && method === 'PATCH') {
      this.tenant.change(key, valid(ChangedUser, body))
      return { status: 204 }
    }
    if (action === 'assignLicense' && method === 'POST') {
      const { addLicenses, removeLicenses } = valid(AssignLicense, body)
      const user = this.tenant.license(key, addLicenses, removeLicenses)
      return { status: 200, body: { '@odata.context': context('users/$entity'), ...shown(user, null) } }
    }
    if (action === 'revokeSignInSessions' && method === 'POST' && body === undefined) {
      this.tenant.revokeSessions(key)
      return { status: 200, body: { '@odata.context': context('Edm.Boolean'), value: true } }
    }
    throw notAllowed()
  }

  #list(url: URL, context: (entity: string) => string): Answer {
    const { select, matches, top, skip } = readQuery(url.searchParams)
    const size = Math.min(top, this.largestPage)
    const found = this.showsNobody ? [] : this.tenant.visible.filter(matches)
    const page = found.slice(skip, skip + size)
    const next = new URL(url)
    next.searchParams.set('$skiptoken', tokenAt(skip + size))
    const more = skip + size < found.length
    return {
      status: 200,
      body: {
        '@odata.context': context(select === null ? 'users' : `users(${select.join(',')})`),
        ...(more ? { '@odata.nextLink': next.href } : {}),
        value: page.map(user => shown(user, select)),
      },
    }
  }
}

const notFound = () => new GraphError(400, 'BadRequest', 'Resource not found for the segment.')
const notAllowed = () =>
  new GraphError(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.')
const resourceNotFound = (id: string) =>
  new GraphError(404, 'Request_ResourceNotFound', `Resource '${id}' does not exist.`)

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new GraphError(400, 'BadRequest', 'Unable to read JSON request payload.')
  }
}

function valid<T>(shape: z.ZodType<T>, body: unknown): T {
  const read = shape.safeParse(body)
  if (read.success) return read.data
  const [issue] = read.error.issues
  const target = issue?.path.join('.') ?? ''
  const message =
    issue?.code === 'unrecognized_keys'
      ? `One or more property values specified are invalid: ${issue.keys.join(', ')}`
      : `Invalid value specified for property '${target}' of resource 'User'.`
  throw new GraphError(400, 'Request_BadRequest', message, [{ code: 'InvalidValue', message, target }])
}

/** A tenant with its administrator and a client that may do everything. */
export async function openGraph(domain: string): Promise<GraphServer> {
  const tenant = new Tenant([domain, 'body.onmicrosoft.com'], { [sampleLicence]: 5_000 })
  const server = new GraphServer(tenant)
  server.clients.set('llavero', { secret: 'first', rights: new Set(['read', 'write', 'password']) })
  server.clients.set('reader', { secret: 'reader', rights: new Set(['read']) })
  tenant.insert({
    accountEnabled: true,
    displayName: 'Administrator',
    mailNickname: 'admin',
    userPrincipalName: 'admin@body.onmicrosoft.com',
    passwordProfile: { password: 'Sup3r-secret-start' },
  })
  await server.listen()
  return server
}
