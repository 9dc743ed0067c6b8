import { randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createSecureContext, TLSSocket } from 'node:tls'
import type { DirectorySettings } from '../../../schemas/settings.ts'
import { serverCertificate } from '../certificate.ts'
import { groupsOf, plantFirstTree } from './first-tree.ts'
import { frameLength, readRequest } from './messages.ts'
import { keyOf } from './schema.ts'
import { type Domain, Session } from './session.ts'
import { type Entry, Tree } from './tree.ts'

/** `down` closes, `frozen` accepts and says nothing, `empty` answers with nothing, `slow` waits. */
export type DirectoryFault = 'down' | 'frozen' | 'empty' | 'slow'
export type DirectorySnapshot = readonly Entry[]

export interface DirectoryOptions {
  /** Certificates, passwords and objects are kept here and found again at the next start. */
  readonly dataDir: string
  readonly settings: DirectorySettings
  /** Milliseconds since 1970: by it accounts expire. */
  readonly now?: () => number
}
export type LocalDirectory = Awaited<ReturnType<typeof startDirectory>>

const slowness = 300

/** A small LDAP server with Active Directory's semantics, for a laptop. The verdict on the connector is Samba's. */
export async function startDirectory({ dataDir, settings, now = Date.now }: DirectoryOptions) {
  const { baseDn } = settings
  mkdirSync(dataDir, { recursive: true })
  const certificate = await serverCertificate(join(dataDir, 'certificates'))
  const kept = join(dataDir, 'passwords.json')
  const made = () => `Aa1-${randomBytes(18).toString('base64url')}`
  if (!existsSync(kept)) writeFileSync(kept, JSON.stringify([made(), made()]), { mode: 0o600 })
  const [first = '', password = ''] = JSON.parse(readFileSync(kept, 'utf8')) as string[]
  const administrator = { bindDn: `CN=Administrator,CN=Users,${baseDn}`, password: first }
  const bindDn = `CN=svc-llavero,CN=Users,${baseDn}`

  const passwords = { [administrator.bindDn]: administrator.password, [bindDn]: password }

  // Never one that was given out before, whatever was deleted since.
  let lastRelativeId = 1100 + (Math.floor(Date.now() / 100) % 1_000_000_000)
  const nextRelativeId = () => ++lastRelativeId
  const journal = join(dataDir, 'objects.jsonl')
  const tree = new Tree()
  if (existsSync(journal)) replay(tree, readFileSync(journal, 'utf8'))
  else plantFirstTree(tree, settings, passwords, nextRelativeId)
  const compact = () => {
    const gone = [...tree.tombstones.values()].flatMap(entry => [entry, entry.guid])
    const lines = [...gone, ...tree.entries.values()].map(written => `${JSON.stringify(written)}\n`)
    writeFileSync(`${journal}.new`, lines.join(''))
    renameSync(`${journal}.new`, journal)
  }
  compact()
  // Appended before the client hears of it: what was acknowledged survives a kill.
  tree.onWrite = written => appendFileSync(journal, `${JSON.stringify(written)}\n`)

  const delegated = [...settings.managedOus, ...groupsOf(settings)].map(keyOf)
  const keys = { serviceKey: keyOf(bindDn), administratorKey: keyOf(administrator.bindDn) }
  const server = serve({ tree, baseDn, delegated, ...keys, now, nextRelativeId }, certificate)
  await server.setFault(null)
  return {
    /** Another port at each start; certificate and passwords stay. */
    url: `ldaps://127.0.0.1:${server.port()}`,
    /** PEM of the authority, and its file. */
    ca: certificate.ca,
    caPath: certificate.caPath,
    baseDn,
    /** The delegated account: it writes accounts in the managed OUs and members of the settings' groups, nothing else. */
    bindDn,
    password,
    administrator,
    snapshot: (): DirectorySnapshot => structuredClone([...tree.entries.values()]),
    restore(snapshot: DirectorySnapshot): void {
      tree.reset(structuredClone(snapshot))
      compact()
    },
    setFault: server.setFault,
    close: () => server.setFault('down'),
  }
}

/** Lines are objects as they became, or guids of those that are gone. One that a kill cut off is none. */
function replay(tree: Tree, journal: string): void {
  for (const line of journal.split('\n').filter(whole => /^".*"$|^\{.*\}$/.test(whole))) {
    const written: Entry | string = JSON.parse(line)
    const gone = typeof written === 'string' ? tree.entries.get(written) : undefined
    if (gone) tree.remove(gone)
    if (typeof written !== 'string') tree.put(written)
  }
}

function serve(domain: Domain, { cert, key }: { cert: string; key: string }) {
  let fault: DirectoryFault | null = null
  let port = 0
  const sockets = new Set<Socket>()
  const waiting = new Set<() => void>()
  const secureContext = createSecureContext({ cert, key })
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy())
    if (fault === 'frozen') waiting.add(() => talk(socket))
    else talk(socket)
  })

  function talk(socket: Socket): void {
    const session = new Session(domain)
    const secure = new TLSSocket(socket, { isServer: true, secureContext })
    const say = (answer: Buffer) => void (secure.writable && secure.write(answer))
    let buffer: Buffer = Buffer.alloc(0)
    const work = () => {
      if (fault === 'frozen') return void waiting.add(work)
      for (let length = frameLength(buffer); length !== null; length = frameLength(buffer)) {
        const request = readRequest(buffer.subarray(0, length))
        buffer = buffer.subarray(length)
        if (request.tag === 0x42) secure.end()
        if (request.tag === 0x42 || request.tag === 0x50) continue
        const answer = Buffer.concat(session.answer(request, fault === 'empty'))
        if (fault === 'slow') setTimeout(say, slowness, answer)
        else say(answer)
      }
    }
    secure.on('error', () => socket.destroy()).on('close', () => socket.destroy())
    secure.on('data', data => {
      buffer = Buffer.concat([buffer, data])
      try {
        work()
      } catch {
        socket.destroy()
      }
    })
  }

  async function setFault(kind: DirectoryFault | null): Promise<void> {
    fault = kind
    if (kind === 'down') for (const socket of sockets) socket.destroy()
    if (kind === 'down' && server.listening) await new Promise(resolve => server.close(resolve))
    if (kind !== 'down' && !server.listening)
      await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
    if (kind !== 'down') port = (server.address() as AddressInfo).port
    const resumed = kind === 'frozen' ? [] : [...waiting]
    for (const resume of resumed) waiting.delete(resume)
    for (const resume of resumed) resume()
  }
  return { setFault, port: () => port }
}
