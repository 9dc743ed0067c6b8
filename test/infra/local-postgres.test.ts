import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandOf, isServerOf, stopServer } from '../../infra/local/postgres/server-process.ts'
import { type LocalPostgres, startPostgres } from '../../infra/local/postgres/start-postgres.ts'

const starter = join(import.meta.dirname, '../../infra/local/postgres/start-postgres.ts')

async function ask(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

describe("The laptop's PostgreSQL", () => {
  let folder: string
  let postgres: LocalPostgres
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llavero-pg-'))
  })
  afterAll(async () => {
    await postgres?.close()
    await rm(folder, { recursive: true, force: true })
  })
  const pidOf = async () =>
    Number((await readFile(join(folder, 'data/postmaster.pid'), 'utf8')).split('\n')[0])

  it('outlives a killed process, and the next start over its data ends it first', async () => {
    const script = `
      const { startPostgres } = await import(${JSON.stringify(starter)})
      const postgres = await startPostgres({ dataDir: ${JSON.stringify(folder)} })
      const { default: pg } = await import('pg')
      const client = new pg.Client({ connectionString: postgres.erpUrl })
      await client.connect()
      await client.query("INSERT INTO usuarios (login, nombre) VALUES ('resto', 'Resto')")
      console.log('ready')
      setInterval(() => {}, 1000)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      cwd: join(import.meta.dirname, '../..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(parent.stdout, 'data')
    const orphan = await pidOf()
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    expect(isServerOf(orphan, join(folder, 'data'))).toBe(true)

    postgres = await startPostgres({ dataDir: folder })
    expect(isServerOf(orphan, join(folder, 'data'))).toBe(false)
    expect(await ask(postgres.erpUrl, "SELECT nombre FROM usuarios WHERE login = 'resto'")).toEqual([
      { nombre: 'Resto' },
    ])
  })

  it('never ends a process that is not the server of its own folder', async () => {
    const other = await mkdtemp(join(tmpdir(), 'llavero-pg-'))
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    try {
      for (const pid of [bystander.pid, await pidOf()]) {
        await writeFile(join(other, 'postmaster.pid'), `${pid}\n`)
        await stopServer(other)
      }
      expect(bystander.exitCode ?? bystander.signalCode).toBeNull()
      expect(await ask(postgres.mailUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    } finally {
      bystander.kill()
      await rm(other, { recursive: true })
    }
  })

  it('puts everything back as it was kept, keys included, within a second', async () => {
    const erp = async () => ask(postgres.erpUrl, 'SELECT id_usuario, login, nombre FROM usuarios ORDER BY 1')
    await ask(
      postgres.erpUrl,
      "INSERT INTO usuarios (login, nombre) SELECT 'p' || n, 'Persona' FROM generate_series(1, 50) n",
    )
    const kept = await postgres.snapshot()
    const before = await erp()
    await ask(postgres.erpUrl, "UPDATE usuarios SET nombre = 'Otro'")
    await ask(postgres.erpUrl, "INSERT INTO usuarios (login, nombre) VALUES ('nuevo', 'Nuevo')")
    await ask(postgres.ownerUrl('mail'), 'TRUNCATE mailbox, alias CASCADE')
    const started = Date.now()
    await postgres.restore(kept)
    expect(Date.now() - started).toBeLessThan(1_000)
    expect(await erp()).toEqual(before)
    expect(await ask(postgres.mailUrl, 'SELECT count(*)::int AS aliases FROM alias')).toEqual([
      { aliases: 4 },
    ])
    const [made] = await ask(
      postgres.erpUrl,
      "INSERT INTO usuarios (login, nombre) VALUES ('nuevo', 'Nuevo') RETURNING id_usuario",
    )
    expect(made?.id_usuario).toBe(Number(before.at(-1)?.id_usuario) + 1)
  })

  it('fails for one target and not for the other, also on connections that are open', async () => {
    const client = new pg.Client({ connectionString: postgres.mailUrl, query_timeout: 700 })
    client.on('error', () => undefined)
    await client.connect()
    await postgres.setFault('mail', 'empty')
    expect((await client.query('SELECT * FROM domain')).rows).toEqual([])
    expect(await ask(postgres.ownerUrl('mail'), 'SELECT domain FROM domain')).not.toEqual([])
    await postgres.setFault('mail', 'slow')
    const started = Date.now()
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    expect(Date.now() - started).toBeGreaterThanOrEqual(490)
    await postgres.setFault('mail', 'frozen')
    await expect(client.query('SELECT 1')).rejects.toThrow('timeout')
    await expect(ask(postgres.mailUrl, 'SELECT 1')).rejects.toThrow('timeout')
    await postgres.setFault('mail', 'down')
    await expect(ask(postgres.mailUrl, 'SELECT 1')).rejects.toThrow()
    expect(await ask(postgres.erpUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    await postgres.setFault('mail', null)
    expect(await ask(postgres.mailUrl, 'SELECT count(*)::int AS domains FROM domain')).toEqual([
      { domains: 2 },
    ])
  })

  it('gives the connectors no right to delete mail, addresses or users (R25)', async () => {
    for (const table of ['mailbox', 'alias', 'llavero_owner', 'domain'])
      await expect(ask(postgres.mailUrl, `DELETE FROM ${table}`)).rejects.toThrow('permission denied')
    await expect(ask(postgres.erpUrl, 'DELETE FROM usuarios')).rejects.toThrow('permission denied')
  })
})

it('finds its own programs also where a clone lies in a folder that only its owner may enter', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'llavero-closed-'))
  try {
    const program = join(folder, 'program')
    await writeFile(program, '', { mode: 0o755 })
    const look = `require('node:fs').accessSync(${JSON.stringify(program)}, require('node:fs').constants.X_OK)`
    const [file, args] = commandOf(process.execPath, ['-e', look])
    execFileSync(file, args, { stdio: 'pipe' })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
