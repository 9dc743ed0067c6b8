import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SamplePerson } from '../../infra/local/sample/body.ts'
import { type Laptop, startLaptop } from '../servers/laptop.ts'
import { account, activation, badgeBecomes, file, form, inRole, staff } from './personas.ts'

let laptop: Laptop
beforeAll(async () => {
  laptop = await startLaptop()
})
afterAll(() => laptop.discard())

/** The door that the laptop plays. */
const serial = () => laptop.organisation.doors[1]?.serial ?? ''
const door = () => `/local/doors/${serial()}`
const role = (of: 'it' | 'hr' | 'security' | 'authority') => inRole(laptop.organisation, of)
const technicians = () =>
  laptop.organisation.people.filter(({ roles }) => roles.some(held => held === 'it')) as SamplePerson[]

const swipe = async (card: string, direction: 'in' | 'out' = 'in') =>
  (await laptop.client('POST', `${door()}/swipe`, { body: { card, direction } })).body
const plain = ({ nationalId }: SamplePerson) => nationalId.replaceAll('.', '')
const online = (is: boolean) => laptop.client('PUT', door(), { body: { online: is } })

async function approveDoor(person: SamplePerson, until: string | null = null): Promise<void> {
  const access = { system: 'data-centre', doors: [serial()] }
  const line = { ...activation(person, access), until }
  const filed = await file(laptop, form(person.unit, [line]))
  const [{ line: name, hash, status }] = filed.body.lines
  expect(status).toBe('awaiting-approval')
  const decided = await laptop.as(
    role('authority'),
    'POST',
    `/requests/${filed.body.number}/lines/${name}/decision`,
    { decision: 'approve' },
    { 'if-match': hash },
  )
  expect(decided.body.status).toBe('accepted')
  await badgeBecomes(laptop, person, 'enabled')
}

async function handOver(person: SamplePerson, card: string): Promise<void> {
  const by = technicians().find(({ nationalId }) => nationalId !== person.nationalId)
  const path = `/people/${person.nationalId}/badge`
  expect((await laptop.as(by?.nationalId ?? '', 'PUT', path, { card })).status).toBe(200)
  const signed = { card, accepted: true }
  expect((await laptop.as(person.nationalId, 'POST', '/me/badge/receipt', signed)).status).toBe(200)
  await badgeBecomes(laptop, person, 'enabled')
}

/** Tries the door until it answers so, or for ninety seconds. */
async function untilRefused(card: string) {
  for (const deadline = Date.now() + 90_000; ; await pause(100)) {
    const swiped = await swipe(card)
    if (!swiped.opened || Date.now() > deadline) return swiped
  }
}

const alarms = async (): Promise<{ kind: string; person: { nationalId: string } | null }[]> => {
  await laptop.idle()
  await laptop.client('POST', '/local/schedules/watch-doors/run')
  return (await laptop.as(role('security'), 'GET', '/door-alarms?open=true')).body.alarms
}

describe('the door of the data centre', () => {
  it('stays shut for a card until its bearer has signed for it, and opens from then on (R15)', async () => {
    const person = staff(laptop.organisation, 'planta')
    await approveDoor(person)
    expect(await swipe('7100001')).toMatchObject({ opened: false, event: 27 })
    await handOver(person, '7100001')
    expect(await swipe('7100001')).toMatchObject({ opened: true, event: 0 })
  })

  it('forgets a leaver, which is read back from the device, and the card is known when it comes again', async () => {
    const person = staff(laptop.organisation, 'planta')
    const left = await laptop.as(role('hr'), 'POST', '/hr-events', {
      version: 1,
      id: crypto.randomUUID(),
      type: 'terminated',
      nationalId: person.nationalId,
      effectiveOn: new Date().toLocaleDateString('sv-SE', { timeZone: 'America/Santiago' }),
      contract: person.contract,
      recordedAt: new Date().toISOString(),
    })
    expect(left.status).toBe(202)
    expect(await untilRefused('7100001')).toMatchObject({ opened: false, event: 27 })
    await badgeBecomes(laptop, person, 'disabled')
    expect(await alarms()).toContainEqual(
      expect.objectContaining({
        kind: 'withdrawn-badge',
        person: expect.objectContaining({ nationalId: plain(person) }),
      }),
    )
  })

  it('lets a visitor in only with an escort who is inside by the door’s own word (R16)', async () => {
    const [escort, other] = technicians()
    if (escort === undefined || other === undefined) throw new Error('there are two in IT')
    await approveDoor(escort)
    await handOver(escort, '7100002')
    const visit = await laptop.as(other.nationalId, 'POST', '/visits', {
      visitor: { givenNames: 'Iván', surnames: 'Rojo Tapia', passport: { country: 'ARG', number: 'AAB1' } },
      reason: 'Mantención del aire acondicionado',
      escort: { nationalId: escort.nationalId },
    })
    const enter = () =>
      laptop.as(other.nationalId, 'POST', `/visits/${visit.body.id}/entry`, { accepted: true })
    expect(await enter()).toMatchObject({ status: 409, body: { detail: expect.stringContaining('escolta') } })
    expect(await swipe('7100002')).toMatchObject({ opened: true })
    await laptop.idle()
    expect(await enter()).toMatchObject({ status: 200, body: { state: 'inside' } })
    const { staff: inside, visitors } = (await laptop.as(role('security'), 'GET', '/presence')).body
    expect(inside.map(({ person }: { person: { name: string } }) => person.name)).toContain(
      `${escort.givenNames} ${escort.surnames}`,
    )
    expect(visitors).toMatchObject([{ visit: visit.body.id, escortInside: true }])
    const exit = { verified: true }
    expect((await laptop.as(other.nationalId, 'POST', `/visits/${visit.body.id}/exit`, exit)).status).toBe(
      200,
    )
  })

  it('refuses a badge whose contract ended while it was off the line, and catches up afterwards', async () => {
    const person = staff(laptop.organisation, 'contrata')
    const { endsOn } = person.contract
    await approveDoor(person, endsOn)
    await handOver(person, '7100003')
    await online(false)
    expect(await swipe('7100003')).toMatchObject({ opened: true })
    const year = Number(endsOn?.slice(0, 4)) + 1
    await laptop.client('PUT', '/local/clock', { body: { now: `${year}-01-01T03:00:01.000Z` } })
    expect(await swipe('7100003')).toMatchObject({ opened: false, event: 29 })
    await laptop.idle()
    expect(await account(laptop, person, 'data-centre')).toMatchObject({ state: 'enabled', converged: false })
    await online(true)
    await badgeBecomes(laptop, person, 'disabled')
    // By then the badge was to be off the device, or not yet: the door was tried in the second in which it ended.
    const theirs = (await alarms()).filter(alarm => alarm.person?.nationalId === plain(person))
    const kinds = theirs.map(({ kind }) => kind)
    expect(kinds).toContain('inside-after-hold')
    expect(kinds.filter(kind => ['withdrawn-badge', 'expired-badge'].includes(kind))).toHaveLength(1)
  })

  it('that is wiped gets everybody back', async () => {
    const users = async () => (await laptop.client('GET', '/local/doors')).body.doors[0].users
    const before = await users()
    expect(before).toBeGreaterThan(0)
    await laptop.client('PUT', '/local/targets/data-centre/fault', { body: { kind: 'empty' } })
    expect(await users()).toBe(0)
    const { now } = (await laptop.client('GET', '/local/clock')).body
    const later = new Date(Date.parse(now) + 120_000).toISOString()
    await laptop.client('PUT', '/local/clock', { body: { now: later } })
    await laptop.client('PUT', door(), { body: { act: 'boot' } })
    await laptop.idle()
    for (const deadline = Date.now() + 90_000; Date.now() < deadline; await pause(200))
      if ((await users()) === before) break
    expect(await users()).toBe(before)
  })

  it('is as right after boot once more when the laptop is reset', async () => {
    expect((await laptop.client('POST', '/local/reset')).status).toBe(200)
    expect((await laptop.client('GET', '/local/doors')).body.doors).toMatchObject([{ users: 0 }])
    await laptop.idle()
    expect(await swipe('7100002')).toMatchObject({ opened: false, event: 27 })
  })

  it('leaves a ledger that is whole', async () => {
    expect((await laptop.as(role('security'), 'GET', '/audit/verification')).body).toMatchObject({
      ok: true,
      faults: [],
    })
  })
})
