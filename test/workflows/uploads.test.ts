import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import { adoptAccounts } from '../../functions/workflows/adopt-accounts.ts'
import { completeTask } from '../../functions/workflows/complete-task.ts'
import { listTasks } from '../../functions/workflows/read-tasks.ts'
import { uploadAccounts } from '../../functions/workflows/upload-accounts.ts'
import sample from '../../infra/settings/valle-claro.json' with { type: 'json' }
import type { TaskList } from '../../schemas/api-operations.ts'
import type { Contract } from '../../schemas/contract.ts'
import { Settings } from '../../schemas/settings.ts'
import { openWorld, type World } from '../servers/world.ts'

const planta: Contract = { type: 'planta', regime: 'municipal', startsOn: '2020-03-01', endsOn: null }
const names = { givenNames: 'Elisa', surnames: 'Huenchumán Ñancupil' }
let serial = 18_000_000
const nationalId = () => {
  const digits = String(++serial)
  return `${digits}-${rutCheckDigit(digits)}`
}

let world: World
let head: string
let technician: string
beforeAll(async () => {
  const whole = Settings.parse(sample)
  world = await openWorld({
    settings: {
      targets: whole.targets.map(target =>
        target.id === 'erp' ? { id: 'erp', kind: 'manual', mode: 'manual' } : target,
      ) as Settings['targets'],
    },
  })
  head = await world.hire(nationalId(), { givenNames: 'Marta', surnames: 'Reyes Soto' }, 'dideco', planta)
  technician = await world.hire(nationalId(), { givenNames: 'Ada', surnames: 'Pino Leal' }, 'ti', planta)
  world.units.set('dideco', { id: 'dideco', name: 'Dideco', parent: null, head, deputies: [] })
})
afterAll(() => world.close())

const it_ = () => ({ personId: technician, roles: ['it'] as const })
const needed = () => ({
  ...world.engine,
  readings: world.readings,
  lists: world.engine.lists,
  adoptions: world.adoptions,
})
const upload = async (rows: unknown, query: object = {}) => {
  const sent =
    typeof rows === 'string'
      ? ({ kind: 'csv', text: rows } as const)
      : ({ kind: 'json', value: rows } as const)
  const answer = await uploadAccounts(needed(), it_(), { target: 'erp', ...query }, sent)
  await world.settle()
  return answer
}
const openTasks = async (personId: string) =>
  ((await listTasks(world.engine, { open: 'true' })) as TaskList).tasks.filter(
    ({ person }) => person.personId === personId,
  )
const accounting = {
  system: 'erp',
  module: 'contabilidad-gubernamental',
  type: 'actualizacion',
  operations: ['ingreso'],
}

/** Somebody whose ERP account a technician has made by hand. */
async function someone() {
  const id = nationalId()
  const personId = await world.hire(id, names, 'dideco', planta)
  await world.submit(head, {
    unit: 'dideco',
    activations: [
      {
        person: { nationalId: id, ...names, position: 'Administrativo' },
        contract: planta,
        access: accounting,
        until: null,
      },
    ],
    declaration: true,
  })
  await world.settle()
  const [task] = await openTasks(personId)
  await completeTask(world.engine, it_(), task?.id ?? '', { done: true, evidence: 'Ticket 7' })
  await world.settle()
  const row = await world.row(personId, 'erp')
  expect(row).toMatchObject({ state: 'converged', observed: { state: 'enabled' } })
  return { id, personId, name: row.name }
}
const asLeft = (name: string) => ({
  name,
  state: 'enabled',
  modules: 'contabilidad-gubernamental:ingreso',
})

describe('an uploaded list of users', () => {
  it('changes nothing where everything is as it is known, however often it is sent', async () => {
    const { personId, name } = await someone()
    for (const time of ['first', 'second']) {
      const answer = await upload([asLeft(name)])
      expect(answer, time).toMatchObject({ applied: 1, faults: [], differences: 0 })
    }
    expect(await openTasks(personId)).toEqual([])
    expect((await world.readings.load('erp'))?.last).toMatchObject({ accounts: 1 })
  })

  it('opens a task for what it shows and nobody granted, and for what is missing; each is told in the ledger', async () => {
    const extra = await someone()
    const gone = await someone()
    const { name } = extra
    const answer = await upload([{ ...asLeft(name), modules: 'contabilidad-gubernamental:ingreso;bodega' }])
    expect(answer).toMatchObject({ applied: 1, faults: [] })
    const [take] = await openTasks(extra.personId)
    expect(take).toMatchObject({ kind: 'manual' })
    const entries = await world.entries(`target/${extra.personId}/erp`)
    expect(entries.filter(({ act }) => act === 'drift-found')).toMatchObject([
      {
        cause: { kind: 'upload' },
        evidence: { kind: 'manual', differences: [{ kind: 'right-added', right: 'bodega' }] },
      },
    ])
    expect(entries.at(-1)).toMatchObject({
      phase: 'intended',
      after: { steps: [{ act: 'revoke', right: 'bodega' }] },
    })
    expect(await openTasks(gone.personId)).toHaveLength(1)
    expect((await world.row(gone.personId, 'erp')).observed).toMatchObject({ state: 'absent' })
    expect(await upload([asLeft(name)], { confirm: 'true' })).toMatchObject({ differences: 0 })
  })

  it('reports every faulty row with its number and takes nothing', async () => {
    const before = (await world.readings.load('erp'))?.last?.id
    const answer = await upload(
      [
        'name,state,modules,nationalId',
        'uno,enabled,bodega,',
        'dos,open,,',
        'uno,disabled,,',
        'tres,enabled,sin-catalogo,',
        'cuatro,enabled,bodega:mirar,12.345.678-9',
      ].join('\n'),
    )
    if ('refused' in answer) throw new Error(answer.refused)
    expect(answer.applied).toBe(0)
    expect(answer.faults.map(({ row, pointer }) => [row, pointer])).toEqual([
      [2, '/state'],
      [3, '/name'],
      [3, '/accountId'],
      [4, '/modules'],
      [5, '/modules'],
      [5, '/nationalId'],
    ])
    expect((await world.readings.load('erp'))?.last?.id).toBe(before)
  })

  it('that shows far fewer accounts than the one before is taken only when it is confirmed', async () => {
    const many = Array.from({ length: 40 }, (_, index) => ({ name: `otro${index}`, state: 'enabled' }))
    await upload(many, { confirm: 'true' })
    expect(await upload(many.slice(0, 3))).toMatchObject({
      refused: 'conflict',
      faults: [{ code: 'upload.suspicious' }],
    })
    expect(await upload(many.slice(0, 3), { confirm: 'true' })).toMatchObject({ applied: 3 })
  })

  it('lets an account that was there before be adopted: it needs no task, and keeps what it gives', async () => {
    const id = nationalId()
    const personId = await world.hire(id, names, 'dideco', planta)
    await upload([{ name: 'ehuenchuman', state: 'enabled', nationalId: id, modules: 'bodega' }], {
      confirm: 'true',
    })
    const answer = await adoptAccounts(needed(), it_(), {
      target: 'erp',
      adoptions: [{ accountId: 'ehuenchuman', nationalId: id }],
    })
    expect(answer).toMatchObject({ adoptions: [{ adopted: true }] })
    await world.settle()
    expect(await openTasks(personId)).toEqual([])
    expect(await world.row(personId, 'erp')).toMatchObject({
      name: 'ehuenchuman',
      origin: 'adopted',
      state: 'converged',
      observed: { state: 'enabled', rights: [{ id: 'bodega' }] },
    })
  })

  it('says nothing of whoever sends it', async () => {
    const { personId } = await someone()
    const sent = { kind: 'json', value: [] } as const
    const query = { target: 'erp', confirm: 'true' } as const
    expect(await uploadAccounts(needed(), { personId, roles: ['it'] }, query, sent)).toMatchObject({
      faults: [],
    })
    expect(await world.row(personId, 'erp')).toMatchObject({ observed: { state: 'enabled' }, drift: null })
  })

  it('is not for a target that can be read', async () => {
    expect(
      await uploadAccounts(needed(), it_(), { target: 'mail' }, { kind: 'json', value: [] }),
    ).toMatchObject({ refused: 'conflict', faults: [{ code: 'upload.readable' }] })
  })
})
