import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import type { Contract } from '../../schemas/contract.ts'
import { openWorld, type World } from '../servers/world.ts'

const planta: Contract = { type: 'planta', regime: 'municipal', startsOn: '2020-03-01', endsOn: null }
const names = { givenNames: 'Amparo', surnames: 'Lincopán Vidal' }
const directory = { system: 'directory', internetProfile: 'controlado' }

let serial = 0
const nationalId = () => {
  const digits = String(16_200_000 + ++serial)
  return `${digits}-${rutCheckDigit(digits)}`
}

let world: World
let head: string

beforeAll(async () => {
  world = await openWorld()
  head = await world.hire(nationalId(), { givenNames: 'Marta', surnames: 'Reyes Soto' }, 'dideco', planta)
  world.units.set('dideco', { id: 'dideco', name: 'Dideco', parent: null, head, deputies: [] })
})
afterAll(() => world.close())

const form = (id: string, access: object, deactivations: object[] = []) => ({
  unit: 'dideco',
  activations: [
    {
      person: { nationalId: id, ...names, position: 'Administrativa' },
      contract: planta,
      access,
      until: null,
    },
  ],
  deactivations,
  declaration: true,
})

/** An account that somebody made by hand and that bears a national id. */
function byHand(accountId: string, owner: string | null, enabled = true) {
  world.targets.directory.accounts.set(accountId, {
    accountId,
    name: `hand-${accountId}`,
    owner,
    enabled,
    expiresAt: null,
    rights: new Map(),
    retired: false,
    profileHash: '',
  })
}

describe('an account that was there before this system', () => {
  it('is not touched and not doubled when a form asks for one: a human is asked whose it is', async () => {
    const id = nationalId()
    const personId = await world.hire(id, names, 'dideco', planta)
    byHand('old-1', id)
    const parked = await world.engine.targets.parked()
    await world.submit(head, form(id, directory))
    await world.settle()
    expect(await world.row(personId, 'directory')).toMatchObject({
      state: 'parked',
      fault: 'unadopted',
      accountId: null,
      origin: null,
      openIntent: null,
      observed: { state: 'enabled', accountId: 'old-1' },
    })
    expect(await world.engine.targets.parked()).toBe(parked + 1)
    expect(world.targets.directory.changes.filter(({ accountId }) => accountId === 'old-1')).toEqual([])
    const mine = [...world.targets.directory.accounts.values()].filter(({ owner }) => owner === id)
    expect(mine).toHaveLength(1)
    expect(await world.entries(`target/${personId}/directory`)).toEqual([])
  })

  it('stays unadopted however often it is looked at', async () => {
    const id = nationalId()
    const personId = await world.hire(id, names, 'dideco', planta)
    byHand('old-2', id)
    await world.submit(head, form(id, directory))
    await world.settle()
    for (let day = 0; day < 3; day++) {
      world.time.now += 86_400_000
      await world.settle()
      await world.converge(personId, 'directory')
    }
    expect(await world.row(personId, 'directory')).toMatchObject({ fault: 'unadopted', accountId: null })
    expect(world.targets.directory.changes.filter(({ accountId }) => accountId === 'old-2')).toEqual([])
  })

  it('is called in its task by the name it has, and the task hurries once the person is to lose access', async () => {
    const id = nationalId()
    const personId = await world.hire(id, names, 'dideco', planta)
    byHand('old-9', id)
    const mine = async () =>
      (await world.engine.tasks.open(null, 50)).tasks.filter(task => task.personId === personId)
    await world.submit(head, form(id, directory))
    await world.settle()
    expect(await mine()).toMatchObject([{ kind: 'unadopted', name: 'hand-old-9', urgent: false }])
    await world.submit(head, {
      ...form(id, directory),
      activations: [],
      deactivations: [{ nationalId: id, access: { system: 'all' } }],
    })
    await world.settle()
    expect(await mine()).toMatchObject([{ kind: 'unadopted', name: 'hand-old-9', urgent: true }])
    await world.converge(personId, 'directory')
    expect(await mine()).toHaveLength(1)
  })

  it('asks nobody when it is closed and nothing is wanted', async () => {
    const id = nationalId()
    const personId = await world.hire(id, names, 'dideco', planta)
    byHand('old-3', id, false)
    await world.submit(head, form(id, directory, [{ nationalId: id, access: { system: 'all' } }]))
    await world.settle()
    expect(await world.row(personId, 'directory')).toMatchObject({
      state: 'converged',
      accountId: null,
      observed: { state: 'disabled' },
    })
    expect(world.targets.directory.changes.filter(({ accountId }) => accountId === 'old-3')).toEqual([])
  })

  it('is told from one that this system made before it could note its key', async () => {
    const id = nationalId()
    const personId = await world.hire(id, names, 'dideco', planta)
    const { directory: target } = world.targets
    target.beforeStep = step => {
      if (step.act === 'enable') throw new Error('the process dies')
    }
    await world.submit(head, form(id, directory))
    await expect(world.converge(personId, 'directory')).rejects.toThrow('the process dies')
    target.beforeStep = () => {}
    expect(await world.row(personId, 'directory')).toMatchObject({ accountId: null, origin: 'made' })
    world.time.now += 91_000
    await world.settle()
    const row = await world.row(personId, 'directory')
    expect(row).toMatchObject({ state: 'converged', origin: 'made', observed: { state: 'enabled' } })
    expect([...target.accounts.values()].filter(({ owner }) => owner === id)).toHaveLength(1)
  })
})

describe('a name that is always somebody else’s', () => {
  it('is given up after some tries, and a human is asked', async () => {
    const id = nationalId()
    const personId = await world.hire(id, names, 'dideco', planta)
    world.targets.directory.fault = { kind: 'conflict', retryable: false }
    await world.submit(head, form(id, directory))
    await world.settle()
    world.targets.directory.fault = null
    expect(await world.row(personId, 'directory')).toMatchObject({ state: 'parked', fault: 'conflict' })
    const renamed = await world.entries(`target/${personId}/directory`)
    expect(renamed).toHaveLength(world.engine.settings.limits.attemptsBeforeParking)
  })
})
