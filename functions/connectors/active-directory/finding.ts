import { Control } from 'ldapts'
import type { AccountRef } from '../contract.ts'
import { type Account, accountByGuid, accountByName, accountsByMark, anything, isMarked } from './account.ts'
import { bytes, guidText, text } from './attributes.ts'
import type { Connections } from './connections.ts'
import { fault, resultCode } from './faults.ts'
import type { Layout } from './layout.ts'

/** LDAP_SERVER_SHOW_RECYCLED_OID: deleted objects are among the answers, whether they can still be brought back or not. */
const showRecycled = '1.2.840.113556.1.4.2064'

/** Finds a person's account, and finds out that there is none. */
export class Finding {
  readonly #connections: Connections
  readonly #layout: Layout

  constructor(connections: Connections, layout: Layout) {
    this.#connections = connections
    this.#layout = layout
  }

  byKey(guid: string): Promise<Account | null> {
    return this.#connections.read(client => accountByGuid(client, guid))
  }

  byName(name: string): Promise<Account | null> {
    return this.#connections.read(client => accountByName(client, this.#layout.settings.baseDn, name))
  }

  /**
   * The one that bears the person's mark: by the reserved name, else under whatever name in the managed OUs. Throws
   * `conflict` for two such, until somebody has put it right, and for a name that only somebody else's account has.
   */
  async withoutKey({ name, nationalId }: AccountRef): Promise<Account | null> {
    const named = await this.byName(name)
    if (named !== null && isMarked(named, nationalId)) return named
    const marked = new Map<string, Account>()
    for (const place of this.#layout.settings.managedOus) {
      const found = await this.#connections.read(client => accountsByMark(client, place, nationalId))
      for (const account of found) marked.set(account.guid, account)
    }
    const [one] = marked.values()
    if (marked.size > 1) throw fault('conflict', true)
    if (one === undefined && named !== null) throw fault('conflict', false)
    return one ?? null
  }

  /**
   * Nothing if the directory shows the account among its deleted objects. One that was there and is in neither place may
   * be hidden from us by a rule, or lost with a restored backup: that is for a human to tell.
   */
  async proveDeleted(guid: string): Promise<void> {
    const base = `<GUID=${guid}>`
    const shape = { attributes: ['isDeleted', 'objectGUID'], explicitBufferAttributes: ['objectGUID'] }
    const control = new Control(showRecycled, { critical: true })
    const { searchEntries } = await this.#connections
      .read(client => client.search(base, { ...shape, scope: 'base', filter: anything }, control))
      .catch(error => {
        throw resultCode(error) === 32 ? fault('misconfigured', true, error) : error
      })
    const [entry] = searchEntries
    const found = entry && bytes(entry, 'objectGUID')
    const isDeleted = entry && found && guidText(found) === guid.toLowerCase() && text(entry, 'isDeleted')
    if (isDeleted !== 'TRUE') throw fault('misconfigured', true)
  }
}
