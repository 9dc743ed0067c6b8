import { execFileSync } from 'node:child_process'

/** What is installed here, as far as the tests against real servers care. */
export type Samba =
  | { readonly usable: true; readonly title: string }
  | { readonly usable: false; readonly reason: string }

/** Samba with its domain controller, and the root it needs for its fixed ports. */
export function findSamba(): Samba {
  if (process.getuid?.() !== 0) return { usable: false, reason: 'Samba needs root for ports 389 and 636' }
  try {
    const version = execFileSync('samba', ['--version'], { encoding: 'utf8', stdio: 'pipe' })
    execFileSync('samba-tool', ['domain', 'provision', '--help'], { stdio: 'pipe' })
    return { usable: true, title: `Samba ${/\d+\.\d+/.exec(version)?.[0] ?? ''}` }
  } catch {
    return {
      usable: false,
      reason: 'Samba is not installed: apt-get install the list in test/servers/samba/packages.txt',
    }
  }
}

/** In CI a missing server is a failure, elsewhere a reason to skip. */
export const realServersRequired = process.env.REAL_SERVERS === 'required'
