import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Answer, type Client, clientOf, mustBe } from '../../infra/local/client.ts'
import type { SamplePerson, SampleUnit } from '../../infra/local/sample/body.ts'

const START = fileURLToPath(new URL('../../infra/local/start.ts', import.meta.url))

/** What `/local/organisation` answers. */
export interface Organisation {
  readonly units: readonly SampleUnit[]
  readonly people: readonly SamplePerson[]
  readonly modules: readonly { readonly id: string; readonly name: string; readonly sensitive: boolean }[]
  readonly doors: readonly { readonly serial: string; readonly siteSecret: string; readonly name: string }[]
  readonly targets: readonly {
    readonly id: string
    readonly url: string
    readonly ca?: string
    readonly baseDn?: string
    readonly bindDn?: string
    readonly password?: string
  }[]
  readonly ledgerExport: string | null
}

/** A whole Llavero in a process of its own, on free ports, with a data directory of its own. */
export interface Laptop {
  readonly client: Client
  readonly base: string
  readonly dataDir: string
  readonly organisation: Organisation
  /** Everything it has printed so far. */
  output(): string
  /** A call in somebody's name. */
  as(
    nationalId: string,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>
  /** Waits until nothing is due. */
  idle(): Promise<void>
  /** Ctrl-C. Answers the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL: what a power cut does. */
  kill(): Promise<void>
  /** Starts again on the same data. */
  restart(): Promise<Laptop>
  /** Stops and removes the data. */
  discard(): Promise<void>
}

async function listening(child: ChildProcess, output: () => string): Promise<string> {
  const deadline = Date.now() + 90_000
  while (Date.now() < deadline) {
    const base = /Llavero is ready on (http:\/\/\S+)/.exec(output())?.[1]
    if (base) return base
    if (child.exitCode !== null || child.signalCode !== null) break
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`the laptop did not start:\n${output()}`)
}

export async function startLaptop(
  dataDir = mkdtempSync(join(tmpdir(), 'llavero-laptop-')),
  env: Record<string, string> = {},
): Promise<Laptop> {
  let printed = ''
  const child = spawn(process.execPath, [START], {
    env: { ...process.env, PORT: '0', LLAVERO_DATA: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const collect = (chunk: Buffer) => {
    printed += chunk.toString('utf8')
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const gone = once(child, 'exit')
  const base = await listening(child, () => printed)
  const client = clientOf(base)
  const organisation = mustBe(await client('GET', '/local/organisation'), 200, 'GET /local/organisation')
  const tokens = new Map<string, Promise<string>>()
  const tokenOf = async (nationalId: string): Promise<string> => {
    const answer = await client('POST', '/local/token', { body: { nationalId } })
    return mustBe(answer, 200, 'POST /local/token').access_token
  }
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await gone
  }
  const laptop: Laptop = {
    client,
    base,
    dataDir,
    organisation,
    output: () => printed,
    as: async (nationalId, method, path, body, headers) => {
      const token = tokens.get(nationalId) ?? tokenOf(nationalId)
      tokens.set(nationalId, token)
      return client(method, path, { token: await token, body, ...(headers ? { headers } : {}) })
    },
    idle: async () => {
      mustBe(await client('GET', '/local/idle'), 200, 'GET /local/idle')
    },
    stop: async () => {
      await end('SIGINT')
      return child.exitCode
    },
    kill: () => end('SIGKILL'),
    restart: () => startLaptop(dataDir, env),
    discard: async () => {
      await end('SIGTERM')
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
  return laptop
}
