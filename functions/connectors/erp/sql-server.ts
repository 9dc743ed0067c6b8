import { MssqlDriver } from 'kysely'
import { ConnectorError } from '../contract.ts'
import { openDatabase, type SqlDatabase } from '../sql-database.ts'
import type { SqlSecret } from '../sql-postgres.ts'

/** Milliseconds, as for PostgreSQL. */
const patience = { connect: 5_000, answer: 8_000 }

/**
 * A SQL Server database, `mssql://login:password@host:1433/database`, always over verified TLS. Its client is 1.2 MB and is
 * loaded when it is first wanted: the bodies whose ERP lives in PostgreSQL never do.
 */
export function openSqlServer(system: string, secret: SqlSecret): SqlDatabase {
  return openDatabase(system, () => openDriver(system, secret), 'sql-server')
}

async function openDriver(system: string, secret: SqlSecret): Promise<MssqlDriver> {
  const entry = readEntry(system, secret.url)
  const [{ Connection, Request, TYPES, ISOLATION_LEVEL }, { Pool }] = await Promise.all([
    import('tedious'),
    import('tarn'),
  ])
  return new MssqlDriver({
    tarn: {
      Pool,
      options: { min: 0, max: 3, acquireTimeoutMillis: patience.connect, propagateCreateError: true },
    },
    tedious: {
      Request,
      TYPES,
      ISOLATION_LEVEL,
      connectionFactory: () =>
        new Connection({
          server: entry.server,
          authentication: { type: 'default', options: { userName: entry.login, password: entry.password } },
          options: {
            port: entry.port,
            database: entry.database,
            appName: 'llavero',
            encrypt: true,
            trustServerCertificate: false,
            ...(secret.ca === undefined ? {} : { cryptoCredentialsDetails: { ca: secret.ca } }),
            connectTimeout: patience.connect,
            requestTimeout: patience.answer,
            cancelTimeout: 1_000,
            useUTC: true,
            abortTransactionOnError: true,
          },
        }),
    },
  })
}

function readEntry(system: string, text: string) {
  const url = URL.parse(text)
  if (url === null || url.protocol !== 'mssql:') throw new ConnectorError(system, 'misconfigured', false)
  return {
    server: url.hostname,
    port: url.port === '' ? 1433 : Number(url.port),
    database: decodeURIComponent(url.pathname.slice(1)),
    login: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  }
}
