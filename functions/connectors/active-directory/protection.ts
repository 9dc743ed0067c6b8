import { AndFilter, type Client, EqualityFilter, ExtensibleFilter, PresenceFilter } from 'ldapts'
import type { Account } from './account.ts'
import { bytes, normalAccountFlag, relativeId } from './attributes.ts'
import type { Connections } from './connections.ts'
import { keyOf } from './distinguished-name.ts'
import { fault, resultCode } from './faults.ts'
import type { Layout } from './layout.ts'
import { Memberships } from './memberships.ts'

/** The body's protected groups and all groups nested in them: few, whatever the number of their members. */
interface ProtectedGroups {
  readonly keys: ReadonlySet<string>
  /** Membership through `primaryGroupID` shows in no list: it is compared by relative id. */
  readonly relativeIds: ReadonlySet<number>
}

const nestedIn = '1.2.840.113556.1.4.1941'
const firstOrdinaryId = 1000

/**
 * Tells accounts that must not be touched: members of protected groups at any depth, the built-in ones (relative ids
 * below 1000, 500 and 502 among them), service accounts, and whatever lies outside the managed OUs.
 *
 * An account's own memberships are read with it, every time; only which groups are nested in the protected ones is kept
 * for a while.
 */
export class Protection {
  readonly #layout: Layout
  readonly #connections: Connections
  readonly #memberships: Memberships
  readonly #keptFor: number
  #groups: Promise<ProtectedGroups> | null = null
  #readAt = 0

  constructor(layout: Layout, connections: Connections, keptFor = 60_000) {
    this.#layout = layout
    this.#connections = connections
    this.#memberships = new Memberships(connections, layout.settings.baseDn)
    this.#keptFor = keptFor
  }

  /** Throws `refused` for an account that is not ours to touch, `misconfigured` for one whose groups we cannot know. */
  async check(account: Account): Promise<void> {
    const { keys, relativeIds } = await this.#protectedGroups()
    const ours =
      this.#layout.isManaged(account.key) &&
      relativeId(account.sid) >= firstOrdinaryId &&
      (account.flags & normalAccountFlag) !== 0 &&
      !account.service &&
      !relativeIds.has(account.primaryGroup) &&
      ![...account.groups.keys()].some(key => keys.has(key))
    if (!ours) throw fault('refused', false)
    await this.#memberships.prove(account)
  }

  /** Throws `misconfigured` for a group that must not be written: not of this system, or giving protected powers. */
  async checkGroup(dn: string): Promise<void> {
    const key = keyOf(dn)
    const { keys } = await this.#protectedGroups()
    if (!this.#layout.isManagedGroup(key) || keys.has(key)) throw fault('misconfigured', false)
  }

  async isProtectedGroup(key: string): Promise<boolean> {
    return (await this.#protectedGroups()).keys.has(key)
  }

  #protectedGroups(): Promise<ProtectedGroups> {
    if (this.#groups === null || Date.now() - this.#readAt > this.#keptFor) {
      this.#readAt = Date.now()
      const reading = this.#connections.read(client => this.#expand(client))
      reading.catch(() => {
        if (this.#groups === reading) this.#groups = null
      })
      this.#groups = reading
    }
    return this.#groups
  }

  async #expand(client: Client): Promise<ProtectedGroups> {
    const keys = new Set<string>()
    const relativeIds = new Set<number>()
    for (const dn of this.#layout.settings.protectedGroups) {
      for (const group of await this.#nestedGroups(client, dn)) {
        const sid = bytes(group, 'objectSid')
        if (sid === null) throw fault('misconfigured', true)
        keys.add(keyOf(group.dn))
        relativeIds.add(relativeId(sid))
      }
    }
    return { keys, relativeIds }
  }

  /** The group itself and those nested in it. A protected group that cannot be read protects nobody: an error. */
  async #nestedGroups(client: Client, dn: string) {
    const shape = { attributes: ['objectSid'], explicitBufferAttributes: ['objectSid'] }
    const itself = await client
      .search(dn, { ...shape, scope: 'base', filter: new PresenceFilter({ attribute: 'objectClass' }) })
      .catch(error => {
        throw resultCode(error) === 32 ? fault('misconfigured', true, error) : error
      })
    if (itself.searchEntries.length === 0) throw fault('misconfigured', true)
    const search = {
      ...shape,
      scope: 'sub' as const,
      filter: new AndFilter({
        filters: [
          new EqualityFilter({ attribute: 'objectClass', value: 'group' }),
          new ExtensibleFilter({ matchType: 'memberOf', rule: nestedIn, value: dn }),
        ],
      }),
    }
    const { baseDn } = this.#layout.settings
    // Without paging first: a short answer is then an error (4). ldapts ends a paged search at the first empty page.
    const nested = await client.search(baseDn, search).catch(error => {
      if (resultCode(error) !== 4) throw error
      return client.search(baseDn, { ...search, paged: { pageSize: 500 } })
    })
    return [...itself.searchEntries, ...nested.searchEntries]
  }
}
