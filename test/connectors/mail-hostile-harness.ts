import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMailConnector } from '../../functions/connectors/mail/index.ts'
import { type TestCertificate, testCertificates } from '../servers/certificates.ts'
import { type HostileProxy, type LineFault, openHostileProxy } from '../servers/hostile-proxy.ts'
import type { HostileHarness, MakeHazard } from './hostile-harness.ts'
import { mailSettings } from './mail-harness.ts'
import { openRealMail, type RealMail } from './mail-server.ts'

const clock =
  'the end of a mailbox is compared with the clock of its own database server: it is off by as much, and nothing else is'

const onLine =
  (line: HostileProxy, fault: LineFault): MakeHazard =>
  async () => {
    await line.setFault(fault)
    return () => line.setFault(null)
  }

/** PostgreSQL under the mail system as an enemy, over TLS; Dovecot is well. */
export async function openHostileDatabase(): Promise<HostileHarness> {
  const folder = await mkdtemp(join(tmpdir(), 'llavero-mail-tls-'))
  const [own, strangers] = [await testCertificates(), await testCertificates()]
  const files = { ssl_cert_file: join(folder, 'server.pem'), ssl_key_file: join(folder, 'server.key') }
  const show = async ({ cert, key }: TestCertificate) => {
    await writeFile(files.ssl_cert_file, cert)
    await writeFile(files.ssl_key_file, key, { mode: 0o600 })
  }
  await show(own.sound)
  const mail = await openRealMail({ ssl: 'on', ...files })
  const { postgres, query } = mail.server
  const url = new URL(postgres.mailUrl)
  const password = url.password
  const line = await openHostileProxy(Number(url.port))
  url.port = String(line.port)
  const connector = createMailConnector(mailSettings, { ...mail.secret, url: url.href, ca: own.sound.ca })

  /** Connections that are open know nothing of what has changed since. */
  const breakOff = () =>
    query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'llavero'")
  const certified = (certificate: TestCertificate): MakeHazard => {
    const reload = async (shown: TestCertificate) => {
      await show(shown)
      await query('SELECT pg_reload_conf()')
      // The server reads its files a moment after it was told to.
      await new Promise(resolve => setTimeout(resolve, 300))
      await breakOff()
    }
    return async () => {
      await reload(certificate)
      return () => reload(own.sound)
    }
  }
  const stated = (make: string, heal: string): MakeHazard => {
    const run = async (text: string) => {
      await query(text)
      await breakOff()
    }
    return async () => {
      await run(make)
      return () => run(heal)
    }
  }

  return {
    settings: mailSettings,
    connector,
    look: mail.look,
    hazards: {
      unreachable: onLine(line, 'unreachable'),
      'reset mid-answer': onLine(line, 'reset-mid-answer'),
      frozen: onLine(line, 'frozen'),
      slow: onLine(line, 'slow'),
      'empty answer': async () => {
        await postgres.setFault('mail', 'empty')
        return () => postgres.setFault('mail', null)
      },
      'no permission to read': stated(
        'REVOKE SELECT ON mailbox FROM llavero',
        'GRANT SELECT ON mailbox TO llavero',
      ),
      // Half of the rows are not shown, to a count no more than to a list.
      'truncated page': stated(
        `ALTER TABLE mailbox ENABLE ROW LEVEL SECURITY;
         CREATE POLICY half ON mailbox TO llavero USING (md5(username) < '8') WITH CHECK (true)`,
        'DROP POLICY half ON mailbox; ALTER TABLE mailbox DISABLE ROW LEVEL SECURITY',
      ),
      'restored from an old backup': async () => {
        const kept = await postgres.snapshot()
        return () => postgres.restore(kept)
      },
      'clock ten minutes off': clock,
      'certificate expired': certified(own.expired),
      'wrong CA': certified(strangers.sound),
      'service password changed': stated(
        "ALTER ROLE llavero PASSWORD 'changed'",
        `ALTER ROLE llavero PASSWORD '${password}'`,
      ),
      throttled: stated('ALTER ROLE llavero CONNECTION LIMIT 0', 'ALTER ROLE llavero CONNECTION LIMIT -1'),
    },
    async close() {
      await connector.close()
      await line.close()
      await mail.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Dovecot's HTTP API as an enemy, over TLS; the database is well. */
export async function openHostileDoveadm(): Promise<HostileHarness> {
  const mail: RealMail = await openRealMail()
  const [own, strangers] = [await testCertificates(), await testCertificates()]
  const certified = (certificate: TestCertificate) =>
    openHostileProxy(mail.dovecot.doveadm.port, { certificate })
  const lines = {
    sound: await certified(own.sound),
    expired: await certified(own.expired),
    strangers: await certified(strangers.sound),
  }
  let line: HostileProxy = lines.sound
  const front = await openHostileProxy(() => line.port)
  const doveadm = {
    url: `https://127.0.0.1:${front.port}`,
    key: mail.dovecot.doveadm.key,
    ca: own.sound.ca,
  }
  const connector = createMailConnector(mailSettings, { url: mail.server.postgres.mailUrl, doveadm })
  const shown =
    (other: HostileProxy): MakeHazard =>
    async () => {
      line = other
      return async () => {
        line = lines.sound
      }
    }
  const ofDatabase = 'told by the database, not by this API'
  return {
    settings: mailSettings,
    connector,
    look: mail.look,
    hazards: {
      unreachable: onLine(front, 'unreachable'),
      'reset mid-answer': onLine(front, 'reset-mid-answer'),
      frozen: onLine(front, 'frozen'),
      slow: onLine(front, 'slow'),
      'empty answer': 'an answer without the command’s own is unreachable: `mail-doveadm.test.ts`',
      'no permission to read': 'there is one key for everything',
      'truncated page': 'an answer that is cut is reset mid-answer',
      'restored from an old backup': ofDatabase,
      'clock ten minutes off': 'no time is told',
      'certificate expired': shown(lines.expired),
      'wrong CA': shown(lines.strangers),
      'service password changed': () => mail.dovecot.changeKey(),
      throttled: '429 is `throttled`: `mail-doveadm.test.ts`',
    },
    async close() {
      await connector.close()
      await front.close()
      for (const each of Object.values(lines)) await each.close()
      await mail.close()
    },
  }
}
