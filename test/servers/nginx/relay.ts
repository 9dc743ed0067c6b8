import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { answers, clearCrashedRuns } from '../own-server.ts'

/** A relay of our own, from the documented configuration: private folder, no file of the system's nginx. */
export interface Relay {
  /** Where its certificates and its site's settings lie. */
  readonly folder: string
  /** What it has written, to whatever place. */
  written(): Promise<string>
  /** Only what is told to whoever looks after it. */
  accessLog(): Promise<string>
  start(): Promise<void>
  stop(): Promise<void>
  close(): Promise<void>
}

export interface RelaySetting {
  /** The documented `nginx.conf`. */
  readonly configuration: string
  /** The site's own part, in which `{log}` is the path of the access log. */
  readonly site: string
  /** Where it is to answer. */
  readonly port: number
  /** The other files of `relay/`, by name. */
  readonly files: Readonly<Record<string, string>>
}

const prefix = 'llavero-relay-'

export async function openRelay(setting: RelaySetting): Promise<Relay> {
  await clearCrashedRuns(prefix, 'nginx.pid', master => process.kill(master, 'SIGTERM'))
  const folder = await mkdtemp(join(tmpdir(), prefix))
  await writeFile(join(folder, 'owner'), String(process.pid))
  const conf = join(folder, 'nginx.conf')
  const log = join(folder, 'access.log')
  const output = join(folder, 'output.log')
  await cp(setting.configuration, conf)
  await mkdir(join(folder, 'relay'))
  const files = { ...setting.files, 'site.conf': setting.site.replaceAll('{log}', log) }
  for (const [name, text] of Object.entries(files))
    await writeFile(join(folder, 'relay', name), text, { mode: 0o600 })

  let child: ChildProcess | null = null
  const gone = () => child === null || child.exitCode !== null || child.signalCode !== null
  const endWithThisProcess = () => gone() || child?.kill('SIGTERM')
  process.once('exit', endWithThisProcess)
  // Where nginx was built to write before it has read anything.
  const own = ['-p', folder, '-c', conf, '-e', join(folder, 'error.log')]
  const globals = ['-g', `daemon off; pid ${folder}/nginx.pid;`]

  const relay: Relay = {
    folder: join(folder, 'relay'),
    async written() {
      const names = (await readdir(folder)).filter(name => name.endsWith('.log'))
      return (await Promise.all(names.map(name => readFile(join(folder, name), 'utf8')))).join('\n')
    },
    accessLog: () => readFile(log, 'utf8'),
    async start() {
      if (!gone()) return
      execFileSync('nginx', ['-t', '-q', ...own, ...globals], { stdio: 'pipe' })
      const fd = openSync(output, 'a')
      child = spawn('nginx', [...own, ...globals], { stdio: ['ignore', fd, fd] })
      closeSync(fd)
      for (let waited = 0; waited < 400; waited++) {
        if (gone()) throw new Error(`nginx ended at once: ${await relay.written()}`)
        if (await answers(setting.port)) return
        await pause(25)
      }
      throw new Error('nginx does not answer')
    },
    async stop() {
      // Calls under way are ended first, and logged.
      child?.kill('SIGQUIT')
      while (!gone()) await pause(10)
      child = null
    },
    async close() {
      process.removeListener('exit', endWithThisProcess)
      await relay.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return relay
}
