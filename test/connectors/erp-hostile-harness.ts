import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createErpConnector } from '../../functions/connectors/erp/index.ts'
import type { Programs } from '../../infra/local/postgres/server-process.ts'
import { type TestCertificate, testCertificates } from '../servers/certificates.ts'
import { type LineFault, openHostileProxy } from '../servers/hostile-proxy.ts'
import { erpSettings, openErp } from './erp-harness.ts'
import type { HostileHarness, MakeHazard } from './hostile-harness.ts'

/** A PostgreSQL under an ERP as an enemy, over TLS. */
export async function openHostileErp(programs: Programs): Promise<HostileHarness> {
  const folder = await mkdtemp(join(tmpdir(), 'llavero-erp-tls-'))
  const [own, strangers] = [await testCertificates(), await testCertificates()]
  const files = { ssl_cert_file: join(folder, 'server.pem'), ssl_key_file: join(folder, 'server.key') }
  const show = async ({ cert, key }: TestCertificate) => {
    await writeFile(files.ssl_cert_file, cert)
    await writeFile(files.ssl_key_file, key, { mode: 0o600 })
  }
  await show(own.sound)
  const erp = await openErp({ programs, options: { ssl: 'on', ...files } })
  const { postgres, query } = erp.server
  const url = new URL(postgres.erpUrl)
  const password = url.password
  const line = await openHostileProxy(Number(url.port))
  url.port = String(line.port)
  const connector = createErpConnector(erpSettings, { url: url.href, ca: own.sound.ca })

  /** Connections that are open know nothing of what has changed since. */
  const breakOff = () =>
    query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'llavero'")
  const onLine =
    (fault: LineFault): MakeHazard =>
    async () => {
      await line.setFault(fault)
      return () => line.setFault(null)
    }
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
    settings: erpSettings,
    connector,
    look: erp.look,
    hazards: {
      unreachable: onLine('unreachable'),
      'reset mid-answer': onLine('reset-mid-answer'),
      frozen: onLine('frozen'),
      slow: onLine('slow'),
      'empty answer': async () => {
        await postgres.setFault('erp', 'empty')
        return () => postgres.setFault('erp', null)
      },
      'no permission to read': stated(
        'REVOKE SELECT ON usuarios FROM llavero',
        'GRANT SELECT ON usuarios TO llavero',
      ),
      'truncated page':
        'page and count are one statement of the database: an answer that is cut is reset mid-answer',
      'restored from an old backup': async () => {
        const kept = await postgres.snapshot()
        return () => postgres.restore(kept)
      },
      'clock ten minutes off':
        'the ERP compares the end of an account with its own clock: it is off by as much, and nothing else is',
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
      await erp.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
