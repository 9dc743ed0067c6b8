import type { Connector } from '../../functions/connectors/contract.ts'
import type { DoveadmSecret } from '../../functions/connectors/mail/doveadm.ts'
import { createMailConnector } from '../../functions/connectors/mail/index.ts'
import type { MailSettings } from '../../schemas/settings.ts'
import type { Harness } from './harness.ts'
import { openSqlServer, type SqlServer, urlAs } from './sql-servers.ts'

export const mailSettings: MailSettings = {
  id: 'mail',
  kind: 'postfixadmin',
  mode: 'active',
  secret: 'llavero/mail',
  domain: 'valleclaro.example',
  quotaMegabytes: 2048,
}

export interface MailHarness extends Harness {
  readonly server: SqlServer
}

/** On the embedded PostgreSQL, without a mail server. */
export const openMail = async (): Promise<MailHarness> => openMailOn(await openSqlServer('mail'))

export async function openMailOn(server: SqlServer, doveadm?: DoveadmSecret): Promise<MailHarness> {
  const { postgres, query } = server
  const secret = { url: postgres.mailUrl, ...(doveadm === undefined ? {} : { doveadm }) }
  await query(
    "CREATE ROLE reader LOGIN PASSWORD 'reader'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
  )
  const connector: Connector = createMailConnector(mailSettings, secret)
  return {
    server,
    connector,
    rights: [],
    accountName: word => `${word}@valleclaro.example`,
    async look(name) {
      const rows = await query('SELECT active, name FROM mailbox WHERE username = $1', [name])
      return rows.map(row => ({ enabled: row.active === true, shownName: String(row.name), rights: [] }))
    },
    async plantForeign(name) {
      await query(
        `INSERT INTO mailbox (username, password, name, maildir, local_part, domain)
         VALUES ($1::text, '{BLF-CRYPT}x', 'Otra persona', 'x/', split_part($1::text, '@', 1), 'valleclaro.example')`,
        [name],
      )
    },
    async plantUnknown(name) {
      await query(
        "UPDATE mailbox SET phone = '+56 9 1234', password = '{BLF-CRYPT}own' WHERE username = $1",
        [name],
      )
      return async () => {
        const rows = await query('SELECT phone, password FROM mailbox WHERE username = $1', [name])
        return rows[0]?.phone === '+56 9 1234' && rows[0]?.password === '{BLF-CRYPT}own'
      }
    },
    setFault: fault => postgres.setFault('mail', fault),
    restart: () => postgres.restart(),
    async makeUnreadable() {
      await query('REVOKE SELECT ON mailbox FROM llavero')
      return async () => void (await query('GRANT SELECT ON mailbox TO llavero'))
    },
    readOnlyConnector: async () =>
      createMailConnector(mailSettings, { ...secret, url: urlAs(postgres.mailUrl, 'reader', 'reader') }),
    async close() {
      await connector.close()
      await server.close()
    },
  }
}
