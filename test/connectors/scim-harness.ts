import { randomUUID } from 'node:crypto'
import { createScimConnector, type ScimSecret } from '../../functions/connectors/scim/index.ts'
import { ScimSettings } from '../../schemas/settings.ts'
import type { Right } from '../../schemas/target.ts'
import { openHostileProxy } from '../servers/hostile-proxy.ts'
import { enterprise, ScimServer, type StoredUser, store } from '../servers/scim/scimmy-server.ts'
import type { Harness, Sample } from './harness.ts'

export const scimSettings = ScimSettings.parse({
  id: 'erp',
  kind: 'scim',
  mode: 'active',
  secret: 'llavero/erp',
  modules: {
    bodega: { consulta: ['Bodega: consulta'] },
    'contabilidad-gubernamental': {
      consulta: ['Contabilidad: consulta'],
      ingreso: ['Contabilidad: ingreso'],
      modificacion: ['Contabilidad: modificación'],
      eliminacion: ['Contabilidad: eliminación'],
    },
    tesoreria: {
      consulta: ['Tesorería: consulta', 'Tesorería: cajas'],
      ingreso: ['Tesorería: actualización'],
      modificacion: ['Tesorería: actualización'],
      eliminacion: ['Tesorería: actualización'],
    },
  },
})

export const right = (id: string, operations: Right['operations'] = []): Right => ({
  id,
  operations,
  specific: [],
  until: null,
})

const rights = [
  right('bodega'),
  right('contabilidad-gubernamental', ['ingreso', 'eliminacion']),
  right('tesoreria', ['ingreso', 'modificacion', 'eliminacion']),
]

export interface ScimHarness extends Harness {
  readonly server: ScimServer
  secretOf(token: string): ScimSecret
  /** The one user of that person's name. */
  stored(sample: Sample): StoredUser
  /** A user that was there before. */
  plant(userName: string, changes?: Partial<StoredUser>): StoredUser
  /** Names of the groups that a user is in. */
  groupsOf(userId: string): string[]
}

export async function openScim(): Promise<ScimHarness> {
  store.users.clear()
  store.groups.clear()
  const server = new ScimServer()
  await server.listen()
  const { port } = server
  const proxy = await openHostileProxy(port)
  const names = Object.values(scimSettings.modules).flatMap(groups => Object.values(groups).flat())
  for (const displayName of [...new Set(names), 'Administradores']) {
    const id = randomUUID()
    store.groups.set(id, { id, displayName, members: [] })
  }
  const plant = (userName: string, changes: Partial<StoredUser> = {}) => {
    const user: StoredUser = {
      id: randomUUID(),
      userName,
      active: true,
      displayName: 'Otra persona',
      ...changes,
    }
    store.users.set(user.id, user)
    return user
  }
  plant('admin', { displayName: 'Administrador' })
  const secretOf = (token: string): ScimSecret => ({ url: `http://127.0.0.1:${proxy.port}/scim/`, token })
  const limits = { patience: 2_500 }
  const connector = createScimConnector(scimSettings, secretOf('first'), limits)
  const named = (name: string) => [...store.users.values()].filter(user => user.userName === name)
  const groupsOf = (userId: string) =>
    [...store.groups.values()]
      .filter(group => group.members.some(({ value }) => value === userId))
      .map(group => group.displayName)
      .sort()
  const modulesOf = (userId: string) =>
    Object.entries(scimSettings.modules)
      .filter(([, groups]) => groups.consulta.every(group => groupsOf(userId).includes(group)))
      .map(([id]) => id)
      .sort()
  let hidden: [string, StoredUser][] = []
  return {
    server,
    connector,
    secretOf,
    plant,
    groupsOf,
    stored({ account }) {
      const [user, another] = named(account.name)
      if (user === undefined || another !== undefined) throw new Error('not one user of that name')
      return user
    },
    rights,
    accountName: word => word,
    async look(name) {
      return named(name).map(user => ({
        enabled: user.active,
        shownName: user.displayName ?? null,
        rights: modulesOf(user.id),
      }))
    },
    async plantForeign(name) {
      plant(name, { externalId: randomUUID(), [enterprise]: { employeeNumber: '11111111-1' } })
    },
    async plantUnknown(name) {
      const [user] = named(name)
      const admins = [...store.groups.values()].find(group => group.displayName === 'Administradores')
      if (user === undefined || admins === undefined) throw new Error('nothing to write into')
      store.users.set(user.id, { ...user, nickName: 'la Rosa', password: 'own-password' })
      store.groups.set(admins.id, { ...admins, members: [...admins.members, { value: user.id }] })
      return async () => {
        const now = store.users.get(user.id)
        return (
          now?.nickName === 'la Rosa' &&
          now.password === 'own-password' &&
          groupsOf(user.id).includes('Administradores')
        )
      }
    },
    async setFault(fault) {
      if (fault === 'empty') {
        hidden = [...store.users]
        store.users.clear()
      } else if (hidden.length > 0) {
        for (const [id, user] of hidden) store.users.set(id, user)
        hidden = []
      }
      await proxy.setFault(
        fault === 'down' ? 'unreachable' : fault === 'frozen' || fault === 'slow' ? fault : null,
      )
    },
    async restart() {
      await server.close()
      await server.listen(port)
    },
    async makeUnreadable() {
      server.tokens.set('first', 'nothing')
      return async () => void server.tokens.set('first', 'read-write')
    },
    readOnlyConnector: async () => createScimConnector(scimSettings, secretOf('reader'), limits),
    async close() {
      await connector.close()
      await proxy.close()
      await server.close()
    },
  }
}
