import * as z from 'zod'
import type { TrytonSettings } from '../../../schemas/settings.ts'
import { type AccountPage, ConnectorError, type ListedAccount } from '../contract.ts'
import { type Modules, rightsOf } from '../module-groups.ts'
import type { TrytonClient } from './client.ts'
import { nationalIdsOf } from './employees.ts'
import { isUntouchable, searchMarks, searchUsers, type User } from './users.ts'

const usersAtOnce = 200

/** Users in the order of their ids; the cursor is the last one told. The end is what Tryton itself counts to be none. */
export async function listUsers(
  client: TrytonClient,
  settings: TrytonSettings,
  modules: Modules<number>,
  cursor: string | null,
): Promise<AccountPage> {
  const system = settings.id
  const fail = () => new ConnectorError(system, 'misconfigured', true, { code: 'PAGE' })
  const after = cursor === null ? -1 : Number(cursor)
  const further = [['id', '>', after]]
  const users = await searchUsers(client, system, further, usersAtOnce)
  const counted = z.int().safeParse(await client.read('model.res.user.search_count', [further]))
  // Every Tryton has its administrator, and what it counts it can also tell.
  if (!counted.success || (users.length === 0 && (cursor === null || counted.data > 0))) throw fail()
  if (users.length < Math.min(usersAtOnce, counted.data)) throw fail()

  const ids = users.map(user => user.id)
  const nationalIds = await nationalIdsOf(client, settings, ids)
  const marks = await searchMarks(client, system, ['db_id', 'in', ids])
  const personOf = new Map(marks.map(mark => [mark.db_id, mark.fs_id]))
  const ownId = await client.ownId()
  return {
    accounts: users.map(user => ({
      ...told(modules, user),
      nationalId: nationalIds.get(user.id) ?? null,
      personId: personOf.get(user.id) ?? null,
      untouchable: isUntouchable(user.id, ownId),
    })),
    next: users.length >= counted.data ? null : String(ids.at(-1)),
  }
}

function told(
  modules: Modules<number>,
  user: User,
): Omit<ListedAccount, 'nationalId' | 'personId' | 'untouchable'> {
  return {
    accountId: String(user.id),
    name: user.login,
    state: user.active ? 'enabled' : 'disabled',
    expiresAt: null,
    rights: rightsOf(modules, new Set(user.groups)),
    shownName: user.name,
    mail: user.email,
  }
}
