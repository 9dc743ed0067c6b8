import type { AccountRef, Outcome } from '../contract.ts'
import { alone, inTurns } from '../in-turns.ts'
import { enterprise, type Provider, quoted, type ScimClient } from './client.ts'
import { sameId, type User, userOf, writtenIds } from './user.ts'

/** A person's account. `unmarked`: theirs by a human's word, or by the national id alone. */
export interface Found {
  readonly user: User | null
  readonly unmarked: boolean
}

export const userPath = (id: string): string => `/Users/${encodeURIComponent(id)}`

/** Each person's user, null where there is none. A service without a single user proves nothing about anybody. */
export async function lookAtUsers(
  client: ScimClient,
  refs: readonly AccountRef[],
): Promise<Outcome<Found>[]> {
  const provider = await client.provider()
  const outcomes = await inTurns(refs, async ref => {
    const user = ref.accountId === null ? null : await byKey(client, ref.accountId)
    return user === null ? search(client, provider, ref) : judge(client, ref, user)
  })
  if (!outcomes.some(outcome => outcome.ok && outcome.value.user === null)) return outcomes
  const proof = await alone(() => client.page('/Users', 1))
  const error = proof.ok
    ? proof.value.total > 0
      ? null
      : client.fault('misconfigured', true, { code: 'NOBODY' })
    : proof.error
  return outcomes.map(outcome =>
    error !== null && outcome.ok && outcome.value.user === null ? { ok: false, error } : outcome,
  )
}

export async function byKey(client: ScimClient, id: string): Promise<User | null> {
  const body = await client.read(userPath(id))
  if (body === null) return null
  const user = userOf(body)
  if (user === null || user.id !== id) throw client.fault('misconfigured', true, { code: 'USER' })
  return user
}

/** Found by its key. Without a mark it is theirs, adopted or made by us; with somebody else's it never is. */
function judge(client: ScimClient, ref: AccountRef, user: User): Found {
  if (isForeign(user, ref)) throw client.fault('conflict', false)
  return { user, unmarked: ref.adopted && user.externalId !== ref.personId }
}

const isForeign = (user: User, ref: AccountRef): boolean =>
  (user.externalId !== null && user.externalId !== ref.personId) ||
  (user.nationalId !== null && !sameId(user.nationalId, ref.nationalId))

/** By the marks first, under whatever name; by the name only to see that it is free. */
async function search(client: ScimClient, provider: Provider, ref: AccountRef): Promise<Found> {
  const clauses = [
    `externalId eq ${quoted(ref.personId)}`,
    `userName eq ${quoted(ref.name)}`,
    ...(provider.employeeNumbers
      ? writtenIds(ref.nationalId).map(id => `${enterprise}:employeeNumber eq ${quoted(id)}`)
      : []),
  ]
  const users = (await client.all('/Users', { filter: clauses.join(' or ') })).map(body => {
    const user = userOf(body)
    if (user === null) throw client.fault('misconfigured', true, { code: 'USER' })
    return user
  })
  const isTheirs = (user: User) =>
    user.externalId === ref.personId || (user.nationalId !== null && sameId(user.nationalId, ref.nationalId))
  const isNamesake = (user: User) => user.name.toLowerCase() === ref.name.toLowerCase()
  // A service that passes over a filter it does not know would hand us everybody.
  if (users.some(user => !isTheirs(user) && !isNamesake(user)))
    throw client.fault('misconfigured', true, { code: 'FILTER' })
  const own = users.filter(isTheirs)
  const [user] = own
  // Another name would not settle it.
  if (own.length > 1 || (user !== undefined && isForeign(user, ref))) throw client.fault('conflict', true)
  if (user !== undefined) return { user, unmarked: ref.adopted && user.externalId !== ref.personId }
  if (users.length > 0) throw client.fault('conflict', false)
  return { user: null, unmarked: false }
}
