import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { type FaultProxy, findFreePort, openFaultProxy } from './fault-proxy.ts'
import {
  findPrograms,
  initialiseCluster,
  isServerOf,
  type Programs,
  spawnServer,
  stopServer,
} from './server-process.ts'
import { copyTables, hideRows, putTablesBack } from './table-copies.ts'

export type PostgresTarget = 'mail' | 'erp'
export type PostgresFault = 'down' | 'frozen' | 'empty' | 'slow'

const targets = ['mail', 'erp'] as const
const superuser = 'owner'
const secondsToStart = 20

export interface LocalPostgres {
  /** The connectors' own login, with just the rights they need. */
  readonly mailUrl: string
  readonly erpUrl: string
  /** The owner's login, past every fault: what the database really holds. */
  ownerUrl(target: PostgresTarget): string
  /** Keeps what both databases hold now, for `restore`; it stays in the data folder. */
  snapshot(): Promise<string>
  restore(snapshot: string): Promise<void>
  /** Holds for open connections as well. `empty`: every table looks empty to the connectors. */
  setFault(target: PostgresTarget, kind: PostgresFault | null): Promise<void>
  /** Stops and starts the server; the urls stay. */
  restart(): Promise<void>
  close(): Promise<void>
}

/** `programs`: another PostgreSQL than the embedded one. `options`: settings of the server beside our own. */
export interface PostgresOptions {
  readonly dataDir: string
  readonly programs?: Programs
  readonly options?: Readonly<Record<string, string>>
}

interface Secrets {
  readonly owner: string
  readonly connector: string
}

/**
 * A real PostgreSQL on loopback with the databases `mail` and `erp`. What it holds survives in `dataDir`. Should this process
 * be killed the server lives on; the next start over the same folder ends it first.
 */
export async function startPostgres({
  dataDir,
  programs,
  options = {},
}: PostgresOptions): Promise<LocalPostgres> {
  const folder = resolve(dataDir)
  const installed = programs ?? (await findPrograms())
  const run = (secrets: Secrets) => runServer(installed, folder, secrets, options)
  const data = join(folder, 'data')
  await mkdir(folder, { recursive: true })
  await stopServer(data)
  const fresh = !existsSync(join(folder, 'ready'))
  const secrets = fresh ? await makeCluster(installed, folder) : await readSecrets(folder)

  let { port, pid } = await run(secrets)
  const stopWithThisProcess = () => isServerOf(pid, data) && process.kill(pid, 'SIGINT')
  process.once('exit', stopWithThisProcess)
  const ownerUrl = (database: string) => urlOf(superuser, secrets.owner, port, database)
  if (fresh) {
    await makeDatabases(ownerUrl, secrets)
    await writeFile(join(folder, 'ready'), '')
  }

  const proxies: Record<PostgresTarget, FaultProxy> = {
    mail: await openFaultProxy(port),
    erp: await openFaultProxy(port),
  }
  const hidden: Record<PostgresTarget, boolean> = { mail: true, erp: true }
  async function setFault(target: PostgresTarget, kind: PostgresFault | null): Promise<void> {
    proxies[target].setFault(kind === 'empty' ? null : kind)
    if (hidden[target] !== (kind === 'empty')) await hideRows(ownerUrl(target), kind === 'empty')
    hidden[target] = kind === 'empty'
  }
  // A process killed under a fault leaves its rows hidden.
  for (const target of targets) await setFault(target, null)

  return {
    mailUrl: urlOf('llavero', secrets.connector, proxies.mail.port, 'mail'),
    erpUrl: urlOf('llavero', secrets.connector, proxies.erp.port, 'erp'),
    ownerUrl,
    setFault,
    async snapshot() {
      const name = `kept_${randomBytes(6).toString('hex')}`
      await Promise.all(targets.map(target => copyTables(ownerUrl(target), name)))
      return name
    },
    async restore(snapshot) {
      await Promise.all(targets.map(target => putTablesBack(ownerUrl(target), snapshot)))
    },
    async restart() {
      await stopServer(data)
      ;({ port, pid } = await run(secrets))
      for (const target of targets) proxies[target].aim(port)
    },
    async close() {
      process.removeListener('exit', stopWithThisProcess)
      for (const target of targets) await proxies[target].close()
      await stopServer(data)
    },
  }
}

const urlOf = (user: string, password: string, port: number, database: string) =>
  `postgresql://${user}:${password}@127.0.0.1:${port}/${database}`

async function makeCluster(programs: Programs, folder: string): Promise<Secrets> {
  const data = join(folder, 'data')
  await rm(data, { recursive: true, force: true })
  const secrets: Secrets = {
    owner: randomBytes(18).toString('base64url'),
    connector: randomBytes(18).toString('base64url'),
  }
  const file = join(folder, 'secrets.json')
  const passwordFile = join(folder, 'initial-password')
  await writeFile(file, JSON.stringify(secrets), { mode: 0o600 })
  await writeFile(passwordFile, secrets.owner, { mode: 0o600 })
  await initialiseCluster(programs, data, superuser, passwordFile)
  await rm(passwordFile)
  return secrets
}

const readSecrets = async (folder: string): Promise<Secrets> =>
  JSON.parse(await readFile(join(folder, 'secrets.json'), 'utf8'))

async function runServer(
  programs: Programs,
  folder: string,
  secrets: Secrets,
  options: Readonly<Record<string, string>>,
): Promise<{ port: number; pid: number }> {
  const port = await findFreePort()
  const pid = await spawnServer(programs, join(folder, 'data'), port, join(folder, 'server.log'), options)
  const url = urlOf(superuser, secrets.owner, port, 'postgres')
  for (const started = Date.now(); ; await wait(20)) {
    if (await answers(url)) return { port, pid }
    if (Date.now() - started > secondsToStart * 1000)
      throw new Error(`PostgreSQL did not start: see ${join(folder, 'server.log')}`)
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}

async function makeDatabases(ownerUrl: (database: string) => string, secrets: Secrets): Promise<void> {
  await runAsOwner(ownerUrl('postgres'), [
    // base64url holds no quote.
    `CREATE ROLE llavero LOGIN PASSWORD '${secrets.connector}'`,
    ...targets.map(target => `CREATE DATABASE ${target}`),
  ])
  for (const target of targets)
    await runAsOwner(ownerUrl(target), [await readFile(join(import.meta.dirname, `${target}.sql`), 'utf8')])
}

async function runAsOwner(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}
