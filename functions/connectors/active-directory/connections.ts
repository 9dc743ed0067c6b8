import { Client } from 'ldapts'
import { ConnectionError, resultCode, system, toConnectionError } from './faults.ts'

export interface DirectorySecret {
  /** `ldaps://host[:port]`; nothing else, because passwords are written. */
  readonly url: string
  readonly bindDn: string
  readonly password: string
  /** The authority that signed the server's certificate, PEM. Empty: the machine's own list. */
  readonly ca: string
}

export interface ConnectionLimits {
  readonly connections: number
  /** Milliseconds for TCP, TLS and bind together. */
  readonly connectTimeout: number
  /** Milliseconds for one operation. */
  readonly operationTimeout: number
  /** Milliseconds after which an unused connection is not trusted any more: firewalls and frozen lambdas drop it silently. */
  readonly idleTimeout: number
}

interface Line {
  client: Promise<Client> | null
  /** The same once it is bound. */
  ready: Client | null
  busy: number
  usedAt: number
}

/**
 * A few bound connections, shared by many operations at once.
 *
 * A client of ldapts is used from its bind to its first failure and then thrown away: two operations on a client that is
 * not connected hang for ever, it reconnects anonymous, and its parser keeps half a message of the old connection.
 * Opening is serialised per line; whoever comes meanwhile waits for the same bind.
 */
export class Connections {
  readonly #secret: DirectorySecret
  readonly #limits: ConnectionLimits
  readonly #lines: Line[]
  #closed = false

  constructor(secret: DirectorySecret, limits: ConnectionLimits) {
    this.#secret = secret
    this.#limits = limits
    this.#lines = Array.from({ length: limits.connections }, () => ({
      client: null,
      ready: null,
      busy: 0,
      usedAt: 0,
    }))
  }

  /** An operation that may be repeated: once more on a fresh connection if the server had closed the old one. */
  async read<T>(operation: (client: Client) => Promise<T>): Promise<T> {
    const started = Date.now()
    try {
      return await this.write(operation)
    } catch (error) {
      const lost = !(error instanceof ConnectionError) && error instanceof Error && resultCode(error) === null
      if (!lost || Date.now() - started >= this.#limits.operationTimeout) throw error
      return this.write(operation)
    }
  }

  /** An operation that is sent once: whether a failed one was carried out is for the next reading to tell. */
  async write<T>(operation: (client: Client) => Promise<T>): Promise<T> {
    const line = this.#leastBusy()
    line.busy += 1
    try {
      const client = line.ready?.isConnected && this.#fresh(line) ? line.ready : await this.#open(line)
      line.usedAt = Date.now()
      try {
        return await operation(client)
      } catch (error) {
        if (!client.isConnected || resultCode(error) === 1) this.#discard(line, client)
        throw error
      }
    } finally {
      line.busy -= 1
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(
      this.#lines.map(async ({ client }) => {
        const open = await client?.catch(() => null)
        await open?.unbind().catch(() => undefined)
      }),
    )
  }

  #leastBusy(): Line {
    let best = this.#lines[0]
    for (const line of this.#lines) if (best === undefined || line.busy < best.busy) best = line
    if (best === undefined) throw new RangeError('a directory needs at least one connection')
    return best
  }

  #fresh(line: Line): boolean {
    return line.busy > 1 || Date.now() - line.usedAt < this.#limits.idleTimeout
  }

  #discard(line: Line, client: Client): void {
    if (line.ready === client) {
      line.ready = null
      line.client = null
    }
    client.unbind().catch(() => undefined)
  }

  #open(line: Line): Promise<Client> {
    if (line.ready !== null) this.#discard(line, line.ready)
    line.client ??= this.#connect().then(
      client => {
        line.ready = client
        return client
      },
      error => {
        line.client = null
        throw toConnectionError(error)
      },
    )
    return line.client
  }

  async #connect(): Promise<Client> {
    if (this.#closed) throw new Error('the directory connector was closed')
    const { url, bindDn, password, ca } = this.#secret
    const { connectTimeout, operationTimeout } = this.#limits
    // An empty password would bind as nobody, successfully; without TLS no password may be written.
    if (!/^ldaps:\/\//i.test(url ?? '') || !bindDn || !password)
      throw new ConnectionError(system, 'misconfigured', true)
    const client = new Client({
      url,
      connectTimeout,
      timeout: operationTimeout,
      tlsOptions: { minVersion: 'TLSv1.2', ...(ca ? { ca } : {}) },
    })
    let timer: NodeJS.Timeout | undefined
    try {
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error('bind timed out')), connectTimeout)
      })
      const binding = client.bind(bindDn, password)
      binding.catch(() => undefined)
      await Promise.race([binding, late])
      return client
    } catch (error) {
      await client.unbind().catch(() => undefined)
      throw error
    } finally {
      clearTimeout(timer)
    }
  }
}
