import { Attribute, Change, Client, type Entry, EqualityFilter } from 'ldapts'
import type { ConnectionLimits, DirectorySecret } from '../../functions/connectors/active-directory/index.ts'
import { createDirectoryConnector } from '../../functions/connectors/active-directory/index.ts'
import type { Connector } from '../../functions/connectors/contract.ts'
import type { DirectorySettings } from '../../schemas/settings.ts'
import type { Fault, Harness, Looked } from './harness.ts'

/** A directory with Active Directory's semantics, embedded or real, as these tests use it. */
export interface DirectoryServer {
  readonly url: string
  readonly ca: string
  readonly caPath: string
  readonly settings: DirectorySettings
  readonly service: { readonly bindDn: string; readonly password: string }
  readonly administrator: { readonly bindDn: string; readonly password: string }
  setFault(fault: Fault | null): Promise<void>
  restart(): Promise<void>
  /** Takes the service account's right to read the managed OUs; null where the server has no such rights. */
  readonly hide: (() => Promise<() => Promise<void>>) | null
  /** Puts an entry of rights (SDDL, for the service account's SID) on an object; null where there are none. */
  readonly rightsOn: ((dn: string, entry: (sid: string) => string) => Promise<() => Promise<void>>) | null
  close(): Promise<void>
}

export interface DirectoryHarness extends Harness {
  readonly server: DirectoryServer
  readonly settings: DirectorySettings
  /** Bound as the domain's administrator. */
  readonly administrator: Client
  entry(name: string): Promise<Entry>
  connect(secret?: Partial<DirectorySecret>, limits?: Partial<ConnectionLimits>): Connector
  /** Binds as somebody; the server's own words if it refuses. */
  tryBind(who: string, password: string): Promise<string | null>
}

export const patience = 12_000
const limits = { connectTimeout: 2_000, operationTimeout: 4_000 }

export function directorySettings(baseDn: string, upnSuffix: string): DirectorySettings {
  const ou = `OU=Municipalidad,${baseDn}`
  const group = (name: string) => `CN=${name},OU=Accesos,${ou}`
  return {
    id: 'directory',
    kind: 'active-directory',
    mode: 'active',
    secret: 'llavero/directory',
    baseDn,
    activeOu: `OU=Funcionarios,${ou}`,
    inactiveOu: `OU=Inactivos,${ou}`,
    managedOus: [`OU=Funcionarios,${ou}`, `OU=Inactivos,${ou}`],
    protectedGroups: [`CN=Domain Admins,CN=Users,${baseDn}`, `CN=Administrators,CN=Builtin,${baseDn}`],
    upnSuffix,
    groups: {
      internet: {
        controlado: group('Internet Controlado'),
        libre: group('Internet Libre\\, sin filtro'),
        superusuario: group('Internet Superusuario'),
      },
      removableStorage: group('Almacenamiento Removible'),
      entitlements: { respaldo: group('Respaldo (5 GB)'), vpn: group('VPN #1 ñandú') },
    },
  }
}

const right = (id: string) => ({ id, operations: [], specific: [], until: null })

const commonName = (dn: string) => /^CN=(.*?),OU=/.exec(dn)?.[1]?.replaceAll('\\', '')

export const replaceValue = (type: string, ...values: string[] | Buffer[]) =>
  new Change({ operation: 'replace', modification: new Attribute({ type, values }) })
export const addValue = (type: string, ...values: string[]) =>
  new Change({ operation: 'add', modification: new Attribute({ type, values }) })

export const list = (entry: Entry, attribute: string): string[] => {
  const value = entry[attribute] ?? []
  return (Array.isArray(value) ? value : [value]).map(String)
}

/** One after the other in small handfuls: a server under load answers late. */
export async function inHandfuls<T>(items: readonly T[], one: (item: T) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < items.length; at += 50) await Promise.all(items.slice(at, at + 50).map(one))
}

export async function openDirectoryHarness(server: DirectoryServer): Promise<DirectoryHarness> {
  const { settings, url, ca } = server
  const bound = async ({ bindDn, password }: { bindDn: string; password: string }) => {
    const client = new Client({ url, timeout: 60_000, tlsOptions: { ca } })
    try {
      await client.bind(bindDn, password)
      return client
    } catch (error) {
      await client.unbind()
      throw error
    }
  }
  let administrator = await bound(server.administrator)
  const asAdministrator = async () => {
    if (!administrator.isBound) administrator = await bound(server.administrator)
    return administrator
  }
  const connect: DirectoryHarness['connect'] = (secret = {}, changes = {}) =>
    createDirectoryConnector(settings, { url, ca, ...server.service, ...secret }, { ...limits, ...changes })

  const entries = async (name: string) => {
    const filter = new EqualityFilter({ attribute: 'sAMAccountName', value: name })
    const attributes = ['*', 'memberOf']
    const client = await asAdministrator()
    return (await client.search(settings.baseDn, { filter, attributes })).searchEntries
  }
  const rightsByGroup = new Map(
    [
      ...Object.entries(settings.groups.internet).map(([id, dn]) => [dn, `internet:${id}`] as const),
      ...Object.entries(settings.groups.entitlements).map(([id, dn]) => [dn, `entitlement:${id}`] as const),
      [settings.groups.removableStorage, 'removable-storage'] as const,
    ].map(([dn, id]) => [commonName(dn), id]),
  )
  const looked = (entry: Entry): Looked => ({
    enabled: (Number(entry.userAccountControl) & 2) === 0,
    shownName: list(entry, 'displayName')[0] ?? null,
    rights: list(entry, 'memberOf')
      .flatMap(dn => rightsByGroup.get(commonName(dn)) ?? [])
      .sort(),
  })

  const connector = connect()
  return {
    server,
    settings,
    connector,
    connect,
    get administrator() {
      return administrator
    },
    rights: [right('entitlement:vpn'), right('internet:libre'), right('removable-storage')],
    accountName: word => `${word}.ñ`.normalize('NFD').replace(/\p{M}/gu, ''),
    async entry(name) {
      const [entry] = await entries(name)
      if (entry === undefined) throw new Error('there is no such account')
      return entry
    },
    look: async name => (await entries(name)).map(looked),
    async plantForeign(name) {
      const client = await asAdministrator()
      await client.add(`CN=Ajeno ${name},${settings.activeOu}`, {
        objectClass: 'user',
        sAMAccountName: name,
        employeeID: 'somebody-else',
      })
    },
    /** `DONT_EXPIRE_PASSWORD` and a note of the administrator. */
    async plantUnknown(name) {
      const client = await asAdministrator()
      const [entry] = await entries(name)
      const flags = Number(entry?.userAccountControl) | 0x10000
      await client.modify(entry?.dn ?? '', [
        replaceValue('userAccountControl', String(flags)),
        replaceValue('info', 'Nota del administrador'),
      ])
      return async () => {
        const [now] = await entries(name)
        return (
          (Number(now?.userAccountControl) & 0x10000) !== 0 && list(now ?? { dn: '' }, 'info').length === 1
        )
      }
    },
    setFault: fault => server.setFault(fault),
    restart: () => server.restart(),
    makeUnreadable: async () => (await server.hide?.()) ?? (async () => undefined),
    /** A person without delegation: everybody in the domain may read. */
    async readOnlyConnector() {
      const client = await asAdministrator()
      const password = 'S0lo-lectura!'
      const dn = `CN=lector,CN=Users,${settings.baseDn}`
      await client.del(dn).catch(() => undefined)
      await client.add(dn, { objectClass: 'user', sAMAccountName: 'lector', userAccountControl: '514' })
      await client.modify(dn, [
        replaceValue('unicodePwd', Buffer.from(`"${password}"`, 'utf16le')),
        replaceValue('userAccountControl', '512'),
      ])
      return connect({ bindDn: dn, password })
    },
    async tryBind(who, password) {
      try {
        const client = await bound({ bindDn: who, password })
        await client.unbind()
        return null
      } catch (error) {
        return error instanceof Error ? error.message : String(error)
      }
    },
    async close() {
      await connector.close()
      await administrator.unbind()
      await server.close()
    },
  }
}
