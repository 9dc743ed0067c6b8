import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import { completeTask } from '../../functions/workflows/complete-task.ts'
import { listTasks } from '../../functions/workflows/read-tasks.ts'
import type { TaskList, TaskView } from '../../schemas/api-operations.ts'
import type { Contract } from '../../schemas/contract.ts'
import { openWorld, type World } from '../servers/world.ts'

const planta: Contract = { type: 'planta', regime: 'municipal', startsOn: '2020-03-01', endsOn: null }
let serial = 0
const nationalId = () => {
  const digits = String(16_000_000 + ++serial)
  return `${digits}-${rutCheckDigit(digits)}`
}

let world: World
let head: string
let technician: string
const names = { givenNames: 'Elisa', surnames: 'Huenchumán Ñancupil' }
let mails: World['mails']

beforeAll(async () => {
  world = await openWorld()
  mails = world.mails
  head = await world.hire(nationalId(), { givenNames: 'Marta', surnames: 'Reyes Soto' }, 'dideco', planta)
  technician = await world.hire(nationalId(), { givenNames: 'Ada', surnames: 'Pino Leal' }, 'ti', planta)
  world.units.set('dideco', { id: 'dideco', name: 'Dideco', parent: null, head, deputies: [] })
})
afterAll(() => world.close())

/** Sweeps, and sends what was rung for. */
const deliver = () => world.deliver()

const form = (id: string, deactivations: object[] = []) => ({
  unit: 'dideco',
  activations:
    deactivations.length > 0
      ? []
      : [
          {
            person: { nationalId: id, ...names, position: 'Administrativo' },
            contract: planta,
            access: { system: 'erp', module: 'contabilidad-gubernamental', type: 'consulta' },
            until: null,
          },
        ],
  deactivations,
  declaration: true,
})

/** Somebody whose ERP account the ERP refuses: one try is enough. */
async function parked() {
  const id = nationalId()
  const personId = await world.hire(id, names, 'dideco', planta)
  world.targets.erp.fault = { kind: 'refused', retryable: false }
  await world.submit(head, form(id))
  await world.settle()
  world.targets.erp.fault = null
  const row = await world.row(personId, 'erp')
  return { id, personId, row }
}

/** Somebody whose account the ERP will not close. */
async function urgent() {
  const id = nationalId()
  const personId = await world.hire(id, names, 'dideco', planta)
  await world.submit(head, form(id))
  await world.settle()
  world.targets.erp.fault = { kind: 'refused', retryable: false }
  await world.submit(head, form(id, [{ nationalId: id, access: { system: 'erp' } }]))
  await world.settle()
  world.targets.erp.fault = null
  return { personId }
}

const it1 = () => ({ personId: technician, roles: ['it' as const] })
const openTasks = async () => ((await listTasks(world.engine, { open: 'true' })) as TaskList).tasks
const taskOf = async (personId: string) =>
  (await openTasks()).find(({ person }) => person.personId === personId)
const complete = (id: string, body: Parameters<typeof completeTask>[3], as = it1()) =>
  completeTask(world.engine, as, id, body)

describe('a parked row', () => {
  it('opens one task, in words a human can follow, and no mail of its own', async () => {
    const { personId, row } = await parked()
    expect(row).toMatchObject({ state: 'parked', openTask: { kind: 'parked' } })
    const task = await taskOf(personId)
    expect(task).toMatchObject({ kind: 'parked', target: 'erp', fault: 'refused', closedAt: null })
    expect(task?.what.join()).toMatch(/«elisa\.huenchuman.*».*refused/)
    mails.splice(0)
    await deliver()
    expect(mails.filter(({ text }) => text.includes(task?.id ?? ''))).toEqual([])
  })

  it('of somebody who is to lose access is told to IT at once, by name', async () => {
    const { personId } = await urgent()
    const task = await taskOf(personId)
    mails.splice(0)
    await deliver()
    const told = mails.filter(({ text }) => text.includes(task?.id ?? ''))
    expect(told).toMatchObject([{ from: 'llavero@valleclaro.example', to: 'informatica@valleclaro.example' }])
    expect(told[0]?.subject).toMatch(/^URGENTE, quitar accesos en el ERP: plazo \d\d-\d\d-2026 /)
    expect(told[0]?.text).toContain('Elisa Huenchumán Ñancupil')
  })

  it('stays one task however often it fails again', async () => {
    const { personId } = await parked()
    const before = await taskOf(personId)
    world.targets.erp.fault = { kind: 'refused', retryable: false }
    world.time.now += 86_400_000
    await world.settle()
    world.targets.erp.fault = null
    expect((await openTasks()).filter(({ person }) => person.personId === personId)).toEqual([before])
  })

  it('wakes at once when somebody says that it is mended, and both are in the ledger', async () => {
    const { personId } = await parked()
    const task = (await taskOf(personId)) as TaskView
    const said = { done: true as const, evidence: 'Permiso corregido en el ERP.' }
    expect(await complete(task.id, said)).toMatchObject({
      outcome: 'done',
      evidence: said.evidence,
      closedBy: { personId: technician },
    })
    await world.settle()
    expect(await world.row(personId, 'erp')).toMatchObject({ state: 'converged', openTask: null })
    const entries = await world.entries(`task/${task.id}`)
    expect(entries.map(({ act, actor }) => [act, actor.personId])).toEqual([
      ['task-opened', null],
      ['task-completed', technician],
    ])
    expect(JSON.stringify(entries)).not.toContain('Permiso')
    expect(await complete(task.id, said)).toEqual({ refused: 'conflict' })
  })

  it('asks again, with a new task, when it was not mended after all', async () => {
    const { personId } = await parked()
    const task = (await taskOf(personId)) as TaskView
    world.targets.erp.fault = { kind: 'unreachable', retryable: true }
    await complete(task.id, { done: false, comment: 'No depende de nosotros.' })
    await world.settle()
    world.targets.erp.fault = null
    const again = (await taskOf(personId)) as TaskView
    expect(again).toMatchObject({ kind: 'parked', fault: 'unreachable' })
    expect(again.id).not.toBe(task.id)
  })

  it('closes its task by itself when it converges', async () => {
    const { personId } = await parked()
    const task = (await taskOf(personId)) as TaskView
    world.time.now += 86_400_000
    await world.settle()
    expect(await world.row(personId, 'erp')).toMatchObject({ state: 'converged', openTask: null })
    expect(await world.engine.tasks.load(task.id)).toMatchObject({ outcome: 'settled', closedBy: null })
    expect((await world.entries(`task/${task.id}`)).map(({ act }) => act)).toEqual([
      'task-opened',
      'task-closed',
    ])
  })

  it('is nobody’s to answer for themselves', async () => {
    const { personId } = await parked()
    const task = (await taskOf(personId)) as TaskView
    const own = { personId, roles: ['it' as const] }
    expect(await complete(task.id, { done: true, evidence: 'Listo.' }, own)).toEqual({ refused: 'forbidden' })
    expect(await complete(crypto.randomUUID(), { done: true, evidence: 'Listo.' })).toEqual({
      refused: 'not-found',
    })
    expect(await taskOf(personId)).toMatchObject({ closedAt: null })
  })
})

describe('an overdue task', () => {
  it('that takes away is told to a second address, again and again, and never dropped', async () => {
    const { personId } = await urgent()
    await deliver()
    const task = (await taskOf(personId)) as TaskView
    // The row's own daily try goes on failing meanwhile.
    world.targets.erp.fault = { kind: 'refused', retryable: false }
    for (const round of [1, 2]) {
      mails.splice(0)
      world.time.now += 86_400_000
      await world.settle()
      await deliver()
      const told = mails.filter(({ text }) => text.includes(task.id))
      expect(told.map(({ to }) => to).sort()).toEqual([
        'informatica@valleclaro.example',
        'secpla@valleclaro.example',
      ])
      expect(told[0]?.subject).toMatch(new RegExp(`^ATRASADA \\(${round}\\)`))
    }
    expect((await taskOf(personId))?.escalatedAt).not.toBeNull()
    world.targets.erp.fault = null
    world.time.now += 86_400_000
    await world.settle()
  })
})
