import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BadgeView, KeyHolders } from '../../schemas/api-badges.ts'
import { withDoors } from './badge-office.ts'
import type { HttpApp, Sent } from './http-app.ts'
import { activation, closeSoundly, form, openSmallBody, people, subjectWith } from './small-body.ts'

let app: HttpApp
let it_: string
let security: string
let authority: string
const limit = 3
const head = people.headOfDideco.nationalId
beforeAll(async () => {
  app = await openSmallBody(settings => {
    const { doors, dataCentre, targets } = withDoors(limit)
    return { ...settings, doors, dataCentre, targets }
  })
  it_ = subjectWith(app, 'it')
  security = subjectWith(app, 'security')
  authority = subjectWith(app, 'authority')
})
afterAll(() => closeSoundly(app))

type Someone = (typeof people)[keyof typeof people]

const access = { system: 'data-centre', doors: ['VC-CPD-0001'] }

/** Asks for the door and lets the authority decide. */
async function approve(someone: Someone) {
  const filed = await app.call('POST', '/requests', {
    as: head,
    body: form([activation(someone, access, someone.endsOn ?? null)]),
  })
  expect([filed.status, filed.body.status]).toEqual([201, 'awaiting-approval'])
  const { number, lines } = filed.body
  const decided = await app.call('POST', `/requests/${number}/lines/A1/decision`, {
    as: authority,
    body: { decision: 'approve' },
    headers: { 'if-match': `"${lines[0].hash}"` },
  })
  return { number, decided }
}
const at = ({ nationalId }: Someone, rest = '') => `/people/${nationalId}/badge${rest}`
const hand = (someone: Someone, card: string, more: Sent = {}) =>
  app.call('PUT', at(someone), { as: it_, body: { card }, ...more })
const sign = (someone: Someone, card: string, more: object = {}) =>
  app.call('POST', '/me/badge/receipt', { as: someone.nationalId, body: { card, accepted: true, ...more } })
const read = async (someone: Someone, as = it_) =>
  BadgeView.parse((await app.call('GET', at(someone), { as })).body)
/** What the table of the doors has of something, as text. */
const atTheDoors = async (something: string) =>
  JSON.stringify(
    ((await app.snapshot()).doors ?? []).filter(item => JSON.stringify(item).includes(something)),
  )

describe('a badge over HTTP', () => {
  it('is asked for, approved, handed over, signed for, lost, and handed over anew', async () => {
    const { decided } = await approve(people.clerk)
    expect([decided.status, decided.body.status]).toEqual([200, 'accepted'])
    const handed = await hand(people.clerk, '4100001')
    expect([handed.status, BadgeView.parse(handed.body).card?.receipt]).toEqual([200, null])
    expect(await atTheDoors('4100001')).toBe('[]')

    const wrong = await sign(people.clerk, '9999')
    expect([wrong.status, wrong.body.faults[0].code]).toEqual([400, 'badge.other-card'])
    const refused = await sign(people.clerk, '0001', { accepted: false })
    expect([refused.status, refused.body.faults[0].code]).toEqual([400, 'badge.not-accepted'])
    app.rung.splice(0)
    const signed = await sign(people.clerk, '0001')
    expect([signed.status, BadgeView.parse(signed.body).card?.number]).toEqual([200, '4100001'])
    expect(app.rung.join()).toContain('"target":"data-centre"')
    expect(await atTheDoors('"CARD"')).toContain('4100001')
    expect((await sign(people.clerk, '4100001')).body).toEqual(signed.body)

    const headers = { 'idempotency-key': 'lost-once' }
    const loss = { as: people.clerk.nationalId, body: { comment: 'En el bus.' }, headers }
    const lost = await app.call('POST', at(people.clerk, '/loss'), loss)
    expect([lost.status, BadgeView.parse(lost.body).card]).toEqual([200, null])
    expect((await app.call('POST', at(people.clerk, '/loss'), loss)).body).toEqual(lost.body)
    expect(await atTheDoors('"CARD"')).not.toContain('4100001')
    expect(await atTheDoors('LOSTCARD#4100001')).not.toBe('[]')
    const again = await hand(people.clerk, '4100001')
    expect([again.status, again.body.detail]).toEqual([
      409,
      'Esa tarjeta figura como perdida o destruida: no se puede volver a entregar.',
    ])
    expect((await hand(people.clerk, '4100002')).status).toBe(200)
    const { former, card } = await read(people.clerk)
    expect(former).toMatchObject([{ number: '4100001', gone: { how: 'lost', comment: 'En el bus.' } }])
    expect(card?.handedBy.name).not.toBeNull()
  })

  it('is shown to the person, IT and security only, without the number before it is signed for', async () => {
    const own = await read(people.clerk, people.clerk.nationalId)
    expect([own.card?.number, own.card?.handedBy.nationalId]).toEqual([null, null])
    expect(own.toAccept?.text).toContain('tarjeta')
    expect((await read(people.clerk, security)).card?.number).toBe('4100002')
    for (const as of [head, authority, subjectWith(app, 'hr'), people.stranger.nationalId])
      expect((await app.call('GET', at(people.clerk), { as })).status).toBe(404)
    for (const as of [people.clerk.nationalId, security, authority, head]) {
      expect((await hand(people.clerk, '4100009', { as, body: { card: '4100009' } })).status).toBe(403)
      const body = { condition: 'returned' }
      expect((await app.call('POST', at(people.clerk, '/return'), { as, body })).status).toBe(403)
    }
    const loss = { as: people.stranger.nationalId, body: { comment: 'La vi.' } }
    expect((await app.call('POST', at(people.clerk, '/loss'), loss)).status).toBe(404)
  })

  it('is refused in plain words where it cannot be', async () => {
    expect((await hand(people.stranger, '4100010')).body.detail).toContain('acceso aprobado')
    for (const card of ['0123', '12', '12\t34', "1' OR '1", 'abc', `${'9'.repeat(20)}`])
      expect([card, (await hand(people.clerk, card)).status]).toEqual([card, 400])
    const silent = await app.call('POST', at(people.clerk, '/return'), {
      as: it_,
      body: { condition: 'not-returned' },
    })
    expect([silent.status, silent.body.faults[0].code]).toEqual([400, 'badge.comment-missing'])
    expect((await sign(people.stranger, '4100010')).body.detail).toBe('La persona no tiene ninguna tarjeta.')
  })

  it('that is handed to two at once is one person’s', async () => {
    await approve(people.deputy)
    await approve(people.yearly)
    const answers = await Promise.all([people.deputy, people.yearly].map(each => hand(each, '4100020')))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
  })

  it('is taken back, and a copy is reported at once', async () => {
    const [bearer] = (
      await Promise.all([people.deputy, people.yearly].map(async each => ({ each, badge: await read(each) })))
    ).filter(({ badge }) => badge.card !== null)
    const someone = bearer?.each ?? people.deputy
    const copied = await app.call('POST', at(someone, '/loss'), {
      as: security,
      body: { kind: 'copied', comment: 'Apareció otra igual.' },
    })
    expect(copied.status).toBe(200)
    const alarms = await atTheDoors('unauthorised-copy')
    expect(alarms).toContain(copied.body.person.personId)
    expect(alarms).not.toContain('4100020')
    await hand(someone, '4100021')
    const back = await app.call('POST', at(someone, '/return'), { as: it_, body: { condition: 'returned' } })
    expect([back.status, back.body.former[0].gone.how]).toEqual([200, 'returned'])
    expect((await hand(someone, '4100021')).status).toBe(200)
  })
})

describe('the key-holders over HTTP (R18)', () => {
  it('are named with their doors and cards, up to the limit, and one more is refused and goes on waiting', async () => {
    const { number, decided } = await approve(people.contractor)
    expect([decided.status, decided.body.type, decided.body.detail]).toEqual([
      409,
      'urn:llavero:problem:conflict',
      expect.stringContaining('La línea sigue esperando la aprobación.'),
    ])
    const request = await app.call('GET', `/requests/${number}`, { as: head })
    expect(request.body.status).toBe('awaiting-approval')

    const answer = await app.call('GET', '/key-holders', { as: authority })
    const listed = KeyHolders.parse(answer.body)
    expect([listed.limit, listed.holders.length]).toEqual([limit, limit])
    const clerk = listed.holders.find(({ person }) => person.nationalId === people.clerk.nationalId)
    expect(clerk).toMatchObject({
      status: 'live',
      card: true,
      receipt: false,
      doors: [{ name: 'Puerta 1' }],
    })
    for (const as of [head, people.clerk.nationalId, subjectWith(app, 'hr')])
      expect((await app.call('GET', '/key-holders', { as })).status).toBe(403)

    const away = { nationalId: people.yearly.nationalId, access: { system: 'data-centre' } }
    await app.call('POST', '/requests', { as: head, body: form([], { deactivations: [away] }) })
    expect((await approve(people.contractor)).decided.status).toBe(200)
  })

  it('are not made by adopting what a device has', async () => {
    const adoptions = [{ accountId: '1234567', nationalId: people.driver.nationalId }]
    const answer = await app.call('POST', '/reconciliation/adoptions', {
      as: it_,
      body: { target: 'data-centre', adoptions },
    })
    expect([answer.status, answer.body.faults[0].code]).toEqual([409, 'badge.not-adopted'])
  })

  it('leave no trace of numbers or names in the logs, and their ledger is whole', async () => {
    expect(app.logs.join()).not.toMatch(/41000\d\d\b|Ñancucheo/)
    const verified = await app.call('GET', '/audit/verification', { as: security })
    expect(verified.body).toMatchObject({ ok: true, faults: [] })
  })
})
