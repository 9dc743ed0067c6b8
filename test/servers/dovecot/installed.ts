import { execFileSync } from 'node:child_process'
import { findPostgresql } from '../postgresql/installed.ts'

/** What is installed here, as far as the tests against a real mail server care. */
export type MailServer =
  | { readonly usable: true; readonly title: string }
  | { readonly usable: false; readonly reason: string }

/** Dovecot, the PostgreSQL behind it, and the root that Dovecot needs to give its processes other users. */
export function findMailServer(): MailServer {
  const postgresql = findPostgresql()
  if (!postgresql.usable) return postgresql
  if (process.getuid?.() !== 0)
    return { usable: false, reason: 'Dovecot needs root for the users it runs as' }
  try {
    const version = execFileSync('dovecot', ['--version'], { encoding: 'utf8', stdio: 'pipe' })
    return { usable: true, title: `Dovecot ${/\d+\.\d+/.exec(version)?.[0] ?? ''} on ${postgresql.title}` }
  } catch {
    return {
      usable: false,
      reason: 'Dovecot is not installed: apt-get install the list in test/servers/dovecot/packages.txt',
    }
  }
}
