import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import { createIdentityStore } from '../../functions/stores/identities.ts'
import { completeTask } from '../../functions/workflows/complete-task.ts'
import { changeMode } from '../../functions/workflows/operate-target.ts'
import { listTasks } from '../../functions/workflows/read-tasks.ts'
import sample from '../../infra/settings/valle-claro.json' with { type: 'json' }
import type { TaskCompletion, TaskList, TaskView } from '../../schemas/api-operations.ts'
import type { Contract } from '../../schemas/contract.ts'
import { Settings, type TargetMode } from '../../schemas/settings.ts'
import { openWorld, type World } from '../servers/world.ts'

const planta: Contract = { type: 'planta', regime: 'municipal', startsOn: '2020-03-01', endsOn: null }
const names = { givenNames: 'Elisa', surnames: 'Huenchumán Ñancupil' }
const vendor = 'soporte@proveedor.example'

/** The sample body, whose ERP nobody but people can enter, or can only be read. */
const settings = (erp: 'blind' | 'read'): Partial<Settings> => {
  const whole = Settings.parse(sample)
  return {
    targets: whole.targets.map(target =>
      target.id !== 'erp'
        ? target
        : erp === 'blind'
          ? { id: 'erp', kind: 'manual', mode: 'manual' }
          : { ...target, mode: 'manual' },
    ) as Settings['targets'],
    notices: { ...whole.notices, vendors: { erp: vendor } },
  }
}

let serial = 17_000_000
const nationalId = () => {
  const digits = String(++serial)
  return `${digits}-${rutCheckDigit(digits)}`
}

interface Office {
  world: World
  head: string
  technician: string
}

async function open(erp: 'blind' | 'read'): Promise<Office> {
  const world = await openWorld({ settings: settings(erp) })
  const head = await world.hire(
    nationalId(),
    { givenNames: 'Marta', surnames: 'Reyes Soto' },
    'dideco',
    planta,
  )
  const technician = await world.hire(
    nationalId(),
    { givenNames: 'Ada', surnames: 'Pino Leal' },
    'ti',
    planta,
  )
  world.units.set('dideco', { id: 'dideco', name: 'Dideco', parent: null, head, deputies: [] })
  return { world, head, technician }
}

const access = (module: string, operations: string[] = []) => ({
  system: 'erp',
  module,
  type: operations.length > 0 ? 'actualizacion' : 'consulta',
  ...(operations.length > 0 && { operations }),
})
const accounting = access('contabilidad-gubernamental', ['ingreso'])
const stores = access('bodega')

const asks = (id: string, ...accesses: object[]) => ({
  unit: 'dideco',
  activations: accesses.map(one => ({
    person: { nationalId: id, ...names, position: 'Administrativo' },
    contract: planta,
    access: one,
    until: null,
  })),
  declaration: true,
})
const ends = (id: string, one: object) => ({
  unit: 'dideco',
  activations: [],
  deactivations: [{ nationalId: id, access: one }],
  declaration: true,
})

async function someone({ world, head }: Office, ...accesses: object[]) {
  const id = nationalId()
  const personId = await world.hire(id, names, 'dideco', planta)
  if (accesses.length > 0) {
    await world.submit(head, asks(id, ...accesses))
    await world.settle()
  }
  return { id, personId }
}

async function tasksOf({ world }: Office, personId: string): Promise<TaskView[]> {
  const { tasks } = (await listTasks(world.engine, { open: 'true' })) as TaskList
  return tasks.filter(({ person }) => person.personId === personId)
}
async function taskOf(office: Office, personId: string): Promise<TaskView> {
  const tasks = await tasksOf(office, personId)
  expect(tasks).toHaveLength(1)
  return tasks[0] as TaskView
}
async function complete({ world, technician }: Office, task: TaskView, more: Partial<TaskCompletion> = {}) {
  const body = { done: true, evidence: 'Hecho, ticket 12.', ...more } as TaskCompletion
  const answer = await completeTask(world.engine, { personId: technician, roles: ['it'] }, task.id, body)
  await world.settle()
  return answer
}
async function turn({ world, technician }: Office, mode: TargetMode) {
  const registers = { ...world.engine, identities: createIdentityStore(world.tables) }
  await changeMode(registers, { personId: technician, roles: ['it'] }, 'erp', { mode, reason: 'prueba' })
  world.time.now += 1_000
  await world.settle()
}
const phases = async ({ world }: Office, personId: string) =>
  (await world.entries(`target/${personId}/erp`)).map(({ phase }) => phase)

describe('a target that only people can enter', () => {
  let office: Office
  let world: World
  beforeAll(async () => {
    office = await open('blind')
    world = office.world
  })
  afterAll(() => world.close())

  it('makes a task of the plan, and the line waits for it', async () => {
    const { personId } = await someone(office, accounting)
    const task = await taskOf(office, personId)
    expect(task).toMatchObject({ kind: 'manual', target: 'erp', urgent: false, closedAt: null })
    expect(task.what).toEqual([
      expect.stringMatching(/^Cree la cuenta «elisa\.huenchuman/),
      expect.stringMatching(/^Dé a la cuenta .* Contabilidad gubernamental\. Actualización \(ingreso\)\.$/),
      expect.stringMatching(/^Abra la cuenta/),
    ])
    expect(await world.row(personId, 'erp')).toMatchObject({
      state: 'waiting',
      observed: null,
      openTask: { id: task.id },
    })
    expect(await phases(office, personId)).toEqual(['intended'])
    expect(world.targets.erp.changes).toEqual([])
  })

  it('is done when a human says so: intent and one outcome, with their evidence', async () => {
    const { personId } = await someone(office, accounting)
    const task = await taskOf(office, personId)
    expect(await complete(office, task, { accountId: '4711' })).toMatchObject({ outcome: 'done' })
    expect(await world.row(personId, 'erp')).toMatchObject({
      state: 'converged',
      openIntent: null,
      openTask: null,
      attested: null,
      accountId: '4711',
      observed: { state: 'enabled', accountId: '4711', rights: [{ id: 'contabilidad-gubernamental' }] },
    })
    const entries = await world.entries(`target/${personId}/erp`)
    expect(entries.map(({ phase }) => phase)).toEqual(['intended', 'succeeded'])
    expect(entries[1]?.evidence).toEqual({
      intent: entries[0]?.id,
      kind: 'manual',
      task: task.id,
      by: office.technician,
      readBack: false,
      attested: true,
    })
    expect(await tasksOf(office, personId)).toEqual([])
  })

  it('takes the name that the account was given, and nobody else gets it', async () => {
    const { personId } = await someone(office, accounting)
    await complete(office, await taskOf(office, personId), { name: 'ehuenchuman' })
    expect(await world.row(personId, 'erp')).toMatchObject({
      name: 'ehuenchuman',
      observed: { name: 'ehuenchuman' },
    })
    const other = await someone(office, accounting)
    const task = await taskOf(office, other.personId)
    expect(await complete(office, task, { name: 'ehuenchuman' })).toEqual({
      refused: 'invalid',
      faults: [{ pointer: '/name', code: 'task.name-taken' }],
    })
    expect(await taskOf(office, other.personId)).toEqual(task)
  })

  it('asks to take away with urgency', async () => {
    const { id, personId } = await someone(office, accounting)
    await complete(office, await taskOf(office, personId))
    await world.submit(office.head, ends(id, { system: 'all' }))
    await world.settle()
    const task = await taskOf(office, personId)
    expect(task).toMatchObject({ urgent: true })
    expect(task.steps.map(({ act }) => act)).toEqual(['disable', 'revoke'])
    expect(Date.parse(task.dueBy) - Date.parse(task.openedAt)).toBe(4 * 3_600_000)
    expect((await world.row(personId, 'erp')).observed?.state).toBe('enabled')
    await complete(office, task)
    expect(await world.row(personId, 'erp')).toMatchObject({
      state: 'converged',
      observed: { state: 'disabled', rights: [] },
    })
    expect(await phases(office, personId)).toEqual(['intended', 'succeeded', 'intended', 'succeeded'])
  })

  it('asks for another plan by another task: one outcome for each intent, never two open', async () => {
    const { id, personId } = await someone(office, accounting)
    const first = await taskOf(office, personId)
    await world.submit(office.head, asks(id, stores))
    await world.settle()
    const second = await taskOf(office, personId)
    expect(second.id).not.toBe(first.id)
    expect(second.steps.map(({ act }) => act)).toEqual(['create', 'grant', 'grant', 'enable'])
    expect(await phases(office, personId)).toEqual(['intended', 'unknown', 'intended'])
    await complete(office, second)
    expect((await world.row(personId, 'erp')).observed?.rights.map(right => right.id)).toEqual([
      'bodega',
      'contabilidad-gubernamental',
    ])
    expect(await phases(office, personId)).toEqual(['intended', 'unknown', 'intended', 'succeeded'])
    expect(await world.engine.tasks.load(first.id)).toMatchObject({ outcome: 'superseded', closedBy: null })
    expect((await world.entries(`task/${second.id}`))[0]?.before).toMatchObject({ task: first.id })
  })

  it('takes back what somebody may have opened before anybody said so', async () => {
    const { id, personId } = await someone(office, accounting)
    await world.submit(office.head, ends(id, { system: 'erp', module: 'contabilidad-gubernamental' }))
    await world.settle()
    const task = await taskOf(office, personId)
    expect(task).toMatchObject({ urgent: true })
    expect(task.steps.map(({ act }) => act)).toEqual(['disable', 'revoke'])
    await complete(office, task)
    expect(await world.row(personId, 'erp')).toMatchObject({ state: 'converged', openTask: null })
    expect((await world.row(personId, 'erp')).observed?.state).not.toBe('enabled')
  })

  it('never takes “done”, said of an opening, for the closing that is asked for since', async () => {
    const { id, personId } = await someone(office, accounting)
    const opening = await taskOf(office, personId)
    await world.submit(office.head, ends(id, { system: 'all' }))
    await world.settle()
    expect(await complete(office, opening)).toEqual({ refused: 'conflict' })
    const closing = await taskOf(office, personId)
    expect(closing.steps.map(({ act }) => act)).toEqual(['disable', 'revoke'])
    expect(await world.row(personId, 'erp')).toMatchObject({ state: 'waiting', openTask: { id: closing.id } })
  })

  it('says no outcome of what was handed out while it is only observed, and still takes the word for it', async () => {
    const { id, personId } = await someone(office, accounting)
    const task = await taskOf(office, personId)
    await turn(office, 'observe-only')
    await complete(office, task)
    expect(await phases(office, personId)).toEqual(['intended'])
    await world.submit(office.head, ends(id, { system: 'all' }))
    await world.settle()
    await turn(office, 'manual')
    expect(await phases(office, personId)).toEqual(['intended', 'succeeded', 'intended'])
    expect((await taskOf(office, personId)).steps.map(({ act }) => act)).toEqual(['disable', 'revoke'])
  })

  it('calls a removal off when the access is wanted again', async () => {
    const { id, personId } = await someone(office, accounting)
    await complete(office, await taskOf(office, personId))
    await world.submit(office.head, ends(id, { system: 'erp', module: 'contabilidad-gubernamental' }))
    await world.settle()
    const task = await taskOf(office, personId)
    await world.submit(office.head, asks(id, accounting))
    await world.settle()
    expect(await tasksOf(office, personId)).toEqual([])
    expect(await world.engine.tasks.load(task.id)).toMatchObject({ outcome: 'withdrawn', closedBy: null })
    expect(await world.row(personId, 'erp')).toMatchObject({
      state: 'converged',
      observed: { state: 'enabled' },
    })
  })

  it('parks what cannot be done, and asks again the day after', async () => {
    const { personId } = await someone(office, accounting)
    const task = await taskOf(office, personId)
    await complete(office, task, {
      done: false,
      comment: 'El proveedor no responde.',
      evidence: undefined,
    } as never)
    expect(await world.row(personId, 'erp')).toMatchObject({ state: 'parked', fault: 'not-done' })
    expect(await phases(office, personId)).toEqual(['intended', 'failed'])
    expect(await taskOf(office, personId)).toMatchObject({ kind: 'parked', fault: 'not-done' })
    world.time.now += 86_400_000
    await world.settle()
    expect(await taskOf(office, personId)).toMatchObject({ kind: 'manual' })
  })

  it('does nothing when rung again for nothing', async () => {
    const { personId } = await someone(office, accounting)
    const before = await world.row(personId, 'erp')
    await world.converge(personId, 'erp')
    await world.converge(personId, 'erp')
    expect(await world.row(personId, 'erp')).toMatchObject({ head: before.head, dueAt: before.dueAt })
    expect(await phases(office, personId)).toEqual(['intended'])
  })
})

describe('a target in mode manual that can be read', () => {
  let office: Office
  let world: World
  beforeAll(async () => {
    office = await open('read')
    world = office.world
  })
  afterAll(() => world.close())

  const byHand = (name: string, owner: string, enabled = true) => {
    const { profileHash } = world.targets.erp
    const right = {
      id: 'contabilidad-gubernamental',
      operations: ['ingreso' as const],
      specific: [],
      until: null,
    }
    world.targets.erp.accounts.set(`by-hand-${name}`, {
      accountId: `by-hand-${name}`,
      name,
      owner,
      enabled,
      expiresAt: null,
      rights: new Map([[right.id, right]]),
      retired: false,
      profileHash: profileHash({ nationalId: owner, ...names, position: 'Administrativo', unit: 'Dideco' }),
    } as never)
  }

  it('believes that a task is done only when it is seen', async () => {
    const { id, personId } = await someone(office, accounting)
    const task = await taskOf(office, personId)
    await complete(office, task)
    const again = await taskOf(office, personId)
    expect(again.id).not.toBe(task.id)
    expect(await phases(office, personId)).toEqual(['intended', 'failed', 'intended'])
    expect((await world.entries(`target/${personId}/erp`))[1]?.evidence).toMatchObject({
      kind: 'manual',
      readBack: true,
      reached: 'none',
    })
    byHand((await world.row(personId, 'erp')).name, id)
    await complete(office, again)
    expect(await world.row(personId, 'erp')).toMatchObject({
      state: 'converged',
      observed: { state: 'enabled' },
    })
    expect(await phases(office, personId)).toEqual(['intended', 'failed', 'intended', 'succeeded'])
  })

  it('asks whose an account is that was there before, and hands out nothing about it', async () => {
    const { id, personId } = await someone(office)
    byHand('antigua', id)
    await world.submit(office.head, asks(id, stores))
    await world.settle()
    expect(await taskOf(office, personId)).toMatchObject({ kind: 'unadopted' })
    expect(await world.row(personId, 'erp')).toMatchObject({
      accountId: null,
      origin: null,
      openIntent: null,
    })
  })

  it('finds what was done without a word, and closes the task', async () => {
    const { id, personId } = await someone(office, accounting)
    const task = await taskOf(office, personId)
    byHand((await world.row(personId, 'erp')).name, id)
    world.time.now += 86_400_000
    await world.settle()
    expect(await world.engine.tasks.load(task.id)).toMatchObject({ outcome: 'settled', closedBy: null })
    expect(await world.row(personId, 'erp')).toMatchObject({ state: 'converged', openTask: null })
  })

  it('takes the human’s word where the target does not answer, and says so', async () => {
    const { personId } = await someone(office, accounting)
    const task = await taskOf(office, personId)
    world.targets.erp.fault = { kind: 'unreachable', retryable: true }
    await complete(office, task)
    for (const _ of [1, 2, 3]) {
      world.time.now += 61_000
      await world.settle()
    }
    world.targets.erp.fault = null
    expect((await world.entries(`target/${personId}/erp`))[1]).toMatchObject({
      phase: 'succeeded',
      evidence: { kind: 'manual', readBack: false, attested: true },
    })
  })

  it('makes a task of a removal also while it cannot be read', async () => {
    const { id, personId } = await someone(office, accounting)
    byHand((await world.row(personId, 'erp')).name, id)
    await complete(office, await taskOf(office, personId))
    world.targets.erp.fault = { kind: 'unreachable', retryable: true }
    await world.submit(office.head, ends(id, { system: 'all' }))
    await world.settle()
    expect(await taskOf(office, personId)).toMatchObject({ urgent: true })
    world.targets.erp.fault = null
    expect(world.targets.erp.changes).toEqual([])
  })
})
