import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AccountRef, Connector, Outcome, Plan } from '../../functions/connectors/contract.ts'
import { convergeTarget } from '../../functions/workflows/converge-target.ts'
import type { Observation } from '../../schemas/target.ts'
import { accesses, activation, formOf, namesOf, nextNationalId, openUnit, planta } from '../chaos/people.ts'
import { memoryTarget } from '../servers/memory-target.ts'
import { openWorld, type World } from '../servers/world.ts'

let world: World
let head: string
const unit = 'dideco'

/** A directory that is told what to do when it asks for it, as a door is. */
function fetchingTarget() {
  const inner = memoryTarget('directory')
  const waiting = new Map<string, { plan: Plan; since: string }>()
  /** Called after each look, with what was seen. */
  const hooks: { afterLook: () => void | Promise<void> } = { afterLook: () => {} }
  const connector: Connector = {
    ...inner,
    async observe(refs: readonly AccountRef[]): Promise<Outcome<Observation>[]> {
      const seen = await inner.observe(refs)
      const told = seen.map((one, index): Outcome<Observation> => {
        const since = waiting.get(refs[index]?.personId ?? '')?.since
        return one.ok && since !== undefined ? { ok: true, value: { ...one.value, pending: since } } : one
      })
      await hooks.afterLook()
      return told
    },
    async apply(plans) {
      for (const plan of plans)
        if (!waiting.has(plan.account.personId) || plan.steps[0]?.act === 'disable')
          waiting.set(plan.account.personId, { plan, since: new Date(world.time.now).toISOString() })
      return plans.map(({ account }) => ({
        ok: true,
        value: { accountId: account.name, name: account.name },
      }))
    },
  }
  return {
    connector,
    waiting,
    hooks,
    /** The target asks what there is to do, and does it. */
    async fetch(personId: string) {
      const asked = waiting.get(personId)
      waiting.delete(personId)
      if (asked !== undefined) await inner.apply([asked.plan])
    },
  }
}

beforeAll(async () => {
  world = await openWorld()
  head = await openUnit(world, unit)
})
afterAll(() => world.close())

async function asked(target: ReturnType<typeof fetchingTarget>) {
  const nationalId = nextNationalId()
  const personId = await world.hire(nationalId, namesOf(nationalId), unit, planta)
  await world.submit(head, formOf(unit, [activation(nationalId, accesses.directory)]))
  const look = () =>
    convergeTarget(
      { ...world.engine, target: 'directory', units: world.unitRegister, connector: target.connector },
      [personId],
      new Date(world.time.now).toISOString(),
    )
  await look()
  const row = () => world.row(personId, 'directory')
  const phases = async () => (await world.entries(`target/${personId}/directory`)).map(({ phase }) => phase)
  return { nationalId, personId, look, row, phases }
}

describe('a target that fetches its work', () => {
  it('is waited for with the intent open, however long it is silent: nobody is parked and no attempt counts', async () => {
    const target = fetchingTarget()
    const { look, row, phases } = await asked(target)
    for (const hours of [0, 1, 24, 7 * 24]) {
      world.time.now += hours * 3_600_000
      expect(await look()).toEqual([])
      expect(await row()).toMatchObject({ state: 'waiting', attempts: 0, fault: null, leaseUntil: null })
      expect((await row()).openIntent).not.toBeNull()
    }
    expect(await phases()).toEqual(['intended'])
  })

  it('is looked at again within half a minute at first, and at the latest after a quarter of an hour', async () => {
    const target = fetchingTarget()
    const { look, row } = await asked(target)
    const untilDue = async () => Date.parse((await row()).dueAt ?? '') - world.time.now
    expect(await untilDue()).toBe(30_000)
    world.time.now += 86_400_000
    await look()
    expect(await untilDue()).toBe(900_000)
  })

  it('converges with one outcome once it has shown what was asked of it', async () => {
    const target = fetchingTarget()
    const { personId, look, row, phases } = await asked(target)
    await target.fetch(personId)
    await look()
    expect(await row()).toMatchObject({
      state: 'converged',
      openIntent: null,
      observed: { state: 'enabled' },
    })
    expect(await phases()).toEqual(['intended', 'succeeded'])
  })

  it('that answers while the lease is held, and whose bell is not heard, is looked at once more', async () => {
    const target = fetchingTarget()
    const nationalId = nextNationalId()
    const personId = await world.hire(nationalId, namesOf(nationalId), unit, planta)
    await world.submit(head, formOf(unit, [activation(nationalId, accesses.directory)]))
    world.rung.splice(0)
    let looks = 0
    target.hooks.afterLook = async () => {
      // The reading back has just been taken; the device answers before the lease ends, and its bell finds the row leased.
      if (++looks === 2) await target.fetch(personId)
    }
    await convergeTarget(
      { ...world.engine, target: 'directory', units: world.unitRegister, connector: target.connector },
      [personId],
      new Date(world.time.now).toISOString(),
    )
    expect(world.rung).toContainEqual({ personId, target: 'directory', urgent: false })
  })

  it('is given what has changed meanwhile: an end does not wait for an opening that was never fetched', async () => {
    const target = fetchingTarget()
    const { nationalId, personId, look, row, phases } = await asked(target)
    await target.fetch(personId)
    await look()
    await world.submit(head, formOf(unit, [], [{ nationalId, access: { system: 'directory' } }]))
    await look()
    expect(await row()).toMatchObject({ state: 'waiting', urgent: true })
    await target.fetch(personId)
    await look()
    expect(await row()).toMatchObject({ state: 'converged', observed: { state: 'disabled' } })
    expect(await phases()).toEqual(['intended', 'succeeded', 'intended', 'succeeded'])
  })

  it('whose work was superseded gets one outcome for each intent', async () => {
    const target = fetchingTarget()
    const { nationalId, personId, look, row, phases } = await asked(target)
    await world.submit(
      head,
      formOf(unit, [activation(nationalId, { system: 'directory', internetProfile: 'libre' })]),
    )
    target.waiting.clear()
    await look()
    await target.fetch(personId)
    await look()
    expect((await row()).observed?.rights.map(({ id }) => id)).toEqual(['internet:libre'])
    expect(await phases()).toEqual(['intended', 'failed', 'intended', 'succeeded'])
  })
})
