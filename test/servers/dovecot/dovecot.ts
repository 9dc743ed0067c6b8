import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { findFreePort } from '../../../infra/local/postgres/fault-proxy.ts'
import { answers, clearCrashedRuns, isAlive } from '../own-server.ts'

/** A Dovecot of our own: private folder, free ports on loopback. */
export interface Dovecot {
  readonly imapPort: number
  readonly doveadm: { readonly port: number; readonly key: string }
  /** Lays a message into somebody's inbox, as the local delivery does. */
  deliver(address: string, subject: string): Promise<void>
  /** Another key is asked for from now on; the answer brings the old one back. */
  changeKey(): Promise<() => Promise<void>>
  start(): Promise<void>
  stop(): Promise<void>
  close(): Promise<void>
}

const prefix = 'llavero-dovecot-'

/** `databaseUrl`: what the login query asks, with the rights of the mail server's own login. */
export async function openDovecot(databaseUrl: string): Promise<Dovecot> {
  await clearCrashedRuns(prefix, 'run/master.pid', master => signalAll(master, 'SIGKILL'))
  const folder = await mkdtemp(join(tmpdir(), prefix))
  await writeFile(join(folder, 'owner'), String(process.pid))
  for (const part of ['run', 'state', 'mail']) await mkdir(join(folder, part), { mode: 0o755 })
  // Dovecot's processes are not root: they walk through the folder and write below `mail`.
  await chmod(folder, 0o755)
  await chmod(join(folder, 'mail'), 0o1777)
  const [imapPort, doveadmPort] = [await findFreePort(), await findFreePort()]
  const key = crypto.randomUUID()
  const conf = join(folder, 'dovecot.conf')
  await writeFile(join(folder, 'sql.conf'), loginQuery(databaseUrl), { mode: 0o600 })
  await writeFile(conf, configuration(folder, imapPort, doveadmPort, key))

  let child: ChildProcess | null = null
  const gone = () => child === null || child.exitCode !== null || child.signalCode !== null
  const endWithThisProcess = () => gone() || signalAll(child?.pid ?? 0, 'SIGTERM')
  process.once('exit', endWithThisProcess)

  const dovecot: Dovecot = {
    imapPort,
    doveadm: { port: doveadmPort, key },
    async deliver(address, subject) {
      const message = `From: oirs@valleclaro.example\r\nTo: ${address}\r\nSubject: ${subject}\r\n\r\nHola.\r\n`
      await new Promise<void>((resolve, reject) => {
        const saving = execFile('doveadm', ['-c', conf, 'save', '-u', address], error =>
          error === null ? resolve() : reject(error),
        )
        saving.stdin?.end(message)
      })
    },
    async changeKey() {
      const keyIs = async (asked: string) => {
        await writeFile(conf, configuration(folder, imapPort, doveadmPort, asked))
        await dovecot.stop()
        await dovecot.start()
      }
      await keyIs('another-key')
      return () => keyIs(key)
    },
    async start() {
      if (!gone()) return
      const log = await open(join(folder, 'output.log'), 'a')
      child = spawn('dovecot', ['-F', '-c', conf], { stdio: ['ignore', log.fd, log.fd] })
      await log.close()
      for (let waited = 0; waited < 400; waited++) {
        if (gone()) throw new Error(`dovecot ended at once: see ${folder}/output.log`)
        if ((await answers(imapPort)) && (await answers(doveadmPort))) return
        await pause(25)
      }
      throw new Error('dovecot does not answer')
    },
    async stop() {
      const master = child?.pid ?? 0
      // Dovecot's master waits long for processes that have nothing to do: each is told, until none is left.
      for (let waited = 0; !gone(); waited++) {
        signalAll(master, waited < 100 ? 'SIGTERM' : 'SIGKILL')
        await pause(30)
      }
      child = null
    },
    async close() {
      process.removeListener('exit', endWithThisProcess)
      await dovecot.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return dovecot
}

const configuration = (folder: string, imapPort: number, doveadmPort: number, key: string) => `
protocols = imap
listen = 127.0.0.1
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/dovecot.log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
# The end of an access is in the answer to the login query: a remembered answer would outlive it.
auth_cache_size = 0
auth_failure_delay = 0
mail_location = maildir:~/
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
doveadm_api_key = ${key}
passdb {
  driver = sql
  args = ${folder}/sql.conf
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=${folder}/mail/%u allow_all_users=yes
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${imapPort}
  }
  inet_listener imaps {
    port = 0
  }
}
service doveadm {
  inet_listener http {
    port = ${doveadmPort}
  }
}
service anvil {
  chroot =
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
`

/** As \`infra/local/postgres/mail.sql\` and the operator's page tell it. */
function loginQuery(databaseUrl: string): string {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl)
  return `driver = pgsql
connect = host=${hostname} port=${port} dbname=${pathname.slice(1)} user=${username} password=${password}
password_query = SELECT username AS user, password FROM mailbox \\
  WHERE username = '%u' AND active AND (valid_until IS NULL OR valid_until > now())
`
}

/** To Dovecot's master and the processes it has started. */
function signalAll(master: number, signal: NodeJS.Signals): void {
  if (!(master > 1) || !isAlive(master)) return
  const children = readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').split(' ')
  for (const pid of [...children.map(Number), master]) if (pid > 1 && isAlive(pid)) process.kill(pid, signal)
}
