import type { ErpSettings } from '../../../schemas/settings.ts'
import { type AccountRef, ConnectorError } from '../contract.ts'
import type { Answer, Session } from '../sql-database.ts'
import { any, every, groupBy, inChunks, join, list, name, type Statement, sql } from '../sql-statements.ts'
import type { ErpAccount, Permission } from './account.ts'
import { columnsOf } from './columns.ts'
import { writeFlag } from './vocabulary.ts'

export interface Change {
  readonly ref: AccountRef
  readonly before: ErpAccount | null
  readonly after: ErpAccount
}

/** One person's row for one module, as it is to be. */
interface Held extends Permission {
  readonly holder: string
}

const closes = ({ before, after }: Change) => before?.active === true && !after.active

/** Closes users: one flag. By itself, so that no permission that cannot be taken keeps one open. */
export async function closeAccounts(
  session: Session,
  settings: ErpSettings,
  changes: readonly Change[],
): Promise<void> {
  for (const some of inChunks(changes.filter(closes))) {
    const accounts = some.flatMap(({ before }) => (before === null ? [] : [before]))
    insistOn(settings, accounts, await session.run(updateUsers(settings, accounts, { active: false })))
  }
}

/** Everything but the closing; answers with each person's key in the ERP. Silent where nothing differs. */
export async function changeAccounts(
  session: Session,
  settings: ErpSettings,
  changes: readonly Change[],
): Promise<string[]> {
  const made = changes.filter(change => change.before === null)
  const ids = made.length === 0 ? new Map<string, string>() : await insertUsers(session, settings, made)
  const keyOf = ({ before, after }: Change) => before?.id ?? ids.get(after.login) ?? ''

  await markAdopted(session, settings, changes)
  for (const statement of permissionStatements(settings, changes, keyOf)) await session.run(statement)

  // A new user is opened here, after its permissions stand.
  const late = changes.flatMap(change => {
    const { before, after } = change
    const differences = {
      ...(before !== null && before.name !== after.name ? { name: after.name } : {}),
      ...(before !== null && before.endsAt !== after.endsAt ? { endsAt: after.endsAt } : {}),
      ...(!(before?.active ?? false) && after.active ? { active: true } : {}),
    }
    const account = { ...(before ?? after), id: keyOf(change), mark: after.mark }
    return Object.keys(differences).length === 0 ? [] : [{ account, differences }]
  })
  for (const alike of groupBy(late, one => one.differences))
    for (const some of inChunks(alike)) {
      const accounts = some.map(one => one.account)
      const update = updateUsers(settings, accounts, some[0]?.differences ?? {})
      insistOn(settings, accounts, await session.run(update))
    }
  return changes.map(keyOf)
}

/** Whether anything is left to write once the closings are done. */
export function needsTransaction(changes: readonly Change[]): boolean {
  return changes.some(
    ({ before, after }) =>
      before === null ||
      before.name !== after.name ||
      before.endsAt !== after.endsAt ||
      before.mark !== after.mark ||
      (!before.active && after.active) ||
      before.permissions.size !== after.permissions.size ||
      [...after.permissions].some(([code, wanted]) => !alike(before.permissions.get(code), wanted)),
  )
}

const alike = (one: Permission | undefined, other: Permission): boolean =>
  one !== undefined && !one.odd && JSON.stringify(rowOf(one)) === JSON.stringify(rowOf(other))

const rowOf = (p: Permission) => [p.read, p.insert, p.update, p.delete, p.specific, p.endsAt]

async function insertUsers(
  session: Session,
  settings: ErpSettings,
  made: readonly Change[],
): Promise<Map<string, string>> {
  const c = columnsOf(settings)
  const ids = new Map<string, string>()
  for (const some of inChunks(made)) {
    await session.run(insertInactive(settings, some))
    const { rows } = await session.run(
      sql`select ${c.id} as user_id, ${c.login} as user_login from ${c.users}
        where ${c.login} in ${list(some.map(({ after }) => after.login))}`,
    )
    for (const row of rows) ids.set(String(row.user_login).trimEnd(), String(row.user_id))
    // The ERP keeps another login than it was given (cut, in capitals): the account could never be found by its name.
    if (some.some(({ after }) => !ids.has(after.login)))
      throw new ConnectorError(settings.id, 'misconfigured', false)
    if (c.nationalId === null)
      await session.run(
        insertOwners(
          settings,
          some.map(one => [ids.get(one.after.login), one.ref.personId]),
        ),
      )
  }
  return ids
}

const insertOwners = (settings: ErpSettings, owners: readonly (readonly unknown[])[]): Statement =>
  sql`insert into ${columnsOf(settings).owners} (${name('account')}, ${name('person_id')})
    values ${join(owners.map(list))}`

/** Writes the mark of a person into a user that was there before and has none. Each has its own: one statement a person. */
async function markAdopted(
  session: Session,
  settings: ErpSettings,
  changes: readonly Change[],
): Promise<void> {
  const c = columnsOf(settings)
  for (const { before, after, ref } of changes) {
    if (before === null || before.mark === after.mark) continue
    if (c.nationalId === null) await session.run(insertOwners(settings, [[before.id, ref.personId]]))
    else {
      const update = updateUsers(settings, [before], { nationalId: ref.nationalId })
      insistOn(settings, [before], await session.run(update))
    }
  }
}

/** Inactive whatever the plan wants next: a user is opened when all else stands. */
export function insertInactive(settings: ErpSettings, made: readonly Change[]): Statement {
  const c = columnsOf(settings)
  const { flags } = settings.mapping
  const columns = [c.login, c.name, c.active, c.endsAt, ...(c.nationalId === null ? [] : [c.nationalId])]
  const rows = made.map(({ ref, after }) =>
    list([
      after.login,
      after.name,
      writeFlag(flags, false),
      after.endsAt,
      ...(c.nationalId === null ? [] : [ref.nationalId]),
    ]),
  )
  return sql`insert into ${c.users} (${join(columns)}) values ${join(rows)}`
}

export function updateUsers(
  settings: ErpSettings,
  accounts: readonly ErpAccount[],
  differences: { name?: string; active?: boolean; endsAt?: string | null; nationalId?: string },
): Statement {
  const c = columnsOf(settings)
  const { flags } = settings.mapping
  const set = [
    ...(differences.name === undefined ? [] : [sql`${c.name} = ${differences.name}`]),
    ...(differences.active === undefined ? [] : [sql`${c.active} = ${writeFlag(flags, differences.active)}`]),
    ...(differences.nationalId === undefined || c.nationalId === null
      ? []
      : [sql`${c.nationalId} = ${differences.nationalId}`]),
    ...(differences.endsAt === undefined ? [] : [sql`${c.endsAt} = ${differences.endsAt}`]),
  ]
  // What was read a moment ago must still hold: this key with this login and, where the ERP keeps it, this national id.
  const still = accounts.map(account =>
    every([
      sql`${c.id} = ${account.id}`,
      sql`${c.login} = ${account.login}`,
      ...(c.nationalId === null ? [] : [bears(c.nationalId, account.mark)]),
    ]),
  )
  return sql`update ${c.users} set ${join(set)} where ${any(still)}`
}

/** Blanks are no mark: that is how columns of fixed width say nothing. */
const bears = (column: ReturnType<typeof name>, mark: string | null): Statement =>
  mark === null
    ? sql`(${column} is null or rtrim(cast(${column} as varchar(64))) = '')`
    : sql`${column} = ${mark}`

/**
 * A right that is taken is a row deleted, not flags cleared: in many ERPs the row alone opens the menu, and columns unknown
 * to us may grant more. Taken before given, so that no moment has the union of both.
 */
export function permissionStatements(
  settings: ErpSettings,
  changes: readonly Change[],
  keyOf: (change: Change) => string,
): Statement[] {
  const c = columnsOf(settings)
  const held = (change: Change, permission: Permission): Held => ({ ...permission, holder: keyOf(change) })
  const taken: Held[] = []
  const changed: Held[] = []
  const given: Held[] = []
  for (const change of changes) {
    const before = change.before?.permissions ?? new Map<string, Permission>()
    for (const [code, permission] of before)
      if (!change.after.permissions.has(code)) taken.push(held(change, permission))
    for (const [code, permission] of change.after.permissions) {
      if (!before.has(code)) given.push(held(change, permission))
      else if (!alike(before.get(code), permission)) changed.push(held(change, permission))
    }
  }
  const pairs = (some: readonly Held[]) =>
    any(some.map(one => every([sql`${c.holder} = ${one.holder}`, sql`${c.module} = ${one.module}`])))
  const columns = [c.holder, c.module, c.read, c.insert, c.update, c.delete, c.specific, c.permissionEndsAt]
  return [
    ...inChunks(taken).map(some => sql`delete from ${c.permissions} where ${pairs(some)}`),
    ...groupBy(changed, rowOf)
      .flatMap(alikeOnes => inChunks(alikeOnes))
      .map(some => {
        const values = some[0] === undefined ? [] : storedOf(settings, some[0])
        const set = columns.slice(2).map((column, at) => sql`${column} = ${values[at]}`)
        return sql`update ${c.permissions} set ${join(set)} where ${pairs(some)}`
      }),
    ...inChunks(given).map(some => {
      const rows = some.map(one => list([one.holder, one.module, ...storedOf(settings, one)]))
      return sql`insert into ${c.permissions} (${join(columns)}) values ${join(rows)}`
    }),
  ]
}

function storedOf({ mapping }: ErpSettings, permission: Permission): unknown[] {
  const flags = [permission.read, permission.insert, permission.update, permission.delete]
  return [...flags.map(on => writeFlag(mapping.flags, on)), permission.specific, permission.endsAt]
}

/** Fewer rows than people: somebody else wrote in between. The next look will say what is there now. */
function insistOn(settings: ErpSettings, accounts: readonly ErpAccount[], { affected }: Answer): void {
  if (affected < accounts.length) throw new ConnectorError(settings.id, 'throttled', true)
}
