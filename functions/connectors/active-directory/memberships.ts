import { AndFilter, type Client, type Entry, EqualityFilter, ExtensibleFilter } from 'ldapts'
import { type Account, anything } from './account.ts'
import type { Connections } from './connections.ts'
import { fault } from './faults.ts'

const containsNested = '1.2.840.113556.1.4.1941'
/** Of the built-in group Users, in which every domain has its Domain Users. */
const users = 'S-1-5-32-545'
const mostKept = 20_000

/**
 * Proves that an account which shows no memberships has none. An attribute that may not be read looks like one that is
 * not there, in answers and in filters alike; but `tokenGroups` always holds the primary group, so that it is either
 * readable and complete, or empty and thereby unreadable.
 */
export class Memberships {
  readonly #connections: Connections
  readonly #baseDn: string
  readonly #keptFor: number
  /** Accounts by key and place: rights to read come with the place. */
  readonly #proven = new Map<string, number>()

  constructor(connections: Connections, baseDn: string, keptFor = 600_000) {
    this.#connections = connections
    this.#baseDn = baseDn
    this.#keptFor = keptFor
  }

  /** Throws `misconfigured` if the directory knows memberships of the account that it does not show us. */
  async prove(account: Account): Promise<void> {
    if (account.groups.size > 0) return
    const kept = `${account.guid} ${account.key}`
    if (Date.now() - (this.#proven.get(kept) ?? 0) < this.#keptFor) return
    await this.#connections.read(client => this.#compare(client, account))
    if (this.#proven.size >= mostKept) this.#proven.clear()
    this.#proven.set(kept, Date.now())
  }

  async #compare(client: Client, account: Account): Promise<void> {
    const search = { scope: 'base', filter: anything, ...buffers('tokenGroups') } as const
    const [entry] = (await client.search(`<GUID=${account.guid}>`, search)).searchEntries
    const held = entry === undefined ? [] : sidsIn(entry, 'tokenGroups')
    const domain = sidText(account.sid, account.sid.readUInt8(1) - 1)
    const primary = `${domain}-${account.primaryGroup}`
    if (!held.includes(primary)) throw fault('misconfigured', true)
    // Of foreign domains are only what an account brought along (`sIDHistory`).
    const isOurs = (sid: string) => sid.startsWith(`${domain}-`) || sid.startsWith('S-1-5-32-')
    const unexplained = held.filter(sid => isOurs(sid) && sid !== primary && sid !== users)
    if (unexplained.length === 0) return
    const inherited = await this.#groupsAround(client, account)
    if (unexplained.some(sid => !inherited.has(sid))) throw fault('misconfigured', true)
  }

  /** What everybody has whose primary group it is: the groups in which it lies at any depth. */
  async #groupsAround(client: Client, { sid, primaryGroup }: Account): Promise<ReadonlySet<string>> {
    const primary = Buffer.from(sid)
    primary.writeUInt32LE(primaryGroup, primary.length - 4)
    const bySid = new EqualityFilter({ attribute: 'objectSid', value: primary })
    const [group] = (await client.search(this.#baseDn, { filter: bySid, attributes: ['1.1'] })).searchEntries
    if (group === undefined) return new Set()
    const filters = [
      new EqualityFilter({ attribute: 'objectClass', value: 'group' }),
      new ExtensibleFilter({ matchType: 'member', rule: containsNested, value: group.dn }),
    ]
    const around = { filter: new AndFilter({ filters }), ...buffers('objectSid') }
    const { searchEntries } = await client.search(this.#baseDn, around)
    return new Set(searchEntries.flatMap(entry => sidsIn(entry, 'objectSid')))
  }
}

const buffers = (attribute: string) => ({ attributes: [attribute], explicitBufferAttributes: [attribute] })

/** `S-1-5-21-…`, as far as `parts` sub-authorities. */
function sidText(sid: Buffer, parts = sid.readUInt8(1)): string {
  const authorities = Array.from({ length: parts }, (_, at) => sid.readUInt32LE(8 + 4 * at))
  return ['S', sid.readUInt8(0), sid.readUIntBE(2, 6), ...authorities].join('-')
}

const sidsIn = (entry: Entry, attribute: string): string[] =>
  [entry[attribute] ?? []].flat().flatMap(value => (Buffer.isBuffer(value) ? [sidText(value)] : []))
