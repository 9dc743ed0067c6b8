import { createErpConnector } from '../../functions/connectors/erp/index.ts'
import sampleMapping from '../../infra/local/postgres/sample-erp-mapping.json' with { type: 'json' }
import type { PostgresOptions } from '../../infra/local/postgres/start-postgres.ts'
import { ErpSettings } from '../../schemas/settings.ts'
import type { Right } from '../../schemas/target.ts'
import type { Harness } from './harness.ts'
import { openSqlServer, type SqlServer, urlAs } from './sql-servers.ts'

export const erpSettings = ErpSettings.parse({
  id: 'erp',
  kind: 'sql',
  mode: 'active',
  secret: 'llavero/erp',
  dialect: 'postgresql',
  mapping: sampleMapping,
})

export const sampleRights: readonly Right[] = [
  {
    id: 'atencion-social',
    operations: ['ingreso', 'modificacion'],
    specific: ['solo informes sociales; sin montos', 'ñandú \\ "x"'],
    until: '2027-01-01T03:00:00.000Z',
  },
  { id: 'bodega', operations: [], specific: [], until: null },
  { id: 'tesoreria', operations: ['ingreso', 'modificacion', 'eliminacion'], specific: [], until: null },
]

export interface ErpHarness extends Harness {
  readonly server: SqlServer
}

const moduleOf = new Map(Object.entries(sampleMapping.modules).map(([id, code]) => [code, id]))

export async function openErp(other: Omit<PostgresOptions, 'dataDir'> = {}): Promise<ErpHarness> {
  const server = await openSqlServer('erp', other)
  const { postgres, query } = server
  await query(
    "CREATE ROLE reader LOGIN PASSWORD 'reader'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
  )
  const connector = createErpConnector(erpSettings, { url: postgres.erpUrl })
  return {
    server,
    connector,
    rights: sampleRights,
    accountName: word => word,
    async look(name) {
      const rows = await query(
        `SELECT vigente, nombre, array_remove(array_agg(modulo), NULL) AS modules
         FROM usuarios LEFT JOIN permisos USING (id_usuario) WHERE login = $1 GROUP BY id_usuario`,
        [name],
      )
      return rows.map(row => ({
        enabled: row.vigente === 'S',
        shownName: String(row.nombre),
        rights: (row.modules as string[]).map(code => moduleOf.get(code) ?? code).sort(),
      }))
    },
    async plantForeign(name) {
      await query(
        "INSERT INTO usuarios (login, rut, nombre, vigente) VALUES ($1, '11.111.111-1', 'Otra persona', 'S')",
        [name],
      )
    },
    async plantUnknown(name) {
      await query(
        "UPDATE usuarios SET cod_impresora = 'HP-3', intentos_fallidos = 2, clave = 'own' WHERE login = $1",
        [name],
      )
      return async () => {
        const [row] = await query(
          'SELECT cod_impresora, intentos_fallidos, clave FROM usuarios WHERE login = $1',
          [name],
        )
        return row?.cod_impresora === 'HP-3' && row?.intentos_fallidos === 2 && row?.clave === 'own'
      }
    },
    setFault: fault => postgres.setFault('erp', fault),
    restart: () => postgres.restart(),
    async makeUnreadable() {
      await query('REVOKE SELECT ON usuarios FROM llavero')
      return async () => void (await query('GRANT SELECT ON usuarios TO llavero'))
    },
    readOnlyConnector: async () =>
      createErpConnector(erpSettings, { url: urlAs(postgres.erpUrl, 'reader', 'reader') }),
    async close() {
      await connector.close()
      await server.close()
    },
  }
}
