import type { ErpSettings } from '../../../schemas/settings.ts'
import { type AccountPage, ConnectorError, type ListedAccount } from '../contract.ts'
import type { Session } from '../sql-database.ts'
import { type Statement, sql } from '../sql-statements.ts'
import { type ErpAccount, rightsOf } from './account.ts'
import { columnsOf } from './columns.ts'
import { accountColumns, isUntouchable, joinMarks, readAccounts } from './look.ts'

const usersAPage = 200

/** A page of the ERP's users in the order of their keys, with their permissions. Page and count are one statement, hence one moment. */
export async function listUsers(
  session: Session,
  settings: ErpSettings,
  cursor: string | null,
): Promise<AccountPage> {
  const { rows } = await session.run(selectPage(settings, cursor))
  const ahead = Number(rows[0]?.ahead)
  const found = readAccounts(settings, rows)
  // An ERP always has users, its own administrator at least; and what it counts it can also tell.
  const whole = found.length === Math.min(ahead, usersAPage) && (cursor !== null || ahead > 0)
  if (!whole) throw new ConnectorError(settings.id, 'misconfigured', true)
  return {
    accounts: found.map(account => told(settings, account)),
    next: ahead > usersAPage ? (found.at(-1)?.id ?? null) : null,
  }
}

export function selectPage(settings: ErpSettings, cursor: string | null): Statement {
  const c = columnsOf(settings)
  const after = cursor === null ? sql`1 = 1` : sql`u.${c.id} > ${cursor}`
  return sql`
    select counted.ahead as ahead, ${accountColumns(c)}
    from (select count(*) as ahead from ${c.users} u where ${after}) counted
    left join (
      select u.* from ${c.users} u where ${after}
      order by u.${c.id} offset 0 rows fetch next ${usersAPage} rows only
    ) u on 1 = 1
    left join ${c.permissions} p on p.${c.holder} = u.${c.id}
    ${joinMarks(c)}
    order by u.${c.id}`
}

function told(settings: ErpSettings, account: ErpAccount): ListedAccount {
  const byNationalId = settings.mapping.users.nationalId !== undefined
  return {
    accountId: String(account.id),
    name: account.login.trimEnd(),
    state: account.active ? 'enabled' : 'disabled',
    expiresAt: account.endsAt,
    rights: rightsOf(settings, account),
    nationalId: byNationalId ? (account.mark?.trim() ?? null) : null,
    personId: byNationalId ? null : account.mark,
    shownName: account.name,
    mail: account.mail,
    untouchable: isUntouchable(settings, account.login),
  }
}
