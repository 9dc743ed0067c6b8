import type { MailSettings } from '../../../schemas/settings.ts'
import { type AccountPage, ConnectorError, type ListedAccount } from '../contract.ts'
import type { Row, Session } from '../sql-database.ts'
import { readInstant } from '../sql-instants.ts'
import { sql } from '../sql-statements.ts'
import { rightsOf } from './mailbox.ts'
import { isUntouchable } from './untouchable.ts'

const mailboxesAPage = 200

/**
 * A page of the domain's mailboxes, by address. Page and count are one statement, hence one moment. A database that shows
 * a part only is told by what belongs together: each mark and each mailbox's own alias has its mailbox.
 */
export async function listMailboxes(
  session: Session,
  settings: MailSettings,
  cursor: string | null,
): Promise<AccountPage> {
  const { rows } = await session.run(sql`
    select m.username as username, m.name as name, m.active as active, m.valid_until as valid_until,
      o.person_id as person_id, c.copy_to as copy_to, counted.ahead as ahead, counted.total as total, counted.lost as lost
    from domain d
    cross join (
      select (select count(*) from mailbox where domain = ${settings.domain} and username > ${cursor ?? ''})::int as ahead,
        (select count(*) from mailbox where domain = ${settings.domain})::int as total,
        (select count(*) from llavero_owner where not exists
          (select 1 from mailbox where mailbox.username = llavero_owner.account))::int as lost
    ) counted
    left join lateral (
      select username, name, active, valid_until from mailbox where mailbox.domain = d.domain and mailbox.username > ${cursor ?? ''}
      order by mailbox.username limit ${mailboxesAPage}
    ) m on true
    left join llavero_owner o on o.account = m.username
    left join llavero_copy c on c.account = m.username
    where d.domain = ${settings.domain}
    order by m.username`)
  const [first] = rows
  const found = rows.filter(row => row.username !== null)
  const whole =
    first !== undefined && first.lost === 0 && found.length === Math.min(Number(first.ahead), mailboxesAPage)
  if (!whole || (first.total === 0 && (await leavesAliases(session, settings))))
    throw new ConnectorError(settings.id, 'misconfigured', true)
  const last = found.at(-1)
  const more = Number(first.ahead) > mailboxesAPage && last !== undefined
  return {
    accounts: found.map(row => listed(settings, row)),
    next: more ? String(last.username) : null,
  }
}

/** PostfixAdmin gives every mailbox an alias to itself: such ones without any mailbox are what is left of a lost table. */
async function leavesAliases(session: Session, settings: MailSettings): Promise<boolean> {
  const { rows } = await session.run(
    sql`select 1 as one from alias where domain = ${settings.domain} and goto = address limit 1`,
  )
  return rows.length > 0
}

function listed(settings: MailSettings, row: Row): ListedAccount {
  const address = String(row.username)
  return {
    accountId: address,
    name: address,
    state: row.active === true ? 'enabled' : 'disabled',
    expiresAt: readInstant(settings.id, row.valid_until),
    rights: rightsOf({ copyTo: row.copy_to === null ? null : String(row.copy_to) }),
    nationalId: null,
    personId: row.person_id === null ? null : String(row.person_id),
    shownName: String(row.name),
    mail: address,
    untouchable: isUntouchable(settings, address),
  }
}
