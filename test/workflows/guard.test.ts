import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { lineHash } from '../../functions/domain/line-hash.ts'
import { decideLine } from '../../functions/workflows/decide-line.ts'
import { judgeBatch, listBatches } from '../../functions/workflows/judge-batch.ts'
import { recordHrEvents } from '../../functions/workflows/record-hr-events.ts'
import type { StoppedBatch } from '../../schemas/api-holds.ts'
import type { HrEvent } from '../../schemas/hr-event.ts'
import { accesses, activation, formOf, namesOf, nextNationalId, openUnit, planta } from '../chaos/people.ts'
import { outcomesOf, wholeChain } from '../chaos/whole.ts'
import { openWorld, type World } from '../servers/world.ts'

const limit = 3
let world: World
let head: string
let security: string
let authority: string

/** People with a directory account each, and a guard that lets three of them go in an hour. */
beforeAll(async () => {
  world = await openWorld({ settings: { guard: { atLeast: limit, percent: 5 } } })
  head = await openUnit(world, 'dideco')
  security = await openUnit(world, 'seguridad')
  authority = await openUnit(world, 'alcaldia')
})
afterAll(() => world.close())
// Every test has an hour of its own.
beforeEach(() => {
  world.time.now += 2 * 3_600_000
})

interface Someone {
  readonly nationalId: string
  readonly personId: string
}

async function staff(count: number, more: object = {}): Promise<Someone[]> {
  const people: Someone[] = []
  for (let index = 0; index < count; index++) {
    const nationalId = nextNationalId()
    const personId = await world.hire(nationalId, namesOf(nationalId), 'dideco', planta)
    people.push({ nationalId, personId })
  }
  const lines = people.map(({ nationalId }) => activation(nationalId, accesses.directory, more))
  await world.submit(head, formOf('dideco', lines))
  await world.settle()
  return people
}

const dayIn = (days: number) =>
  new Date(world.time.now - 3 * 3_600_000 + days * 86_400_000).toISOString().slice(0, 10)
const today = () => dayIn(0)

/** What the personnel office tells, through the guard as every event goes. */
async function happen(
  someone: Someone,
  parts: Partial<HrEvent> & Pick<HrEvent, 'type'>,
  using = world.engine,
) {
  const at = new Date(world.time.now).toISOString()
  const event: HrEvent = {
    version: 1,
    id: crypto.randomUUID(),
    nationalId: someone.nationalId,
    effectiveOn: today(),
    recordedAt: at,
    ...parts,
  }
  return recordHrEvents(using, 'import', someone.personId, ({ events }) =>
    events.some(({ id }) => id === event.id)
      ? null
      : {
          events: [event],
          entry: {
            at,
            asOf: at,
            act: 'hr-event-recorded',
            phase: 'recorded',
            subject: someone.personId,
            actor: { personId: null, role: 'hr', onBehalfOf: null },
            system: 'llavero',
            request: null,
            cause: { kind: 'import', ref: 'lista-1' },
          },
        },
  )
}

async function happenToAll(people: readonly Someone[], parts: Parameters<typeof happen>[1]) {
  const outcomes = []
  for (const someone of people) outcomes.push((await happen(someone, parts)).done)
  await world.settle()
  return outcomes
}

const isOpen = ({ nationalId }: Someone) =>
  [...world.targets.directory.accounts.values()].some(({ owner, enabled }) => owner === nationalId && enabled)
const openOnes = (people: readonly Someone[]) => people.filter(isOpen).length

const callers = {
  security: () => ({ personId: security, roles: ['security'] as const }),
  authority: () => ({ personId: authority, roles: ['authority'] as const }),
}

/** The batches that wait, as `security` reads them. */
async function held(): Promise<StoppedBatch[]> {
  const answer = await listBatches(world.engine, { state: 'held' })
  if ('refused' in answer) throw new Error(answer.refused)
  return [...answer.holds]
}
async function onlyHeld(): Promise<StoppedBatch> {
  const [one, ...others] = await held()
  expect(others).toEqual([])
  if (one === undefined) throw new Error('nothing is held')
  return one
}

const judge = (
  by: keyof typeof callers,
  { id, listHash }: Pick<StoppedBatch, 'id' | 'listHash'>,
  verdict: 'release' | 'discard' = 'release',
) => judgeBatch(world.engine, { caller: callers[by](), id, listHash, verdict })

async function release(batch: StoppedBatch): Promise<void> {
  for (const by of ['security', 'authority'] as const) await judge(by, batch)
  await world.settle()
}

describe('a list of personnel that terminates everybody', () => {
  it('takes away what an hour may, and stops the rest in one batch', async () => {
    const people = await staff(8)
    expect(await happenToAll(people, { type: 'terminated' })).toEqual([
      ...Array(limit).fill('recorded'),
      ...Array(5).fill('stopped'),
    ])
    expect(openOnes(people)).toBe(5)
    const batch = await onlyHeld()
    expect(batch).toMatchObject({ cause: { kind: 'import', refs: ['lista-1'] }, limit, state: 'held' })
    const stopped = people.filter(isOpen).map(({ nationalId }) => nationalId)
    expect(batch.losses.map(({ person }) => person).sort()).toEqual(stopped.sort())
    expect(new Set(batch.losses.map(({ system, loss }) => `${system} ${loss}`))).toEqual(
      new Set(['directory disable']),
    )
    await release(batch)
  })

  it('stops in one batch whoever is stopped at the same moment, while it is still being opened', async () => {
    const people = await staff(8)
    const { batches } = world.engine
    const slow: typeof batches = {
      ...batches,
      open: async (...batch) => {
        await pause(100)
        return batches.open(...batch)
      },
    }
    const using = { ...world.engine, batches: slow }
    await Promise.all(people.slice(0, limit).map(one => happen(one, { type: 'terminated' })))
    await Promise.all(people.slice(limit).map(one => happen(one, { type: 'terminated' }, using)))
    const batch = await onlyHeld()
    expect(batch.losses).toHaveLength(8 - limit)
    await release(batch)
  })

  it('does nothing to those who are stopped, however long nobody decides', async () => {
    const people = await staff(5)
    await happenToAll(people, { type: 'terminated' })
    for (let days = 0; days < 3; days++) {
      world.time.now += 86_400_000
      await world.settle()
    }
    expect(openOnes(people)).toBe(2)
    const [stays] = people.filter(isOpen)
    const person = await world.engine.people.load(stays?.personId ?? '')
    expect(person?.events.map(({ type }) => type)).toEqual(['hired'])
    await release(await onlyHeld())
  })

  it('is carried out for exactly its list once security and authority, two people, have said so', async () => {
    const people = await staff(6)
    await happenToAll(people, { type: 'terminated' })
    const batch = await onlyHeld()
    expect(await judge('security', batch)).toMatchObject({ state: 'held', releases: [{ role: 'security' }] })
    await world.settle()
    expect(openOnes(people)).toBe(3)
    // The same voice twice is one.
    expect(await judge('security', batch)).toMatchObject({ state: 'held' })
    expect(await judge('authority', batch)).toMatchObject({ state: 'released', carriedOut: true })
    await world.settle()
    expect(openOnes(people)).toBe(0)
    expect(await held()).toEqual([])
    for (const { personId } of people) {
      const row = await world.row(personId, 'directory')
      const entries = await wholeChain(world, `target/${personId}/directory`, row.head)
      outcomesOf(entries)
      expect(entries.at(-1)?.cause).toEqual({ kind: 'import', ref: 'lista-1' })
    }
    const chain = await world.ledger.chain(`hold/${batch.id}`)
    expect(chain.map(({ text }) => JSON.parse(text).act)).toEqual([
      'batch-stopped',
      'batch-voiced',
      'batch-released',
    ])
  })

  it('is never carried out once both have discarded it, and the register forgets it', async () => {
    const people = await staff(5)
    await happenToAll(people, { type: 'terminated' })
    const batch = await onlyHeld()
    await judge('security', batch, 'discard')
    expect(await judge('authority', batch, 'discard')).toMatchObject({ state: 'discarded', carriedOut: true })
    await world.settle()
    expect(openOnes(people)).toBe(2)
    const [stays] = people.filter(isOpen)
    if (stays === undefined) throw new Error('nobody stayed')
    expect((await world.engine.people.load(stays.personId))?.stopped).toEqual([])
    // What is told anew is weighed anew.
    world.time.now += 2 * 3_600_000
    expect(await happenToAll([stays], { type: 'terminated' })).toEqual(['recorded'])
    expect(isOpen(stays)).toBe(false)
  })

  it('is not released by a hash of another list, nor by one person alone, nor by somebody who stands on it', async () => {
    const people = await staff(5)
    await happenToAll(people, { type: 'terminated' })
    const batch = await onlyHeld()
    expect(await judge('security', { id: batch.id, listHash: '0'.repeat(64) })).toMatchObject({
      refused: 'conflict',
      detail: 'hold.list-changed',
    })
    const both = { personId: security, roles: ['security', 'authority'] as const }
    const alone = { id: batch.id, listHash: batch.listHash, verdict: 'release' as const }
    expect(await judgeBatch(world.engine, { caller: both, ...alone })).toMatchObject({ state: 'held' })
    expect(await judgeBatch(world.engine, { caller: both, ...alone })).toMatchObject({
      refused: 'forbidden',
      detail: 'hold.same-person',
    })
    const concerned = people.find(isOpen)
    const caller = { personId: concerned?.personId ?? '', roles: ['authority'] as const }
    expect(await judgeBatch(world.engine, { caller, ...alone })).toMatchObject({
      refused: 'forbidden',
      detail: 'hold.concerned',
    })
    await judge('authority', batch)
    await world.settle()
    expect(openOnes(people)).toBe(0)
  })

  it('forgets a voice that was given while somebody joined the list, and keeps the one for the list as it is', async () => {
    const people = await staff(5)
    await happenToAll(people.slice(0, 4), { type: 'terminated' })
    const short = await onlyHeld()
    const { batches } = world.engine
    let joined = false
    const racing: typeof batches = {
      ...batches,
      members: async id => {
        const before = await batches.members(id)
        if (!joined) {
          joined = true
          await happenToAll(people.slice(4), { type: 'terminated' })
        }
        return before
      },
    }
    const { id, listHash } = short
    const voice = { caller: callers.security(), id, listHash, verdict: 'release' as const }
    await judgeBatch({ ...world.engine, batches: racing }, voice)
    const whole = await onlyHeld()
    expect(whole.losses).toHaveLength(2)
    expect(await judge('authority', whole)).toMatchObject({
      state: 'held',
      releases: [{ role: 'authority' }],
    })
    expect(openOnes(people)).toBe(2)
    expect(await judge('security', whole)).toMatchObject({ state: 'released' })
    await world.settle()
    expect(openOnes(people)).toBe(0)
  })

  it('takes nobody in any more once somebody has spoken about it', async () => {
    const people = await staff(6)
    await happenToAll(people.slice(0, 5), { type: 'terminated' })
    const batch = await onlyHeld()
    await judge('security', batch)
    await happenToAll(people.slice(5), { type: 'terminated' })
    const both = await held()
    expect(both.map(({ losses }) => losses.length).sort()).toEqual([1, 2])
    for (const one of both) await release(one)
    expect(openOnes(people)).toBe(0)
  })
})

describe('what the guard counts', () => {
  it('is an end that is moved earlier, also to a day that is yet to come', async () => {
    const people = await staff(5)
    const contract = { ...planta, endsOn: today() }
    expect(await happenToAll(people, { type: 'contract-renewed', contract })).toEqual([
      ...Array(limit).fill('recorded'),
      ...Array(2).fill('stopped'),
    ])
    const batch = await onlyHeld()
    expect(batch.losses.map(({ loss }) => loss)).toEqual(['expiry', 'expiry'])
    await release(batch)
  })

  it('is never an end that everybody has known for long: a whole body ends in one night', async () => {
    const people = await staff(9, { until: dayIn(10) })
    world.time.now += 12 * 86_400_000
    await world.settle()
    expect(openOnes(people)).toBe(0)
    expect(await held()).toEqual([])
  })

  it('is a person, once: whoever passed in one system passes in the others, and again within the hour', async () => {
    const people = await staff(4)
    const [first] = people
    if (first === undefined) throw new Error('nobody')
    await world.submit(
      head,
      formOf('dideco', [
        activation(first.nationalId, accesses.mail),
        activation(first.nationalId, accesses.erp),
      ]),
    )
    await world.settle()
    await happenToAll([first], { type: 'leave-started' })
    await happenToAll([first], { type: 'leave-ended' })
    await happenToAll([first], { type: 'terminated' })
    expect(await happenToAll(people.slice(1), { type: 'terminated' })).toEqual([
      'recorded',
      'recorded',
      'stopped',
    ])
    await release(await onlyHeld())
  })

  it('is counted by the hour: the day after, as many may go again', async () => {
    const people = await staff(6)
    expect(await happenToAll(people.slice(0, 3), { type: 'terminated' })).toEqual(Array(3).fill('recorded'))
    world.time.now += 61 * 60_000
    expect(await happenToAll(people.slice(3), { type: 'terminated' })).toEqual(Array(3).fill('recorded'))
    expect(await held()).toEqual([])
  })

  it('is a form of human resources that takes everything from too many, line by line', async () => {
    const people = await staff(5)
    const filed = await world.submit(
      head,
      formOf(
        'dideco',
        [],
        people.map(({ nationalId }) => ({ nationalId, access: { system: 'all' } })),
      ),
    )
    if (!('filed' in filed)) throw new Error('not filed')
    await world.settle()
    expect(openOnes(people)).toBe(2)
    const batch = await onlyHeld()
    expect(batch.cause).toEqual({ kind: 'form', refs: [filed.filed.row.number] })
    const kept = await world.engine.requests.load(filed.filed.row.number)
    expect(kept?.row.applied).toBe(true)
    await release(batch)
    expect(openOnes(people)).toBe(0)
  })

  it('tells the unit whose deactivation was discarded', async () => {
    const people = await staff(4)
    const lines = people.map(({ nationalId }) => ({ nationalId, access: { system: 'all' } }))
    const filed = await world.submit(head, formOf('dideco', [], lines))
    if (!('filed' in filed)) throw new Error('not filed')
    const batch = await onlyHeld()
    for (const by of ['security', 'authority'] as const) await judge(by, batch, 'discard')
    await world.settle()
    expect(openOnes(people)).toBe(1)
    const kept = await world.engine.requests.load(filed.filed.row.number)
    expect(kept?.lines.map(({ decision }) => decision).sort()).toEqual([
      'accepted',
      'accepted',
      'accepted',
      'rejected',
    ])
  })

  it('rejects what was stopped of somebody’s lines, and leaves what was carried out of them', async () => {
    const people = await staff(4)
    const sensitive = { system: 'erp', module: 'tesoreria', type: 'consulta' }
    const filed = await world.submit(
      head,
      formOf(
        'dideco',
        people.map(({ nationalId }) => activation(nationalId, sensitive)),
        people.map(({ nationalId }) => ({ nationalId, access: { system: 'directory' } })),
      ),
    )
    if (!('filed' in filed)) throw new Error('not filed')
    await world.settle()
    const { number } = filed.filed.row
    const [stays] = people.filter(isOpen)
    const lineOf = async (kind: 'activation' | 'deactivation') => {
      const kept = await world.engine.requests.load(number)
      const line = kept?.lines.find(one => one.kind === kind && one.personId === stays?.personId)
      if (line === undefined) throw new Error('no such line')
      return line
    }
    const waiting = await lineOf('activation')
    const approved = await decideLine(
      { ...world.engine, units: world.unitRegister },
      {
        caller: { personId: authority, roles: ['authority'] },
        number,
        line: waiting.line,
        ifMatch: lineHash(waiting),
        decision: { decision: 'approve' },
        repeatable: false,
      },
    )
    expect(approved).toMatchObject({ status: 'accepted' })
    const batch = await onlyHeld()
    for (const by of ['security', 'authority'] as const) await judge(by, batch, 'discard')
    await world.settle()
    expect(await lineOf('deactivation')).toMatchObject({ decision: 'rejected', reasons: [{ rule: 'R9' }] })
    expect(await lineOf('activation')).toMatchObject({ decision: 'accepted' })
    const person = await world.engine.people.load(stays?.personId ?? '')
    expect(person?.grants.map(({ atom }) => atom)).toContain('erp:tesoreria')
  })
})

describe('the guard’s second look, in the worker', () => {
  const byHand = (people: readonly Someone[]) => {
    for (const account of world.targets.directory.accounts.values())
      if (people.some(({ nationalId }) => nationalId === account.owner))
        account.rights.set('by-hand', { id: 'by-hand', operations: [], specific: [], until: null })
  }
  /** The daily look comes to everybody at a time of their own: here to all of them within one hour. */
  const lookAtAll = async (people: readonly Someone[]) => {
    const now = new Date(world.time.now).toISOString()
    for (const { personId } of people)
      await world.engine.targets.wake(await world.row(personId, 'directory'), now)
  }
  const withRight = () =>
    [...world.targets.directory.accounts.values()].filter(({ rights }) => rights.has('by-hand')).length

  it('stops a correction that would take away from many at once, and carries it out when it is released', async () => {
    const people = await staff(5)
    byHand(people)
    await lookAtAll(people)
    await world.settle()
    expect(withRight()).toBe(2)
    const batch = await onlyHeld()
    expect(batch).toMatchObject({ cause: { kind: 'drift', refs: ['directory'] } })
    expect(batch.losses.map(({ loss }) => loss)).toEqual(['right:by-hand', 'right:by-hand'])
    await release(batch)
    expect(withRight()).toBe(0)
    expect(openOnes(people)).toBe(5)
  })

  it('never keeps somebody in who is told to go meanwhile', async () => {
    const people = await staff(5)
    byHand(people)
    await lookAtAll(people)
    await world.settle()
    const stopped = []
    for (const one of people)
      if ((await world.row(one.personId, 'directory')).stopped !== null) stopped.push(one)
    expect(stopped).toHaveLength(2)
    world.time.now += 2 * 3_600_000
    await happenToAll(stopped, { type: 'terminated' })
    expect(openOnes(people)).toBe(3)
    await release(await onlyHeld())
  })
})

describe('a directory on the night on which everybody’s contract ends', () => {
  it('closes first, and strips and moves in a run of its own', async () => {
    const [someone] = await staff(1, { until: dayIn(3) })
    if (someone === undefined) throw new Error('nobody')
    const account = [...world.targets.directory.accounts.values()].find(
      ({ owner }) => owner === someone.nationalId,
    )
    world.time.now += 4 * 86_400_000
    await world.converge(someone.personId, 'directory')
    expect(account).toMatchObject({ enabled: false, retired: false })
    const row = await world.row(someone.personId, 'directory')
    expect(row).toMatchObject({ state: 'pending', openIntent: null, fault: null })
    await world.settle()
    expect(account).toMatchObject({ enabled: false, retired: true })
    expect(await world.row(someone.personId, 'directory')).toMatchObject({ state: 'converged' })
    const entries = await wholeChain(
      world,
      `target/${someone.personId}/directory`,
      (await world.row(someone.personId, 'directory')).head,
    )
    expect(outcomesOf(entries)).toEqual(['succeeded', 'succeeded', 'succeeded'])
  })

  it('does all of it at once where somebody is told to go', async () => {
    const [someone] = await staff(1)
    if (someone === undefined) throw new Error('nobody')
    await happen(someone, { type: 'terminated' })
    await world.converge(someone.personId, 'directory')
    const account = [...world.targets.directory.accounts.values()].find(
      ({ owner }) => owner === someone.nationalId,
    )
    expect(account).toMatchObject({ enabled: false, retired: true })
  })
})
