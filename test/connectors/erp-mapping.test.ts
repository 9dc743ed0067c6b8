import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connector } from '../../functions/connectors/contract.ts'
import { createErpConnector } from '../../functions/connectors/erp/index.ts'
import { ErpSettings } from '../../schemas/settings.ts'
import type { Right, Step } from '../../schemas/target.ts'
import { bring, errorOf } from './asking.ts'
import type { Harness } from './harness.ts'
import { samplePerson } from './sample-people.ts'
import { openSqlServer, type SqlServer } from './sql-servers.ts'

/** Another ERP: capitals, a schema, padded columns, bits as numbers, times without zone, no place for the national id. */
const settings = ErpSettings.parse({
  id: 'erp',
  kind: 'sql',
  mode: 'active',
  secret: 'llavero/erp',
  dialect: 'postgresql',
  mapping: {
    schema: 'SEG',
    users: {
      table: 'Order',
      id: 'Id',
      login: 'USER',
      name: 'Nombre_Completo',
      active: 'Habilitado',
      validUntil: 'Hasta',
    },
    permissions: {
      table: 'Acceso',
      user: 'UserId',
      module: 'Modulo',
      read: 'r',
      insert: 'i',
      update: 'u',
      delete: 'd',
      specific: 'Detalle',
      validUntil: 'Hasta',
    },
    flags: { yes: 1, no: 0 },
    modules: { tesoreria: 12, 'atencion-social': 7 },
  },
})

const rights: Right[] = [
  {
    id: 'atencion-social',
    operations: ['modificacion'],
    specific: ['a', 'b'],
    until: '2026-09-06T04:00:00.000Z',
  },
  { id: 'tesoreria', operations: [], specific: [], until: null },
]

describe('Another ERP, by mapping alone', () => {
  let server: SqlServer
  let connector: Connector
  const people = { accountName: (word: string) => word.toUpperCase() } as Harness
  const opening: Step[] = [
    { act: 'create' },
    ...rights.map(right => ({ act: 'grant', right }) as const),
    { act: 'set-expiry', expiresAt: '2027-01-01T03:00:00.000Z' },
    { act: 'enable' },
  ]

  beforeAll(async () => {
    server = await openSqlServer('erp')
    await server.query(`
      CREATE SCHEMA "SEG";
      CREATE TABLE "SEG"."Order" (
        "Id" bigint GENERATED ALWAYS AS IDENTITY (START WITH 9007199254740993) PRIMARY KEY,
        "USER" char(30) UNIQUE NOT NULL,
        "Nombre_Completo" char(200) NOT NULL,
        "Habilitado" numeric(1) NOT NULL,
        "Hasta" timestamp,
        "Color" text DEFAULT 'azul'
      );
      CREATE TABLE "SEG"."Acceso" (
        "UserId" bigint NOT NULL, "Modulo" integer NOT NULL,
        r smallint, i smallint, u smallint, d smallint, "Detalle" varchar(500), "Hasta" timestamp
      );
      CREATE TABLE "SEG".llavero_owner (account varchar(64) PRIMARY KEY, person_id varchar(36) NOT NULL);
      INSERT INTO "SEG"."Order" ("USER", "Nombre_Completo", "Habilitado") VALUES ('ADMIN', 'ADMIN', 1);
      GRANT USAGE ON SCHEMA "SEG" TO llavero;
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "SEG" TO llavero;
    `)
    connector = createErpConnector(settings, { url: server.postgres.erpUrl })
  })
  afterAll(async () => {
    await connector?.close()
    await server?.close()
  })

  it('gets users and rights, and they read back as they were wanted', async () => {
    const { sample, observed } = await bring(connector, samplePerson(people), opening)
    expect(observed).toEqual({
      state: 'enabled',
      accountId: expect.stringMatching(/^90071992547409\d\d$/),
      name: sample.account.name,
      expiresAt: '2027-01-01T03:00:00.000Z',
      rights,
      retired: null,
      profileHash: connector.profileHash(sample.profile),
    })
  })

  it('keeps ends in UTC where its times have no zone', async () => {
    const { sample } = await bring(connector, samplePerson(people), opening)
    const rows = await server.query('SELECT "Hasta"::text AS text FROM "SEG"."Order" WHERE "USER" = $1', [
      sample.account.name,
    ])
    expect(rows).toEqual([{ text: '2027-01-01 03:00:00' }])
  })

  it('knows its people by a mark at its side where it has no place for the national id', async () => {
    const { sample } = await bring(connector, samplePerson(people), opening)
    const stranger = { ...samplePerson(people).account, name: sample.account.name }
    expect(errorOf((await connector.observe([stranger]))[0]).kind).toBe('conflict')
    const planted = samplePerson(people).account
    await server.query(
      'INSERT INTO "SEG"."Order" ("USER", "Nombre_Completo", "Habilitado") VALUES ($1, $1, 1)',
      [planted.name],
    )
    expect(errorOf((await connector.observe([planted]))[0]).kind).toBe('conflict')
  })

  it('shows what a permission that stands twice gives in sum, and one grant makes both alike', async () => {
    const { sample } = await bring(connector, samplePerson(people), opening)
    await server.query('INSERT INTO "SEG"."Acceso" ("UserId", "Modulo", r, d) VALUES ($1, 12, 1, 1)', [
      sample.account.accountId,
    ])
    const seen = await bring(connector, sample, [])
    expect(seen.observed.rights[1]).toMatchObject({ id: 'tesoreria', operations: ['eliminacion'] })
    const granted = await bring(
      connector,
      sample,
      rights.map(right => ({ act: 'grant', right })),
    )
    expect(granted.observed.rights).toEqual(rights)
    expect(
      (await bring(connector, sample, [{ act: 'revoke', right: 'tesoreria' }])).observed.rights,
    ).toHaveLength(1)
  })

  it('keeps what it knows and this system does not', async () => {
    const { sample } = await bring(connector, samplePerson(people), opening)
    await server.query('UPDATE "SEG"."Order" SET "Color" = $$rojo$$')
    await bring(connector, sample, [{ act: 'disable' }, { act: 'retire' }])
    await bring(connector, sample, opening)
    const rows = await server.query('SELECT "Color" FROM "SEG"."Order" WHERE "USER" = $1', [
      sample.account.name,
    ])
    expect(rows).toEqual([{ Color: 'rojo' }])
  })
})
