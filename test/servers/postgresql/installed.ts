import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Programs } from '../../../infra/local/postgres/server-process.ts'

export type Postgresql =
  | { readonly usable: true; readonly title: string; readonly programs: Programs }
  | { readonly usable: false; readonly reason: string }

const debian = '/usr/lib/postgresql'

/** Debian's own PostgreSQL, the newest that is installed: never the one that npm brings along. */
export function findPostgresql(): Postgresql {
  const versions = existsSync(debian)
    ? readdirSync(debian).sort((one, other) => Number(other) - Number(one))
    : []
  for (const version of versions) {
    const programOf = (name: string) => join(debian, version, 'bin', name)
    const programs = { initdb: programOf('initdb'), postgres: programOf('postgres') }
    if (!existsSync(programs.initdb) || !existsSync(programs.postgres)) continue
    const said = execFileSync(programs.postgres, ['--version'], { encoding: 'utf8', stdio: 'pipe' })
    return { usable: true, title: `PostgreSQL ${/\d+/.exec(said)?.[0] ?? version}`, programs }
  }
  return {
    usable: false,
    reason: 'PostgreSQL is not installed: apt-get install the list in test/servers/postgresql/packages.txt',
  }
}
