import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lineHash } from '../../functions/domain/line-hash.ts'
import { completeTask } from '../../functions/workflows/complete-task.ts'
import { listRequests, readRequest } from '../../functions/workflows/read-requests.ts'
import { listTasks } from '../../functions/workflows/read-tasks.ts'
import { sendNotice } from '../../functions/workflows/send-notice.ts'
import { sweepDue } from '../../functions/workflows/sweep-due.ts'
import type { RequestList, WholeRequest } from '../../schemas/api.ts'
import type { TaskList } from '../../schemas/api-operations.ts'
import type { Contract } from '../../schemas/contract.ts'
import { accesses, activation, formOf, namesOf, nextNationalId, planta } from '../chaos/people.ts'
import { type Asked, linesOf } from '../servers/lines.ts'
import { openWorld, type World } from '../servers/world.ts'

const contrata: Contract = {
  type: 'contrata',
  regime: 'municipal',
  startsOn: '2026-01-01',
  endsOn: '2026-12-31',
}
let world: World
let lines: ReturnType<typeof linesOf>
const who = { head: '', deputy: '', mayor: '', mayorsDeputy: '', technician: '' }
const at = (day: string) => {
  world.time.now = Date.parse(`${day}T15:00:00.000Z`)
}
const hire = (unit: string, contract: Contract = planta, id = nextNationalId()) =>
  world.hire(id, namesOf(id), unit, contract)

beforeAll(async () => {
  world = await openWorld()
  lines = linesOf(world)
  for (const [name, unit] of [
    ['head', 'dideco'],
    ['deputy', 'dideco'],
    ['mayor', 'alcaldia'],
    ['mayorsDeputy', 'alcaldia'],
    ['technician', 'ti'],
  ] as const)
    who[name] = await hire(unit)
  const from = '2026-12-01'
  const until = '2026-12-05'
  await lines.openUnit({
    id: 'alcaldia',
    name: 'Alcaldía',
    parent: null,
    head: who.mayor,
    deputies: [{ personId: who.mayorsDeputy, from, until }],
  })
  await lines.openUnit({
    id: 'dideco',
    name: 'Desarrollo Comunitario',
    parent: 'alcaldia',
    head: who.head,
    deputies: [{ personId: who.deputy, from, until }],
  })
})
afterAll(() => world.close())

/** A line of somebody yearly without an end: it is missing (R3). */
async function observed(signer = who.head): Promise<Asked> {
  const id = nextNationalId()
  await hire('dideco', contrata, id)
  const asked = await lines.file(
    signer,
    formOf('dideco', [activation(id, accesses.mail, { contract: contrata })]),
  )
  return { ...asked, hash: await hashOf(asked) }
}
async function hashOf({ number, line }: Pick<Asked, 'number' | 'line'>): Promise<string> {
  const kept = await world.engine.requests.load(number)
  const found = kept?.lines.find(one => one.line === line)
  return found === undefined ? '' : lineHash(found)
}
const waitingFor = async (personId: string): Promise<string[]> => {
  const answer = await listRequests(lines.registers(), { personId, roles: [] }, { status: 'observed' })
  return (answer as RequestList).requests.map(({ number }) => number)
}
const end = { until: '2026-12-31' }

describe('what waits for a unit', () => {
  it('passes to the deputy on the first day, and back after the last', async () => {
    at('2026-11-30')
    const [first, second] = [await observed(), await observed()]
    expect(await waitingFor(who.deputy)).toEqual([])
    expect(await lines.complete(who.deputy, first, end)).toEqual({ refused: 'not-found' })

    at('2026-12-01')
    expect(await waitingFor(who.deputy)).toEqual([second.number, first.number])
    expect(await lines.complete(who.deputy, first, end)).toMatchObject({ status: 'accepted' })
    const third = await observed(who.deputy)
    at('2026-12-05')
    expect(await waitingFor(who.deputy)).toEqual([third.number, second.number])

    at('2026-12-06')
    expect(await lines.complete(who.deputy, second, end)).toEqual({ refused: 'not-found' })
    // Whoever signed goes on seeing what they signed, and signs no more.
    expect(await waitingFor(who.deputy)).toEqual([third.number])
    expect(await lines.complete(who.deputy, third, end)).toEqual({ refused: 'forbidden' })
    expect(await waitingFor(who.head)).toEqual([third.number, second.number])
    for (const asked of [second, third])
      expect(await lines.complete(who.head, asked, end)).toMatchObject({ status: 'accepted' })
    expect(await waitingFor(who.head)).toEqual([])
  })

  it('about its head passes to the superior’s deputy in the same way', async () => {
    at('2026-11-30')
    const person = await world.engine.people.load(who.head)
    const nationalId = person?.row.nationalId ?? ''
    const contract: Contract = { ...planta, startsOn: '2020-04-01' }
    const form = formOf('dideco', [activation(nationalId, accesses.mail, { contract })])
    const asked = await lines.file(who.mayor, form)
    const hash = await hashOf(asked)
    expect(await waitingFor(who.mayorsDeputy)).toEqual([])
    at('2026-12-02')
    expect(await waitingFor(who.mayorsDeputy)).toEqual([asked.number])
    const seen = await readRequest(lines.registers(), { personId: who.mayorsDeputy, roles: [] }, asked.number)
    expect((seen as WholeRequest).lines).toHaveLength(1)
    expect(await lines.complete(who.deputy, { ...asked, hash }, { contract: planta })).toEqual({
      refused: 'forbidden',
      detail: 'signing.not-this-person',
    })
    expect(await lines.complete(who.mayorsDeputy, { ...asked, hash }, { contract: planta })).toMatchObject({
      status: 'accepted',
    })
    const entries = await world.entries(`request/${asked.number}`)
    expect(entries.at(-1)?.actor).toEqual({
      personId: who.mayorsDeputy,
      role: 'parent-head',
      onBehalfOf: who.mayor,
    })
    at('2026-12-06')
    expect(
      await readRequest(lines.registers(), { personId: who.mayorsDeputy, roles: [] }, asked.number),
    ).toEqual({ refused: 'not-found' })
  })
})

describe('what waits for a unit whose head’s post is vacant', () => {
  it('is the superior’s to see and to complete, whoever signed it', async () => {
    at('2026-12-01')
    const deputies = [{ personId: who.deputy, from: '2026-12-01', until: '2026-12-01' }]
    await lines.openUnit({ id: 'obras', name: 'Obras', parent: 'alcaldia', head: null, deputies })
    const id = nextNationalId()
    await hire('obras', contrata, id)
    const form = formOf('obras', [activation(id, accesses.mail, { contract: contrata })])
    const asked = await lines.file(who.deputy, form)
    const hash = await hashOf(asked)
    expect(await lines.complete(who.head, { ...asked, hash }, end)).toEqual({ refused: 'not-found' })
    expect(await waitingFor(who.mayor)).toContain(asked.number)
    expect(await lines.complete(who.mayor, { ...asked, hash }, end)).toMatchObject({ status: 'accepted' })
  })
})

/** Somebody who was given a module of the ERP. */
async function given() {
  const id = nextNationalId()
  const personId = await hire('dideco', planta, id)
  const asked = await lines.file(who.head, formOf('dideco', [activation(id, accesses.erp)]))
  await world.settle()
  return { id, personId, asked: { ...asked, hash: await hashOf(asked) } }
}
const statusOf = async (personId: string, number: string) => {
  const request = await readRequest(lines.registers(), { personId, roles: [] }, number)
  return (request as WholeRequest).lines[0]?.status
}
const taskOf = async (personId: string, kind: string) => {
  const { tasks } = (await listTasks(world.engine, { open: 'true' })) as TaskList
  return tasks.find(task => task.person.personId === personId && task.kind === kind)
}
const complete = (id: string) =>
  completeTask(world.engine, { personId: who.technician, roles: ['it'] }, id, {
    done: true,
    evidence: 'Se repuso el módulo.',
  })
const no = { correct: false as const, comment: 'Me falta el módulo de contabilidad.' }

describe('an access that the person calls wrong (R12)', () => {
  it('tells IT by mail, without the person’s words', async () => {
    const { personId, asked } = await given()
    await lines.acknowledge(personId, asked, no)
    world.notices.splice(0)
    await sweepDue(world.engine, new Date(world.time.now).toISOString())
    world.mails.splice(0)
    for (const notice of world.notices.splice(0)) await sendNotice(world.post, notice)
    const task = await taskOf(personId, 'contested')
    const [mail, ...others] = world.mails.filter(({ text }) => text.includes(task?.id ?? '-'))
    expect([mail?.to, others]).toEqual(['informatica@valleclaro.example', []])
    expect(mail?.text).toContain(asked.number)
    expect(mail?.text).not.toContain('contabilidad')
  })

  it('is looked at and read back once it is mended, and the log says why', async () => {
    const { id, personId, asked } = await given()
    const account = [...world.targets.erp.accounts.values()].find(({ owner }) => owner === id)
    account?.rights.clear()
    await lines.acknowledge(personId, asked, no)
    expect(await statusOf(personId, asked.number)).toBe('in-progress')
    const task = await taskOf(personId, 'contested')
    world.rung.splice(0)
    expect(await complete(task?.id ?? '')).toMatchObject({ outcome: 'done', comment: no.comment })
    expect(world.rung).toEqual([{ personId, target: 'erp', urgent: false }])
    expect(await statusOf(personId, asked.number)).toBe('done')
    await world.settle()
    expect(account?.rights.size).toBe(1)
    const entries = await world.entries(`target/${personId}/erp`)
    expect(entries.slice(-2).map(({ phase, cause }) => [phase, cause])).toEqual([
      ['intended', { kind: 'task', ref: task?.id }],
      ['succeeded', { kind: 'task', ref: task?.id }],
    ])
    const acts = (await world.entries(`request/${asked.number}`)).map(({ act }) => act)
    expect(acts).toEqual(['request-filed', 'line-contested'])
    const words = JSON.stringify(await world.entries(`task/${task?.id}`))
    expect(words).not.toContain('módulo')
    expect(
      await lines.acknowledge(personId, { ...asked, hash: await hashOf(asked) }, { correct: true }),
    ).toMatchObject({ status: 'acknowledged' })
  })

  it('leaves the account’s own task as it is', async () => {
    const { id, personId, asked } = await given()
    await lines.acknowledge(personId, asked, no)
    world.targets.erp.fault = { kind: 'refused', retryable: false }
    const more = { system: 'erp', module: 'bodega', type: 'consulta' }
    await lines.file(who.head, formOf('dideco', [activation(id, more)]))
    await world.settle()
    const parked = await taskOf(personId, 'parked')
    expect((await world.row(personId, 'erp')).openTask?.id).toBe(parked?.id)
    const contested = await taskOf(personId, 'contested')
    await complete(contested?.id ?? '')
    expect((await world.row(personId, 'erp')).openTask?.id).toBe(parked?.id)
    expect(await taskOf(personId, 'parked')).toMatchObject({ closedAt: null })
    await world.settle()
    expect((await taskOf(personId, 'parked'))?.id).toBe(parked?.id)
    world.targets.erp.fault = null
    await complete(parked?.id ?? '')
    await world.settle()
    expect(await world.row(personId, 'erp')).toMatchObject({ state: 'converged', openTask: null })
  })

  it('is nobody’s to close for themselves', async () => {
    const { personId, asked } = await given()
    await lines.acknowledge(personId, asked, no)
    const task = await taskOf(personId, 'contested')
    const own = { personId, roles: ['it' as const] }
    expect(await completeTask(world.engine, own, task?.id ?? '', { done: true, evidence: 'Ya.' })).toEqual({
      refused: 'forbidden',
    })
  })
})
