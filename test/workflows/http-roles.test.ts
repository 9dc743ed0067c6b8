import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { addDays } from '../../functions/domain/civil-time.ts'
import { RoleChangeView, RoleRegister, RoleView } from '../../schemas/role-change.ts'
import type { HttpApp } from './http-app.ts'
import { openPersonnelOffice } from './personnel-office.ts'
import { closeSoundly, openSmallBody, people, subjectWith, today } from './small-body.ts'

let app: HttpApp
let office: ReturnType<typeof openPersonnelOffice>
let security: string
let authority: string
beforeAll(async () => {
  app = await openSmallBody()
  office = openPersonnelOffice(app)
  security = subjectWith(app, 'security')
  authority = subjectWith(app, 'authority')
})
afterAll(() => closeSoundly(app))
afterEach(() => vi.useRealTimers())

const yesterday = addDays(today, -1)
const { clerk, driver, mayor, stranger, deputy, headOfObras } = people
const founder = (role: string) =>
  app.settings.bootstrap.find(({ roles }) => roles.some(held => held === role))?.person.nationalId ?? ''

const put = (as: string, someone: { nationalId: string }, role: string, more: object = {}) =>
  app.call('PUT', '/roles', { as, body: { nationalId: someone.nationalId, role, ...more } })
const decide = (as: string, id: string, decision: string, comment?: string, headers = {}) =>
  app.call('POST', `/roles/changes/${id}/decision`, { as, body: { decision, comment }, headers })
const register = async () => RoleRegister.parse((await app.call('GET', '/roles', { as: security })).body)
const rolesOf = async ({ nationalId }: { nationalId: string }) =>
  (await register()).roles.flatMap(({ person, role }) => (person.nationalId === nationalId ? [role] : []))
const detail = (answer: { status: number; body: { detail: string } }) => [answer.status, answer.body.detail]

/** A change that waits, proposed by `security`. */
async function proposed(someone: { nationalId: string }, role: string, more: object = {}): Promise<string> {
  const answer = await put(security, someone, role, more)
  expect([answer.status, answer.body.detail]).toEqual([202, undefined])
  return RoleChangeView.parse(answer.body).id
}

async function given(someone: { nationalId: string }, role: string, more: object = {}): Promise<void> {
  const id = await proposed(someone, role, more)
  expect((await decide(authority, id, 'approve')).status).toBe(200)
}

describe('the register of roles', () => {
  it('begins with those whom the bootstrap names', async () => {
    const { roles, changes } = await register()
    expect(roles.map(({ role, from, until }) => [role, from, until])).toEqual(
      ['authority', 'hr', 'it', 'it', 'security'].map(role => [role, expect.any(String), null]),
    )
    expect(roles[1]?.person).toMatchObject({ nationalId: founder('hr'), name: expect.stringMatching(/\w/) })
    expect(changes).toEqual([])
  })

  it('is read by whoever has a role, and written by security and authority only', async () => {
    for (const as of [security, authority, subjectWith(app, 'hr'), subjectWith(app, 'it')])
      expect((await app.call('GET', '/roles', { as })).status).toBe(200)
    for (const as of [people.headOfDideco.nationalId, clerk.nationalId])
      expect((await app.call('GET', '/roles', { as })).status).toBe(403)
    for (const as of [subjectWith(app, 'hr'), subjectWith(app, 'it'), mayor.nationalId])
      expect((await put(as, clerk, 'it')).status).toBe(403)
  })
})

describe('the roles hr and it', () => {
  it('hold at once, and are counted from the next request on', async () => {
    expect((await app.call('GET', '/tasks', { as: clerk.nationalId })).status).toBe(403)
    const answer = await put(authority, clerk, 'it')
    expect([answer.status, RoleView.parse(answer.body)]).toMatchObject([
      200,
      { person: { nationalId: clerk.nationalId }, role: 'it', from: today, until: null },
    ])
    expect((await app.call('GET', '/tasks', { as: clerk.nationalId })).status).toBe(200)
    expect((await app.call('GET', '/me', { as: clerk.nationalId })).body.person.roles).toEqual(['it'])
  })

  it('end at once where the last day was yesterday, and leave the register', async () => {
    expect(await rolesOf(clerk)).toEqual(['it'])
    const ended = await put(security, clerk, 'it', { until: yesterday })
    expect([ended.status, ended.body.until]).toEqual([200, yesterday])
    expect((await app.call('GET', '/tasks', { as: clerk.nationalId })).status).toBe(403)
    expect(await rolesOf(clerk)).toEqual([])
    expect((await put(security, clerk, 'it', { until: yesterday })).status).toBe(200)
  })

  it('end with their last day, and begin with their first', async () => {
    await put(security, clerk, 'it', { until: today })
    expect((await app.call('GET', '/tasks', { as: clerk.nationalId })).status).toBe(200)
    await put(security, driver, 'it', { from: addDays(today, 3), until: addDays(today, 5) })
    expect((await app.call('GET', '/tasks', { as: driver.nationalId })).status).toBe(403)
    expect(await rolesOf(driver)).toEqual(['it'])
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 4 * 86_400_000 })
    expect((await app.call('GET', '/tasks', { as: clerk.nationalId })).status).toBe(403)
    expect((await app.call('GET', '/tasks', { as: driver.nationalId })).status).toBe(200)
  })

  it('are recorded with each change and not with a repetition', async () => {
    for (let time = 0; time < 2; time++) await put(security, stranger, 'hr')
    await put(authority, stranger, 'hr', { until: today })
    await put(security, stranger, 'hr', { until: yesterday })
    const subject = await office.idOf(stranger.nationalId)
    const { entries } = (await app.call('GET', `/audit?subject=${subject}`, { as: security })).body
    const told = entries
      .filter(({ act }: { act: string }) => act.startsWith('role-'))
      .map(({ act, before, after, actor }: Record<string, { role?: string; until?: string }>) => [
        act,
        before?.until,
        after?.until,
        actor?.role,
      ])
    expect(told).toEqual([
      ['role-granted', undefined, null, 'security'],
      ['role-ended', null, today, 'authority'],
      ['role-ended', today, yesterday, 'security'],
    ])
  })

  it.each([
    ['a day gone by', { from: yesterday }, '/from'],
    ['an end before yesterday', { until: addDays(today, -2) }, '/until'],
    ['an end before the beginning', { from: addDays(today, 9), until: today }, '/until'],
    ['a role nobody knows', { role: 'mayor' }, '/role'],
    ['a person nobody knows', { nationalId: '76.086.428-5' }, '/nationalId'],
  ])('are refused with %s', async (_, more, pointer) => {
    const answer = await put(security, driver, 'hr', more)
    expect([answer.status, answer.body.faults[0].pointer]).toEqual([400, pointer])
  })

  it('cannot be taken from whoever never had them', async () => {
    expect(detail(await put(security, headOfObras, 'it', { until: yesterday }))).toEqual([
      409,
      'La persona no tiene este rol.',
    ])
  })
})

describe('the roles security and authority', () => {
  it('wait for a second person, whose approval makes them hold', async () => {
    const id = await proposed(mayor, 'authority', { until: addDays(today, 30) })
    expect((await app.call('GET', '/me', { as: mayor.nationalId })).body.person.roles).toEqual([])
    expect((await register()).changes).toMatchObject([
      {
        id,
        person: { nationalId: mayor.nationalId },
        proposedBy: { nationalId: founder('security') },
        state: 'pending',
      },
    ])
    expect(await proposed(mayor, 'authority', { until: addDays(today, 30) })).toBe(id)
    const approved = await decide(authority, id, 'approve')
    expect([approved.status, RoleChangeView.parse(approved.body)]).toMatchObject([
      200,
      { id, state: 'approved', decidedBy: { nationalId: founder('authority') } },
    ])
    expect((await app.call('GET', '/me', { as: mayor.nationalId })).body.person.roles).toEqual(['authority'])
    expect((await register()).changes).toEqual([])
    expect((await decide(authority, id, 'approve')).body).toEqual(approved.body)
    expect((await decide(authority, id, 'reject', 'No.')).status).toBe(409)
  })

  it('keep both names in the person’s chain, and of a comment its hash', async () => {
    const id = await proposed(driver, 'security')
    expect((await decide(authority, id, 'reject')).body.faults[0].pointer).toBe('/comment')
    const comment = 'El chofer Pedro no corresponde.'
    const key = { 'idempotency-key': 'reject-1' }
    const rejected = await decide(authority, id, 'reject', comment, key)
    expect(rejected.body).toMatchObject({ state: 'rejected', comment })
    expect((await decide(authority, id, 'reject', comment, key)).body).toEqual(rejected.body)
    expect(await rolesOf(driver)).not.toContain('security')
    const subject = await office.idOf(driver.nationalId)
    const { entries } = (
      await app.call('GET', `/audit?subject=${subject}&act=role-rejected`, { as: security })
    ).body
    expect(entries).toMatchObject([
      {
        cause: { kind: 'role-change', ref: id },
        actor: { personId: await office.idOf(founder('authority')), role: 'authority' },
        evidence: {
          proposedBy: await office.idOf(founder('security')),
          commentHash: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      },
    ])
    expect(JSON.stringify([entries, app.logs])).not.toContain('chofer')
  })

  it('are not proposed for oneself', async () => {
    const own = 'Nadie puede darse ni quitarse un rol a sí mismo.'
    for (const role of ['security', 'authority', 'hr'])
      expect(detail(await put(security, { nationalId: founder('security') }, role))).toEqual([403, own])
  })

  it('are decided neither by who proposed them nor by whom they concern', async () => {
    await given(deputy, 'security')
    const own = 'Decide una segunda persona: ni quien propuso el cambio ni a quien concierne.'
    const id = await proposed(deputy, 'security', { until: addDays(today, 9) })
    expect(detail(await decide(security, id, 'approve'))).toEqual([403, own])
    expect(detail(await decide(deputy.nationalId, id, 'approve'))).toEqual([403, own])
    expect(detail(await decide(deputy.nationalId, id, 'reject', 'Me quedo.'))).toEqual([403, own])
    expect((await decide(subjectWith(app, 'hr'), id, 'approve')).status).toBe(403)
    expect((await decide(authority, id, 'approve')).status).toBe(200)
  })

  it('are not approved once the proposal lapsed, nor shown any longer', async () => {
    const id = await proposed(stranger, 'security')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 7 * 86_400_000 })
    expect(detail(await decide(authority, id, 'approve'))).toEqual([
      409,
      'La propuesta caducó: hay que hacerla de nuevo.',
    ])
    expect((await register()).changes).toEqual([])
  })

  it('are not approved once the register moved under the proposal', async () => {
    const [one, other] = [
      await proposed(headOfObras, 'authority', { until: addDays(today, 5) }),
      await proposed(headOfObras, 'authority', { until: addDays(today, 50) }),
    ]
    expect((await decide(authority, one, 'approve')).status).toBe(200)
    expect(detail(await decide(authority, other, 'approve'))).toEqual([
      409,
      'El rol cambió desde que se propuso: hay que proponerlo de nuevo.',
    ])
    expect((await decide(authority, other, 'reject', 'Quedó con cinco días.')).status).toBe(200)
  })

  it('of a change nobody knows are not found', async () => {
    expect((await decide(authority, '01930000-0000-7000-8000-000000000000', 'approve')).status).toBe(404)
  })
})

describe('the last one of them', () => {
  const last =
    'Nadie más tiene este rol sin fecha de término y puede ejercerlo: primero hay que dárselo a otra persona.'

  it('stays: nobody takes the role from whoever alone has it for good', async () => {
    for (const until of [yesterday, today, addDays(today, 400)])
      expect(
        detail(await put(security, { nationalId: founder('authority') }, 'authority', { until })),
      ).toEqual([409, last])
  })

  it('is not counted where the others are held', async () => {
    await given(clerk, 'authority')
    const release = await office.hold(clerk.nationalId, 'suspension')
    const end = () => put(security, { nationalId: founder('authority') }, 'authority', { until: yesterday })
    expect(detail(await end())).toEqual([409, last])
    await release()
    const waits = await end()
    expect(waits.status).toBe(202)
    await office.hold(clerk.nationalId, 'sanction').then(async free => {
      expect(detail(await decide(mayor.nationalId, waits.body.id, 'approve'))).toEqual([409, last])
      await free()
    })
    expect((await decide(mayor.nationalId, waits.body.id, 'approve')).status).toBe(200)
    expect((await app.call('GET', '/roles', { as: authority })).status).toBe(403)
    expect(detail(await put(security, clerk, 'authority', { until: yesterday }))).toEqual([409, last])
  })

  it('of two who are taken away at the same moment, one stays', async () => {
    await given2(stranger, 'security')
    const ends = await Promise.all(
      [stranger, { nationalId: founder('security') }].map(async someone => {
        const answer = await put(clerk.nationalId, someone, 'security', { until: yesterday })
        expect(answer.status).toBe(202)
        return answer.body.id
      }),
    )
    const answers = await Promise.all(ends.map(id => decide(mayor.nationalId, id, 'approve')))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    const { roles } = RoleRegister.parse((await app.call('GET', '/roles', { as: clerk.nationalId })).body)
    expect(roles.filter(({ role, until }) => role === 'security' && until === null)).toHaveLength(1)
  })

  /** By the two who are left with authority. */
  async function given2(someone: { nationalId: string }, role: string): Promise<void> {
    const answer = await put(clerk.nationalId, someone, role)
    expect(answer.status).toBe(202)
    expect((await decide(mayor.nationalId, answer.body.id, 'approve')).status).toBe(200)
  }
})

it('leaves a ledger in which every chain is sound', async () => {
  await put(clerk.nationalId, driver, 'hr')
  const { roles } = RoleRegister.parse((await app.call('GET', '/roles', { as: clerk.nationalId })).body)
  const officer = roles.find(({ role, until }) => role === 'security' && until === null)?.person.nationalId
  const as = officer === founder('security') ? security : (officer ?? '')
  const verified = await app.call('GET', '/audit/verification', { as })
  expect(verified.body).toMatchObject({ ok: true, faults: [] })
})
