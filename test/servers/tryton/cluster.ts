import { execFile, spawn } from 'node:child_process'
import { chown, mkdir, open, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { findFreePort } from '../../../infra/local/postgres/fault-proxy.ts'
import {
  commandOf,
  isServerOf,
  type Programs,
  stopServer,
} from '../../../infra/local/postgres/server-process.ts'

const run = promisify(execFile)

const superuser = 'tryton'
const password = 'Base-de-datos-1'

/** What a test needs: little memory, no care for power cuts. */
const options = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '48MB',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  autovacuum_naptime: '2s',
  jit: 'off',
}

/** A PostgreSQL of Debian's over a folder of ours, as an ordinary user. */
export interface Cluster {
  readonly port: number
  /** Of one database, or without one: what trytond is configured with. */
  url(database?: string): string
  query(database: string, text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>
  stop(): Promise<void>
}

const environment = { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' }

export async function initialiseCluster(programs: Programs, folder: string): Promise<void> {
  const passwordFile = join(folder, 'initial-password')
  await writeFile(passwordFile, password)
  await mkdir(join(folder, 'data'), { mode: 0o700 })
  await giveAway(folder)
  const [file, args] = commandOf(programs.initdb, [
    ...['-D', join(folder, 'data'), '-U', superuser, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`],
    ...['-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions'],
  ])
  await run(file, args, { env: environment })
  await rm(passwordFile)
}

/** To the user that PostgreSQL runs as, if this is root. */
async function giveAway(folder: string): Promise<void> {
  const [, args] = commandOf('true', [])
  const uid = Number(args.find(one => one.startsWith('--reuid='))?.slice('--reuid='.length))
  if (Number.isNaN(uid)) return
  await chown(folder, uid, -1)
  await chown(join(folder, 'data'), uid, -1)
}

export async function startCluster(programs: Programs, folder: string): Promise<Cluster> {
  const port = await findFreePort()
  const data = join(folder, 'data')
  const log = await open(join(folder, 'postgres.log'), 'a')
  const [file, args] = commandOf(programs.postgres, [
    ...['-D', data, '-p', String(port)],
    ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ])
  const child = spawn(file, args, { stdio: ['ignore', log.fd, log.fd], env: environment })
  await log.close()
  const pid = child.pid ?? 0
  const endWithThisProcess = () => isServerOf(pid, data) && process.kill(pid, 'SIGINT')
  process.once('exit', endWithThisProcess)

  const url = (database = '') => `postgresql://${superuser}:${password}@127.0.0.1:${port}/${database}`
  const query: Cluster['query'] = async (database, text, values = []) => {
    const client = new pg.Client({ connectionString: url(database) })
    await client.connect()
    try {
      return (await client.query(text, [...values])).rows
    } finally {
      await client.end()
    }
  }
  for (let waited = 0; ; waited++) {
    if (await query('postgres', 'SELECT 1').catch(() => null)) break
    if (waited > 200 || child.exitCode !== null) throw new Error(`PostgreSQL does not start: see ${folder}`)
    await pause(50)
  }
  return {
    port,
    url,
    query,
    async stop() {
      process.off('exit', endWithThisProcess)
      await stopServer(data)
    },
  }
}
