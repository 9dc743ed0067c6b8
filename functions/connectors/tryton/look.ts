import type { TrytonSettings } from '../../../schemas/settings.ts'
import { type AccountRef, ConnectorError, type Outcome } from '../contract.ts'
import type { TrytonAccount } from './account.ts'
import type { TrytonClient } from './client.ts'
import { bareId, usersByNationalId } from './employees.ts'
import { type Condition, isUntouchable, type Mark, searchMarks, searchUsers, type User } from './users.ts'

interface Seen {
  readonly ownId: number
  readonly users: readonly User[]
  readonly marks: readonly Mark[]
  /** By the bare national id: users who are employees under it. */
  readonly employed: ReadonlyMap<string, readonly number[]>
}

/**
 * Each person's user, null where there is none. The own account is asked for in the same question: a server that does not
 * show even that proves nothing about anybody.
 */
export async function lookAtAccounts(
  client: TrytonClient,
  settings: TrytonSettings,
  accounts: readonly AccountRef[],
): Promise<Outcome<TrytonAccount | null>[]> {
  const system = settings.id
  const ownId = await client.ownId()
  const keys = accounts.flatMap(({ accountId }) => (accountId === null ? [] : keyOf(accountId)))
  const byKeyOrLogin: Condition = [
    'OR',
    [['id', 'in', [ownId, ...keys]]],
    [['login', 'in', accounts.map(account => account.name)]],
  ]
  const named = await searchUsers(client, system, byKeyOrLogin)
  const strangers = accounts.filter(account => account.accountId === null).map(account => account.nationalId)
  if (named.every(user => user.id !== ownId))
    throw new ConnectorError(system, 'misconfigured', true, { code: 'BLIND' })
  const employed = await usersByNationalId(client, settings, strangers)
  const ids = new Set([...named.map(user => user.id), ...[...employed.values()].flat()])
  const marks = await searchMarks(client, system, [
    'OR',
    [['fs_id', 'in', accounts.map(account => account.personId)]],
    [['db_id', 'in', [...ids]]],
  ])
  const further = [...new Set([...ids, ...marks.map(mark => mark.db_id)])].filter(id =>
    named.every(user => user.id !== id),
  )
  const others = further.length === 0 ? [] : await searchUsers(client, system, [['id', 'in', further]])
  const seen = { ownId, users: [...named, ...others], marks, employed }
  return accounts.map(account => judge(settings, account, seen))
}

/** A key of ours is a number; anything else never was one. */
const keyOf = (accountId: string): number[] => (/^\d{1,9}$/.test(accountId) ? [Number(accountId)] : [])

/** By the key once it is known, else by the mark, else by login or by the employee's national id; two are never one's. */
function judge(settings: TrytonSettings, account: AccountRef, seen: Seen): Outcome<TrytonAccount | null> {
  const conflict: Outcome<never> = {
    ok: false,
    error: new ConnectorError(settings.id, 'conflict', false),
  }
  /** Found by key, mark or national id, and not by the name: another name would not settle it. */
  const dispute: Outcome<never> = {
    ok: false,
    error: new ConnectorError(settings.id, 'conflict', true),
  }
  const answer = (user: User, mark: TrytonAccount['mark']): Outcome<TrytonAccount> =>
    isUntouchable(user.id, seen.ownId) ? dispute : { ok: true, value: accountOf(user, mark) }
  const userOf = (id: number | undefined) => seen.users.find(user => user.id === id)
  const marksOf = (id: number) => seen.marks.filter(mark => mark.db_id === id).map(mark => mark.fs_id)
  const isOthers = (user: User) => marksOf(user.id).some(person => person !== account.personId)

  const marked = userOf(seen.marks.find(mark => mark.fs_id === account.personId)?.db_id)
  if (marked !== undefined && isOthers(marked)) return dispute
  const keyed = account.accountId === null ? undefined : userOf(keyOf(account.accountId)[0])
  // A server put back from a backup gives the same number again, to somebody else: this person's user is gone.
  const given = keyed !== undefined && isOthers(keyed) && keyed.login !== account.name && !account.adopted
  const known = given ? undefined : keyed
  if (known !== undefined) {
    if (isOthers(known)) return conflict
    if (marked !== undefined) return marked.id === known.id ? answer(known, 'mine') : conflict
    if (account.adopted) return answer(known, 'unmarked')
    return known.login === account.name ? answer(known, 'lost') : conflict
  }
  if (marked !== undefined) return answer(marked, 'mine')

  const named = seen.users.find(user => user.login === account.name)
  if (named !== undefined && isUnfinished(named, marksOf(named.id), seen.ownId))
    return answer(named, 'unfinished')
  const employed = (seen.employed.get(bareId(account.nationalId)) ?? []).flatMap(id => userOf(id) ?? [])
  const [theirs, second] = employed
  if (theirs === undefined) return named === undefined ? { ok: true, value: null } : conflict
  if (second !== undefined || isOthers(theirs)) return dispute
  // Somebody else's user has the name: with another one, the employee's own is found.
  return named === undefined || named.id === theirs.id ? answer(theirs, 'unmarked') : conflict
}

/** Made by our own account, closed and without a mark: a creation that broke off between its two calls. */
const isUnfinished = (user: User, marks: readonly string[], ownId: number) =>
  marks.length === 0 && !user.active && user.create_uid === ownId

function accountOf(user: User, mark: TrytonAccount['mark']): TrytonAccount {
  return {
    id: user.id,
    login: user.login,
    name: user.name ?? '',
    active: user.active,
    groups: new Set(user.groups),
    entries: user.sessions + user.applications.length,
    applications: user.applications,
    timestamp: user._timestamp,
    mark,
  }
}
