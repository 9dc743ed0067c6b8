import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { addDays } from '../../functions/domain/civil-time.ts'
import { PersonView, WholeRequest } from '../../schemas/api.ts'
import { UnitView } from '../../schemas/api-units.ts'
import type { HttpApp } from './http-app.ts'
import { openPersonnelOffice } from './personnel-office.ts'
import { activation, closeSoundly, form, openSmallBody, people, subjectWith, today } from './small-body.ts'

let app: HttpApp
let office: ReturnType<typeof openPersonnelOffice>
let hr: string
beforeAll(async () => {
  app = await openSmallBody()
  office = openPersonnelOffice(app)
  hr = subjectWith(app, 'hr')
})
afterAll(() => closeSoundly(app))
afterEach(() => vi.useRealTimers())

const { clerk, driver, mayor, deputy, stranger, headOfDideco, headOfObras } = people
const day = 86_400_000
const unit = async (id: string) => UnitView.parse((await app.call('GET', `/units/${id}`, { as: hr })).body)
const files = (as: string, someone: (typeof people)[keyof typeof people], id: string) =>
  app.call('POST', '/requests', { as, body: form([activation(someone, { system: 'mail' })], { unit: id }) })
const name = (id: string, nationalId: string, from: string, until: string, as = hr) =>
  app.call('POST', `/units/${id}/deputies`, { as, body: { nationalId, from, until } })
const end = (id: string, nationalId: string, as = hr) =>
  app.call('DELETE', `/units/${id}/deputies/${nationalId}`, { as })
const onHold = 'Sobre usted pesa una retención: mientras dure, no puede actuar en Llavero.'

describe('whoever is held', () => {
  const calls = (): [string, string, unknown?][] => [
    ['GET', '/me'],
    ['GET', `/people/${headOfDideco.nationalId}`],
    ['GET', '/requests'],
    ['POST', '/requests', form([activation(clerk, { system: 'mail' })])],
    ['GET', '/units/dideco'],
    ['POST', '/units/dideco/deputies', { nationalId: clerk.nationalId, from: today, until: today }],
    ['DELETE', `/units/dideco/deputies/${deputy.nationalId}`],
    ['POST', '/me/credentials/mail', { password: 'Quillay-58-lluvia-fina' }],
    ['GET', '/roles'],
    ['GET', '/tasks'],
    ['GET', '/audit/verification'],
  ]

  it.each(['termination', 'leave', 'sanction', 'suspension'] as const)(
    'by a %s may call nothing, as head, deputy or for themselves, until it ends',
    async kind => {
      for (const { nationalId } of [headOfDideco, deputy]) {
        const release = await office.hold(nationalId, kind)
        for (const [method, path, body] of calls()) {
          const answer = await app.call(method, path, { as: nationalId, body })
          expect([path, answer.status, answer.body.detail]).toEqual([path, 403, onHold])
        }
        await release()
        expect((await app.call('GET', '/me', { as: nationalId })).status).toBe(200)
      }
    },
  )

  it('has no role either', async () => {
    await app.call('PUT', '/roles', {
      as: subjectWith(app, 'security'),
      body: { nationalId: stranger.nationalId, role: 'it' },
    })
    expect((await app.call('GET', '/tasks', { as: stranger.nationalId })).status).toBe(200)
    const release = await office.hold(stranger.nationalId, 'suspension')
    expect((await app.call('GET', '/tasks', { as: stranger.nationalId })).body.detail).toBe(onHold)
    await release()
    expect((await app.call('GET', '/tasks', { as: stranger.nationalId })).status).toBe(200)
  })

  it('by an HR event is held from its day on, and not before', async () => {
    await office.tell(driver.nationalId, 'leave-started', { effectiveOn: addDays(today, 2) })
    expect((await app.call('GET', '/me', { as: driver.nationalId })).body.holds).toEqual([])
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3 * day })
    expect((await app.call('GET', '/me', { as: driver.nationalId })).status).toBe(403)
    const seen = await app.call('GET', `/people/${driver.nationalId}`, { as: hr })
    expect(PersonView.parse(seen.body).holds).toEqual([
      { kind: 'leave', since: addDays(today, 2), until: null },
    ])
  })

  it('may be one of the founders, whom the personnel register does not know', async () => {
    expect((await app.call('GET', '/me', { as: hr })).status).toBe(200)
    const founder = app.settings.bootstrap.find(({ subject }) => subject === hr)?.person.nationalId ?? ''
    const release = await office.hold(founder, 'suspension')
    expect((await app.call('GET', '/me', { as: hr })).status).toBe(403)
    await release()
  })
})

describe('a post left vacant', () => {
  it.each(['suspension', 'sanction'] as const)(
    'by a %s: the deputy in force signs with both names, and the register says so',
    async kind => {
      const release = await office.hold(headOfDideco.nationalId, kind)
      expect(await unit('dideco')).toMatchObject({
        head: { nationalId: headOfDideco.nationalId },
        vacant: true,
      })
      const filed = await files(deputy.nationalId, clerk, 'dideco')
      expect([filed.status, filed.body.lines[0].status]).toEqual([201, 'accepted'])
      const whole = await app.call('GET', `/requests/${filed.body.number}`, { as: hr })
      expect(WholeRequest.parse(whole.body).signer).toMatchObject({
        capacity: 'deputy',
        person: { nationalId: deputy.nationalId },
        onBehalfOf: { nationalId: headOfDideco.nationalId },
      })
      await release()
      expect(await unit('dideco')).toMatchObject({ vacant: false })
    },
  )

  it('without a deputy is signed for from above, for everybody of the unit', async () => {
    expect((await files(mayor.nationalId, stranger, 'obras')).status).toBe(403)
    const release = await office.hold(headOfObras.nationalId, 'suspension')
    const filed = await files(mayor.nationalId, stranger, 'obras')
    expect([filed.status, filed.body.lines[0].status]).toEqual([201, 'accepted'])
    await release()
    expect((await files(mayor.nationalId, stranger, 'obras')).status).toBe(403)
  })

  it('is not deputised by somebody who is held themselves: then, too, they sign above', async () => {
    const releases = [
      await office.hold(headOfDideco.nationalId, 'suspension'),
      await office.hold(deputy.nationalId, 'leave'),
    ]
    expect((await files(mayor.nationalId, clerk, 'dideco')).status).toBe(201)
    for (const release of releases) await release()
  })

  it('is none while the head is on leave: the deputy signs, and nobody from above', async () => {
    const release = await office.hold(headOfDideco.nationalId, 'leave')
    expect(await unit('dideco')).toMatchObject({ vacant: false })
    expect((await files(deputy.nationalId, clerk, 'dideco')).status).toBe(201)
    expect((await files(mayor.nationalId, clerk, 'dideco')).status).toBe(403)
    await release()
  })

  it('is led from above while the head is on leave and nobody deputises', async () => {
    const release = await office.hold(headOfObras.nationalId, 'leave')
    expect(await unit('obras')).toMatchObject({ vacant: false })
    expect((await files(mayor.nationalId, stranger, 'obras')).status).toBe(201)
    await release()
  })

  it('by a termination stays so until somebody else is named', async () => {
    await office.tell(headOfObras.nationalId, 'terminated')
    expect((await app.call('GET', '/me', { as: headOfObras.nationalId })).status).toBe(403)
    expect(await unit('obras')).toMatchObject({ vacant: true })
    expect((await files(mayor.nationalId, stranger, 'obras')).status).toBe(201)
    const head = { nationalId: stranger.nationalId }
    const body = { name: 'Obras Municipales', parent: 'alcaldia', head }
    expect((await app.call('PUT', '/units/obras', { as: hr, body })).body.vacant).toBe(false)
    expect((await files(mayor.nationalId, driver, 'obras')).status).toBe(403)
    expect((await files(stranger.nationalId, driver, 'obras')).status).toBe(201)
  })

  it('of nobody at all is vacant', async () => {
    const body = { name: 'Archivo', parent: 'alcaldia' }
    expect((await app.call('PUT', '/units/archivo', { as: hr, body })).body).toMatchObject({
      head: null,
      vacant: true,
    })
  })
})

describe('a deputy', () => {
  const monday = addDays(today, 7)
  const friday = addDays(today, 11)
  const shift = (days: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + days * day })

  it('from Monday to Friday signs in that week only, and the head signs meanwhile too', async () => {
    expect((await name('dideco', clerk.nationalId, monday, friday)).status).toBe(201)
    const signs = async () => [
      (await files(clerk.nationalId, deputy, 'dideco')).status,
      (await files(headOfDideco.nationalId, deputy, 'dideco')).status,
    ]
    for (const [days, expected] of [
      [0, 403],
      [7, 201],
      [11, 201],
      [12, 403],
    ] as const) {
      shift(days)
      expect([days, ...(await signs())]).toEqual([days, expected, 201])
      vi.useRealTimers()
    }
  })

  it('named again for days that overlap has one period, of all of them', async () => {
    const of = ({ deputies }: UnitView) => deputies.filter(one => one.nationalId === clerk.nationalId)
    const later = addDays(friday, 7)
    const named = await name('dideco', clerk.nationalId, friday, later, headOfDideco.nationalId)
    expect(of(named.body)).toEqual([{ nationalId: clerk.nationalId, from: monday, until: later }])
    expect((await name('dideco', clerk.nationalId, friday, friday)).body).toEqual(named.body)
  })

  it('is ended at once, by human resources or the head; ending it again changes nothing', async () => {
    expect((await files(deputy.nationalId, clerk, 'dideco')).status).toBe(201)
    for (const as of [deputy.nationalId, mayor.nationalId, subjectWith(app, 'it')])
      expect((await end('dideco', deputy.nationalId, as)).status).toBe(403)
    const ended = await end('dideco', deputy.nationalId, headOfDideco.nationalId)
    expect(ended.status).toBe(200)
    expect(UnitView.parse(ended.body).deputies).toContainEqual({
      nationalId: deputy.nationalId,
      from: expect.any(String),
      until: addDays(today, -1),
    })
    expect((await files(deputy.nationalId, clerk, 'dideco')).status).toBe(403)
    expect((await end('dideco', deputy.nationalId)).body).toEqual(ended.body)
    const subject = await office.idOf(deputy.nationalId)
    const { entries } = (
      await app.call('GET', `/audit?subject=${subject}&act=deputy-ended`, {
        as: subjectWith(app, 'security'),
      })
    ).body
    expect(entries).toMatchObject([{ actor: { role: 'head' }, cause: { ref: 'dideco' } }])
  })

  it('who is still to come is never one', async () => {
    const ended = await end('dideco', clerk.nationalId)
    expect(ended.body.deputies).toEqual([expect.objectContaining({ nationalId: deputy.nationalId })])
  })

  it('of a unit or with an id that nobody knows is not found', async () => {
    expect((await end('ninguna', clerk.nationalId)).status).toBe(404)
    expect((await end('ninguna', clerk.nationalId, headOfDideco.nationalId)).status).toBe(403)
    expect((await end('dideco', '76.086.428-5')).status).toBe(404)
  })
})

it('leaves a ledger in which every chain is sound', async () => {
  const verified = await app.call('GET', '/audit/verification', { as: subjectWith(app, 'security') })
  expect(verified.body).toMatchObject({ ok: true, faults: [] })
})
