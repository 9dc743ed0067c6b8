import {
  AndFilter,
  type Client,
  type Entry,
  EqualityFilter,
  type Filter,
  OrFilter,
  PresenceFilter,
} from 'ldapts'
import type { Observation } from '../../../schemas/target.ts'
import { formatNationalId } from '../../domain/national-id.ts'
import type { AccountRef } from '../contract.ts'
import {
  bornExpired,
  bytes,
  disabledFlag,
  guidBytes,
  guidText,
  hashOf,
  instantOfTicks,
  type ProfileValues,
  passwordlessFlag,
  profileAttributes,
  text,
  texts,
} from './attributes.ts'
import { keyOf } from './distinguished-name.ts'
import { fault, resultCode } from './faults.ts'
import type { Layout } from './layout.ts'

/** An account as it stands in the directory: what may be observed of it, and what acting on it needs. */
export interface Account {
  readonly dn: string
  readonly key: string
  readonly guid: string
  readonly name: string
  /** `userAccountControl`. */
  readonly flags: number
  /** `accountExpires` as text; null where the directory has none. */
  readonly expires: string | null
  /** Nobody ever set a password: `create` broke off before it did. */
  readonly passwordless: boolean
  /** Groups it is a direct member of: key → DN. */
  readonly groups: ReadonlyMap<string, string>
  readonly profile: ProfileValues
  /** Why this system must not touch it, as far as the object itself tells. */
  readonly sid: Buffer
  readonly primaryGroup: number
  readonly service: boolean
}

/** What is read of an account, always, whoever asks. */
export const wanted = [
  'objectGUID',
  'objectSid',
  'sAMAccountName',
  'userAccountControl',
  'accountExpires',
  'pwdLastSet',
  'memberOf',
  'primaryGroupID',
  'adminCount',
  'servicePrincipalName',
  ...profileAttributes,
]
export const binary = ['objectGUID', 'objectSid']
export const anything = new PresenceFilter({ attribute: 'objectClass' })

/** By the directory's own key. Null is the server's "there is none"; whether it may say so is the caller's to prove. */
export const accountByGuid = (client: Client, guid: string): Promise<Account | null> =>
  searchOne(client, `<GUID=${guid}>`, 'base', anything)

/**
 * Several in one search: a quarter of the time of as many searches. Those that are not among the answers have to be asked
 * for one by one, also to learn why; so has one that cannot be read whole.
 */
export async function accountsByGuid(
  client: Client,
  baseDn: string,
  guids: readonly string[],
): Promise<Map<string, Account>> {
  const values = new Set(guids.flatMap(guid => guidBytes(guid) ?? []))
  const filters = [...values].map(value => new EqualityFilter({ attribute: 'objectGUID', value }))
  const { searchEntries } = await client.search(baseDn, {
    filter: new OrFilter({ filters }),
    attributes: wanted,
    explicitBufferAttributes: binary,
  })
  const found = new Map<string, Account>()
  for (const entry of searchEntries) {
    const account = await wholeAccount(client, entry).catch(() => null)
    if (account !== null) found.set(account.guid, account)
  }
  return found
}

/** The keys that the directory gave to an account a moment ago. */
export async function keysOf(client: Client, dn: string): Promise<{ guid: string; sid: Buffer }> {
  const shape = { attributes: binary, explicitBufferAttributes: binary }
  const { searchEntries } = await client.search(dn, { ...shape, scope: 'base', filter: anything })
  const [entry] = searchEntries
  const guid = entry && bytes(entry, 'objectGUID')
  const sid = entry && bytes(entry, 'objectSid')
  if (!guid || !sid) throw fault('misconfigured', false)
  return { guid: guidText(guid), sid }
}

export const accountByName = (client: Client, baseDn: string, name: string): Promise<Account | null> =>
  searchOne(client, baseDn, 'sub', new EqualityFilter({ attribute: 'sAMAccountName', value: name }))

const isUser = new EqualityFilter({ attribute: 'objectClass', value: 'user' })

/**
 * Those that bear a national id, under whatever name, written with the thousands' dots or without. `employeeID` is not
 * indexed: the server reads every object beneath `place`.
 */
export async function accountsByMark(
  client: Client,
  place: string,
  nationalId: string,
): Promise<readonly Account[]> {
  const spellings = new Set([nationalId, formatNationalId('rut', nationalId)])
  const filters = [...spellings].map(value => new EqualityFilter({ attribute: 'employeeID', value }))
  const { searchEntries } = await client.search(place, {
    filter: new AndFilter({ filters: [isUser, new OrFilter({ filters })] }),
    attributes: wanted,
    explicitBufferAttributes: binary,
  })
  return Promise.all(searchEntries.map(entry => wholeAccount(client, entry)))
}

async function searchOne(
  client: Client,
  base: string,
  scope: 'base' | 'sub',
  filter: Filter,
): Promise<Account | null> {
  try {
    const { searchEntries } = await client.search(base, {
      scope,
      filter,
      attributes: wanted,
      explicitBufferAttributes: binary,
    })
    const [entry] = searchEntries
    return entry === undefined ? null : await wholeAccount(client, entry)
  } catch (error) {
    if (resultCode(error) === 32 && scope === 'base') return null
    throw error
  }
}

export async function wholeAccount(client: Client, entry: Entry): Promise<Account> {
  const groups = texts(entry, 'memberOf')
  return accountOf(entry, groups.length > 0 ? groups : await wholeList(client, entry, 'memberOf'))
}

function accountOf(entry: Entry, memberOf: readonly string[]): Account {
  const guid = bytes(entry, 'objectGUID')
  const sid = bytes(entry, 'objectSid')
  const name = text(entry, 'sAMAccountName')
  const flags = text(entry, 'userAccountControl')
  // Every account has these four: one that seems not to is one we may not read.
  if (guid === null || sid === null || name === null || flags === null) throw fault('misconfigured', true)
  const groups = new Map<string, string>()
  for (const dn of memberOf) groups.set(keyOf(dn), dn)
  const control = Number(flags)
  const expires = text(entry, 'accountExpires')
  const unfinished = expires === bornExpired || (control & passwordlessFlag) !== 0
  return {
    dn: entry.dn,
    key: keyOf(entry.dn),
    guid: guidText(guid),
    name,
    flags: control,
    expires,
    passwordless: unfinished && (text(entry, 'pwdLastSet') ?? '0') === '0',
    groups,
    profile: {
      displayName: text(entry, 'displayName') ?? '',
      givenName: text(entry, 'givenName') ?? '',
      sn: text(entry, 'sn') ?? '',
      title: text(entry, 'title') ?? '',
      department: text(entry, 'department') ?? '',
      employeeID: text(entry, 'employeeID') ?? '',
    },
    sid,
    primaryGroup: Number(text(entry, 'primaryGroupID') ?? 0),
    service: text(entry, 'servicePrincipalName') !== null || text(entry, 'adminCount') === '1',
  }
}

/** All values of a list that the server hands out in ranges (`memberOf;range=0-1499`); none if it is not there at all. */
async function wholeList(client: Client, entry: Entry, attribute: string): Promise<string[]> {
  const found: string[] = []
  let piece = rangeOf(entry, attribute, 0)
  while (piece !== undefined) {
    found.push(...texts(entry, piece))
    if (piece.endsWith('-*')) break
    const next = Number(piece.slice(piece.lastIndexOf('-') + 1)) + 1
    const request = `${attribute};range=${next}-*`
    const answer = await client.search(entry.dn, { scope: 'base', filter: anything, attributes: [request] })
    const [more] = answer.searchEntries
    if (more === undefined) throw fault('missing', true)
    entry = more
    piece = rangeOf(entry, attribute, next)
    if (piece === undefined) throw fault('throttled', true)
  }
  return found
}

/** The name under which the values from `from` on have come. One that was asked for and has not come is an empty list. */
const rangeOf = (entry: Entry, attribute: string, from: number): string | undefined =>
  Object.keys(entry).find(
    key =>
      key.includes(';') &&
      key.toLowerCase().startsWith(`${attribute.toLowerCase()};range=${from}-`) &&
      texts(entry, key).length > 0,
  )

/** What the contract shows of an account. */
export function observationOf(account: Account, layout: Layout): Observation {
  const rights = [...account.groups.keys()].flatMap(key => layout.rightsOfGroup.get(key) ?? [])
  return {
    state: (account.flags & disabledFlag) === 0 ? 'enabled' : 'disabled',
    accountId: account.guid,
    name: account.name,
    expiresAt: account.expires === null ? null : instantOfTicks(account.expires),
    rights: rights.sort().map(id => ({ id, operations: [], specific: [], until: null })),
    retired: layout.isRetired(account.key),
    profileHash: hashOf(account.profile),
  }
}

/** As written by hand: with dots, spaces, leading zeros, a small k. The hyphen counts, see `domain/national-id.ts`. */
const bare = (mark: string) => mark.replace(/[.\s]/g, '').replace(/^0+/, '').toUpperCase()
export const isMarked = (account: Account, nationalId: string): boolean =>
  bare(account.profile.employeeID) === bare(nationalId)

/**
 * Whether an account that is this person's still lacks their mark. Throws `conflict` for one that is not theirs: found by
 * its name without their mark, or adopted and bearing somebody else's.
 */
export function lacksMark(account: Account, ref: AccountRef): boolean {
  if (isMarked(account, ref.nationalId)) return false
  const bearsNone = account.profile.employeeID === ''
  const byKey = account.guid === ref.accountId?.toLowerCase()
  if (!byKey || (ref.adopted && !bearsNone)) throw fault('conflict', false)
  return ref.adopted
}
