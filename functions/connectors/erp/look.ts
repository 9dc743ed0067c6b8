import type { ErpSettings } from '../../../schemas/settings.ts'
import { type AccountRef, ConnectorError, type Outcome } from '../contract.ts'
import type { Row, Session } from '../sql-database.ts'
import { readInstant } from '../sql-instants.ts'
import { any, list, name, type Statement, sql } from '../sql-statements.ts'
import type { ErpAccount, Permission } from './account.ts'
import { type Columns, columnsOf } from './columns.ts'
import { readFlag } from './vocabulary.ts'

/**
 * Each person's user of the ERP, null where there is none. One statement, hence one moment.
 * An ERP always has users, its own administrator at least: one that shows none proves nothing about anybody.
 */
export async function lookAtAccounts(
  session: Session,
  settings: ErpSettings,
  accounts: readonly AccountRef[],
): Promise<Outcome<ErpAccount | null>[]> {
  const { rows } = await session.run(selectAccounts(settings, accounts))
  if (Number(rows[0]?.populated) !== 1) throw new ConnectorError(settings.id, 'misconfigured', true)
  const found = readAccounts(settings, rows)
  return accounts.map(account => judge(settings, account, found))
}

export function selectAccounts(settings: ErpSettings, accounts: readonly AccountRef[]): Statement {
  const c = columnsOf(settings)
  const ids = accounts.flatMap(account => (account.accountId === null ? [] : [account.accountId]))
  const byId = ids.length === 0 ? [] : [sql`u.${c.id} in ${list(ids)}`]
  const byName = sql`u.${c.login} in ${list(accounts.map(account => account.name))}`
  const strangers = accounts.filter(account => account.accountId === null)
  const byMark = strangers.length === 0 ? [] : [bearing(c, strangers)]
  return sql`
    select
      case when exists (select 1 from ${c.users}) then 1 else 0 end as populated, ${accountColumns(c)}
    from (select 1 as one) one_row
    left join ${c.users} u on ${any([...byId, byName, ...byMark])}
    left join ${c.permissions} p on p.${c.holder} = u.${c.id}
    ${joinMarks(c)}`
}

/** What is read of a user `u` and a permission `p`. */
export const accountColumns = (c: Columns): Statement => sql`
  u.${c.id} as user_id, u.${c.login} as user_login, u.${c.name} as user_name, u.${c.active} as user_active,
  u.${c.endsAt} as user_ends, ${markColumn(c)} as user_mark, ${c.mail === null ? sql`null` : sql`u.${c.mail}`} as user_mail,
  p.${c.holder} as holder, p.${c.module} as module, p.${c.read} as can_read, p.${c.insert} as can_insert,
  p.${c.update} as can_update, p.${c.delete} as can_delete, p.${c.specific} as specific, p.${c.permissionEndsAt} as ends`

/** Users that bear one of these people's marks, under whatever login: nobody gets a second one. */
function bearing(c: Columns, people: readonly AccountRef[]): Statement {
  if (c.nationalId === null)
    return sql`cast(u.${c.id} as varchar(64)) in (
      select ${name('account')} from ${c.owners} where ${name('person_id')} in ${list(people.map(one => one.personId))})`
  const ids = people.flatMap(({ nationalId }) => zeros.map(zero => zero + bare(nationalId)))
  const plain = sql`replace(replace(replace(cast(u.${c.nationalId} as varchar(64)), '.', ''), '-', ''), ' ', '')`
  return sql`upper(${plain}) in ${list(ids)}`
}

/** Columns of fixed width are filled up on the left. */
const zeros = ['', '0', '00']

const markColumn = (c: Columns): Statement =>
  c.nationalId === null ? sql`o.${name('person_id')}` : sql`u.${c.nationalId}`

export const joinMarks = (c: Columns): Statement =>
  c.nationalId === null
    ? sql`left join ${c.owners} o on o.${name('account')} = cast(u.${c.id} as varchar(64))`
    : sql``

export function readAccounts(settings: ErpSettings, rows: readonly Row[]): ErpAccount[] {
  const byId = new Map<string, { row: Row; permissions: Map<string, Permission> }>()
  for (const row of rows) {
    if (row.user_id === null || row.user_id === undefined) continue
    const id = String(row.user_id)
    const known = byId.get(id) ?? { row, permissions: new Map() }
    byId.set(id, known)
    if (row.holder === null || row.holder === undefined) continue
    const permission = readPermission(settings, row)
    const code = String(permission.module)
    known.permissions.set(code, union(known.permissions.get(code), permission))
  }
  return [...byId].map(([id, { row, permissions }]) => ({
    id,
    login: String(row.user_login),
    name: String(row.user_name ?? '').trimEnd(),
    active: readFlag(settings.mapping.flags, row.user_active).on,
    endsAt: readInstant(settings.id, row.user_ends),
    mark: textOf(row.user_mark),
    mail: textOf(row.user_mail)?.trim() ?? null,
    permissions,
  }))
}

const textOf = (value: unknown): string | null => {
  const text = value === null || value === undefined ? '' : String(value)
  return text.trim() === '' ? null : text
}

function readPermission(settings: ErpSettings, row: Row): Permission {
  const flag = (name: string) => readFlag(settings.mapping.flags, row[name])
  const flags = [flag('can_read'), flag('can_insert'), flag('can_update'), flag('can_delete')]
  const [read, insert, update, remove] = flags.map(one => one.on)
  return {
    module: typeof row.module === 'number' ? row.module : String(row.module).trimEnd(),
    read: read === true,
    insert: insert === true,
    update: update === true,
    delete: remove === true,
    specific: row.specific === null || row.specific === undefined ? null : String(row.specific),
    endsAt: readInstant(settings.id, row.ends),
    odd: flags.some(one => one.odd),
  }
}

/** A table without a key may hold the pair twice: what either row gives, the person has. */
function union(one: Permission | undefined, other: Permission): Permission {
  if (one === undefined) return other
  const latest = [one.endsAt, other.endsAt].includes(null) ? null : [one.endsAt, other.endsAt].sort()[1]
  return {
    module: one.module,
    read: one.read || other.read,
    insert: one.insert || other.insert,
    update: one.update || other.update,
    delete: one.delete || other.delete,
    specific: one.specific === null || other.specific === null ? null : `${one.specific}; ${other.specific}`,
    endsAt: latest ?? null,
    odd: true,
  }
}

export const markOf = ({ mapping }: ErpSettings, { nationalId, personId }: AccountRef): string =>
  mapping.users.nationalId === undefined ? personId : nationalId

export const isUntouchable = (settings: ErpSettings, login: string): boolean =>
  settings.untouchable.some(other => other.toLowerCase() === login.trimEnd().toLowerCase())

/** By the ERP's key once it is known, else by the mark under whatever login; two are never one's. */
function judge(
  settings: ErpSettings,
  account: AccountRef,
  found: readonly ErpAccount[],
): Outcome<ErpAccount | null> {
  const conflict: Outcome<never> = { ok: false, error: new ConnectorError(settings.id, 'conflict', false) }
  /** What is known of the person, by key or mark, and not by the name: another name would not settle it. */
  const dispute: Outcome<never> = { ok: false, error: new ConnectorError(settings.id, 'conflict', true) }
  const answer = (one: ErpAccount): Outcome<ErpAccount> =>
    isUntouchable(settings, one.login) ? dispute : { ok: true, value: one }
  const mark = markOf(settings, account)
  const isOwn = (one: ErpAccount) => one.mark !== null && sameMark(one.mark, mark)
  const login = account.name.toLowerCase()
  const hasName = (one: ErpAccount) => one.login.trimEnd().toLowerCase() === login

  const known = found.find(one => one.id === account.accountId)
  if (known !== undefined && (known.mark === null || isOwn(known))) return answer(known)
  // A database put back from a backup gives the same number again, to somebody else: this person's user is gone.
  if (known !== undefined && (account.adopted || hasName(known))) return conflict
  const [own, second] = found.filter(isOwn)
  if (own !== undefined) return second === undefined ? answer(own) : dispute
  return found.some(hasName) ? conflict : { ok: true, value: null }
}

/** ERPs write national ids with and without dots and hyphen, in both cases, padded with blanks or zeros. */
const sameMark = (stored: string, mark: string): boolean => bare(stored) === bare(mark)

const bare = (mark: string): string =>
  mark
    .replace(/[^0-9A-Za-z]/g, '')
    .replace(/^0+/, '')
    .toUpperCase()
