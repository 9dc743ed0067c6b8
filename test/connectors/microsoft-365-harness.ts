import type { Connector } from '../../functions/connectors/contract.ts'
import {
  createMicrosoftConnector,
  type MicrosoftSecret,
} from '../../functions/connectors/microsoft-365/index.ts'
import { MicrosoftMailSettings } from '../../schemas/settings.ts'
import { type GraphServer, openGraph, sampleLicence, sampleTenant } from '../servers/graph/graph-server.ts'
import type { StoredUser } from '../servers/graph/tenant.ts'
import { openHostileProxy } from '../servers/hostile-proxy.ts'
import type { Harness, Sample } from './harness.ts'

export const microsoftSettings = MicrosoftMailSettings.parse({
  id: 'mail',
  kind: 'microsoft-365',
  mode: 'active',
  secret: 'llavero/mail',
  domain: 'valleclaro.example',
  licence: sampleLicence,
  usageLocation: 'CL',
})

export interface MicrosoftHarness extends Harness {
  readonly server: GraphServer
  /** Another connector, as another worker has it. */
  fresh(): Connector
  /** The one user of that person's name, on the primary. */
  stored(sample: Sample): StoredUser
  /** Changes that user by another hand than the connector's. */
  alter(sample: Sample, changes: Partial<StoredUser>): StoredUser
  /** A user that was there before. */
  plant(name: string, changes?: Partial<StoredUser>): StoredUser
  /** Ends whatever a test has made of the service. */
  calm(): void
  secretOf(clientId: string, clientSecret: string): MicrosoftSecret
}

export async function openMicrosoft(): Promise<MicrosoftHarness> {
  const server = await openGraph(microsoftSettings.domain)
  server.tenant.resolution = 1
  const { port } = server
  const proxy = await openHostileProxy(port)
  server.publicUrl = `http://127.0.0.1:${proxy.port}`
  const secretOf = (clientId: string, clientSecret: string): MicrosoftSecret => ({
    tenant: sampleTenant,
    clientId,
    clientSecret,
    graph: server.publicUrl,
    login: server.publicUrl,
  })
  const limits = { patience: 2_500 }
  const connector: Connector = createMicrosoftConnector(
    microsoftSettings,
    secretOf('llavero', 'first'),
    limits,
  )
  const named = (name: string) => server.tenant.users.filter(user => user.userPrincipalName === name)
  const stored = ({ account }: Sample): StoredUser => {
    const [user, another] = named(account.name)
    if (user === undefined || another !== undefined) throw new Error('not one user of that name')
    return user
  }
  const plant = (name: string, changes: Partial<StoredUser> = {}) => {
    const user = server.tenant.insert({
      accountEnabled: true,
      displayName: 'Otra persona',
      mailNickname: name.slice(0, name.indexOf('@')),
      userPrincipalName: name,
      passwordProfile: { password: 'Sup3r-secret-start' },
    })
    return server.tenant.put({ ...user, ...changes })
  }
  return {
    server,
    secretOf,
    fresh: () => createMicrosoftConnector(microsoftSettings, secretOf('llavero', 'first'), limits),
    stored,
    alter: (sample, changes) => server.tenant.put({ ...stored(sample), ...changes }),
    plant,
    calm() {
      Object.assign(server, { throttle: null, tokenLife: 3_599, largestPage: 999, showsNobody: false })
      Object.assign(server.tenant, { lag: 0, stalledAt: null, resolution: 1 })
    },
    connector,
    rights: [],
    accountName: word => `${word}@${microsoftSettings.domain}`,
    async look(name) {
      return named(name).map(user => ({
        enabled: user.accountEnabled,
        shownName: user.displayName,
        rights: [],
      }))
    },
    async plantForeign(name) {
      plant(name, { employeeId: '11111111-1' })
    },
    async plantUnknown(name) {
      const [user] = named(name)
      if (user !== undefined)
        server.tenant.put({ ...user, officeLocation: 'Piso 2', password: 'Own-passw0rd' })
      return async () => {
        const [now] = named(name)
        return now?.officeLocation === 'Piso 2' && now.password === 'Own-passw0rd'
      }
    },
    async setFault(fault) {
      server.showsNobody = fault === 'empty'
      await proxy.setFault(
        fault === 'down' ? 'unreachable' : fault === 'frozen' || fault === 'slow' ? fault : null,
      )
    },
    async restart() {
      await server.close()
      await server.listen(port)
    },
    async makeUnreadable() {
      server.clients.get('llavero')?.rights.delete('read')
      return async () => void server.clients.get('llavero')?.rights.add('read')
    },
    readOnlyConnector: async () =>
      createMicrosoftConnector(microsoftSettings, secretOf('reader', 'reader'), limits),
    async close() {
      await connector.close()
      await proxy.close()
      await server.close()
    },
  }
}
