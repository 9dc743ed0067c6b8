import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import { listRenewals } from '../../functions/workflows/list-renewals.ts'
import type { Contract } from '../../schemas/contract.ts'
import { tell } from '../servers/personnel.ts'
import { openWorld, type World, zoneDay } from '../servers/world.ts'

const planta: Contract = { type: 'planta', regime: 'municipal', startsOn: '2020-03-01', endsOn: null }
const contrata: Contract = {
  type: 'contrata',
  regime: 'municipal',
  startsOn: '2026-01-01',
  endsOn: '2026-12-31',
}
const longer: Contract = { ...contrata, endsOn: '2027-12-31' }
const nextYears: Contract = { ...longer, startsOn: '2027-01-01' }
const end = '2027-01-01T03:00:00.000Z'
const nextEnd = '2028-01-01T03:00:00.000Z'
const systems = ['directory', 'mail', 'erp'] as const

let serial = 0
const nationalId = () => {
  const digits = String(17_000_000 + ++serial)
  return `${digits}-${rutCheckDigit(digits)}`
}

let world: World
let mayor: string
let head: string
const names = { givenNames: 'Elisa', surnames: 'Huenchumán Ñancupil' }
const clock = (instant: string) => {
  world.time.now = Date.parse(instant)
}

beforeAll(async () => {
  world = await openWorld()
  mayor = await world.hire(nationalId(), { givenNames: 'Aldo', surnames: 'Rey' }, 'alcaldia', planta)
  head = await world.hire(nationalId(), { givenNames: 'Marta', surnames: 'Reyes Soto' }, 'dideco', planta)
  world.units.set('alcaldia', { id: 'alcaldia', name: 'Alcaldía', parent: null, head: mayor, deputies: [] })
})
afterAll(() => world.close())

let unitSerial = 0
/** A unit of its own for each test, led by the same head: what another test granted is none of its business. */
const newUnit = (leader = head) => {
  const id = `unidad-${++unitSerial}`
  world.units.set(id, { id, name: id, parent: 'alcaldia', head: leader, deputies: [] })
  return id
}

/** Somebody of a yearly contract with an account everywhere, until the end of the year. */
async function somebody(unit: string, signer = head, id = nationalId()) {
  clock(new Date(zoneDay.now).toISOString())
  const personId = await world.hire(id, names, unit, contrata)
  const erp = { system: 'erp', module: 'bodega', type: 'consulta' }
  const filed = await world.submit(signer, {
    unit,
    activations: [{ system: 'directory', internetProfile: 'libre' }, { system: 'mail' }, erp].map(access => ({
      person: { nationalId: id, ...names, position: 'Administrativo' },
      contract: contrata,
      access,
      until: '2026-12-31',
    })),
    declaration: true,
  })
  expect('filed' in filed && filed.filed.lines.map(({ decision }) => decision)).toEqual(
    Array(3).fill('accepted'),
  )
  await world.settle()
  return { id, personId }
}

const renewContract = (id: string, contract: Contract, effectiveOn = '2026-11-20') =>
  tell(world.engine, {
    version: 1,
    id: crypto.randomUUID(),
    type: 'contract-renewed',
    nationalId: id,
    effectiveOn,
    contract,
    recordedAt: new Date(world.time.now).toISOString(),
  })
const renew = async (unit: string, more: Parameters<World['renew']>[2] = {}, order: object = { all: true }) =>
  world.renew(head, { unit, declaration: true, ...order }, more)
const linesOf = (renewed: Awaited<ReturnType<World['renew']>>) =>
  'filed' in renewed ? renewed.filed.map(({ lines }) => lines.map(({ decision }) => decision)) : renewed

/** What was done in a target about somebody, an intent with its outcome each. */
const acts = async (personId: string, target: (typeof systems)[number]) => {
  const entries = await world.entries(`target/${personId}/${target}`)
  return entries.flatMap(({ phase, after, evidence }) =>
    phase === 'intended'
      ? (after as { steps: { act: string }[] }).steps.map(({ act }) => act).join('+')
      : phase === 'succeeded'
        ? []
        : [`${phase} ${JSON.stringify(evidence)}`],
  )
}
const opened: Record<(typeof systems)[number], string> = {
  directory: 'create+grant+set-expiry+enable',
  mail: 'create+set-expiry+enable',
  erp: 'create+grant+set-expiry+enable',
}

describe('in January everybody renewed works without having noticed', () => {
  it.each([
    ['moves the end of the contract', longer, '2026-11-20'],
    ['records the contract of the next year, as of 1 January', nextYears, '2027-01-01'],
  ])('where human resources %s; nothing at all happens at midnight', async (_, contract, effectiveOn) => {
    const unit = newUnit()
    const { id, personId } = await somebody(unit)
    expect(linesOf(await renew(unit))).toEqual([['accepted', 'accepted', 'accepted']])
    await world.settle()
    for (const target of systems) expect(await acts(personId, target)).toEqual([opened[target]])
    clock('2026-12-10T12:00:00.000Z')
    await renewContract(id, contract, effectiveOn)
    await world.settle()
    const after = { directory: 'set-expiry', mail: 'set-expiry', erp: 'grant+set-expiry' }
    for (const target of systems) {
      expect(await acts(personId, target)).toEqual([opened[target], after[target]])
      expect((await world.row(personId, target)).observed).toMatchObject({
        state: 'enabled',
        expiresAt: nextEnd,
      })
    }
    for (const moment of [
      '2027-01-01T02:59:59.000Z',
      end,
      '2027-01-02T12:00:00.000Z',
      '2027-06-30T12:00:00.000Z',
    ]) {
      clock(moment)
      await world.settle()
    }
    for (const target of systems) {
      expect(await acts(personId, target)).toEqual([opened[target], after[target]])
      expect((await world.row(personId, target)).observed).toMatchObject({ state: 'enabled' })
    }
    clock(nextEnd)
    await world.settle()
    for (const target of systems) expect((await world.row(personId, target)).observed?.state).toBe('disabled')
  })

  it('and who was renewed by the head alone is closed, and comes back when human resources is late', async () => {
    const unit = newUnit()
    const { id, personId } = await somebody(unit)
    await renew(unit)
    clock(end)
    await world.settle()
    for (const target of systems) expect((await world.row(personId, target)).observed?.state).toBe('disabled')
    clock('2027-01-05T12:00:00.000Z')
    await renewContract(id, nextYears, '2027-01-05')
    await world.settle()
    for (const target of systems)
      expect((await world.row(personId, target)).observed).toMatchObject({
        state: 'enabled',
        expiresAt: nextEnd,
      })
  })
})

describe('at the last minute', () => {
  const lastMinute = '2027-01-01T02:59:30.000Z'
  async function lateRenewal() {
    const unit = newUnit()
    const one = await somebody(unit)
    await renewContract(one.id, longer)
    await world.settle()
    clock(lastMinute)
    await world.settle()
    return { unit, ...one }
  }

  it('a renewal overtakes what else waits, and moves the end on before midnight', async () => {
    const { unit, personId } = await lateRenewal()
    world.rung.splice(0)
    expect(linesOf(await renew(unit))).toEqual([['accepted', 'accepted', 'accepted']])
    expect(world.rung.filter(ring => ring.personId === personId).map(({ urgent }) => urgent)).toEqual(
      Array(3).fill(true),
    )
    expect(await world.row(personId, 'mail')).toMatchObject({ urgent: true })
    clock('2027-01-01T02:59:50.000Z')
    await world.settle()
    clock('2027-01-01T12:00:00.000Z')
    await world.settle()
    for (const target of systems) {
      expect((await world.row(personId, target)).observed).toMatchObject({
        state: 'enabled',
        expiresAt: nextEnd,
      })
      expect((await acts(personId, target)).filter(act => act.includes('able'))).toEqual([opened[target]])
    }
    expect(await acts(personId, 'mail')).toEqual([opened.mail, 'set-expiry'])
  })

  it('so does human resources, where theirs is the second of the two acts', async () => {
    const unit = newUnit()
    const { id, personId } = await somebody(unit)
    await renew(unit)
    clock(lastMinute)
    await world.settle()
    await renewContract(id, longer, '2026-12-31')
    expect(await world.row(personId, 'erp')).toMatchObject({ urgent: true })
    await world.settle()
    clock(end)
    await world.settle()
    expect(await acts(personId, 'mail')).toEqual([opened.mail, 'set-expiry'])
    expect((await world.row(personId, 'mail')).observed).toMatchObject({ expiresAt: nextEnd })
  })

  it('a renewal in good time overtakes nobody', async () => {
    const unit = newUnit()
    const { personId } = await somebody(unit)
    world.rung.splice(0)
    await renew(unit)
    expect(world.rung.filter(ring => ring.personId === personId).some(({ urgent }) => urgent)).toBe(false)
  })

  it('reached after midnight, by both bells at once: the end is moved on once, and nothing is closed', async () => {
    const { unit, personId } = await lateRenewal()
    await renew(unit)
    world.rung.splice(0)
    clock('2027-01-01T03:00:40.000Z')
    await Promise.all([world.converge(personId, 'mail'), world.converge(personId, 'mail')])
    expect(await acts(personId, 'mail')).toEqual([opened.mail, 'set-expiry'])
    await world.settle()
    for (const target of systems)
      expect((await world.row(personId, target)).observed).toMatchObject({
        state: 'enabled',
        expiresAt: nextEnd,
      })
    expect((await acts(personId, 'mail')).length).toBe(2)
  })

  it('closed by the calendar before its lines could be applied, the account is opened again, each act once', async () => {
    const { unit, personId } = await lateRenewal()
    const busy = { ...world.engine.people, apply: async () => 'stale' as const }
    await renew(unit, { using: { ...world.engine, people: busy } })
    clock('2027-01-01T03:00:00.000Z')
    for (const target of systems) await world.converge(personId, target)
    clock('2027-01-01T03:00:40.000Z')
    await world.settle()
    expect((await acts(personId, 'mail')).map(act => act.replace('+retire', ''))).toEqual([
      opened.mail,
      'disable',
      'restore+set-expiry+enable',
    ])
    for (const target of systems)
      expect(await world.row(personId, target)).toMatchObject({
        openIntent: null,
        observed: { state: 'enabled', expiresAt: nextEnd },
      })
  })

  it('is in time if the call came before midnight, and not a second later', async () => {
    const { unit } = await lateRenewal()
    clock('2027-01-01T03:00:05.000Z')
    expect(await renew(unit)).toMatchObject({ refused: 'conflict', detail: 'renewal.not-open' })
    expect(await renew(unit, {}, { all: true, year: 2026 })).toMatchObject({
      refused: 'conflict',
      detail: 'renewal.over',
    })
    const renewed = await renew(unit, { calledAt: '2027-01-01T02:59:59.900Z' })
    expect(linesOf(renewed)).toEqual([['accepted', 'accepted', 'accepted']])
    expect('filed' in renewed && renewed.filed[0]?.lines[0]?.reasons).toMatchObject([{ rule: 'R3' }])
  })
})

describe('a round', () => {
  it('is not open before its day, and then anything may be renewed until 31 December', async () => {
    const unit = newUnit()
    const { personId } = await somebody(unit)
    clock('2026-10-31T12:00:00.000Z')
    expect(await renew(unit)).toMatchObject({ refused: 'conflict', detail: 'renewal.not-open' })
    clock('2026-12-15T12:00:00.000Z')
    const late = await renew(unit)
    expect('filed' in late && late.filed[0]?.lines[0]?.reasons.map(({ message }) => message)).toEqual([
      expect.stringContaining('Recursos Humanos'),
      expect.stringContaining('01-12-2026'),
    ])
    const person = await world.engine.people.load(personId)
    expect(person?.grants.filter(({ origin }) => origin === 'renewal')).toHaveLength(4)
  })

  it('R1: the head’s own accesses are renewed by whoever stands above', async () => {
    const unit = newUnit()
    const { personId } = await somebody(unit)
    const own = world.units.get(unit)
    if (own !== undefined) world.units.set(unit, { ...own, head: personId })
    await somebody(unit, personId)
    const order = { unit, all: true, declaration: true }
    const byMayor = await world.renew(mayor, order)
    expect(
      'filed' in byMayor && byMayor.filed.flatMap(({ lines }) => lines.map(line => line.personId)),
    ).toEqual(Array(3).fill(personId))
    const byHead = await world.renew(personId, order)
    expect(
      'filed' in byHead &&
        byHead.filed.flatMap(({ lines }) => lines.filter(line => line.personId === personId)),
    ).toEqual([])
    expect(await world.renew(head, order)).toMatchObject({ refused: 'forbidden' })
  })
})

describe('many people', () => {
  it('are renewed in several requests of one act, once for a key; and listed page by page', async () => {
    const crowded = await openWorld({
      settings: { limits: { ...world.engine.settings.limits, linesPerRequest: 7 } },
    })
    const leader = await crowded.hire(nationalId(), names, 'salud', planta)
    crowded.units.set('salud', { id: 'salud', name: 'Salud', parent: null, head: leader, deputies: [] })
    const ids = Array.from({ length: 45 }, nationalId)
    for (const id of ids) {
      await crowded.hire(id, names, 'salud', contrata)
      const person = { nationalId: id, ...names, position: 'Matrona' }
      const line = { person, contract: contrata, access: { system: 'mail' }, until: '2026-12-31' }
      await crowded.submit(leader, { unit: 'salud', activations: [line], declaration: true })
    }
    const registers = { ...crowded.engine, ending: crowded.ending, units: crowded.unitRegister }
    const caller = { personId: leader, roles: [] }
    const seen: string[] = []
    let pages = 0
    for (let cursor: string | undefined | null; cursor !== null; pages++) {
      const page = await listRenewals(registers, caller, { unit: 'salud', ...(cursor && { cursor }) })
      if ('refused' in page) throw new Error(page.refused)
      seen.push(...page.renewals.map(({ person }) => person.nationalId ?? ''))
      cursor = page.cursor
    }
    expect([pages, seen.length, new Set(seen).size]).toEqual([2, 45, 45])
    const order = { unit: 'salud', all: true, declaration: true }
    const renewed = await crowded.renew(leader, order, { key: 'all-of-us' })
    const numbers = 'filed' in renewed ? renewed.filed.map(({ row }) => row.number) : []
    expect('filed' in renewed && renewed.filed.map(({ lines }) => lines.length)).toEqual([
      7, 7, 7, 7, 7, 7, 3,
    ])
    expect(new Set(numbers).size).toBe(7)
    const again = await crowded.renew(leader, order, { key: 'all-of-us' })
    expect('filed' in again && again.filed.map(({ row }) => row.number)).toEqual(numbers)
    const told = await crowded.renew(leader, order)
    expect(told).toMatchObject({ filed: [], left: 0 })
    expect('filed' in told && told.alreadyRenewed.length).toBe(45)
    await crowded.close()
  })
})
