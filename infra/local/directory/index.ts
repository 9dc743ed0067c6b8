import { randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createSecureContext, TLSSocket } from 'node:tls'
import type { DirectorySettings } from '../../../schemas/settings.ts'
import { serverCertificate } from '../certificate.ts'
import { never, secretOf, withDefaults } from './accounts.ts'
import { frameLength, readRequest } from './messages.ts'
import { keyOf, nameOf, partsOf } from './schema.ts'
import { type Domain, Session } from './session.ts'
import { type Entry, first, Tree } from './tree.ts'

export type DirectoryFault = 'down' | 'frozen' | 'empty' | 'slow'
export type DirectorySnapshot = readonly Entry[]

export interface LocalDirectory {
  /** `ldaps://127.0.0.1:<free port>`; the port is another one at each start, the certificate and passwords are not. */
  readonly url: string
  /** PEM of the authority, and its file. */
  readonly ca: string
  readonly caPath: string
  readonly baseDn: string
  /** The delegated service account: it writes accounts in the managed OUs and members of the settings' groups, nothing else. */
  readonly bindDn: string
  readonly password: string
  readonly administrator: { readonly bindDn: string; readonly password: string }
  snapshot(): DirectorySnapshot
  restore(snapshot: DirectorySnapshot): void
  /** `down` closes, `frozen` accepts and says nothing, `empty` answers with nothing, `slow` waits; null heals. */
  setFault(fault: DirectoryFault | null): Promise<void>
  close(): Promise<void>
}

export interface DirectoryOptions {
  /** Certificates, passwords and the objects are kept here and found again at the next start. */
  readonly dataDir: string
  readonly settings: DirectorySettings
  /** Milliseconds since 1970: by it accounts expire. */
  readonly now?: () => number
}

const slowness = 300
const firstFreeRelativeId = 1100

/** A small LDAP server with Active Directory's semantics, for a laptop. The verdict on the connector is Samba's. */
export async function startDirectory({
  dataDir,
  settings,
  now = Date.now,
}: DirectoryOptions): Promise<LocalDirectory> {
  mkdirSync(dataDir, { recursive: true })
  const certificate = await serverCertificate(join(dataDir, 'certificates'))
  const { baseDn } = settings
  const bindDn = `CN=svc-llavero,CN=Users,${baseDn}`
  const administratorDn = `CN=Administrator,CN=Users,${baseDn}`
  const passwords = keptPasswords(join(dataDir, 'passwords.json'))
  const tree = new Tree()
  let lastRelativeId = firstFreeRelativeId
  const nextRelativeId = () => ++lastRelativeId

  const journal = join(dataDir, 'objects.jsonl')
  if (existsSync(journal)) for (const line of readFileSync(journal, 'utf8').split('\n')) replay(tree, line)
  else
    plant(tree, settings, nextRelativeId, {
      [bindDn]: passwords.service,
      [administratorDn]: passwords.administrator,
    })
  compact()
  // Appended before the client hears of it: what was acknowledged survives a kill.
  tree.onWrite = written => appendFileSync(journal, `${JSON.stringify(written)}\n`)

  function compact(): void {
    const objects = [...tree.entries.values()]
    const ids = objects.map(entry => Buffer.from(first(entry, 'objectSid') ?? '00000000', 'hex'))
    lastRelativeId = Math.max(lastRelativeId, ...ids.map(sid => sid.readUInt32LE(sid.length - 4)))
    writeFileSync(`${journal}.new`, objects.map(entry => `${JSON.stringify(entry)}\n`).join(''))
    renameSync(`${journal}.new`, journal)
  }

  const groups = [
    settings.groups.removableStorage,
    ...Object.values(settings.groups.internet),
    ...Object.values(settings.groups.entitlements),
  ]
  const domain: Domain = {
    tree,
    baseDn,
    delegated: [...settings.managedOus, ...groups].map(keyOf),
    serviceKey: keyOf(bindDn),
    administratorKey: keyOf(administratorDn),
    now,
    nextRelativeId,
  }

  let fault: DirectoryFault | null = null
  const sockets = new Set<Socket>()
  const waiting = new Set<() => void>()
  const secureContext = createSecureContext({ cert: certificate.cert, key: certificate.key })
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy())
    if (fault === 'frozen') waiting.add(() => serve(socket))
    else serve(socket)
  })

  function serve(socket: Socket): void {
    if (socket.destroyed) return
    const session = new Session(domain)
    const secure = new TLSSocket(socket, { isServer: true, secureContext })
    let buffer: Buffer = Buffer.alloc(0)
    const work = () => {
      if (fault === 'frozen') {
        waiting.add(work)
        return
      }
      for (let length = frameLength(buffer); length !== null; length = frameLength(buffer)) {
        const request = readRequest(buffer.subarray(0, length))
        buffer = buffer.subarray(length)
        if (request.operation.kind === 'unbind') secure.end()
        if (request.operation.kind === 'unbind' || request.operation.kind === 'abandon') continue
        const answer = Buffer.concat(session.answer(request, fault === 'empty'))
        if (fault === 'slow') setTimeout(() => secure.writable && secure.write(answer), slowness)
        else if (secure.writable) secure.write(answer)
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

  const listen = (port: number) => new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  const hangUp = async () => {
    for (const socket of sockets) socket.destroy()
    if (server.listening) await new Promise(resolve => server.close(resolve))
  }
  await listen(0)
  const { port } = server.address() as AddressInfo

  return {
    url: `ldaps://127.0.0.1:${port}`,
    ca: certificate.ca,
    caPath: certificate.caPath,
    baseDn,
    bindDn,
    password: passwords.service,
    administrator: { bindDn: administratorDn, password: passwords.administrator },
    snapshot: () => structuredClone([...tree.entries.values()]),
    restore(snapshot) {
      const { onWrite } = tree
      tree.onWrite = () => undefined
      tree.clear()
      for (const entry of structuredClone(snapshot)) tree.put(entry)
      tree.onWrite = onWrite
      compact()
    },
    async setFault(kind) {
      fault = kind
      if (kind === 'down') await hangUp()
      else if (!server.listening) await listen(port)
      if (kind === 'frozen') return
      const resumed = [...waiting]
      waiting.clear()
      for (const resume of resumed) resume()
    },
    close: hangUp,
  }
}

function keptPasswords(path: string): { service: string; administrator: string } {
  const made = () => `Aa1-${randomBytes(18).toString('base64url')}`
  if (!existsSync(path))
    writeFileSync(path, JSON.stringify({ service: made(), administrator: made() }), { mode: 0o600 })
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** One line of the journal: an object as it became, or the guid of one that is gone. A line cut off by a kill is no line. */
function replay(tree: Tree, line: string): void {
  if (!/^".*"$|^\{.*\}$/.test(line)) return
  const written: Entry | string = JSON.parse(line)
  const gone = typeof written === 'string' ? tree.get(written) : undefined
  if (typeof written !== 'string') tree.put(written)
  else if (gone !== undefined) tree.remove(gone)
}

/** The first tree: the domain, the settings' OUs and groups, the protected groups, and the accounts every domain has. */
function plant(
  tree: Tree,
  settings: DirectorySettings,
  nextRelativeId: () => number,
  passwords: Record<string, string>,
): void {
  const { baseDn, activeOu, inactiveOu, managedOus, protectedGroups, groups } = settings
  const container = (dn: string): void => {
    if (tree.find(dn) !== undefined) return
    const parts = partsOf(dn)
    const type = parts[0]?.[0]
    const isRoot = keyOf(dn) === keyOf(baseDn)
    if (!isRoot) container(nameOf(parts.slice(1)))
    const objectClass = isRoot ? 'domain' : type === 'OU' ? 'organizationalUnit' : 'container'
    tree.put(tree.make(dn, { objectClass: ['top', objectClass] }))
  }
  const account = (dn: string, relativeId: number) => {
    const name = partsOf(dn)[0]?.[1] ?? ''
    const flags = passwords[dn] === undefined ? '514' : '66048'
    const attributes = { sAMAccountName: [name], userAccountControl: [flags], accountExpires: [never] }
    const entry = withDefaults(tree.make(dn, { objectClass: ['user'], ...attributes }), relativeId)
    entry.attributes.pwdlastset = ['1']
    entry.secret = secretOf(entry, passwords[dn] ?? randomBytes(16).toString('hex'))
    tree.put(entry)
    return entry
  }
  for (const ou of [
    baseDn,
    `CN=Users,${baseDn}`,
    `CN=Builtin,${baseDn}`,
    activeOu,
    inactiveOu,
    ...managedOus,
  ])
    container(ou)
  const ours = [
    groups.removableStorage,
    ...Object.values(groups.internet),
    ...Object.values(groups.entitlements),
  ]
  for (const dn of new Set([...protectedGroups, ...ours])) {
    const [, ...above] = partsOf(dn)
    container(nameOf(above))
    const name = partsOf(dn)[0]?.[1] ?? ''
    const bare = tree.make(dn, { objectClass: ['top', 'group'], sAMAccountName: [name] })
    tree.put(withDefaults(bare, nextRelativeId()))
  }
  for (const dn of Object.keys(passwords)) {
    const isAdministrator = dn.startsWith('CN=Administrator,')
    const { guid } = account(dn, isAdministrator ? 500 : nextRelativeId())
    const powers = protectedGroups.map(group => tree.find(group)).slice(0, isAdministrator ? 1 : 0)
    for (const group of powers) if (group) tree.put({ ...group, members: [...group.members, guid] })
  }
  account(`CN=krbtgt,CN=Users,${baseDn}`, 502)
}
