import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { isSuspicious, nextReading, readAccounts } from '../../functions/workflows/read-accounts.ts'
import { openWorld, type World } from '../servers/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
  await world.readings.plan('erp', new Date(world.time.now).toISOString())
})
afterAll(() => world.close())
beforeEach(() => {
  world.targets.erp.fault = null
  world.time.now += 86_400_000
})

function accounts(count: number) {
  const { accounts: kept } = world.targets.erp
  kept.clear()
  for (let index = 0; index < count; index++) {
    const accountId = `user-${String(index).padStart(5, '0')}`
    kept.set(accountId, {
      accountId,
      name: `login.${index}`,
      owner: null,
      enabled: true,
      expiresAt: null,
      rights: new Map(),
      retired: false,
      profileHash: '',
    })
  }
}

/** One run of the worker that has time for so many pages. */
async function run(pages = Number.POSITIVE_INFINITY) {
  let left = pages
  const target = world.targets.erp
  await readAccounts(
    { ...world.engine, target: 'erp', readings: world.readings, connector: target },
    () => left--,
  )
}
const row = async () => {
  const found = await world.readings.load('erp')
  if (found === null) throw new Error('no reading was planned')
  return found
}
const names = async (reading: { id: string; generation: number; chunks: number } | null) =>
  reading === null
    ? null
    : ((await world.readings.accounts('erp', reading))?.map(({ accountId }) => accountId) ?? null)

describe('the reading of all accounts of a target', () => {
  it('is complete, page after page, and due again the next day', async () => {
    accounts(20)
    await run()
    const { last, running, dueAt } = await row()
    expect(running).toBeNull()
    expect(last).toMatchObject({ accounts: 20, suspicious: false })
    expect(await names(last)).toEqual([...world.targets.erp.accounts.keys()])
    expect(dueAt).toBe(nextReading('erp', world.time.now))
  })

  it('goes on from its last page when the time of a run is over, or its worker has died', async () => {
    accounts(20)
    await run(2)
    expect(await row()).toMatchObject({ leaseUntil: null, running: { accounts: 6 } })
    const target = world.targets.erp
    const { list } = target
    let pages = 0
    target.list = async cursor => {
      if (++pages === 3) throw new Error('the process dies')
      return list?.call(target, cursor) as never
    }
    await expect(run()).rejects.toThrow('the process dies')
    await run()
    expect((await row()).running).toMatchObject({ accounts: 12 })
    world.time.now += 91_000
    if (list !== undefined) target.list = list
    await run()
    expect((await row()).last).toMatchObject({ accounts: 20 })
    expect(await names((await row()).last)).toEqual([...target.accounts.keys()])
  })

  it('keeps the last two, whatever becomes of the third', async () => {
    accounts(20)
    await run()
    world.time.now += 86_400_000
    accounts(19)
    await run()
    world.time.now += 86_400_000
    accounts(30)
    await run(4)
    const { last, previous } = await row()
    expect([last?.accounts, previous?.accounts]).toEqual([19, 20])
    expect(await names(last)).toHaveLength(19)
    expect(await names(previous)).toHaveLength(20)
    world.targets.erp.fault = { kind: 'unreachable', retryable: true }
    await run()
    expect(await row()).toMatchObject({
      fault: 'unreachable',
      last: { accounts: 19 },
      running: { accounts: 12 },
    })
    for (let hours = 0; hours < 12; hours++) {
      world.time.now += 3_600_000
      await run()
    }
    expect(await row()).toMatchObject({ last: { accounts: 19 }, previous: { accounts: 20 } })
    world.targets.erp.fault = null
    world.time.now += 86_400_000
    await run()
    expect(await row()).toMatchObject({ last: { accounts: 30 }, previous: { accounts: 19 }, fault: null })
    expect(await names((await row()).previous)).toHaveLength(19)
  })

  it('leaves nobody behind in the rows of a longer reading before it', async () => {
    for (const count of [40, 40, 40, 6, 6, 6]) {
      accounts(count)
      await run()
      world.time.now += 86_400_000
    }
    const { last } = await row()
    for (const generation of [0, 1, 2]) {
      const place = { id: last?.id ?? '', generation, chunks: 14 }
      const found = await world.readings.accounts('erp', place)
      // Another generation's chunks bear another id; this one's are all its own, and hold nobody else.
      if (generation === last?.generation) expect(found).toHaveLength(6)
      else expect(found).toBeNull()
    }
  })

  it('is not done by two workers at once', async () => {
    accounts(20)
    await Promise.all([run(), run(), run()])
    expect((await row()).last).toMatchObject({ accounts: 20 })
    expect(await names((await row()).last)).toEqual([...world.targets.erp.accounts.keys()])
  })

  it('is suspicious when the target shows nobody, or far fewer than it did', () => {
    const earlier = {
      id: '',
      generation: 0,
      chunks: 1,
      accounts: 400,
      startedAt: '',
      at: '',
      suspicious: false,
    }
    expect(isSuspicious(0, [])).toBe(true)
    expect(isSuspicious(1, [])).toBe(false)
    expect(isSuspicious(319, [earlier])).toBe(true)
    expect(isSuspicious(320, [earlier])).toBe(false)
    expect(isSuspicious(5, [{ ...earlier, accounts: 12 }])).toBe(false)
    expect(isSuspicious(100, [{ ...earlier, accounts: 100, suspicious: true }, earlier])).toBe(true)
  })

  it('has a moment of its own for every target, always in the future and within a day', () => {
    const now = world.time.now
    for (const target of ['directory', 'mail', 'erp'] as const) {
      const next = Date.parse(nextReading(target, now))
      expect(next).toBeGreaterThan(now)
      expect(next).toBeLessThanOrEqual(now + 86_400_000)
    }
    expect(new Set([nextReading('directory', 0), nextReading('mail', 0), nextReading('erp', 0)]).size).toBe(3)
  })
})
