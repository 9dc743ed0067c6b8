import { randomUUID } from 'node:crypto'
import type { AccountRef, Connector, Plan } from '../../functions/connectors/contract.ts'
import { absentAccount } from '../../functions/domain/absent-account.ts'
import type { Step } from '../../schemas/target.ts'
import { resultOf } from '../connectors/asking.ts'
import { openErp } from '../connectors/erp-harness.ts'
import type { Harness } from '../connectors/harness.ts'
import { openTryton } from '../connectors/tryton-harness.ts'
import { findPostgresql } from '../servers/postgresql/installed.ts'
import type { Rpc } from '../servers/tryton/rpc.ts'

/** Every act but `look-up` looks first and reads back afterwards. */
const acts = ['create', 'deactivate', 'reactivate', 'look-up'] as const
type Act = (typeof acts)[number]

/** People a second, medians over the rounds. `bare`: a client that makes the same calls and thinks nothing. */
export interface ErpRow {
  readonly act: Act
  readonly atOnce: number
  readonly connector: number
  readonly bare: number | null
}

interface Subject {
  readonly login: string
  readonly personId: string
  id: number
}

type Do = (act: Act, people: readonly Subject[]) => Promise<void>

let serial = 0
const crowd = (size: number): Subject[] =>
  Array.from({ length: size }, () => ({ login: `b${++serial}`, personId: randomUUID(), id: 0 }))

const nationalIdOf = (login: string) => `${40_000_000 + Number(login.slice(1))}-0`

/** Our connector, as the engine uses it. */
function withConnector(connector: Connector, harness: Harness): Do {
  const grants = harness.rights.map(right => ({ act: 'grant', right }) as const)
  const revokes = harness.rights.map(right => ({ act: 'revoke', right: right.id }) as const)
  const steps: Record<Exclude<Act, 'look-up'>, Step[]> = {
    create: [{ act: 'create' }, ...grants, { act: 'enable' }],
    deactivate: [{ act: 'disable' }, ...revokes],
    reactivate: [...grants, { act: 'enable' }],
  }
  const refOf = ({ login, personId, id }: Subject): AccountRef => ({
    personId,
    nationalId: nationalIdOf(login),
    accountId: id === 0 ? null : String(id),
    name: login,
    adopted: false,
  })
  const profileOf = ({ login }: Subject) => ({
    nationalId: nationalIdOf(login),
    givenNames: 'Rosa Amelia',
    surnames: 'Pizarro Quilodrán',
    position: 'Asistente social',
    unit: 'Dirección de Desarrollo Comunitario',
  })
  return async (act, people) => {
    if (act !== 'look-up') {
      const plans = people.map(
        (one): Plan => ({
          account: refOf(one),
          profile: profileOf(one),
          observed: absentAccount,
          steps: steps[act],
        }),
      )
      const done = (await connector.apply(plans)).map(resultOf)
      for (const [at, one] of people.entries()) one.id = Number(done[at]?.accountId)
    }
    for (const outcome of await connector.observe(people.map(refOf))) resultOf(outcome)
  }
}

/** JSON-RPC and nothing else: the calls that Tryton needs for it, as its own documentation has them. */
function withRpc(rpc: Rpc, groups: readonly number[]): Do {
  const fields = ['login', 'name', 'active', 'groups', 'sessions', '_timestamp']
  const read = (people: readonly Subject[]) => {
    const logins = people.map(one => one.login)
    const all = { active_test: false }
    return rpc.call('model.res.user.search_read', [['login', 'in', logins]], 0, null, null, fields, all)
  }
  const write = (people: readonly Subject[], values: object) =>
    rpc.call(
      'model.res.user.write',
      people.map(one => one.id),
      values,
      {},
    )
  return async (act, people) => {
    if (act !== 'look-up') await read(people)
    if (act === 'create') {
      const users = people.map(({ login }) => ({
        login,
        name: 'Rosa Amelia Pizarro Quilodrán',
        active: false,
        groups: [['add', groups]],
      }))
      const ids = (await rpc.call('model.res.user.create', users, {})) as number[]
      for (const [at, one] of people.entries()) one.id = ids[at] ?? 0
      const marks = people.map(({ personId, id }) => ({
        fs_id: personId,
        module: 'llavero',
        model: 'res.user',
        db_id: id,
        noupdate: true,
      }))
      await rpc.call('model.ir.model.data.create', marks, {})
      await write(people, { active: true })
    } else if (act === 'deactivate') {
      await write(people, { active: false })
      await write(people, { groups: [['remove', groups]] })
    } else if (act === 'reactivate') await write(people, { groups: [['add', groups]], active: true })
    await read(people)
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

/** Each contestant does every act with people of its own, in turning order; the first round warms up. */
async function measure(contestants: Record<string, Do>, atOnce: number, rounds: number, size: number) {
  const rates = new Map<string, number[]>()
  const names = Object.keys(contestants)
  for (let round = 0; round <= rounds; round++) {
    const crowds = new Map(names.map(name => [name, crowd(size)]))
    for (const act of acts)
      for (const turn of names.keys()) {
        const name = names[(turn + round) % names.length] ?? ''
        const people = crowds.get(name) ?? []
        const started = performance.now()
        for (let at = 0; at < people.length; at += atOnce)
          await contestants[name]?.(act, people.slice(at, at + atOnce))
        const rate = (people.length * 1000) / (performance.now() - started)
        if (round > 0) rates.set(`${act}/${name}`, [...(rates.get(`${act}/${name}`) ?? []), rate])
      }
  }
  return (act: Act, name: string) => median(rates.get(`${act}/${name}`) ?? [])
}

async function rowsOf(contestants: Record<string, Do>, rounds: number, size: number): Promise<ErpRow[]> {
  const rows: ErpRow[] = []
  for (const atOnce of [1, 20]) {
    const rate = await measure(contestants, atOnce, rounds, size)
    for (const act of acts) {
      const bare = 'bare' in contestants ? rate(act, 'bare') : null
      rows.push({ act, atOnce, connector: rate(act, 'connector'), bare })
    }
  }
  return rows
}

export async function benchTryton(rounds = 3, size = 20): Promise<ErpRow[]> {
  const harness = await openTryton()
  try {
    const rpc = await harness.server.login(harness.secret.user, harness.secret.password)
    if (rpc === null) throw new Error('Tryton refuses the service account')
    const found = await harness.server.query(
      "SELECT id FROM res_group WHERE name LIKE 'Bodega%' OR name LIKE 'Tesorer%' OR name LIKE 'Contabilidad: _n%'",
    )
    const groups = found.map(row => Number(row.id))
    const connector = withConnector(harness.connector, harness)
    return await rowsOf({ connector, bare: withRpc(rpc, groups) }, rounds, size)
  } finally {
    await harness.close()
  }
}

export async function benchErpTables(rounds = 3, size = 100): Promise<ErpRow[]> {
  const installed = findPostgresql()
  if (!installed.usable) throw new Error(installed.reason)
  const harness = await openErp({ programs: installed.programs })
  try {
    return await rowsOf({ connector: withConnector(harness.connector, harness) }, rounds, size)
  } finally {
    await harness.close()
  }
}
