import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { nextLook } from '../../functions/domain/daily-look.ts'
import { keys } from '../../functions/stores/keys.ts'
import { sweepDue } from '../../functions/workflows/sweep-due.ts'
import { accesses, activation, formOf, namesOf, nextNationalId, openUnit, planta } from '../chaos/people.ts'
import { openWorld, type World } from '../servers/world.ts'

const unit = 'dideco'
const lease = 91_000

let world: World
let head: string
beforeAll(async () => {
  world = await openWorld()
  head = await openUnit(world, unit)
})
afterAll(() => world.close())
afterEach(() => {
  for (const target of Object.values(world.targets)) {
    target.fault = null
    target.beforeStep = () => {}
  }
})

async function hired() {
  const nationalId = nextNationalId()
  return { nationalId, personId: await world.hire(nationalId, namesOf(nationalId), unit, planta) }
}
const opening = (nationalId: string) => formOf(unit, [activation(nationalId, accesses.directory)])
const closing = (nationalId: string, system = 'directory') =>
  formOf(unit, [], [{ nationalId, access: { system } }])

async function file(form: object) {
  const submitted = await world.submit(head, form)
  if (!('filed' in submitted)) throw new Error('the form was not filed')
  return submitted.filed
}
const now = () => new Date(world.time.now).toISOString()
const dies = () => {
  throw new Error('the worker dies')
}
const phases = async (personId: string) =>
  (await world.entries(`target/${personId}/directory`))
    .filter(entry => entry.act === 'account-converged')
    .map(entry => entry.phase)

/** A row of a person's partition that no version of this system can read. */
const spoil = (personId: string) =>
  world.tables.client.send(
    new PutCommand({
      TableName: world.tables.state,
      Item: { pk: keys.person(personId).pk, sk: 'HOLD#spoilt', version: 0 },
    }),
  )

describe('a row that has work left', () => {
  it('is due again when a worker rung for nothing dies in the middle of what it found', async () => {
    const { nationalId, personId } = await hired()
    await file(opening(nationalId))
    await world.settle()
    expect((await world.row(personId, 'directory')).dueAt ?? '').toBe(
      nextLook(`${personId} directory`, now()),
    )
    const account = [...world.targets.directory.accounts.values()].find(({ owner }) => owner === nationalId)
    if (account !== undefined) account.enabled = false
    world.targets.directory.beforeStep = dies
    await expect(world.converge(personId, 'directory')).rejects.toThrow('the worker dies')
    world.targets.directory.beforeStep = () => {}
    world.time.now += lease
    await world.settle()
    expect(await world.row(personId, 'directory')).toMatchObject({
      openIntent: null,
      observed: { state: 'enabled' },
    })
    expect((await phases(personId)).slice(2)).toEqual(['intended', 'failed', 'intended', 'succeeded'])
  })

  it('is due at once for a deactivation that came while another run failed', async () => {
    const { nationalId, personId } = await hired()
    await file(opening(nationalId))
    const { directory } = world.targets
    const { apply } = directory
    directory.apply = async plans => {
      directory.apply = apply
      await file(closing(nationalId))
      directory.fault = { kind: 'unreachable', retryable: true }
      return apply(plans)
    }
    world.rung.splice(0)
    await world.converge(personId, 'directory')
    expect((await world.row(personId, 'directory')).dueAt).toBe(now())
    expect(await world.row(personId, 'directory')).toMatchObject({ attempts: 0, urgent: true })
  })

  it('closes its task when it recovers after a new fact has woken it', async () => {
    const { nationalId } = await hired()
    await world.settle()
    world.targets.directory.fault = { kind: 'refused', retryable: false }
    await file(opening(nationalId))
    await world.settle()
    expect(await world.engine.targets.parked()).toBe(1)
    world.targets.directory.fault = null
    await file(closing(nationalId))
    await world.settle()
    expect(await world.engine.targets.parked()).toBe(0)
  })
})

describe('an intent whose name turned out to be a stranger’s', () => {
  async function strangersName() {
    const { nationalId, personId } = await hired()
    await file(opening(nationalId))
    world.targets.directory.beforeStep = dies
    await expect(world.converge(personId, 'directory')).rejects.toThrow('the worker dies')
    world.targets.directory.beforeStep = () => {}
    const { name } = await world.row(personId, 'directory')
    const accountId = `stranger of ${personId}`
    world.targets.directory.accounts.set(accountId, {
      accountId,
      name,
      owner: 'somebody else',
      enabled: true,
      expiresAt: null,
      rights: new Map(),
      retired: false,
      profileHash: '',
    })
    world.time.now += lease
    world.rung.splice(0)
    return { nationalId, personId, name }
  }

  it('gets its outcome before the account gets another name', async () => {
    const { personId, name } = await strangersName()
    await world.settle()
    const row = await world.row(personId, 'directory')
    expect(row).toMatchObject({ openIntent: null, observed: { state: 'enabled', name: row.name } })
    expect(row.name).not.toBe(name)
    expect(await phases(personId)).toEqual(['intended', 'failed', 'intended', 'succeeded'])
  })

  it('gets its outcome when the account is not wanted any more', async () => {
    const { nationalId, personId } = await strangersName()
    await file(closing(nationalId))
    await world.settle()
    expect(await world.row(personId, 'directory')).toMatchObject({ openIntent: null, state: 'converged' })
    expect(await phases(personId)).toEqual(['intended', 'failed'])
  })
})

describe('a deactivation', () => {
  it('is not undone by an activation filed before it and applied after it', async () => {
    const { nationalId, personId } = await hired()
    const { people } = world.engine
    Object.assign(world.engine, { people: { ...people, apply: dies } })
    const late = await file(opening(nationalId))
    Object.assign(world.engine, { people })
    expect(late.row.applied).toBe(false)
    await file(closing(nationalId, 'all'))
    await file(formOf(unit, [activation(nationalId, accesses.erp)]))
    world.time.now += 61_000
    await world.settle()
    expect((await world.engine.requests.load(late.row.number))?.row.applied).toBe(true)
    expect((await world.row(personId, 'directory')).observed).toMatchObject({ state: 'absent' })
    expect((await world.row(personId, 'erp')).observed).toMatchObject({ state: 'enabled' })
  })

  it('looks at the account also when an earlier one has ended the grant and could not be carried out', async () => {
    const { nationalId, personId } = await hired()
    await file(opening(nationalId))
    await world.settle()
    world.targets.directory.fault = { kind: 'unreachable', retryable: true }
    await file(closing(nationalId))
    await world.settle()
    const again = await file(closing(nationalId))
    const person = await world.engine.people.load(personId)
    const [line] = person?.applied.find(({ request }) => request === again.row.number)?.lines ?? []
    expect(line?.targets).toEqual(['directory'])
    expect(line?.desiredVersion).toBeGreaterThan((await world.row(personId, 'directory')).appliedVersion)
  })
})

describe('one record that cannot be read', () => {
  it('keeps nobody else of the same batch waiting', async () => {
    const [spoilt, sound] = [await hired(), await hired()]
    await file(opening(spoilt.nationalId))
    await file(opening(sound.nationalId))
    await spoil(spoilt.personId)
    const broken = await world.converge([spoilt.personId, sound.personId], 'directory')
    expect(broken.map(({ personId }) => personId)).toEqual([spoilt.personId])
    expect(world.logged).toContain('broken')
    expect(await world.row(sound.personId, 'directory')).toMatchObject({ state: 'converged' })
  })

  it('keeps nobody else of the same form, and no other form, waiting', async () => {
    const [spoilt, sound, other] = [await hired(), await hired(), await hired()]
    const { people } = world.engine
    Object.assign(world.engine, { people: { ...people, apply: dies } })
    const both = formOf(
      unit,
      [spoilt, sound].map(({ nationalId }) => activation(nationalId, accesses.directory)),
    )
    const first = await file(both)
    const second = await file(opening(other.nationalId))
    Object.assign(world.engine, { people })
    await spoil(spoilt.personId)
    world.time.now += 61_000
    expect(await sweepDue(world.engine, now())).toMatchObject({ broken: 1 })
    expect((await world.row(sound.personId, 'directory')).desiredVersion).toBeGreaterThan(0)
    expect((await world.engine.requests.load(first.row.number))?.row.applied).toBe(false)
    expect((await world.engine.requests.load(second.row.number))?.row.applied).toBe(true)
  })
})

describe('a request that two are applying', () => {
  it('stays applied when the slower one wants to put it off', async () => {
    const { nationalId } = await hired()
    const { row } = await file(opening(nationalId))
    await world.engine.requests.postpone(row.number, now())
    expect((await world.engine.requests.load(row.number))?.row.applied).toBe(true)
  })
})
