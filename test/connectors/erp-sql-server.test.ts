import { createServer, type Server, type Socket } from 'node:net'
import {
  sql as builder,
  DummyDriver,
  Kysely,
  MssqlAdapter,
  MssqlIntrospector,
  MssqlQueryCompiler,
} from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AccountRef } from '../../functions/connectors/contract.ts'
import type { ErpAccount, Permission } from '../../functions/connectors/erp/account.ts'
import { createErpConnector } from '../../functions/connectors/erp/index.ts'
import { selectPage } from '../../functions/connectors/erp/listing.ts'
import { selectAccounts } from '../../functions/connectors/erp/look.ts'
import {
  type Change,
  insertInactive,
  permissionStatements,
  updateUsers,
} from '../../functions/connectors/erp/write.ts'
import { compile, list, name, type Statement, sql } from '../../functions/connectors/sql-statements.ts'
import { ErpSettings } from '../../schemas/settings.ts'
import { errorOf } from './asking.ts'
import { erpSettings } from './erp-harness.ts'

const settings = ErpSettings.parse({
  ...erpSettings,
  dialect: 'sql-server',
  mapping: { ...erpSettings.mapping, schema: 'dbo', flags: { yes: 1, no: 0 } },
})

const ref: AccountRef = {
  personId: 'p-1',
  nationalId: '12345678-5',
  accountId: '7',
  name: "o'higgins",
  adopted: false,
}
const permission: Permission = {
  module: 'TES',
  read: true,
  insert: false,
  update: true,
  delete: false,
  specific: 'caja 1',
  endsAt: '2027-01-01T03:00:00.000Z',
  odd: false,
}
const account: ErpAccount = {
  id: '7',
  login: "o'higgins",
  name: 'Bernardo',
  active: true,
  endsAt: null,
  mark: '12345678-5',
  mail: null,
  permissions: new Map(),
}
const holding = (...held: Permission[]): ErpAccount => ({
  ...account,
  permissions: new Map(held.map(one => [String(one.module), one])),
})
const written = (statement: Statement) => {
  const { text, values } = compile(statement, 'sql-server')
  return [text.replace(/\s+/g, ' ').trim(), values]
}
const permissionsOf = (before: ErpAccount, after: ErpAccount) => {
  const change: Change = { ref, before, after }
  return permissionStatements(settings, [change], () => '7').map(written)
}

describe('What is said to SQL Server', () => {
  it("is written with the names and parameters that Kysely's own compiler would write", () => {
    const database = new Kysely<unknown>({
      dialect: {
        createAdapter: () => new MssqlAdapter(),
        createDriver: () => new DummyDriver(),
        createIntrospector: db => new MssqlIntrospector(db),
        createQueryCompiler: () => new MssqlQueryCompiler(),
      },
    })
    const odd = 'a"; drop'
    const theirs =
      builder`update ${builder.id('dbo', odd)} set ${builder.id(odd)} = ${"x'"} where ${builder.id('b')} in (${builder.join([1, null])})`.compile(
        database,
      )
    const ours = compile(
      sql`update ${name('dbo', odd)} set ${name(odd)} = ${"x'"} where ${name('b')} in ${list([1, null])}`,
      'sql-server',
    )
    expect([ours.text, ours.values]).toEqual([theirs.sql, theirs.parameters])
  })

  it('asks for everybody in one statement without a value in it', () => {
    const [text, values] = written(selectAccounts(settings, [ref, { ...ref, accountId: null, name: 'b' }]))
    expect(text).toBe(
      'select case when exists (select 1 from "dbo"."usuarios") then 1 else 0 end as populated, ' +
        'u."id_usuario" as user_id, u."login" as user_login, u."nombre" as user_name, ' +
        'u."vigente" as user_active, u."vigente_hasta" as user_ends, u."rut" as user_mark, null as user_mail, ' +
        'p."id_usuario" as holder, p."modulo" as module, p."consulta" as can_read, p."ingreso" as can_insert, ' +
        'p."modificacion" as can_update, p."eliminacion" as can_delete, p."detalle" as specific, p."vigente_hasta" as ends ' +
        'from (select 1 as one) one_row ' +
        'left join "dbo"."usuarios" u on (u."id_usuario" in (@1) or u."login" in (@2, @3) or ' +
        `upper(replace(replace(replace(cast(u."rut" as varchar(64)), '.', ''), '-', ''), ' ', '')) in (@4, @5, @6)) ` +
        'left join "dbo"."permisos" p on p."id_usuario" = u."id_usuario"',
    )
    expect(values).toEqual(['7', "o'higgins", 'b', '123456785', '0123456785', '00123456785'])
  })

  it('asks for a page of users and for how many are left in one statement', () => {
    const [text, values] = written(selectPage(settings, '7'))
    expect(text).toContain(
      'left join ( select u.* from "dbo"."usuarios" u where u."id_usuario" > @2 ' +
        'order by u."id_usuario" offset 0 rows fetch next @3 rows only ) u on 1 = 1',
    )
    expect(text).toContain(
      'from (select count(*) as ahead from "dbo"."usuarios" u where u."id_usuario" > @1) counted',
    )
    expect(values).toEqual(['7', '7', 200])
  })

  it('makes users inactive, changes only what was read, and opens last', () => {
    expect(
      written(insertInactive(settings, [{ ref, before: null, after: { ...account, id: null } }])),
    ).toEqual([
      'insert into "dbo"."usuarios" ("login", "nombre", "vigente", "vigente_hasta", "rut") values (@1, @2, @3, @4, @5)',
      ["o'higgins", 'Bernardo', 0, null, '12345678-5'],
    ])
    const update = updateUsers(settings, [account, { ...account, id: '8', mark: null }], { active: true })
    expect(written(update)).toEqual([
      'update "dbo"."usuarios" set "vigente" = @1 where ' +
        '(("id_usuario" = @2 and "login" = @3 and "rut" = @4) or ("id_usuario" = @5 and "login" = @6 and ("rut" is null or rtrim(cast("rut" as varchar(64))) = \'\')))',
      [1, '7', "o'higgins", '12345678-5', '8', "o'higgins"],
    ])
  })

  it('takes a permission as a row, changes it in place, gives it as a row', () => {
    expect(permissionsOf(holding(permission), holding())).toEqual([
      ['delete from "dbo"."permisos" where (("id_usuario" = @1 and "modulo" = @2))', ['7', 'TES']],
    ])
    expect(permissionsOf(holding(permission), holding({ ...permission, delete: true }))).toEqual([
      [
        'update "dbo"."permisos" set "consulta" = @1, "ingreso" = @2, "modificacion" = @3, "eliminacion" = @4, ' +
          '"detalle" = @5, "vigente_hasta" = @6 where (("id_usuario" = @7 and "modulo" = @8))',
        [1, 0, 1, 1, 'caja 1', '2027-01-01T03:00:00.000Z', '7', 'TES'],
      ],
    ])
    expect(permissionsOf(holding(), holding(permission))).toEqual([
      [
        'insert into "dbo"."permisos" ("id_usuario", "modulo", "consulta", "ingreso", "modificacion", "eliminacion", ' +
          '"detalle", "vigente_hasta") values (@1, @2, @3, @4, @5, @6, @7, @8)',
        ['7', 'TES', 1, 0, 1, 0, 'caja 1', '2027-01-01T03:00:00.000Z'],
      ],
    ])
    expect(permissionsOf(holding(permission), holding(permission))).toEqual([])
  })

  it('never takes more parameters than it allows', () => {
    const many = Array.from({ length: 1_000 }, (_, at) => ({ ...permission, module: `M${at}` }))
    const statements = permissionsOf(holding(), holding(...many))
    expect(statements.length).toBe(5)
    for (const [, values] of statements) expect(values?.length).toBeLessThanOrEqual(2_100)
  })
})

describe('A SQL Server', () => {
  let silent: Server
  const open = new Set<Socket>()
  beforeAll(async () => {
    silent = createServer(socket => void open.add(socket))
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => {
    for (const socket of open) socket.destroy()
    silent.close()
  })
  const errorAt = async (url: string) => {
    const connector = createErpConnector(settings, { url })
    try {
      return errorOf((await connector.observe([ref]))[0])
    } finally {
      await connector.close()
    }
  }

  it('that nobody listens as is unreachable', async () => {
    expect(await errorAt('mssql://llavero:secret@127.0.0.1:1/erp')).toMatchObject({
      kind: 'unreachable',
      retryable: true,
    })
  })

  it('that never answers is unreachable, within its time limit', async () => {
    const { port } = silent.address() as { port: number }
    const started = Date.now()
    const error = await errorAt(`mssql://llavero:secret@127.0.0.1:${port}/erp`)
    expect(error).toMatchObject({ kind: 'unreachable', retryable: true })
    expect(Date.now() - started).toBeLessThan(20_000)
  })

  it('whose secret is of another kind waits for a human', async () => {
    expect(await errorAt('postgresql://llavero:secret@127.0.0.1:1/erp')).toMatchObject({
      kind: 'misconfigured',
      retryable: false,
    })
  })
})
