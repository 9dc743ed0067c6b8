import {
  AndFilter,
  type Client,
  type Entry,
  EqualityFilter,
  type Filter,
  NotFilter,
  OrFilter,
  SubstringFilter,
} from 'ldapts'
import { type AccountPage, ConnectorError, type ListedAccount } from '../contract.ts'
import { type Account, binary, observationOf, wanted, wholeAccount } from './account.ts'
import { text } from './attributes.ts'
import type { Connections } from './connections.ts'
import { fault, resultCode } from './faults.ts'
import type { Layout } from './layout.ts'
import { each } from './lists.ts'
import type { Protection } from './protection.ts'

const firstSigns = [...'0123456789abcdefghijklmnopqrstuvwxyz']
const nextSigns = [...firstSigns, '.', '-', '_']
/** The cursor after the last sign: names that begin with none of them. */
const rest = 'rest'
/** A page is told once it has so many. */
const enough = 500
const attributes = [...wanted, 'mail']

/** Parts of the directory that hold no people, wherever they are kept. */
const unpeopled =
  /^ldaps?:\/\/[^/]*\/(CN=Configuration|CN=Schema|DC=DomainDnsZones|DC=ForestDnsZones)(,|%2C)/i

/**
 * All user accounts beneath `baseDn`, by the beginnings of their logins; what no beginning matches comes last.
 *
 * Each search is whole or an error: without paging a server that has more says so (4), and the part is divided. With it,
 * ldapts takes a page without cookie, or without entries, for the end. The cursor is a beginning, good on any connection.
 */
export async function listPage(
  { connections, layout, protection, atOnce }: Listing,
  cursor: string | null,
): Promise<AccountPage> {
  const parts = [...firstSigns, rest]
  const from = cursor === null ? 0 : parts.indexOf(cursor)
  if (from < 0) throw fault('refused', false)
  const accounts: ListedAccount[] = []
  let at = from
  while (at < parts.length && accounts.length < enough) {
    const part = parts[at++] ?? rest
    const read = (client: Client) =>
      part === rest ? search(client, layout, restOf('')) : beginningWith(client, layout, part)
    const entries = await connections.read(read)
    const listed = await each(entries, atOnce, entry => listedOf(entry))
    for (const outcome of listed) {
      if (!outcome.ok) throw outcome.error
      accounts.push(outcome.value)
    }
  }
  return { accounts, next: parts[at] ?? null }

  async function listedOf(entry: Entry): Promise<ListedAccount> {
    const account = await connections.read(client => wholeAccount(client, entry))
    const { state, expiresAt, rights } = observationOf(account, layout)
    return {
      accountId: account.guid,
      name: account.name,
      state: state === 'enabled' ? 'enabled' : 'disabled',
      expiresAt,
      rights,
      nationalId: account.profile.employeeID || null,
      personId: null,
      shownName: account.profile.displayName || null,
      mail: text(entry, 'mail'),
      untouchable: await isUntouchable(protection, account),
    }
  }
}

interface Listing {
  readonly connections: Connections
  readonly layout: Layout
  readonly protection: Protection
  /** Accounts asked about at the same time. */
  readonly atOnce: number
}

async function isUntouchable(protection: Protection, account: Account): Promise<boolean> {
  try {
    await protection.check(account)
    return false
  } catch (error) {
    if (error instanceof ConnectorError && error.kind === 'refused') return true
    throw error
  }
}

const users = new AndFilter({
  filters: [
    new EqualityFilter({ attribute: 'objectClass', value: 'user' }),
    new NotFilter({ filter: new EqualityFilter({ attribute: 'objectClass', value: 'computer' }) }),
  ],
})
const begins = (initial: string) => new SubstringFilter({ attribute: 'sAMAccountName', initial })

/** What is left of a part when it is divided: names that go on with no known sign, or that end here. */
function restOf(beginning: string): Filter {
  const signs = beginning === '' ? firstSigns : nextSigns
  const none = new NotFilter({
    filter: new OrFilter({ filters: signs.map(sign => begins(beginning + sign)) }),
  })
  return beginning === '' ? none : new AndFilter({ filters: [begins(beginning), none] })
}

async function beginningWith(client: Client, layout: Layout, beginning: string): Promise<Entry[]> {
  try {
    return await search(client, layout, begins(beginning))
  } catch (error) {
    if (resultCode(error) !== 4) throw error
  }
  const found: Entry[] = []
  for (const sign of nextSigns) found.push(...(await beginningWith(client, layout, beginning + sign)))
  return [...found, ...(await search(client, layout, restOf(beginning)))]
}

async function search(client: Client, { settings }: Layout, part: Filter): Promise<Entry[]> {
  const { searchEntries, searchReferences } = await client.search(settings.baseDn, {
    filter: new AndFilter({ filters: [users, part] }),
    attributes,
    explicitBufferAttributes: binary,
  })
  // Somebody beneath the base whom another server would have to tell.
  if (searchReferences.some(reference => !unpeopled.test(reference))) throw fault('misconfigured', true)
  return searchEntries
}
