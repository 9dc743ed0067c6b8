import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import { createIdentityStore } from '../../functions/stores/identities.ts'
import { noticeWrite } from '../../functions/stores/notices.ts'
import { commit } from '../../functions/stores/tables.ts'
import { changeMode, readTargets } from '../../functions/workflows/operate-target.ts'
import { sweepDue } from '../../functions/workflows/sweep-due.ts'
import { continueWalk } from '../../functions/workflows/wake-accounts.ts'
import type { Contract } from '../../schemas/contract.ts'
import type { TargetMode } from '../../schemas/settings.ts'
import { openWorld, type World } from '../servers/world.ts'

const planta: Contract = { type: 'planta', regime: 'municipal', startsOn: '2020-03-01', endsOn: null }
const names = { givenNames: 'Elisa', surnames: 'Huenchumán Ñancupil' }
const erp = { system: 'erp', module: 'contabilidad-gubernamental', type: 'consulta' }
const directory = { system: 'directory', internetProfile: 'controlado' }

let serial = 18_000_000
const nationalId = () => {
  const digits = String(++serial)
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

const activate = (id: string, access: object) =>
  world.submit(head, {
    unit: 'dideco',
    activations: [
      {
        person: { nationalId: id, ...names, position: 'Administrativa' },
        contract: planta,
        access,
        until: null,
      },
    ],
    deactivations: [],
    declaration: true,
  })
const deactivate = (id: string) =>
  world.submit(head, {
    unit: 'dideco',
    activations: [],
    deactivations: [{ nationalId: id, access: { system: 'all' } }],
    declaration: true,
  })

async function hired(...accesses: object[]) {
  const id = nationalId()
  const personId = await world.hire(id, names, 'dideco', planta)
  for (const access of accesses) await activate(id, access)
  return { id, personId }
}

const registers = () => ({ ...world.engine, identities: createIdentityStore(world.tables) })
async function turn(mode: TargetMode, reason = 'prueba', target = 'erp') {
  const answer = await changeMode(registers(), { personId: head, roles: ['it'] }, target, { mode, reason })
  if ('refused' in answer) throw new Error(answer.refused)
  world.time.now += 1_000
  return answer
}
const sweep = () => sweepDue(world.engine, new Date(world.time.now).toISOString())

describe('a target that is paused', () => {
  it('is not touched and not rung for; what is asked for meanwhile is done afterwards, closings too', async () => {
    const leaver = await hired(erp)
    const stayer = await hired(erp)
    await world.settle()
    await turn('paused', 'traslado')
    const before = world.targets.erp.changes.length
    await deactivate(leaver.id)
    const newcomer = await hired(erp, directory)
    await world.settle()
    world.time.now += 70_000
    // The mails about the forms are due as well, and no matter of a target that rests.
    await world.deliver()
    const row = await world.row(newcomer.personId, 'erp')
    expect(await sweep()).toMatchObject({ rung: 0, walks: 0, oldestDueSeconds: 0 })
    expect(await world.converge(newcomer.personId, 'erp')).toEqual([])
    expect(await world.row(newcomer.personId, 'erp')).toEqual(row)
    expect(world.targets.erp.changes).toHaveLength(before)
    expect(await world.row(newcomer.personId, 'directory')).toMatchObject({ state: 'converged' })

    const { targets } = await readTargets(registers())
    expect(targets.find(({ id }) => id === 'erp')).toMatchObject({
      mode: 'paused',
      reason: 'traslado',
      by: { personId: head },
      depth: 2,
      urgent: 1,
      parked: 0,
      accounts: 3,
      oldestDue: expect.stringMatching(/^2026-11-20T15/),
      walk: null,
    })

    // Behind our back, as on a new host: nothing of it is due, and all of it is found.
    for (const account of world.targets.erp.accounts.values()) account.rights.clear()
    expect((await turn('active', 'listo')).walk).toEqual({ startedAt: expect.any(String), woken: 0 })
    await world.settle()
    expect((await world.row(leaver.personId, 'erp')).observed?.state).toBe('disabled')
    for (const { personId } of [stayer, newcomer])
      expect(await world.row(personId, 'erp')).toMatchObject({
        state: 'converged',
        observed: { state: 'enabled', rights: [{ id: 'contabilidad-gubernamental' }] },
      })
    expect((await readTargets(registers())).targets.find(({ id }) => id === 'erp')).toMatchObject({
      mode: 'active',
      depth: 0,
      oldestDue: null,
      walk: null,
    })
  })

  it('is paused once, however often it is said, and each change stands in the ledger', async () => {
    const chain = async () => (await world.entries('system/erp')).map(({ act, after }) => ({ act, after }))
    const before = (await chain()).length
    const first = await turn('paused', 'una vez')
    expect(await turn('paused', 'una vez')).toMatchObject({ since: first.since })
    expect(await turn('paused', 'otra razón')).toMatchObject({ since: first.since, reason: 'otra razón' })
    await turn('active', 'listo')
    expect((await chain()).slice(before)).toEqual(
      [
        { mode: 'paused', reason: 'una vez' },
        { mode: 'paused', reason: 'otra razón' },
        { mode: 'active', reason: 'listo' },
      ].map(after => ({ act: 'target-mode-changed', after })),
    )
    await world.settle()
  })

  it('says no to what nobody knows, and to working by itself where people do the work', async () => {
    const caller = { personId: head, roles: ['it'] as const }
    const change = { mode: 'active', reason: 'prueba' } as const
    expect(await changeMode(registers(), caller, 'badges', change)).toEqual({ refused: 'not-found' })
    const settings = {
      ...world.engine.settings,
      targets: [{ id: 'erp', kind: 'manual', mode: 'manual' } as const],
    }
    expect(await changeMode({ ...registers(), settings }, caller, 'erp', change)).toMatchObject({
      refused: 'conflict',
    })
  })
})

describe('a walk over all accounts', () => {
  it('goes on where it was broken off, and a pause ends it', async () => {
    const people = [await hired(erp), await hired(erp), await hired(erp)]
    await world.settle()
    await turn('paused')
    await turn('active')
    const lists = {
      ...world.engine.lists,
      accounts: async (...[target, place]: Parameters<typeof world.engine.lists.accounts>) =>
        world.engine.lists.accounts(target, place, 1),
    }
    const at = new Date(world.time.now).toISOString()
    let pages = 0
    const dying = {
      ...world.engine,
      lists: {
        ...lists,
        accounts: async (...asked: Parameters<typeof lists.accounts>) => {
          if (++pages > 4) throw new Error('killed')
          return lists.accounts(...asked)
        },
      },
    }
    await expect(continueWalk(dying, 'erp', at)).rejects.toThrow('killed')
    const begun = (await world.engine.systems.load('erp'))?.walk
    expect(begun?.place).not.toBeNull()
    await continueWalk({ ...world.engine, lists }, 'erp', at)
    expect((await world.engine.systems.load('erp'))?.walk).toBeNull()
    for (const { personId } of people) expect((await world.row(personId, 'erp')).dueAt).toBe(at)

    await turn('paused')
    await turn('active')
    await turn('paused')
    expect((await world.engine.systems.load('erp'))?.walk).toBeNull()
    expect(await sweep()).toMatchObject({ walks: 0 })
    await turn('active')
    await world.settle()
  })

  it('is not undone by a run that began before it', async () => {
    const { personId } = await hired(erp)
    await world.settle()
    const woken = await world.row(personId, 'erp')
    const target = world.targets.erp
    const { observe } = target
    target.observe = async accounts => {
      await world.engine.targets.wake(
        await world.row(personId, 'erp'),
        new Date(world.time.now).toISOString(),
      )
      return observe(accounts)
    }
    await world.converge(personId, 'erp')
    target.observe = observe
    const now = new Date(world.time.now).toISOString()
    expect(now < (woken.dueAt ?? '')).toBe(true)
    expect((await world.row(personId, 'erp')).dueAt).toBe(now)
    await world.settle()
    expect(now < ((await world.row(personId, 'erp')).dueAt ?? '')).toBe(true)
  })
})

describe('a target that is only observed', () => {
  it('gets nothing, and tells what it would get; active, it gets it', async () => {
    await turn('observe-only')
    const before = world.targets.erp.changes.length
    const { personId } = await hired(erp)
    await world.settle()
    expect(world.targets.erp.changes).toHaveLength(before)
    const row = await world.row(personId, 'erp')
    expect(row).toMatchObject({ state: 'pending', observed: { state: 'absent' }, fault: null })
    expect(row.wouldDo?.map(step => step.act)).toEqual(['create', 'grant', 'enable'])
    await turn('active')
    await world.settle()
    expect(await world.row(personId, 'erp')).toMatchObject({ state: 'converged', wouldDo: null })
  })

  it('does not call an account as it should be that is not', async () => {
    const { personId } = await hired(erp)
    await world.settle()
    const { accountId } = await world.row(personId, 'erp')
    world.targets.erp.accounts.get(accountId ?? '')?.rights.clear()
    await turn('observe-only')
    await world.settle()
    expect(await world.row(personId, 'erp')).toMatchObject({ state: 'pending', wouldDo: [{ act: 'grant' }] })
    await turn('active')
    await world.settle()
    expect(await world.row(personId, 'erp')).toMatchObject({ state: 'converged', wouldDo: null })
  })

  it('does not even rename, where the name is somebody else’s', async () => {
    await turn('observe-only')
    const { personId } = await hired(erp)
    const { name } = await world.row(personId, 'erp')
    const { accounts } = world.targets.erp
    const stranger = [...accounts.values()][0]
    if (stranger === undefined) throw new Error('nobody is there')
    accounts.set('stranger', { ...stranger, accountId: 'stranger', name, owner: '1-9' })
    await world.settle()
    expect(await world.row(personId, 'erp')).toMatchObject({ name, fault: 'conflict', state: 'pending' })
    const entries = await world.entries(`target/${personId}/erp`)
    expect(entries.map(({ act }) => act)).toEqual([])
    await turn('active')
    await world.settle()
    expect((await world.row(personId, 'erp')).name).not.toBe(name)
    accounts.delete('stranger')
  })
})

describe('the sweeper', () => {
  const rings = async (using = world.engine) => {
    world.rung.length = 0
    world.time.now += 61_000
    await sweepDue(using, new Date(world.time.now).toISOString())
    return world.rung.splice(0).map(({ personId }) => personId)
  }
  /** A queue in which as many bells wait. */
  const full = (normal: number) => ({
    ...world.engine,
    bells: { ...world.engine.bells, waiting: async () => ({ normal, urgent: 0 }) },
  })

  it('rings nobody twice while bells wait to be answered, and everybody again when none is left', async () => {
    await world.settle()
    const people = [await hired(directory), await hired(directory)].map(({ personId }) => personId)
    // Others may come meanwhile to their daily look.
    const ours = async (using?: typeof world.engine) =>
      (await rings(using)).filter(personId => people.includes(personId)).sort()
    expect(await ours()).toEqual([...people].sort())
    expect(await ours(full(2))).toEqual([])
    const late = await hired(directory)
    people.push(late.personId)
    expect(await ours(full(2))).toEqual([late.personId])
    expect(await ours(full(3))).toEqual([])
    expect(await ours()).toEqual([...people].sort())
    world.time.now += 3_700_000
    expect(await ours(full(3))).toEqual([...people].sort())
    await world.settle()
  })

  it('hears of a row that was written after the instant at which it says to be due', async () => {
    await world.settle()
    const first = await hired(directory)
    const at = (milliseconds: number) => new Date(world.time.now + milliseconds).toISOString()
    // The place in the round is the instant of the sweep itself, whichever shard the two share or not.
    await world.engine.targets.note(
      await world.row(first.personId, 'directory'),
      { dueAt: at(61_000) },
      at(0),
    )
    expect(await rings()).toContain(first.personId)
    const late = await hired(directory)
    const row = await world.row(late.personId, 'directory')
    const earlier = at(-10_000)
    await world.engine.targets.note(row, { dueAt: earlier }, earlier)
    world.time.now -= 61_000 - 20_000
    expect(await rings(full(1))).toContain(late.personId)
    await world.settle()
  })

  it('fills a queue no further than it will be emptied soon, and lets what is urgent pass', async () => {
    const leaver = await hired(directory)
    await world.settle()
    const newcomer = await hired(directory)
    await deactivate(leaver.id)
    expect(await rings(full(5_000))).toContain(leaver.personId)
    expect(await rings()).toContain(newcomer.personId)
    await world.settle()
  })

  it('lets rows that never settle hold up nobody', async () => {
    await world.settle()
    const waiting: string[] = []
    for (let number = 0; number < 40; number++) waiting.push((await hired(directory)).personId)
    // Room for ten: a few of them are rung each time, and all of them in the end, although none ever settles.
    const heard = new Set<string>()
    for (let round = 0; round < 25; round++)
      for (const personId of await rings(full(4_990))) {
        expect(heard.has(personId)).toBe(false)
        heard.add(personId)
      }
    expect(waiting.filter(personId => !heard.has(personId))).toEqual([])
    await world.settle()
  })

  it('pays one write a target for what it rings, and none where nothing is due', async () => {
    await world.settle()
    for (let number = 0; number < 25; number++) await hired(directory)
    const writes = () => world.dynamo.consumed()[world.tables.state]?.write ?? 0
    const before = writes()
    world.time.now -= 61_000
    expect(await rings()).toHaveLength(25)
    expect(writes() - before).toBeLessThanOrEqual(3)
    await world.settle()
    const idle = writes()
    world.time.now -= 61_000
    expect(await rings()).toEqual([])
    expect(writes()).toBe(idle)
  })
})

describe('mails that wait to be sent', () => {
  it('hold up nothing else that is due', async () => {
    await turn('paused')
    const at = new Date(world.time.now - 600_000).toISOString()
    const notice = (index: number) =>
      noticeWrite(
        world.tables,
        {
          template: 'task-opened',
          to: { kind: 'it' },
          about: { personId: null, task: null, target: null, request: null },
          fact: `fact ${index}`,
        },
        at,
      )
    await commit(
      world.tables,
      Array.from({ length: 90 }, (_, index) => notice(index)),
    )
    await turn('active')
    const due = await world.engine.targets.due(new Date(world.time.now).toISOString(), 1)
    expect(due.map(({ kind }) => kind)).toContain('walk')
    expect(due.map(({ kind }) => kind)).toContain('notice')
  })
})

describe('a run that only reports while the mode changes', () => {
  it('puts nothing off that is to be done now', async () => {
    const leaver = await hired(erp)
    await world.settle()
    await turn('observe-only')
    await world.settle()
    await deactivate(leaver.id)
    // The one bell is being answered here.
    world.rung.length = 0
    const { observe } = world.targets.erp
    world.targets.erp.observe = async accounts => {
      world.targets.erp.observe = observe
      // The row is due already: the walk passes it by.
      await turn('active')
      await continueWalk(world.engine, 'erp', new Date(world.time.now).toISOString())
      return observe.call(world.targets.erp, accounts)
    }
    await world.converge(leaver.personId, 'erp')
    await world.settle()
    expect(await world.row(leaver.personId, 'erp')).toMatchObject({
      state: 'converged',
      observed: { state: 'disabled' },
    })
  })
})
