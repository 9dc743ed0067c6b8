import type { MailSecret } from '../../functions/connectors/mail/index.ts'
import { type Dovecot, openDovecot } from '../servers/dovecot/dovecot.ts'
import { type ImapSession, logIn } from '../servers/dovecot/imap.ts'
import { type HostileProxy, openHostileProxy } from '../servers/hostile-proxy.ts'
import { findPostgresql } from '../servers/postgresql/installed.ts'
import { type MailHarness, openMailOn } from './mail-harness.ts'
import { openSqlServer } from './sql-servers.ts'

/** The connector on a whole mail server: PostgreSQL under Dovecot, and Dovecot's HTTP API. */
export interface RealMail extends MailHarness {
  readonly dovecot: Dovecot
  readonly secret: MailSecret
  /** The line to Dovecot's HTTP API. */
  readonly doveadmLine: HostileProxy
  logIn(address: string, password: string): Promise<ImapSession | null>
}

/** `options`: of PostgreSQL, beside those of the laptop's. */
export async function openRealMail(options: Readonly<Record<string, string>> = {}): Promise<RealMail> {
  const postgresql = findPostgresql()
  if (!postgresql.usable) throw new Error(postgresql.reason)
  const server = await openSqlServer('mail', { programs: postgresql.programs, options })
  const { query, postgres } = server
  await query(
    "CREATE ROLE dovecot LOGIN PASSWORD 'dovecot'; GRANT SELECT (username, password, active, valid_until) ON mailbox TO dovecot",
  )
  const asDovecot = new URL(postgres.ownerUrl('mail'))
  asDovecot.username = 'dovecot'
  asDovecot.password = 'dovecot'
  const dovecot = await openDovecot(asDovecot.href)
  await dovecot.start()
  const doveadmLine = await openHostileProxy(dovecot.doveadm.port)
  const doveadm = { url: `http://127.0.0.1:${doveadmLine.port}`, key: dovecot.doveadm.key }
  const harness = await openMailOn(server, doveadm)
  return {
    ...harness,
    dovecot,
    secret: { url: postgres.mailUrl, doveadm },
    doveadmLine,
    logIn: (address, password) => logIn(dovecot.imapPort, address, password),
    async close() {
      await harness.close()
      await doveadmLine.close()
      await dovecot.close()
    },
  }
}
