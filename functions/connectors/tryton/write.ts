import * as z from 'zod'
import { type AccountRef, ConnectorError } from '../contract.ts'
import type { TrytonAccount, Wanted } from './account.ts'
import type { TrytonClient } from './client.ts'
import { markOf } from './users.ts'

export interface Change {
  readonly ref: AccountRef
  readonly before: TrytonAccount | null
  readonly wanted: Wanted
}

type Values = Readonly<Record<string, unknown>>

/**
 * Closes users, by itself and first: nothing that fails afterwards may leave open what was to be closed. Writing `active`
 * makes Tryton end the user's sessions, also when it was false before; keys of applications are deleted with it.
 */
export async function closeAccounts(client: TrytonClient, changes: readonly Change[]): Promise<void> {
  const closing = changes.filter(closes).flatMap(({ before }) => (before === null ? [] : [before]))
  if (closing.length === 0) return
  await client.call('model.res.user.write', [closing.map(account => account.id), { active: false }])
  const entered = closing.filter(account => account.applications.length > 0)
  if (entered.length > 0)
    await client.call(
      'model.res.user.write',
      entered.flatMap(({ id, applications }) => [[id], { applications: [['delete', applications]] }]),
    )
}

/** What is closed now, and what is closed already but still has sessions. */
const closes = ({ before, wanted }: Change): boolean =>
  before !== null && !wanted.active && (before.active || (wanted.endsSessions && before.entries > 0))

/** Everything but the closing; answers with each user's id. Silent where nothing differs. */
export async function changeAccounts(
  client: TrytonClient,
  system: string,
  changes: readonly Change[],
): Promise<number[]> {
  const made = changes.filter(change => change.before === null)
  const ids = await createUsers(client, system, made)
  const idOf = (change: Change) => change.before?.id ?? ids[made.indexOf(change)] ?? -1

  const marking = changes.filter(({ before, wanted }) => wanted.marks && before?.mark !== 'mine')
  if (marking.length > 0)
    await client.call('model.ir.model.data.create', [
      marking.map(change => markOf(change.ref.personId, idOf(change))),
    ])

  // A new user is opened here, after its groups and its mark stand.
  const writes = changes.flatMap(change => {
    const values = differences(change)
    return Object.keys(values).length === 0 ? [] : [{ id: idOf(change), values, change }]
  })
  if (writes.length > 0)
    await client.call(
      'model.res.user.write',
      writes.flatMap(({ id, values }) => [[id], values]),
      { _timestamp: locks(changes.filter(change => !closes(change))) },
    )
  return changes.map(idOf)
}

/** What was read a moment ago must still hold, or the whole call fails. What was just closed has changed by ourselves. */
const locks = (changes: readonly Change[]) =>
  Object.fromEntries(
    changes.flatMap(({ before }) => (before === null ? [] : [[`res.user,${before.id}`, before.timestamp]])),
  )

function differences({ before, wanted }: Change): Values {
  if (before === null) return wanted.active ? { active: true } : {}
  const added = [...wanted.groups].filter(group => !before.groups.has(group))
  const removed = [...before.groups].filter(group => !wanted.groups.has(group))
  const groups = [
    ...(removed.length > 0 ? [['remove', removed]] : []),
    ...(added.length > 0 ? [['add', added]] : []),
  ]
  return {
    ...(before.name === wanted.name ? {} : { name: wanted.name }),
    ...(groups.length === 0 ? {} : { groups }),
    // A creation that broke off never had one; should it, it is nobody's.
    ...(before.mark === 'unfinished' ? { password: null } : {}),
    ...(!before.active && wanted.active ? { active: true } : {}),
  }
}

/** Inactive whatever the plan wants next, and without a password: a user without one cannot log in at all. */
async function createUsers(client: TrytonClient, system: string, made: readonly Change[]): Promise<number[]> {
  if (made.length === 0) return []
  const users = made.map(({ ref, wanted }) => ({
    login: ref.name,
    name: wanted.name,
    active: false,
    groups: [['add', [...wanted.groups]]],
  }))
  const ids = z.array(z.int()).safeParse(await client.call('model.res.user.create', [users]))
  if (!ids.success || ids.data.length !== made.length)
    throw new ConnectorError(system, 'misconfigured', true, { code: 'CREATE' })
  return ids.data
}
