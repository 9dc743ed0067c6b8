import type { MailSettings } from '../../../schemas/settings.ts'
import { type AccountRef, ConnectorError, type ConnectorFault, type Outcome } from '../contract.ts'
import type { Row, Session } from '../sql-database.ts'
import { readInstant } from '../sql-instants.ts'
import { list, type Statement, sql } from '../sql-statements.ts'
import type { Mailbox } from './mailbox.ts'
import { isUntouchable } from './untouchable.ts'

/**
 * Each account's mailbox, null where there is none. One statement, hence one moment. It starts from the domain's own row:
 * a database that does not show the domain (emptied, restored halfway, another one) proves nothing about anybody.
 */
export async function lookAtMailboxes(
  session: Session,
  settings: MailSettings,
  accounts: readonly AccountRef[],
): Promise<Outcome<Mailbox | null>[]> {
  const { rows } = await session.run(selectAddresses(settings, accounts))
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

/** An address is taken by a mailbox, by an alias that is no mailbox, or by a mark; a person may bear a mark elsewhere. */
export function selectAddresses(
  settings: Pick<MailSettings, 'domain'>,
  accounts: readonly AccountRef[],
): Statement {
  const wanted = list(accounts.flatMap(addressesOf))
  const people = list(accounts.map(account => account.personId))
  return sql`
    select x.address as address, m.username as username, m.name as name, m.active as active,
      m.valid_until as valid_until, o.person_id as person_id, c.copy_to as copy_to,
      a.goto = a.address as own_alias, exists (select 1 from mailbox) as populated
    from domain d
    left join (
      select username as address from mailbox where username in ${wanted}
      union select address from alias where address in ${wanted}
      union select account from llavero_owner where account in ${wanted}
      union select account from llavero_owner where person_id in ${people}
    ) x on true
    left join mailbox m on m.username = x.address
    left join alias a on a.address = x.address
    left join llavero_owner o on o.account = x.address
    left join llavero_copy c on c.account = x.address
    where d.domain = ${settings.domain}`
}

function judge(
  settings: MailSettings,
  account: AccountRef,
  found: ReadonlyMap<string, Row>,
  populated: boolean,
): Outcome<Mailbox | null> {
  const fail = (kind: ConnectorFault, retryable: boolean): Outcome<never> => ({
    ok: false,
    error: new ConnectorError(settings.id, kind, retryable),
  })
  if (!isOfDomain(settings, addressOf(account))) return fail('misconfigured', false)
  const own = account.accountId === null ? marked(settings, account, found) : []
  if (own.length > 1) return fail('conflict', true)
  const named = addressesOf(account).map(address => found.get(address))
  const row = own[0] ?? named.find(one => one !== undefined)
  // It was there once, and now there is no mailbox at all: that is a table lost, not a mailbox removed.
  if (account.accountId !== null && !populated) return fail('misconfigured', true)
  // Nobody's yet: another name settles it. Somebody's already: a human has to say why.
  if (isUntouchable(settings, String(row?.address ?? addressOf(account))))
    return fail(account.accountId === null && own.length === 0 ? 'conflict' : 'refused', false)
  if (row === undefined) return { ok: true, value: null }
  // Our mailbox was removed by hand, and its alias, which leads to nothing but itself, was left behind.
  const removed = row.username === null && row.person_id === null && row.own_alias === true
  if (removed && account.accountId === row.address) return { ok: true, value: null }
  const adopted = account.adopted && row.address === account.accountId && row.person_id === null
  if (row.person_id !== account.personId && !adopted) return fail('conflict', false)
  // A mark goes with its mailbox: one without is a mailbox that is not shown to us.
  if (row.username === null) return fail(adopted ? 'conflict' : 'misconfigured', !adopted)
  return {
    ok: true,
    value: {
      address: String(row.username),
      name: String(row.name),
      active: row.active === true,
      endsAt: readInstant(settings.id, row.valid_until),
      copyTo: row.copy_to === null ? null : String(row.copy_to),
      marked: !adopted,
    },
  }
}

const isOfDomain = (settings: MailSettings, address: string): boolean =>
  address.endsWith(`@${settings.domain.toLowerCase()}`)

/** Whatever address it has: a mailbox with this person's mark is this person's. */
const marked = (settings: MailSettings, { personId }: AccountRef, found: ReadonlyMap<string, Row>): Row[] =>
  [...found.values()].filter(row => row.person_id === personId && isOfDomain(settings, String(row.address)))
