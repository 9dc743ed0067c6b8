import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import {
  type LocalPostgres,
  type PostgresOptions,
  type PostgresTarget,
  startPostgres,
} from '../../infra/local/postgres/start-postgres.ts'

/** The embedded PostgreSQL, or the one whose programs are named, in a folder of its own, and a way to look and meddle past the connector. */
export interface SqlServer {
  readonly postgres: LocalPostgres
  /** As the owner of the tables. */
  query(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>
  close(): Promise<void>
}

export async function openSqlServer(
  target: PostgresTarget,
  other: Omit<PostgresOptions, 'dataDir'> = {},
): Promise<SqlServer> {
  const folder = await mkdtemp(join(tmpdir(), 'llavero-sql-'))
  const postgres = await startPostgres({ dataDir: folder, ...other })
  return {
    postgres,
    async query(text, values = []) {
      const client = new pg.Client({ connectionString: postgres.ownerUrl(target) })
      await client.connect()
      try {
        return (await client.query(text, [...values])).rows
      } finally {
        await client.end()
      }
    },
    async close() {
      await postgres.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The same database under another login. */
export function urlAs(url: string, user: string, password: string): string {
  const other = new URL(url)
  other.username = user
  other.password = password
  return other.href
}
