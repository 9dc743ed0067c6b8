import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { findFreePort } from '../../../infra/local/postgres/fault-proxy.ts'
import { admin, configuration, database, makeBase, programs } from './base.ts'
import { type Cluster, startCluster } from './cluster.ts'
import { findTryton, type Tryton } from './installed.ts'
import { plantErp, service } from './plant-erp.ts'
import { type Rpc, signIn } from './rpc.ts'

const run = promisify(execFile)

/** A Tryton of our own, with a PostgreSQL of its own: private folder, free ports, processes that end with this one. */
export interface TrytonServer {
  readonly url: string
  readonly port: number
  readonly database: string
  readonly admin: typeof admin
  /** The account that the connector enters with. */
  readonly service: { readonly user: string; readonly password: string }
  /** The ERP's own database, behind its back. */
  query(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>
  /** Signs in as a person does; null: refused. */
  login(user: string, password: string): Promise<Rpc | null>
  /** As the ERP's administrator. */
  asAdmin(): Promise<Rpc>
  start(): Promise<void>
  /** Waits until the process is gone. The database runs on. */
  stop(): Promise<void>
  /** A backup of everything as it is now; the answer puts it back. */
  backUp(): Promise<() => Promise<void>>
  close(): Promise<void>
}

/** A fresh ERP with the sample groups and the service account: made once per version of these recipes, then copied in two seconds. */
export async function startTryton(): Promise<TrytonServer> {
  const snapshot = await plantedSnapshot()
  const folder = await mkdtemp(join(tmpdir(), 'llavero-tryton-'))
  await run('tar', ['-xpzf', snapshot, '-C', folder])
  return startServer(await startCluster(programs().postgres, folder), folder)
}

/** To be awaited before the tests of a file are described: making the first ERP takes longer than a hook may. */
export async function prepareTryton(): Promise<Tryton> {
  const found = findTryton()
  if (found.usable) await plantedSnapshot()
  return found
}

async function startServer(cluster: Cluster, folder: string): Promise<TrytonServer> {
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}`
  const conf = join(folder, 'trytond.conf')
  await mkdir(join(folder, 'files'), { recursive: true })
  await writeFile(conf, configuration(cluster, folder, port))
  let child: ChildProcess | null = null
  let backups = 0
  const gone = () => child === null || child.exitCode !== null || child.signalCode !== null
  const endWithThisProcess = () => void child?.kill('SIGKILL')
  process.once('exit', endWithThisProcess)

  const server: TrytonServer = {
    url,
    port,
    database,
    admin,
    service,
    query: (text, values) => cluster.query(database, text, values),
    login: (user, password) => signIn(url, database, user, password),
    async asAdmin() {
      const rpc = await signIn(url, database, admin.user, admin.password)
      if (rpc === null) throw new Error('Tryton refuses its administrator')
      return rpc
    },
    async start() {
      if (!gone()) return
      const log = await open(join(folder, 'trytond.log'), 'a')
      child = spawn('/usr/bin/trytond', ['-c', conf, '-d', database], {
        stdio: ['ignore', log.fd, log.fd],
        env: { PATH: process.env.PATH ?? '', PYTHONDONTWRITEBYTECODE: '1', LC_ALL: 'C.UTF-8', TZ: 'UTC' },
      })
      await log.close()
      for (let waited = 0; waited < 600; waited++) {
        if (gone()) throw new Error(`trytond ended at once: see ${folder}/trytond.log`)
        const answer = await fetch(`${url}/`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ id: 0, method: 'common.server.version', params: [] }),
        }).catch(() => null)
        if (answer?.ok) return
        await pause(50)
      }
      throw new Error('trytond does not answer')
    },
    async stop() {
      const stopping = child
      if (stopping === null || gone()) return
      const ended = new Promise(resolve => stopping.once('exit', resolve))
      stopping.kill('SIGCONT')
      stopping.kill('SIGTERM')
      const late = setTimeout(() => stopping.kill('SIGKILL'), 2_000)
      await ended
      clearTimeout(late)
      child = null
    },
    async backUp() {
      await server.stop()
      const kept = `backup_${++backups}`
      await cluster.query('postgres', `CREATE DATABASE ${kept} TEMPLATE ${database}`)
      await server.start()
      return async () => {
        await server.stop()
        await cluster.query('postgres', `DROP DATABASE ${database} WITH (FORCE)`)
        await cluster.query('postgres', `CREATE DATABASE ${database} TEMPLATE ${kept}`)
        await server.start()
      }
    },
    async close() {
      process.off('exit', endWithThisProcess)
      await server.stop()
      await cluster.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
  await server.start()
  return server
}

/** Everything that a snapshot depends on, in few letters. */
function digestOf(recipes: readonly string[]): string {
  const found = programs()
  const digest = createHash('sha256').update(found.version)
  for (const file of recipes) digest.update(readFileSync(join(import.meta.dirname, file)))
  return digest.digest('hex').slice(0, 16)
}

const plantedSnapshot = () =>
  madeOnce(`erp-${digestOf(['base.ts', 'cluster.ts', 'plant-erp.ts'])}.tgz`, async draft => {
    const base = await madeOnce(`base-${digestOf(['base.ts', 'cluster.ts'])}.tgz`, makeBase)
    const folder = await mkdtemp(join(tmpdir(), 'llavero-tryton-new-'))
    try {
      await run('tar', ['-xpzf', base, '-C', folder])
      const cluster = await startCluster(programs().postgres, folder)
      try {
        const server = await startServer(cluster, folder)
        try {
          await plantErp(await server.asAdmin())
        } finally {
          await server.stop()
        }
        await server.query('DELETE FROM ir_session')
        await server.query('ANALYZE')
      } finally {
        await cluster.stop()
      }
      await run('tar', ['-czf', draft, '-C', folder, 'data'])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

/** A file of the cache; made by whoever comes first, awaited by the others. `make` writes a draft. */
async function madeOnce(file: string, make: (draft: string) => Promise<void>): Promise<string> {
  const cache = join(import.meta.dirname, '..', '..', '..', '.cache', 'tryton')
  await mkdir(cache, { recursive: true })
  const wanted = join(cache, file)
  const lock = `${wanted}.making`
  while (!existsSync(wanted)) {
    const mine = await mkdir(lock).then(
      () => true,
      () => false,
    )
    if (mine) {
      const draft = `${wanted}.${process.pid}`
      try {
        if (!existsSync(wanted)) {
          await make(draft)
          await rename(draft, wanted)
        }
      } finally {
        await rm(draft, { force: true })
        await rm(lock, { recursive: true, force: true })
      }
    } else {
      // Whoever was making it is dead: it never takes that long.
      const { mtimeMs } = await stat(lock).catch(() => ({ mtimeMs: Date.now() }))
      if (Date.now() - mtimeMs > 300_000) await rm(lock, { recursive: true, force: true })
      await pause(250)
    }
  }
  return wanted
}
