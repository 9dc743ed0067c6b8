import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import express from 'express'
import SCIMMY from 'scimmy'
import SCIMMYRouters from 'scimmy-routers'
import packages from '../../../package.json' with { type: 'json' }

const { scimmy, 'scimmy-routers': routers } = packages.devDependencies

export const scimServerTitle = `SCIMMY ${scimmy} and its routers ${routers}`

export const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

export interface StoredUser {
  readonly id: string
  readonly userName: string
  readonly active: boolean
  readonly displayName?: string
  readonly externalId?: string
  readonly password?: string
  readonly nickName?: string
  readonly [enterprise]?: { readonly employeeNumber?: string }
}

export interface StoredGroup {
  readonly id: string
  readonly displayName: string
  readonly members: readonly { readonly value: string }[]
}

/** What SCIMMY leaves to whoever uses it: where users and groups are kept. It is one for each process, as SCIMMY is. */
export const store = { users: new Map<string, StoredUser>(), groups: new Map<string, StoredGroup>() }

type Asked = { readonly id?: string; readonly filter?: { match(values: unknown[]): unknown[] } }
const plain = (value: unknown): Record<string, unknown> => JSON.parse(JSON.stringify(value))
const versionOf = (value: unknown): string =>
  `W/"${createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)}"`

const idOf = (value: unknown): string => (value as { id: string }).id
const flat = (value: object) => ({
  ...value,
  [`${enterprise}:employeeNumber`]: (value as StoredUser)[enterprise]?.employeeNumber,
})

function read<T>(all: ReadonlyMap<string, T>, { id, filter }: Asked): unknown {
  if (id !== undefined) {
    const found = all.get(id)
    if (found === undefined) throw new SCIMMY.Types.Error(404, null as never, `Resource ${id} not found`)
    return { ...found, meta: { version: versionOf(found) } }
  }
  const values = [...all.values()].map(value => ({ ...value, meta: { version: versionOf(value) } }))
  // Its filter looks for an extension's attribute under its whole name.
  if (filter === undefined) return values
  const matching = new Set(filter.match(values.map(value => flat(value as object))).map(idOf))
  return values.filter(value => matching.has(idOf(value)))
}

SCIMMY.Resources.declare(SCIMMY.Resources.User, {
  extensions: [{ schema: SCIMMY.Schemas.EnterpriseUser, required: false }],
  egress: ((asked: Asked) => read(store.users, asked)) as never,
  ingress: ((asked: Asked, instance: unknown) => {
    const { meta: _, schemas: __, ...given } = plain(instance)
    const before = asked.id === undefined ? undefined : store.users.get(asked.id)
    const name = String(given.userName).toLowerCase()
    for (const other of store.users.values())
      if (other.id !== asked.id && other.userName.toLowerCase() === name)
        throw new SCIMMY.Types.Error(
          409,
          'uniqueness',
          'One or more of the attribute values are already in use.',
        )
    // It is never told, so that it is not among what can be listed either.
    const { password: wanted } = instance as { password?: string }
    const password = wanted ?? before?.password
    if (wanted !== undefined && wanted.length < 8)
      throw new SCIMMY.Types.Error(400, 'invalidValue', 'The password is too short.')
    const id = before?.id ?? randomUUID()
    const user = { ...given, id, password, active: given.active !== false } as unknown as StoredUser
    store.users.set(id, user)
    return { ...user, meta: { version: versionOf(user) } }
  }) as never,
})
SCIMMY.Resources.declare(SCIMMY.Resources.Group, {
  egress: ((asked: Asked) => read(store.groups, asked)) as never,
  ingress: ((asked: Asked, instance: unknown) => {
    const { meta: _, schemas: __, ...given } = plain(instance)
    const id = asked.id ?? randomUUID()
    const members = (given.members ?? []) as { value: string }[]
    // A member once is a member.
    const once = [...new Map(members.map(member => [member.value, { value: member.value }])).values()]
    for (const { value } of once)
      if (!store.users.has(value))
        throw new SCIMMY.Types.Error(400, 'invalidValue', 'There is no such member.')
    const group = { id, displayName: String(given.displayName), members: once }
    store.groups.set(id, group)
    return { ...group, meta: { version: versionOf(group) } }
  }) as never,
})

/** What a token may do. */
export type Token = 'read-write' | 'read-only' | 'nothing'

/**
 * A SCIM service on loopback. The protocol is SCIMMY's own; in front of it stand what it does not do: rights of a token,
 * throttling, and versions (RFC 7644, 3.14), which it does not keep.
 */
export class ScimServer {
  readonly tokens = new Map<string, Token>([
    ['first', 'read-write'],
    ['reader', 'read-only'],
  ])
  /** Requests answered 429 with this Retry-After. */
  throttle: string | null = null
  /** A list keeps its totals, and its page loses all but the first. */
  truncates = false
  /** Every answer is 200 without a word. */
  answersNothing = false
  /** Lists tell everybody, whatever was asked for. */
  passesOverFilters = false
  /** What another hand does between a reading and a PATCH. */
  beforePatch: ((path: string) => void) | null = null
  /** `METHOD path` of each request, with its If-Match. */
  readonly requests: string[] = []
  readonly #server: Server

  constructor() {
    const routers = new SCIMMYRouters({
      type: 'bearer',
      handler: () => 'llavero',
    })
    SCIMMY.Config.set({ changePassword: true, filter: { supported: true, maxResults: 200 } })
    SCIMMY.Config.set('etag' as never, true as never)
    const app = express()
    app.use((request, response, next) => {
      if (request.method === 'PATCH') this.beforePatch?.(request.path)
      // Its routers turn page numbers into numbers in place, which express 5 does not let them.
      const query: Record<string, unknown> = { ...request.query }
      if (this.passesOverFilters) delete query.filter
      Object.defineProperty(request, 'query', { value: query, writable: true })
      this.requests.push(`${request.method} ${request.path} ${request.headers['if-match'] ?? ''}`.trim())
      this.#judge(request, response) && next()
    })
    app.use('/scim', routers)
    this.#server = createServer((request, response) => {
      if (this.truncates) truncating(response)
      app(request, response)
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

  #judge(request: IncomingMessage & { path: string }, response: ServerResponse): boolean {
    const refuse = (status: number, headers: Record<string, string> = {}) => {
      response.writeHead(status, { 'content-type': 'application/scim+json', ...headers })
      const schemas = ['urn:ietf:params:scim:api:messages:2.0:Error']
      response.end(JSON.stringify({ schemas, status: String(status) }))
      return false
    }
    if (this.answersNothing) return !response.end()
    if (this.throttle !== null) return refuse(429, { 'retry-after': this.throttle })
    const token = this.tokens.get(/^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '')
    if (token === undefined) return refuse(401)
    if (token === 'nothing' || (token === 'read-only' && request.method !== 'GET')) return refuse(403)
    const wanted = request.headers['if-match']
    const [, kind, id] = /^\/scim\/(Users|Groups)\/([^/]+)$/.exec(request.path) ?? []
    if (wanted === undefined || id === undefined) return true
    const held = kind === 'Users' ? store.users.get(id) : store.groups.get(id)
    return held === undefined || wanted === versionOf(held) || refuse(412)
  }
}

/** Keeps all but the first resource of a list from being told, and says nothing of it. */
function truncating(response: ServerResponse): void {
  const end = response.end.bind(response) as (text?: unknown) => ServerResponse
  response.end = ((chunk?: unknown) => {
    const text = Buffer.isBuffer(chunk) ? chunk.toString('utf8') : chunk
    if (typeof text !== 'string' || !text.includes('ListResponse')) return end(chunk)
    const body = JSON.parse(text) as { Resources: unknown[]; itemsPerPage: number }
    const cut = JSON.stringify({ ...body, Resources: [] })
    response.setHeader('content-length', Buffer.byteLength(cut))
    return end(cut)
  }) as typeof response.end
}
