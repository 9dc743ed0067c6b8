import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Cluster, initialiseCluster, startCluster } from './cluster.ts'
import { findTryton } from './installed.ts'

const run = promisify(execFile)

export const database = 'erp'
export const admin = { user: 'admin', password: 'Adm1n-Passw0rd!' }

export const configuration = (cluster: Cluster, folder: string, port: number) => `[database]
uri = ${cluster.url()}
path = ${folder}/files
[web]
listen = 127.0.0.1:${port}
[password]
length = 10
entropy = 0.3
`

export function programs() {
  const found = findTryton()
  if (!found.usable) throw new Error(found.reason)
  return found
}

/** Tryton as its own tools install it, with the modules company, party and account. Forty seconds. */
export async function makeBase(draft: string): Promise<void> {
  const found = programs()
  const folder = await mkdtemp(join(tmpdir(), 'llavero-tryton-new-'))
  try {
    await initialiseCluster(found.postgres, folder)
    const cluster = await startCluster(found.postgres, folder)
    try {
      await cluster.query('postgres', `CREATE DATABASE ${database}`)
      const conf = join(folder, 'trytond.conf')
      await writeFile(conf, configuration(cluster, folder, 0))
      const passwordFile = join(folder, 'admin-password')
      await writeFile(passwordFile, admin.password)
      const administer = (...args: string[]) =>
        run('/usr/bin/trytond-admin', ['-c', conf, '-d', database, ...args], {
          env: { ...process.env, TRYTONPASSFILE: passwordFile, PYTHONDONTWRITEBYTECODE: '1' },
        })
      await administer('--all', '--email', 'admin@muni.test', '-p')
      await administer('-u', 'company', 'party', 'account', '--activate-dependencies')
    } finally {
      await cluster.stop()
    }
    await run('tar', ['-czf', draft, '-C', folder, 'data'])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
