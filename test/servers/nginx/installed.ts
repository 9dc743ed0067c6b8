import { execFileSync, spawnSync } from 'node:child_process'

/** What is installed here, as far as the tests of the relay care. */
export type Nginx =
  | { readonly usable: true; readonly title: string }
  | { readonly usable: false; readonly reason: string }

/** Debian's nginx, and the openssl that the runbook makes certificates with. */
export function findNginx(): Nginx {
  try {
    // It tells its version on the other stream.
    const { stderr, error } = spawnSync('nginx', ['-v'], { encoding: 'utf8' })
    if (error) throw error
    execFileSync('openssl', ['version'], { stdio: 'pipe' })
    return { usable: true, title: `nginx ${/\d+\.\d+/.exec(stderr)?.[0] ?? ''}` }
  } catch {
    return {
      usable: false,
      reason: 'nginx is not installed: apt-get install the list in test/servers/nginx/packages.txt',
    }
  }
}
