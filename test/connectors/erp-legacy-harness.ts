import { createErpConnector } from '../../functions/connectors/erp/index.ts'
import type { Programs } from '../../infra/local/postgres/server-process.ts'
import { ErpSettings } from '../../schemas/settings.ts'
import type { Right } from '../../schemas/target.ts'
import type { ErpHarness } from './erp-harness.ts'
import { openSqlServer, urlAs } from './sql-servers.ts'

/** An ERP of the nineties: codes for names, integer keys, padded texts, signs for yes and no, times without a zone. */
const legacySettings = ErpSettings.parse({
  id: 'erp',
  kind: 'sql',
  mode: 'active',
  secret: 'llavero/erp',
  dialect: 'postgresql',
  untouchable: ['SUPERVISOR', 'CIERRE'],
  mapping: {
    schema: 'SMC_SEG',
    users: {
      table: 'TUSU00',
      id: 'USU_COD',
      login: 'USU_LOGIN',
      name: 'USU_NOM',
      active: 'USU_EST',
      validUntil: 'USU_FTERM',
      nationalId: 'USU_RUT',
      mail: 'USU_MAIL',
    },
    permissions: {
      table: 'TPER01',
      user: 'PER_USU',
      module: 'PER_MOD',
      read: 'PER_CON',
      insert: 'PER_ING',
      update: 'PER_MDF',
      delete: 'PER_ELI',
      specific: 'PER_DET',
      validUntil: 'PER_FTERM',
    },
    flags: { yes: 'S', no: 'N' },
    modules: { 'atencion-social': 16, bodega: 13, 'contabilidad-gubernamental': 1, tesoreria: 2 },
  },
})

const schema = `
  CREATE SCHEMA "SMC_SEG";
  CREATE SEQUENCE "SMC_SEG"."SEQ_USU" START 501;
  CREATE TABLE "SMC_SEG"."TUSU00" (
    "USU_COD" integer PRIMARY KEY DEFAULT nextval('"SMC_SEG"."SEQ_USU"'),
    "USU_LOGIN" char(20) NOT NULL UNIQUE,
    "USU_RUT" char(14),
    "USU_NOM" char(160) NOT NULL,
    "USU_CLAVE" char(32) NOT NULL DEFAULT '*',
    "USU_EST" char(1) NOT NULL CHECK ("USU_EST" IN ('S', 'N', 'B')),
    "USU_FTERM" timestamp,
    "USU_MAIL" varchar(80),
    "USU_NIVEL" smallint NOT NULL DEFAULT 1,
    "USU_FCREA" date NOT NULL DEFAULT current_date
  );
  CREATE TABLE "SMC_SEG"."TPER01" (
    "PER_USU" integer NOT NULL REFERENCES "SMC_SEG"."TUSU00" ("USU_COD"),
    "PER_MOD" smallint NOT NULL,
    "PER_CON" char(1), "PER_ING" char(1), "PER_MDF" char(1), "PER_ELI" char(1),
    "PER_DET" varchar(400),
    "PER_FTERM" timestamp,
    "PER_FULT" date,
    PRIMARY KEY ("PER_USU", "PER_MOD")
  );
  INSERT INTO "SMC_SEG"."TUSU00" ("USU_COD", "USU_LOGIN", "USU_NOM", "USU_EST", "USU_NIVEL")
    VALUES (1, 'SUPERVISOR', 'SUPERVISOR DEL SISTEMA', 'S', 9), (2, 'CIERRE', 'CIERRE NOCTURNO', 'S', 5);
  GRANT USAGE ON SCHEMA "SMC_SEG" TO llavero;
  GRANT USAGE ON SEQUENCE "SMC_SEG"."SEQ_USU" TO llavero;
  GRANT SELECT, INSERT, UPDATE ON "SMC_SEG"."TUSU00" TO llavero;
  GRANT SELECT, INSERT, UPDATE, DELETE ON "SMC_SEG"."TPER01" TO llavero;
  CREATE ROLE reader LOGIN PASSWORD 'reader';
  GRANT USAGE ON SCHEMA "SMC_SEG" TO reader;
  GRANT SELECT ON ALL TABLES IN SCHEMA "SMC_SEG" TO reader;
`

const rights: readonly Right[] = [
  {
    id: 'atencion-social',
    operations: ['ingreso', 'modificacion'],
    specific: ['solo informes sociales; sin montos', 'ñandú'],
    until: '2027-01-01T03:00:00.000Z',
  },
  { id: 'bodega', operations: [], specific: [], until: null },
  { id: 'tesoreria', operations: ['ingreso', 'modificacion', 'eliminacion'], specific: [], until: null },
]

const idOf = new Map(Object.entries(legacySettings.mapping.modules).map(([id, code]) => [code, id]))

export interface LegacyHarness extends ErpHarness {
  readonly settings: ErpSettings
}

export async function openLegacyErp(programs: Programs): Promise<LegacyHarness> {
  const server = await openSqlServer('erp', { programs })
  const { postgres, query } = server
  await query(schema)
  const connector = createErpConnector(legacySettings, { url: postgres.erpUrl })
  const users = '"SMC_SEG"."TUSU00"'
  return {
    server,
    settings: legacySettings,
    connector,
    rights,
    accountName: word => word.toUpperCase(),
    async look(login) {
      const rows = await query(
        `SELECT "USU_EST" AS state, "USU_NOM" AS name, array_remove(array_agg("PER_MOD"::int), NULL) AS modules
         FROM ${users} LEFT JOIN "SMC_SEG"."TPER01" ON "PER_USU" = "USU_COD"
         WHERE upper("USU_LOGIN") = upper($1) GROUP BY "USU_COD"`,
        [login],
      )
      return rows.map(row => ({
        enabled: row.state === 'S',
        shownName: String(row.name).trimEnd(),
        rights: (row.modules as number[]).map(code => idOf.get(code) ?? String(code)).sort(),
      }))
    },
    async plantForeign(login) {
      await query(
        `INSERT INTO ${users} ("USU_LOGIN", "USU_RUT", "USU_NOM", "USU_EST") VALUES ($1, '11.111.111-1', 'OTRA PERSONA', 'S')`,
        [login],
      )
    },
    async plantUnknown(login) {
      const own = `"USU_NIVEL" = 7, "USU_CLAVE" = 'c1', "USU_FCREA" = '1998-05-04'`
      await query(`UPDATE ${users} SET ${own} WHERE "USU_LOGIN" = $1`, [login])
      return async () => {
        const kept = await query(
          `SELECT 1 FROM ${users} WHERE "USU_LOGIN" = $1 AND ${own.replaceAll(', ', ' AND ')}`,
          [login],
        )
        return kept.length === 1
      }
    },
    async setFault(fault) {
      if (fault === 'empty')
        await query(`
          ALTER TABLE ${users} RENAME TO "TUSU00_LEJOS";
          CREATE TABLE ${users} (LIKE "SMC_SEG"."TUSU00_LEJOS" INCLUDING DEFAULTS);
          GRANT SELECT, INSERT, UPDATE ON ${users} TO llavero`)
      else if (fault === null) {
        await query(`
          DO $$ BEGIN
            IF to_regclass('"SMC_SEG"."TUSU00_LEJOS"') IS NOT NULL THEN
              DROP TABLE ${users};
              ALTER TABLE "SMC_SEG"."TUSU00_LEJOS" RENAME TO "TUSU00";
            END IF;
          END $$`)
        await postgres.setFault('erp', null)
      } else await postgres.setFault('erp', fault)
    },
    restart: () => postgres.restart(),
    async makeUnreadable() {
      await query(`REVOKE SELECT ON ${users} FROM llavero`)
      return async () => void (await query(`GRANT SELECT ON ${users} TO llavero`))
    },
    readOnlyConnector: async () =>
      createErpConnector(legacySettings, { url: urlAs(postgres.erpUrl, 'reader', 'reader') }),
    async close() {
      await connector.close()
      await server.close()
    },
  }
}
