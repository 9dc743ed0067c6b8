import type { MailSettings } from '../../../schemas/settings.ts'
import { type AccountRef, ConnectorError, type Outcome } from '../contract.ts'
import type { Row, Session } from '../sql-database.ts'
import { readInstant } from '../sql-instants.ts'
import { list, type Statement, sql } from '../sql-statements.ts'
import type { Mailbox } from './mailbox.ts'

/**
 * Each account's mailbox, null where there is none. One statement, hence one moment. It starts from the domain's own row:
 * a database that does not show the domain (emptied, restored halfway, another one) proves nothing about anybody.
 */
export async function lookAtMailboxes(
  session: Session,
  settings: MailSettings,
  accounts: readonly AccountRef[],
): Promise<Outcome<Mailbox | null>[]> {
  const { rows } = await session.run(selectAddresses(settings, accounts.flatMap(addressesOf)))
  if (rows.length === 0) throw new ConnectorError(settings.id, 'misconfigured', true)
  const found = new Map(rows.map(row => [String(row.address), row]))
  return accounts.map(account => judge(settings, account, found, rows[0]?.populated === true))
}

/** PostfixAdmin writes every address in lower case. */
export const addressOf = (account: AccountRef): string => account.name.toLowerCase()

function addressesOf(account: AccountRef): string[] {
  const own = addressOf(account)
  return account.accountId === null || account.accountId === own ? [own] : [account.accountId, own]
}

/** An address is taken by a mailbox, by an alias that is no mailbox, or by the mark of one that was. */
function selectAddresses(settings: MailSettings, addresses: readonly string[]): Statement {
  const wanted = list(addresses)
  return sql`
    select x.address as address, m.username as username, m.name as name, m.active as active,
      m.valid_until as valid_until, o.person_id as person_id, exists (select 1 from mailbox) as populated
    from domain d
    left join (
      select username as address from mailbox where username in ${wanted}
      union select address from alias where address in ${wanted}
      union select account from llavero_owner where account in ${wanted}
    ) x on true
    left join mailbox m on m.username = x.address
    left join llavero_owner o on o.account = x.address
    where d.domain = ${settings.domain}`
}

function judge(
  settings: MailSettings,
  account: AccountRef,
  found: ReadonlyMap<string, Row>,
  populated: boolean,
): Outcome<Mailbox | null> {
  const fail = (kind: 'conflict' | 'misconfigured', retryable: boolean): Outcome<never> => ({
    ok: false,
    error: new ConnectorError(settings.id, kind, retryable),
  })
  if (!addressOf(account).endsWith(`@${settings.domain.toLowerCase()}`)) return fail('misconfigured', false)
  const row = addressesOf(account)
    .map(address => found.get(address))
    .find(one => one !== undefined)
  // It was there once, and now there is no mailbox at all: that is a table lost, not a mailbox removed.
  if (account.accountId !== null && !populated) return fail('misconfigured', true)
  if (row !== undefined && row.person_id !== account.personId) return fail('conflict', false)
  if (row?.username == null) return { ok: true, value: null }
  return {
    ok: true,
    value: {
      address: String(row.username),
      name: String(row.name),
      active: row.active === true,
      endsAt: readInstant(settings.id, row.valid_until),
    },
  }
}
