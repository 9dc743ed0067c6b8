import type { Rpc } from './rpc.ts'

/** The account that the connector enters with. */
export const service = { user: 'llavero', password: 'Serv1cio-Passw0rd!' }

/** A municipality's groups, as its ERP's administrator would have made them. */
const groups = [
  'Contabilidad: consulta',
  'Contabilidad: ingreso',
  'Contabilidad: modificación',
  'Contabilidad: eliminación',
  'Tesorería: consulta',
  'Tesorería: cajas',
  'Tesorería: actualización',
  'Bodega: consulta',
]

/** What an administrator does once so that the connector can work; `docs/tryton.md` tells the same in words. */
export async function plantErp(admin: Rpc): Promise<void> {
  const model = async (name: string) => {
    const [id] = (await admin.call(
      'model.ir.model.search',
      [['model', '=', name]],
      0,
      1,
      null,
      {},
    )) as number[]
    return id
  }
  await admin.call(
    'model.res.group.create',
    groups.map(name => ({ name })),
    {},
  )
  const [applications] = (await admin.call(
    'model.ir.rule.group.search',
    [
      ['model.model', '=', 'res.user.application'],
      ['default_p', '=', false],
    ],
    0,
    1,
    null,
    {},
  )) as number[]
  const [group] = (await admin.call(
    'model.res.group.create',
    [
      {
        name: 'Llavero',
        model_access: [['create', [await accessTo('res.user'), await accessTo('ir.model.data')]]],
        rule_groups: [['add', [applications]]],
      },
    ],
    {},
  )) as number[]
  await admin.call(
    'model.res.user.create',
    [{ name: 'Llavero', login: service.user, password: service.password, groups: [['add', [group]]] }],
    {},
  )
  const [sessions] = (await admin.call(
    'model.ir.rule.group.search',
    [['model.model', '=', 'ir.session']],
    0,
    1,
    null,
    {},
  )) as number[]
  await admin.call(
    'model.ir.rule.group.write',
    [sessions],
    { rules: [['create', [{ domain: sessionTest(group ?? 0) }]]] },
    {},
  )

  async function accessTo(name: string) {
    return {
      model: await model(name),
      perm_read: true,
      perm_create: true,
      perm_write: name === 'res.user',
      perm_delete: false,
    }
  }
}

/** Lets a member of the group end the sessions of others: Tryton ends them when it closes a user, and only those it sees. */
export const sessionTest = (group: number): string =>
  JSON.stringify([
    {
      __class__: 'If',
      c: { __class__: 'In', k: group, v: { __class__: 'Eval', v: 'groups', d: [] } },
      t: ['create_uid', '>', 0],
      e: ['create_uid', '=', -1],
    },
  ])
