import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ConnectorError } from '../../functions/connectors/contract.ts'
import { createIdentityStore } from '../../functions/stores/identities.ts'
import { changeMode, readTargets } from '../../functions/workflows/operate-target.ts'
import { sweepDue } from '../../functions/workflows/sweep-due.ts'
import type { TargetMode } from '../../schemas/settings.ts'
import { accesses, activation, formOf, namesOf, nextNationalId, openUnit, planta } from '../chaos/people.ts'
import { openWorld, type World } from '../servers/world.ts'

const away = { kind: 'unreachable', retryable: true } as const
const minute = 60_000

let world: World
let head: string
beforeEach(async () => {
  world = await openWorld()
  head = await openUnit(world, 'dideco')
})
afterEach(() => world.close())

const form = (activations: object[], deactivations: object[]) =>
  world.submit(head, formOf('dideco', activations, deactivations))

interface Employed {
  readonly id: string
  readonly personId: string
}

async function employed(count: number): Promise<Employed[]> {
  const people: Employed[] = []
  for (let one = 0; one < count; one++) {
    const id = nextNationalId()
    people.push({ id, personId: await world.hire(id, namesOf(id), 'dideco', planta) })
  }
  await form(
    people.map(({ id }) => activation(id, accesses.erp)),
    [],
  )
  return people
}

const everything = (people: readonly { id: string }[]) =>
  form(
    [],
    people.map(({ id }) => ({ nationalId: id, access: { system: 'all' } })),
  )

/** Four people with an open account, and a target that answers nobody when three of them are to lose it. */
async function outage() {
  const people = await employed(4)
  await world.settle()
  world.targets.erp.fault = away
  await everything(people.slice(1))
  world.rung.splice(0)
  await world.converge(
    people.slice(1).map(({ personId }) => personId),
    'erp',
  )
  return people
}

const system = () => world.engine.systems.load('erp')
const sweep = () => sweepDue(world.engine, new Date(world.time.now).toISOString())
const acts = async () => (await world.entries('system/erp')).map(({ act }) => act)
const turn = async (mode: TargetMode) => {
  const registers = { ...world.engine, identities: createIdentityStore(world.tables) }
  const change = { mode, reason: 'prueba' }
  return changeMode(registers, { personId: head, roles: ['it'] }, 'erp', change)
}
const told = async () => {
  await world.deliver()
  return world.mails.filter(({ subject }) => subject.startsWith('No responde'))
}

/** A day of sweeps, minute by minute at first, each followed by whatever was rung. */
async function passes(milliseconds: number, step = minute) {
  for (let passed = 0; passed < milliseconds; passed += step) {
    world.time.now += step
    await world.settle()
  }
}

describe('a target that answers nobody', () => {
  it('is out of reach as a whole: nobody is parked, no attempt is counted, and IT is told once', async () => {
    const people = await outage()
    expect(await system()).toMatchObject({ mode: null, outage: { since: expect.any(String) } })
    await passes(20 * minute)
    await passes(24 * 60 * minute, 60 * minute)
    for (const { personId } of people.slice(1))
      expect(await world.row(personId, 'erp')).toMatchObject({
        state: 'pending',
        attempts: 0,
        openTask: null,
      })
    expect(await world.engine.targets.parked()).toBe(0)
    expect(await told()).toHaveLength(1)
    expect(await acts()).toEqual(['target-out-of-reach'])
    const registers = { ...world.engine, identities: createIdentityStore(world.tables) }
    expect((await readTargets(registers)).targets.find(({ id }) => id === 'erp')).toMatchObject({
      mode: 'active',
      urgent: 3,
      outOfReachSince: expect.any(String),
    })
  })

  it('closes whoever should be out at the second sweep after it answers again, a day later or not', async () => {
    const people = await outage()
    await passes(24 * 60 * minute, 60 * minute)
    world.targets.erp.fault = null
    await passes(2 * minute)
    for (const { personId } of people.slice(1))
      expect(await world.row(personId, 'erp')).toMatchObject({
        state: 'converged',
        observed: { state: 'disabled' },
      })
    expect(await system()).toMatchObject({ outage: null, unanswered: [] })
    expect(await acts()).toEqual(['target-out-of-reach', 'target-within-reach'])
    expect(world.logged).toContain('within-reach')
  })

  it('is asked by one run in a while, urgent ones first, and all other rows are left as they are', async () => {
    const people = await outage()
    const newcomers = await employed(12)
    world.rung.splice(0)
    const { observe } = world.targets.erp
    const asked: string[][] = []
    world.targets.erp.observe = accounts => {
      asked.push(accounts.map(({ personId }) => personId))
      return observe(accounts)
    }
    const newcomer = newcomers[0]?.personId ?? ''
    const before = await world.row(newcomer, 'erp')
    await world.converge(newcomer, 'erp')
    expect(asked).toEqual([])
    expect(await world.row(newcomer, 'erp')).toEqual(before)
    expect(await sweep()).toMatchObject({ rung: 0 })
    expect(world.rung).toEqual([])

    world.time.now += minute
    expect((await sweep()).oldestDueSeconds).toBeGreaterThan(0)
    const probes = world.rung.splice(0).map(({ personId }) => personId)
    expect(probes).toHaveLength(10)
    expect(new Set(probes.slice(0, 3))).toEqual(new Set(people.slice(1).map(({ personId }) => personId)))
    // Two workers at once: one of them asks.
    await Promise.all([world.converge(probes.slice(0, 5), 'erp'), world.converge(probes.slice(5), 'erp')])
    expect(asked).toHaveLength(1)
  })

  it('is one outage, whoever finds it first', async () => {
    const people = await employed(6)
    await world.settle()
    world.targets.erp.fault = away
    await everything(people)
    world.rung.splice(0)
    const ids = people.map(({ personId }) => personId)
    await Promise.all([world.converge(ids.slice(0, 3), 'erp'), world.converge(ids.slice(3), 'erp')])
    expect(await acts()).toEqual(['target-out-of-reach'])
    for (const id of ids) expect(await world.row(id, 'erp')).toMatchObject({ attempts: 0 })
  })

  it('is not said to answer by a run that had asked before', async () => {
    const people = await employed(4)
    await world.settle()
    await everything(people)
    world.rung.splice(0)
    const [first, ...others] = people.map(({ personId }) => personId)
    const { apply } = world.targets.erp
    world.targets.erp.apply = async plans => {
      world.targets.erp.apply = apply
      const done = await apply(plans)
      world.targets.erp.fault = away
      await world.converge(others, 'erp')
      world.targets.erp.fault = null
      return done
    }
    await world.converge(first ?? '', 'erp')
    expect(await world.row(first ?? '', 'erp')).toMatchObject({ state: 'converged' })
    expect((await system())?.outage).not.toBeNull()
  })

  it('is found as well by people who come one at a time', async () => {
    const people = await employed(3)
    world.targets.erp.fault = away
    world.rung.splice(0)
    for (const { personId } of people) {
      expect((await system())?.outage ?? null).toBeNull()
      await world.converge(personId, 'erp')
    }
    expect((await system())?.outage).not.toBeNull()
    world.targets.erp.fault = null
    await passes(3 * minute)
    for (const { personId } of people)
      expect(await world.row(personId, 'erp')).toMatchObject({ state: 'converged' })
  })

  it('keeps an intent whose act was lost open and due, and closes it by looking', async () => {
    const people = await employed(3)
    world.rung.splice(0)
    const ids = people.map(({ personId }) => personId)
    const { apply } = world.targets.erp
    world.targets.erp.apply = async plans => {
      await apply(plans)
      world.targets.erp.fault = away
      return plans.map(() => ({ ok: false, error: new ConnectorError('erp', 'unreachable', true) }))
    }
    await world.converge(ids, 'erp')
    expect((await system())?.outage).not.toBeNull()
    for (const id of ids) {
      const row = await world.row(id, 'erp')
      expect(row).toMatchObject({ state: 'pending', attempts: 0, leaseUntil: null })
      expect(row.openIntent).not.toBeNull()
    }
    await passes(3 * minute)
    world.targets.erp.apply = apply
    world.targets.erp.fault = null
    await passes(3 * minute)
    for (const id of ids) {
      expect(await world.row(id, 'erp')).toMatchObject({ state: 'converged', openIntent: null })
      const phases = (await world.entries(`target/${id}/erp`)).map(({ phase }) => phase)
      expect(phases).toEqual(['intended', 'succeeded'])
    }
    expect(world.targets.erp.changes.filter(({ act }) => act === 'create')).toHaveLength(3)
  })

  it('goes on being looked at where the run that had its turn has died', async () => {
    const people = await outage()
    world.time.now += minute
    await sweep()
    world.rung.splice(0)
    const standing = (await system())?.outage
    if (standing == null) throw new Error('no outage')
    const next = new Date(world.time.now).toISOString()
    expect(await world.engine.systems.takeProbe('erp', standing, next)).toBe(true)
    world.targets.erp.fault = null
    await passes(2 * minute)
    expect((await world.row(people[1]?.personId ?? '', 'erp')).observed?.state).toBe('disabled')
  })

  it('is not looked at while it is paused, and anew, and by everybody, when it is active again', async () => {
    const people = await outage()
    await turn('paused')
    expect(await system()).toMatchObject({ mode: 'paused', outage: null })
    world.targets.erp.fault = null
    await passes(2 * minute)
    expect((await world.row(people[1]?.personId ?? '', 'erp')).observed?.state).toBe('enabled')
    await turn('active')
    await passes(minute)
    for (const { personId } of people.slice(1))
      expect((await world.row(personId, 'erp')).observed?.state).toBe('disabled')
  })

  it('that is only observed is out of reach in the same way, and is left alone when it is back', async () => {
    const people = await employed(3)
    await world.settle()
    await turn('observe-only')
    await everything(people)
    world.targets.erp.fault = away
    await world.converge(
      people.map(({ personId }) => personId),
      'erp',
    )
    world.rung.splice(0)
    expect(await system()).toMatchObject({ mode: 'observe-only', outage: { since: expect.any(String) } })
    world.targets.erp.fault = null
    await passes(3 * minute)
    expect(await system()).toMatchObject({ mode: 'observe-only', outage: null })
    for (const { personId } of people)
      expect(await world.row(personId, 'erp')).toMatchObject({
        observed: { state: 'enabled' },
        wouldDo: expect.arrayContaining([{ act: 'disable' }]),
      })
  })
})

describe('somebody whom a target does not answer while it answers others', () => {
  it('is parked for a human after the last attempt, looked at every five minutes, and no outage', async () => {
    const [one, other] = await employed(2)
    if (one === undefined || other === undefined) throw new Error('nobody')
    await world.settle()
    await everything([one])
    const { observe } = world.targets.erp
    world.targets.erp.observe = async accounts => {
      const seen = await observe(accounts)
      return seen.map((sight, index) =>
        accounts[index]?.personId === one.personId
          ? { ok: false, error: new ConnectorError('erp', 'unreachable', true) }
          : sight,
      )
    }
    await passes(40 * minute)
    const row = await world.row(one.personId, 'erp')
    expect(row).toMatchObject({ state: 'parked', fault: 'unreachable' })
    expect(Date.parse(row.dueAt ?? '') - world.time.now).toBeLessThanOrEqual(5 * minute)
    expect(await system()).toMatchObject({ outage: null, unanswered: [one.personId] })
    expect(await world.engine.targets.parked()).toBe(1)
    world.targets.erp.observe = observe
    await passes(6 * minute)
    expect(await world.row(one.personId, 'erp')).toMatchObject({ observed: { state: 'disabled' } })
    expect(await world.row(other.personId, 'erp')).toMatchObject({ observed: { state: 'enabled' } })
    expect(await system()).toMatchObject({ outage: null, unanswered: [] })
    expect(await acts()).toEqual([])
  })
})
