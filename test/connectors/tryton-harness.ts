import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTrytonConnector } from '../../functions/connectors/tryton/index.ts'
import { openFaultProxy } from '../../infra/local/postgres/fault-proxy.ts'
import { TrytonSettings } from '../../schemas/settings.ts'
import type { Right } from '../../schemas/target.ts'
import { startTryton, type TrytonServer } from '../servers/tryton/tryton.ts'
import type { Harness, Looked } from './harness.ts'

/** The groups of `test/servers/tryton/plant-erp.ts` as modules. */
const modules = {
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
}

export const trytonSettings = (port: number) =>
  TrytonSettings.parse({
    id: 'erp',
    kind: 'tryton',
    mode: 'active',
    secret: 'llavero/erp',
    port,
    database: 'erp',
    nationalIdentifier: 'cl_rut',
    modules,
  })

const right = (id: string, operations: Right['operations'] = []): Right => ({
  id,
  operations,
  specific: [],
  until: null,
})

const trytonRights = [
  right('bodega'),
  right('contabilidad-gubernamental', ['ingreso', 'eliminacion']),
  right('tesoreria', ['ingreso', 'modificacion', 'eliminacion']),
]

/** What Tryton holds under a login, read from its database. */
export async function lookInTryton(server: TrytonServer, login: string): Promise<Looked[]> {
  const rows = await server.query(
    `SELECT u.active, u.name, array_remove(array_agg(g.name), NULL) AS groups
     FROM res_user u LEFT JOIN "res_user-res_group" ug ON ug."user" = u.id LEFT JOIN res_group g ON g.id = ug."group"
     WHERE u.login = $1 GROUP BY u.id`,
    [login],
  )
  return rows.map(row => ({
    enabled: row.active === true,
    shownName: row.name === null ? null : String(row.name),
    rights: Object.entries(modules)
      .filter(([, { consulta }]) => consulta.some(group => (row.groups as string[]).includes(group)))
      .map(([id]) => id)
      .sort(),
  }))
}

/** Takes everybody's right to read users away, but the administrators'; the answer gives it back. */
export async function hideUsers(server: TrytonServer): Promise<() => Promise<void>> {
  const admin = await server.asAdmin()
  const allow = (access: readonly number[], is: boolean) =>
    admin.call('model.ir.model.access.write', access, { perm_read: is }, {})
  const condition = [
    ['model.model', '=', 'res.user'],
    ['perm_read', '=', true],
    ['OR', ['group', '=', null], ['group.name', '!=', 'Administration']],
  ]
  const found = await admin.call('model.ir.model.access.search', condition, 0, null, null, {})
  await allow(found as number[], false)
  return async () => void (await allow(found as number[], true))
}

/** Answers every question with an empty list: a database that lost its rows. */
async function openEmptyServer() {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', piece => pieces.push(piece))
    request.on('end', () => {
      const { id } = JSON.parse(Buffer.concat(pieces).toString()) as { id: number }
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ id, result: [] }))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export interface TrytonHarness extends Harness {
  readonly server: TrytonServer
  readonly settings: TrytonSettings
  /** What the connector enters with. */
  readonly secret: { readonly url: string; readonly user: string; readonly password: string }
}

export async function openTryton(): Promise<TrytonHarness> {
  const server = await startTryton()
  const proxy = await openFaultProxy(server.port)
  const empty = await openEmptyServer()
  const settings = trytonSettings(proxy.port)
  const secret = { url: `http://127.0.0.1:${proxy.port}`, ...server.service }
  const connector = createTrytonConnector(settings, secret)
  const admin = () => server.asAdmin()
  const reader = { user: 'lector', password: 'Solo-lectura-2026' }
  await (await admin()).call('model.res.user.create', [{ login: reader.user, password: reader.password }], {})

  const aim = (port: number) => {
    proxy.setFault('down')
    proxy.aim(port)
    proxy.setFault(null)
  }
  return {
    server,
    settings,
    secret,
    connector,
    rights: trytonRights,
    accountName: word => word,
    look: login => lookInTryton(server, login),
    async plantForeign(login) {
      await (await admin()).call('model.res.user.create', [{ login, name: 'Otra persona' }], {})
    },
    async plantUnknown(login) {
      const rpc = await admin()
      const [id] = (await rpc.call('model.res.user.search', [['login', '=', login]], 0, 1, null, {
        active_test: false,
      })) as number[]
      const [group] = (await rpc.call(
        'model.res.group.search',
        [['name', '=', 'Party Administration']],
        0,
        1,
        null,
        {},
      )) as number[]
      const values = { signature: 'Atte.', email: 'propio@valleclaro.example', groups: [['add', [group]]] }
      await rpc.call('model.res.user.write', [id], values, {})
      return async () => {
        const [row] = await server.query(
          `SELECT u.signature, u.email, EXISTS (
             SELECT 1 FROM "res_user-res_group" ug WHERE ug."user" = u.id AND ug."group" = $2) AS member
           FROM res_user u WHERE u.login = $1`,
          [login, group],
        )
        return row?.signature === 'Atte.' && row?.email === values.email && row?.member === true
      }
    },
    async setFault(fault) {
      if (fault === 'empty') aim(empty.port)
      else if (fault === null) {
        proxy.setFault(null)
        aim(server.port)
      } else proxy.setFault(fault)
    },
    async restart() {
      await server.stop()
      await server.start()
    },
    makeUnreadable: () => hideUsers(server),
    readOnlyConnector: async () => createTrytonConnector(settings, { ...secret, ...reader }),
    async close() {
      await connector.close()
      await proxy.close()
      await empty.close()
      await server.close()
    },
  }
}
