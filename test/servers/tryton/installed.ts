import { execFileSync } from 'node:child_process'
import type { Programs } from '../../../infra/local/postgres/server-process.ts'
import { findPostgresql } from '../postgresql/installed.ts'

/** What is installed here of an ERP on Tryton: the server, the modules we use, and a PostgreSQL to hold its database. */
export type Tryton =
  | { readonly usable: true; readonly title: string; readonly version: string; readonly postgres: Programs }
  | { readonly usable: false; readonly reason: string }

const modules = ['company', 'party', 'account'].map(name => `trytond.modules.${name}`)

export function findTryton(): Tryton {
  const postgres = findPostgresql()
  if (!postgres.usable) return postgres
  try {
    const check = `import psycopg2, ${modules.join(', ')}; import trytond; print(trytond.__version__)`
    const said = execFileSync('/usr/bin/python3', ['-c', check], { encoding: 'utf8', stdio: 'pipe' }).trim()
    return {
      usable: true,
      title: `Tryton ${/^\d+\.\d+/.exec(said)?.[0] ?? said}`,
      version: `${said} ${postgres.title}`,
      postgres: postgres.programs,
    }
  } catch {
    return {
      usable: false,
      reason: 'Tryton is not installed: apt-get install the list in test/servers/tryton/packages.txt',
    }
  }
}
