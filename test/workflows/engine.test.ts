import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ConnectorError } from '../../functions/connectors/contract.ts'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import { sweepDue } from '../../functions/workflows/sweep-due.ts'
import type { Contract } from '../../schemas/contract.ts'
import { openWorld, type World } from '../servers/world.ts'

const planta: Contract = { type: 'planta', regime: 'municipal', startsOn: '2020-03-01', endsOn: null }
const contrata: Contract = {
  type: 'contrata',
  regime: 'municipal',
  startsOn: '2026-01-01',
  endsOn: '2026-12-31',
}

let serial = 0
const nationalId = () => {
  const digits = String(15_000_000 + ++serial)
  return `${digits}-${rutCheckDigit(digits)}`
}

let world: World
let head: string
const names = { givenNames: 'Elisa', surnames: 'Huenchumán Ñancupil' }

beforeAll(async () => {
  world = await openWorld()
  head = await world.hire(nationalId(), { givenNames: 'Marta', surnames: 'Reyes Soto' }, 'dideco', planta)
  world.units.set('dideco', { id: 'dideco', name: 'Dideco', parent: null, head, deputies: [] })
})
afterAll(() => world.close())

const lineFor = (id: string, contract: Contract, access: object, more: object = {}) => ({
  person: { nationalId: id, ...names, position: 'Administrativo' },
  contract,
  access,
  until: null,
  ...more,
})
const form = (activations: object[], deactivations: object[] = []) => ({
  unit: 'dideco',
  activations,
  deactivations,
  declaration: true,
})
const directory = { system: 'directory', internetProfile: 'controlado' }
const mail = { system: 'mail' }
const erp = {
  system: 'erp',
  module: 'contabilidad-gubernamental',
  type: 'actualizacion',
  operations: ['ingreso'],
}
const everything = (id: string, contract = planta, more = {}) =>
  form([directory, mail, erp].map(access => lineFor(id, contract, access, more)))

async function hired(contract = planta) {
  const id = nationalId()
  return { id, personId: await world.hire(id, names, 'dideco', contract) }
}

const decisions = (submitted: Awaited<ReturnType<World['submit']>>) =>
  'filed' in submitted ? submitted.filed.lines.map(line => line.decision) : submitted

describe('the engine', () => {
  it('opens what a form asks for, and every change has its intent and one outcome', async () => {
    const { id, personId } = await hired()
    expect(decisions(await world.submit(head, everything(id)))).toEqual(['accepted', 'accepted', 'accepted'])
    await world.settle()
    for (const target of ['directory', 'mail', 'erp'] as const) {
      const row = await world.row(personId, target)
      expect(row).toMatchObject({ state: 'converged', openIntent: null, observed: { state: 'enabled' } })
      expect(row.appliedVersion).toBe(row.desiredVersion)
      const entries = await world.entries(`target/${personId}/${target}`)
      expect(entries.map(entry => entry.phase)).toEqual(['intended', 'succeeded'])
    }
    expect((await world.row(personId, 'mail')).name).toMatch(/^elisa\.huenchuman.*@/)
  })

  it('does nothing when rung again for nothing', async () => {
    const { id, personId } = await hired()
    await world.submit(head, everything(id))
    await world.settle()
    const before = world.targets.directory.changes.length
    await world.converge(personId, 'directory')
    await world.converge(personId, 'directory')
    expect(world.targets.directory.changes).toHaveLength(before)
    expect(await world.entries(`target/${personId}/directory`)).toHaveLength(2)
  })

  it('lets mail wait for the directory account if both are wanted, and never a deactivation', async () => {
    const { id, personId } = await hired()
    await world.submit(head, everything(id))
    await world.converge(personId, 'mail')
    expect(await world.row(personId, 'mail')).toMatchObject({ state: 'waiting', observed: null })
    await world.settle()
    expect(await world.row(personId, 'mail')).toMatchObject({ state: 'converged' })
  })

  it('closes everything by one line, reads it back, and a repeat never opens it again', async () => {
    const { id, personId } = await hired()
    await world.submit(head, everything(id))
    await world.settle()
    await world.submit(head, form([], [{ nationalId: id, access: { system: 'all' } }]))
    await world.settle()
    for (const target of ['directory', 'mail', 'erp'] as const) {
      const row = await world.row(personId, target)
      expect(row.observed).toMatchObject({ state: 'disabled', rights: [], retired: true })
      await world.converge(personId, target)
      expect((await world.row(personId, target)).observed?.state).toBe('disabled')
    }
  })

  it('gives somebody who comes back the same account', async () => {
    const { id, personId } = await hired()
    await world.submit(head, everything(id))
    await world.settle()
    const first = await world.row(personId, 'directory')
    await world.submit(head, form([], [{ nationalId: id, access: { system: 'all' } }]))
    await world.settle()
    await world.submit(head, form([lineFor(id, planta, directory)]))
    await world.settle()
    const again = await world.row(personId, 'directory')
    expect(again.observed).toMatchObject({ state: 'enabled', accountId: first.accountId, retired: false })
    expect((await world.row(personId, 'erp')).observed?.state).toBe('disabled')
  })

  it('backs off from a target that is down, loses nothing, and asks for no human before the last attempt', async () => {
    const { id, personId } = await hired()
    world.targets.directory.fault = { kind: 'unreachable', retryable: true }
    await world.submit(head, everything(id))
    await world.settle()
    expect(await world.row(personId, 'directory')).toMatchObject({
      state: 'pending',
      attempts: 1,
      fault: 'unreachable',
    })
    expect(await world.row(personId, 'erp')).toMatchObject({ state: 'converged' })
    world.targets.directory.fault = null
    world.time.now += 61_000
    await world.settle()
    expect(await world.row(personId, 'directory')).toMatchObject({
      state: 'converged',
      attempts: 0,
      fault: null,
    })
    world.time.now += 61_000
    await world.settle()
    expect(await world.row(personId, 'mail')).toMatchObject({ state: 'converged' })
  })

  it('says in the log that an account is parked, also where it was the act that was refused', async () => {
    const { id, personId } = await hired()
    const target = world.targets.erp
    const { apply } = target
    target.apply = async plans =>
      plans.map(() => ({ ok: false, error: new ConnectorError('erp', 'refused', false) }))
    world.logged.length = 0
    await world.submit(head, form([lineFor(id, planta, erp)]))
    await world.settle()
    target.apply = apply
    expect(await world.row(personId, 'erp')).toMatchObject({ state: 'parked', fault: 'refused' })
    expect(world.logged).toEqual(['parked'])
    world.time.now += 86_400_000
    await world.settle()
    expect(await world.row(personId, 'erp')).toMatchObject({ state: 'converged' })
  })

  it('parks at once what a target refuses, with a task, and recovers by itself the day after', async () => {
    const { id, personId } = await hired()
    world.targets.erp.fault = { kind: 'refused', retryable: false }
    await world.submit(head, form([lineFor(id, planta, erp)]))
    await world.settle()
    expect(await world.row(personId, 'erp')).toMatchObject({ state: 'parked', fault: 'refused' })
    expect(await world.engine.targets.parked()).toBe(1)
    world.targets.erp.fault = null
    world.time.now += 86_400_000
    await world.settle()
    expect(await world.row(personId, 'erp')).toMatchObject({ state: 'converged' })
    expect(await world.engine.targets.parked()).toBe(0)
  })

  it('closes an intent whose answer was lost by looking, not by doing it again', async () => {
    const { id, personId } = await hired()
    world.targets.erp.fault = { kind: 'unreachable', retryable: true, after: true }
    await world.submit(head, form([lineFor(id, planta, erp)]))
    await world.settle()
    world.targets.erp.fault = null
    world.time.now += 61_000
    await world.settle()
    const row = await world.row(personId, 'erp')
    expect(row).toMatchObject({ state: 'converged', openIntent: null })
    const account = world.targets.erp.changes.filter(change => change.accountId === row.accountId)
    expect(account.filter(change => change.act === 'create')).toHaveLength(1)
  })

  it('takes the next name when the target holds the first one for a stranger', async () => {
    const { id, personId } = await hired()
    await world.submit(head, form([lineFor(id, planta, directory)]))
    const reserved = (await world.row(personId, 'directory')).name
    world.targets.directory.accounts.set('stranger', {
      accountId: 'stranger',
      name: reserved,
      owner: 'somebody else',
      enabled: true,
      expiresAt: null,
      rights: new Map(),
      retired: false,
      profileHash: '',
    })
    await world.settle()
    const row = await world.row(personId, 'directory')
    expect(row.name).not.toBe(reserved)
    expect(row.observed).toMatchObject({ state: 'enabled', name: row.name })
    expect(world.targets.directory.accounts.get('stranger')?.enabled).toBe(true)
  })

  it('takes no other name when two accounts bear the person’s mark: it waits for a human', async () => {
    const { id, personId } = await hired()
    await world.submit(head, form([lineFor(id, planta, directory)]))
    const reserved = (await world.row(personId, 'directory')).name
    world.targets.directory.fault = { kind: 'conflict', retryable: true }
    await world.settle()
    expect(await world.row(personId, 'directory')).toMatchObject({ name: reserved, fault: 'conflict' })
    world.targets.directory.fault = null
    world.time.now += 86_400_000
    await world.settle()
    expect((await world.row(personId, 'directory')).observed).toMatchObject({
      state: 'enabled',
      name: reserved,
    })
  })

  it('keeps access through the last day of the contract and not an instant longer (R3)', async () => {
    const { id, personId } = await hired(contrata)
    await world.submit(head, everything(id, contrata, { until: '2026-12-31' }))
    await world.settle()
    expect((await world.row(personId, 'directory')).observed?.expiresAt).toBe('2027-01-01T03:00:00.000Z')
    const before = world.time.now
    world.time.now = Date.parse('2027-01-01T02:59:59.000Z')
    await world.settle()
    expect((await world.row(personId, 'directory')).observed?.state).toBe('enabled')
    world.time.now = Date.parse('2027-01-01T03:00:00.000Z')
    await world.settle()
    for (const target of ['directory', 'mail', 'erp'] as const)
      expect((await world.row(personId, target)).observed?.state).toBe('disabled')
    const last = (await world.entries(`target/${personId}/directory`)).at(-1)
    expect(last).toMatchObject({ phase: 'succeeded', cause: { kind: 'calendar' } })
    world.time.now = before
  })

  it('makes one account and one unbroken chain of fifty forms at once', { timeout: 120_000 }, async () => {
    const { id, personId } = await hired()
    const forms = Array.from({ length: 50 }, () => world.submit(head, everything(id)))
    for (const submitted of await Promise.all(forms)) expect('filed' in submitted).toBe(true)
    world.time.now += 61_000
    await world.settle()
    const mine = [...world.targets.directory.accounts.values()].filter(account => account.owner === id)
    expect(mine).toHaveLength(1)
    const person = await world.engine.people.load(personId)
    expect(person?.applied).toHaveLength(50)
    const chain = await world.entries(`person/${personId}`)
    expect(chain.map(entry => entry.sequence)).toEqual(chain.map((_, index) => index + 1))
    expect(chain.filter(entry => entry.act === 'lines-applied')).toHaveLength(50)
    expect(person?.row.head.sequence).toBe(chain.length)
  })

  it('files a form for which there is no time left, and leaves it due at once to the sweeper', async () => {
    const { id, personId } = await hired()
    // The clock of the process: filed in time, and then a minute has gone by before the first person of the form.
    const times = [0, 0]
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => times.shift() ?? 60_000)
    const submitted = await world.submit(head, everything(id)).finally(() => clock.mockRestore())
    expect('filed' in submitted).toBe(true)
    expect((await world.engine.people.load(personId))?.applied).toEqual([])
    await world.settle()
    expect((await world.engine.people.load(personId))?.applied).toHaveLength(1)
    expect(await world.row(personId, 'erp')).toMatchObject({
      state: 'converged',
      observed: { state: 'enabled' },
    })
  })

  it('answers a repeated key with the same request, and another body with a refusal', async () => {
    const { id } = await hired()
    const [one, two] = await Promise.all([
      world.submit(head, everything(id), { key: 'k-1' }),
      world.submit(head, everything(id), { key: 'k-1' }),
    ])
    const number = 'filed' in one ? one.filed.row.number : ''
    expect('filed' in two ? two.filed.row.number : '').toBe(number)
    expect(await world.submit(head, form([lineFor(id, planta, mail)]), { key: 'k-1' })).toMatchObject({
      refused: 'key-reused',
    })
  })

  it('plans a dry run and files nothing', async () => {
    const { id, personId } = await hired()
    const dry = await world.submit(head, everything(id), { dryRun: true })
    expect('plan' in dry && dry.plan.map(({ line, system }) => [line, system])).toEqual([
      ['A1', 'directory'],
      ['A2', 'mail'],
      ['A3', 'erp'],
    ])
    expect((await world.engine.people.load(personId))?.targets.size).toBe(0)
  })

  it('plans a dry run as the form would be applied: what has expired is not held', async () => {
    const { id, personId } = await hired()
    const before = world.time.now
    const today = new Date(before).toISOString().slice(0, 10)
    await world.submit(head, form([lineFor(id, planta, directory, { until: today })]))
    await world.settle()
    world.time.now += 3 * 86_400_000
    await world.settle()
    expect((await world.row(personId, 'directory')).observed?.state).toBe('disabled')
    const vpn = form([lineFor(id, planta, { system: 'directory', entitlements: ['vpn'] })])
    const dry = await world.submit(head, vpn, { dryRun: true })
    const acts = 'plan' in dry ? dry.plan.flatMap(({ steps }) => steps.map(({ act }) => act)) : []
    expect(acts).toContain('enable')
    await world.submit(head, vpn)
    await world.settle()
    expect((await world.row(personId, 'directory')).observed?.state).toBe('enabled')
    world.time.now = before
  })

  it('lets nobody sign who is not head, deputy or above (R1)', async () => {
    const { id, personId } = await hired()
    expect(await world.submit(personId, everything(id))).toMatchObject({ refused: 'forbidden' })
    expect(await world.submit(head, { ...everything(id), unit: 'nowhere' })).toMatchObject({
      refused: 'forbidden',
    })
  })

  it('goes on with other requests when one of them cannot be read, and tells', async () => {
    const { id, personId } = await hired()
    const submitted = await world.submit(head, form([lineFor(id, planta, mail)]))
    const number = 'filed' in submitted ? submitted.filed.row.number : ''
    const load = async (wanted: string) => {
      if (wanted === 'broken') throw new Error('a row that no schema fits')
      return world.engine.requests.load(wanted)
    }
    const due = async () => [
      { kind: 'request' as const, number: 'broken', dueAt: '2026-11-20T14:00:00.000Z' },
      { kind: 'request' as const, number, dueAt: '2026-11-20T14:00:00.000Z' },
    ]
    const swept = await sweepDue(
      {
        ...world.engine,
        requests: { ...world.engine.requests, load },
        targets: { ...world.engine.targets, due },
      },
      new Date(world.time.now).toISOString(),
    )
    expect(swept).toMatchObject({ requests: 2, broken: 1 })
    await world.settle()
    expect((await world.row(personId, 'mail')).state).toBe('converged')
  })

  it('only looks where the mode says so, and shows what it saw', async () => {
    const { id, personId } = await hired()
    await world.submit(head, form([lineFor(id, planta, erp)]))
    const targets = world.engine.settings.targets.map(target =>
      target.id === 'erp' ? { ...target, mode: 'observe-only' as const } : target,
    )
    const before = world.targets.erp.changes.length
    await world.converge(personId, 'erp', {
      ...world.engine,
      settings: { ...world.engine.settings, targets },
    })
    expect(world.targets.erp.changes).toHaveLength(before)
    expect(await world.row(personId, 'erp')).toMatchObject({
      state: 'pending',
      observed: { state: 'absent' },
    })
    expect(await world.entries(`target/${personId}/erp`)).toHaveLength(0)
  })
})
