import { PostgresDriver } from 'kysely'
import pg from 'pg'
import { openDatabase, type SqlDatabase } from './sql-database.ts'
import { isServerAnswer } from './sql-faults.ts'

/** Milliseconds. The server gives up before the client does, so that its answer says why. */
const patience = { connect: 5_000, lock: 4_000, statement: 7_000, answer: 8_000, idleTransaction: 15_000 }

/** Lets the connections of a server that knows nothing of TLS stay on this machine. */
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/

const { TIMESTAMP, TIMESTAMPTZ, DATE } = pg.types.builtins

/** Connection data of a target: never a setting. `ca`: PEM of a private authority that signed the server's certificate. */
export interface SqlSecret {
  readonly url: string
  readonly ca?: string
}

/**
 * A PostgreSQL database, entered at the first statement. Elsewhere than on this machine only over verified TLS,
 * unless the secret's url says `sslmode=disable`.
 */
export function openPostgres(system: string, secret: SqlSecret): SqlDatabase {
  return openDatabase(
    system,
    async () => new PostgresDriver({ pool: dropBroken(openPool(secret)) }),
    'postgresql',
  )
}

function openPool(secret: SqlSecret): pg.Pool {
  const url = new URL(secret.url)
  const mode = url.searchParams.get('sslmode')
  url.searchParams.delete('sslmode')
  const clear =
    mode === 'disable' || (mode === null && secret.ca === undefined && loopback.test(url.hostname))
  const pool = new pg.Pool({
    connectionString: url.href,
    ssl: clear ? false : { rejectUnauthorized: true, ...(secret.ca === undefined ? {} : { ca: secret.ca }) },
    application_name: 'llavero',
    max: 5,
    idleTimeoutMillis: 60_000,
    allowExitOnIdle: true,
    keepAlive: true,
    connectionTimeoutMillis: patience.connect,
    query_timeout: patience.answer,
    statement_timeout: patience.statement,
    lock_timeout: patience.lock,
    idle_in_transaction_session_timeout: patience.idleTransaction,
    types: { getTypeParser: readTimesAsInstants as typeof pg.types.getTypeParser },
  })
  // An idle connection died: the pool has dropped it already, and the next call opens another.
  pool.on('error', () => undefined)
  return pool
}

/**
 * A time without a zone is UTC, not the zone of this process. A day is not an instant: whoever maps an end to a column
 * of days would lose the hours in which the access still works, so that is refused.
 */
function readTimesAsInstants(type: number, format?: 'text' | 'binary'): (text: string) => unknown {
  if (type === DATE) return refuseDays
  if (type === TIMESTAMP) return text => pg.types.getTypeParser(TIMESTAMPTZ)(`${text}+00`)
  return pg.types.getTypeParser(type, format)
}

function refuseDays(): never {
  throw Object.assign(new Error('a column of days cannot hold an instant'), { code: '42804' })
}

/**
 * pg hands a connection on after a time-out although its answer is still under way: such a one is closed instead.
 * And a connection that breaks while it is lent out throws at nobody, ending the process, unless somebody listens.
 */
function dropBroken(pool: pg.Pool) {
  return {
    connect: async () => {
      const client = await pool.connect()
      let broken = false
      const markBroken = () => {
        broken = true
      }
      client.on('error', markBroken)
      return {
        query: async (text: string, values: readonly unknown[]) => {
          try {
            return await client.query(text, [...values])
          } catch (error) {
            broken ||= !isServerAnswer(error)
            throw error
          }
        },
        release: (destroy?: boolean) => {
          const ends = broken || destroy === true
          // One that is being closed may still fail: the listener stays with it.
          if (!ends) client.off('error', markBroken)
          client.release(ends)
        },
      }
    },
    end: () => pool.end(),
  } as unknown as ConstructorParameters<typeof PostgresDriver>[0]['pool']
}
