import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** What is installed here of an ERP on Tryton: the server, the modules we use, and a PostgreSQL to hold its database. */
export type Tryton =
  | { readonly usable: true; readonly title: string; readonly version: string; readonly postgres: string }
  | { readonly usable: false; readonly reason: string }

const modules = ['company', 'party', 'account']
const list = 'apt-get install the list in test/servers/tryton/packages.txt'

export function findTryton(): Tryton {
  const postgres = findPostgres()
  if (postgres === null) return { usable: false, reason: `PostgreSQL is not installed: ${list}` }
  try {
    const check = `import psycopg2, ${modules.map(name => `trytond.modules.${name}`).join(', ')}; import trytond; print(trytond.__version__)`
    const said = execFileSync('/usr/bin/python3', ['-c', check], { encoding: 'utf8', stdio: 'pipe' }).trim()
    return {
      usable: true,
      title: `Tryton ${/^\d+\.\d+/.exec(said)?.[0] ?? said}`,
      version: said,
      postgres,
    }
  } catch {
    return { usable: false, reason: `Tryton is not installed: ${list}` }
  }
}

/** The folder of the newest PostgreSQL that Debian has installed. */
function findPostgres(): string | null {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root) : []
  const [newest] = versions
    .filter(version => existsSync(join(root, version, 'bin', 'initdb')))
    .sort((one, other) => Number(other) - Number(one))
  return newest === undefined ? null : join(root, newest, 'bin')
}
