import { CompiledQuery, type DatabaseConnection, type Driver } from 'kysely'
import { LostConnection } from './lost-connection.ts'
import { describeFault, isLostConnection, isServerAnswer } from './sql-faults.ts'
import { compile, type Dialect, type Statement } from './sql-statements.ts'

export type Row = Readonly<Record<string, unknown>>

export interface Answer {
  readonly rows: readonly Row[]
  /** Rows inserted, updated or deleted. */
  readonly affected: number
}

/** Where statements can be run: the database itself (each by itself) or one transaction of it. Fails with `ConnectorError`. */
export interface Session {
  run(statement: Statement): Promise<Answer>
}

export interface SqlDatabase extends Session {
  /** All or nothing. Whatever `work` throws takes back what it did. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/**
 * A database behind one of Kysely's drivers, which know how each server begins, commits, takes parameters and gives rows
 * back. `openDriver` is called at the first statement.
 */
export function openDatabase(
  system: string,
  openDriver: () => Promise<Driver>,
  dialect: Dialect,
): SqlDatabase {
  let driver: Promise<Driver> | undefined
  const opened = () => {
    driver ??= openDriver().then(
      async ready => {
        await ready.init()
        return ready
      },
      error => {
        driver = undefined
        throw error
      },
    )
    return driver
  }

  async function outside<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (error) {
      const fault = describeFault(system, error)
      throw isLostConnection(error) ? new LostConnection(system, fault.cause) : fault
    }
  }

  async function ask(connection: DatabaseConnection, statement: Statement): Promise<Answer> {
    const { text, values } = compile(statement, dialect)
    const result = await connection.executeQuery<Row>(CompiledQuery.raw(text, values))
    return { rows: result.rows, affected: Number(result.numAffectedRows ?? 0) }
  }

  async function connected<T>(work: (connection: DatabaseConnection, on: Driver) => Promise<T>): Promise<T> {
    const on = await outside(opened)
    const connection = await outside(() => on.acquireConnection())
    try {
      return await work(connection, on)
    } finally {
      await on.releaseConnection(connection)
    }
  }

  return {
    run: statement => connected(connection => outside(() => ask(connection, statement))),

    transaction: work =>
      connected(async (connection, on) => {
        let silent = false
        const guarded = <T>(call: () => Promise<T>) =>
          outside(async () => {
            try {
              return await call()
            } catch (error) {
              silent ||= !isServerAnswer(error)
              throw error
            }
          })
        await guarded(() => on.beginTransaction(connection, {}))
        try {
          const value = await work({ run: statement => guarded(() => ask(connection, statement)) })
          await guarded(() => on.commitTransaction(connection))
          return value
        } catch (error) {
          // A server that went silent rolls back by itself when the connection is dropped; asking it would only wait again.
          // A rollback that fails drops the connection too: the first error is the one that tells why.
          if (!silent) await on.rollbackTransaction(connection).catch(() => undefined)
          throw error
        }
      }),

    close: async () => {
      const on = await driver?.catch(() => undefined)
      await on?.destroy()
    },
  }
}
