import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, open, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connect } from 'node:tls'
import { promisify } from 'node:util'
import { serverCertificate } from '../../../infra/local/certificate.ts'

const run = promisify(execFile)

export const baseDn = 'DC=muni,DC=test'
export const administrator = {
  bindDn: `CN=Administrator,CN=Users,${baseDn}`,
  password: 'Adm1n-Passw0rd!',
}

/** A Samba domain controller of our own: private folder, private loopback address, one process. */
export interface DomainController {
  readonly url: string
  readonly ca: string
  readonly caPath: string
  readonly folder: string
  start(): Promise<void>
  /** Waits until the process is gone. */
  stop(): Promise<void>
  freeze(): void
  thaw(): void
  /** `samba-tool …` on this domain's own files. */
  tool(...args: string[]): Promise<string>
  /** `ldbmodify` on them, past all rights. */
  ldif(lines: readonly string[], ...controls: string[]): Promise<void>
  /** The whole database as it is now; the answer puts it back. The server stands still for either. */
  takeBackup(): Promise<() => Promise<void>>
  close(): Promise<void>
}

const parts = ['private', 'state', 'cache', 'lock', 'run', 'ncalrpc', 'etc']

/** Samba's ports are fixed: every server gets a loopback address of its own, one that nobody listens on. */
async function freeAddress(): Promise<string> {
  const from = 10 + (process.pid % 200)
  for (let step = 0; step < 200; step++) {
    const address = `127.0.${1 + (step % 7)}.${10 + ((from + step) % 240)}`
    const free = await new Promise<boolean>(resolve => {
      const probe = createServer()
        .once('error', () => resolve(false))
        .listen(636, address, () => probe.close(() => resolve(true)))
    })
    if (free) return address
  }
  throw new Error('no free loopback address for a domain controller')
}

const configuration = (folder: string, address: string) => `[global]
  netbios name = DC1
  realm = MUNI.TEST
  workgroup = MUNI
  server role = active directory domain controller
  server services = ldap
  dcerpc endpoint servers = none
  interfaces = ${address}/8
  bind interfaces only = yes
  private dir = ${folder}/private
  state directory = ${folder}/state
  cache directory = ${folder}/cache
  lock directory = ${folder}/lock
  pid directory = ${folder}/run
  ncalrpc dir = ${folder}/ncalrpc
  winbindd socket directory = ${folder}/winbindd
  ntp signd socket directory = ${folder}/ntp_signd
  log file = ${folder}/samba.log
  log level = 0
  tls enabled = yes
  tls keyfile = ${folder}/tls/server.key
  tls certfile = ${folder}/tls/server.pem
  tls cafile = ${folder}/tls/ca.pem
  ldap server require strong auth = yes
`

async function answers(address: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: address, port: 636, rejectUnauthorized: false, timeout: 1_000 })
    const done = (is: boolean) => {
      socket.destroy()
      resolve(is)
    }
    socket.once('secureConnect', () => done(true)).once('error', () => done(false))
    socket.once('timeout', () => done(false))
  })
}

/** A controller on a copy of `snapshot`; not started yet. */
export async function restoreController(snapshot: string): Promise<DomainController> {
  const folder = await mkdtemp(join(tmpdir(), 'llavero-samba-'))
  await run('tar', ['-xzf', snapshot, '-C', folder])
  return controllerIn(folder)
}

async function controllerIn(folder: string): Promise<DomainController> {
  const address = await freeAddress()
  for (const part of parts) await mkdir(join(folder, part), { recursive: true })
  for (const part of ['winbindd', 'ntp_signd'])
    await mkdir(join(folder, part), { recursive: true, mode: 0o750 })
  const certificate = await serverCertificate(join(folder, 'tls'), address)
  const conf = join(folder, 'etc', 'smb.conf')
  await writeFile(conf, configuration(folder, address))
  let child: ChildProcess | null = null
  const gone = () => child === null || child.exitCode !== null || child.signalCode !== null

  const controller: DomainController = {
    url: `ldaps://${address}`,
    ca: certificate.ca,
    caPath: certificate.caPath,
    folder,
    async start() {
      if (!gone()) return
      await rm(join(folder, 'run', 'samba.pid'), { force: true })
      const log = await open(join(folder, 'output.log'), 'a')
      child = spawn('samba', ['-i', '-M', 'single', '--no-process-group', '-s', conf], {
        stdio: ['ignore', log.fd, log.fd],
      })
      await log.close()
      for (let waited = 0; waited < 300; waited++) {
        if (gone()) throw new Error(`samba ended at once: see ${folder}/output.log`)
        if (await answers(address)) return
        await pause(50)
      }
      throw new Error('samba does not answer')
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
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async tool(...args) {
      const { stdout } = await run('samba-tool', [
        ...args,
        '-H',
        join(folder, 'private', 'sam.ldb'),
        '-s',
        conf,
      ])
      return stdout
    },
    async ldif(lines, ...controls) {
      const file = join(folder, 'changes.ldif')
      await writeFile(file, `${lines.join('\n')}\n`)
      const chosen = controls.map(control => `--controls=${control}`)
      await run('ldbmodify', ['-H', join(folder, 'private', 'sam.ldb'), ...chosen, file])
    },
    async takeBackup() {
      const kept = join(folder, 'backup')
      const copy = async (from: string, to: string) => {
        await controller.stop()
        for (const part of ['private', 'state']) {
          await rm(join(to, part), { recursive: true, force: true })
          await run('cp', ['-a', '--sparse=always', join(from, part), to])
        }
        await controller.start()
      }
      await mkdir(kept, { recursive: true })
      await copy(folder, kept)
      return () => copy(kept, folder)
    },
    async close() {
      await controller.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return controller
}

/** An empty domain, prepared by `prepare` on the running controller, packed as `snapshot`. Five seconds, once. */
export async function provisionOnce(
  snapshot: string,
  prepare: (controller: DomainController) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'llavero-samba-new-'))
  try {
    const options = ['--option=bind interfaces only=yes', '--option=interfaces=lo']
    await run('samba-tool', [
      ...[
        'domain',
        'provision',
        '--realm=MUNI.TEST',
        '--domain=MUNI',
        '--server-role=dc',
        '--dns-backend=NONE',
      ],
      ...[
        `--adminpass=${administrator.password}`,
        `--targetdir=${folder}`,
        '--host-name=dc1',
        '--host-ip=127.0.0.1',
      ],
      ...options,
    ])
    const controller = await controllerIn(folder)
    const lenient = ['--max-pwd-age=0', '--min-pwd-age=0', '--history-length=0']
    await controller.tool('domain', 'passwordsettings', 'set', ...lenient)
    try {
      await controller.start()
      await prepare(controller)
    } finally {
      await controller.stop()
    }
    await run('tar', ['--sparse', '-czf', `${folder}.tgz`, '-C', folder, 'private', 'state'])
    await rename(`${folder}.tgz`, snapshot).catch(async () => {
      await run('cp', [`${folder}.tgz`, `${snapshot}.${process.pid}`])
      await rename(`${snapshot}.${process.pid}`, snapshot)
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
    await rm(`${folder}.tgz`, { force: true })
  }
}
