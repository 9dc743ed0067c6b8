import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FiledRequest, WholeRequest } from '../../schemas/api.ts'
import { RenewalList, RenewalsFiled, RenewalsTried, type RenewalView } from '../../schemas/renewal.ts'
import type { HttpApp } from './http-app.ts'
import { activation, closeSoundly, form, openSmallBody, people, subjectWith, today } from './small-body.ts'

const year = Number(today.slice(0, 4))
const [last, next] = [`${year}-12-31`, `${year + 1}-12-31`]
const head = people.headOfDideco.nationalId
const open = { renewals: { opensOn: '01-01', closesOn: '12-31' } }
const directory = { system: 'directory', internetProfile: 'libre', entitlements: ['vpn'] }
const mail = { system: 'mail' }
const accounting = { system: 'erp', module: 'contabilidad-gubernamental', type: 'consulta' }
const payroll = { system: 'erp', module: 'remuneraciones', type: 'consulta' }

let app: HttpApp

/** The contrata and the honorarios of the unit hold this and that until the end of the year; a planta for good. */
beforeAll(async () => {
  app = await openSmallBody(settings => ({ ...settings, ...open }))
  const filed = await app.call('POST', '/requests', {
    as: head,
    body: form([
      activation(people.yearly, directory, last),
      activation(people.yearly, mail, last),
      activation(people.yearly, accounting, last),
      activation(people.yearly, payroll, last),
      activation(people.contractor, mail),
      activation(people.clerk, mail),
    ]),
  })
  const { number, lines } = FiledRequest.parse(filed.body)
  const waiting = lines.find(({ status }) => status === 'awaiting-approval')
  const approved = await app.call('POST', `/requests/${number}/lines/${waiting?.line}/decision`, {
    as: subjectWith(app, 'authority'),
    body: { decision: 'approve' },
    headers: { 'if-match': waiting?.hash ?? '' },
  })
  expect(approved.body.status).toBe('accepted')
})
afterAll(() => closeSoundly(app))

const read = async (as: string, query = '?unit=dideco') => {
  const answer = await app.call('GET', `/renewals${query}`, { as })
  expect([query, answer.status, answer.body.faults]).toEqual([query, 200, undefined])
  return RenewalList.parse(answer.body)
}
const renew = (body: object, as = head, query = '', headers = {}) =>
  app.call('POST', `/renewals${query}`, {
    as,
    body: { unit: 'dideco', declaration: true, ...body },
    headers,
  })
const of = (list: RenewalList, someone: { surnames: string }) =>
  list.renewals.filter(({ person }) => person.name?.endsWith(someone.surnames))
const idOf = (list: RenewalList, atom: string, someone: { surnames: string } = people.yearly) =>
  of(list, someone).find(one => one.atom === atom)?.id ?? ''
const rules = ({ reasons }: Pick<RenewalView, 'reasons'>) => reasons.map(({ rule }) => rule)

describe('who sees what ends on 31 December', () => {
  it('the head: access by access, with what a renewal would give and what it waits for; planta never', async () => {
    const list = await read(head, '')
    expect(list).toMatchObject({
      year,
      opensOn: `${year}-01-01`,
      state: 'open',
      units: ['dideco'],
      cursor: null,
    })
    expect(of(list, people.yearly).map(({ atom }) => atom)).toEqual([
      'account',
      'entitlement:vpn',
      'erp:contabilidad-gubernamental',
      'erp:remuneraciones',
      'internet',
      'mail',
    ])
    expect(of(list, people.contractor).map(({ atom }) => atom)).toEqual(['mail'])
    expect(of(list, people.clerk)).toEqual([])
    const mailbox = list.renewals.find(({ id }) => id === idOf(list, 'mail'))
    expect(mailbox).toMatchObject({
      unit: 'dideco',
      contract: { type: 'contrata', endsOn: last },
      access: mail,
      until: last,
      next: { from: `${year + 1}-01-01`, until: next },
      contractRenewed: false,
      accessRenewed: false,
      renewedBy: null,
      sensitive: false,
      renewable: true,
    })
    expect(mailbox && rules(mailbox)).toEqual(['R3'])
    expect(list.renewals.filter(({ sensitive }) => sensitive).map(({ atom }) => atom)).toEqual([
      'erp:remuneraciones',
    ])
  })

  it('the deputy and human resources too, page by page; nobody else, as if there were no such unit', async () => {
    expect((await read(people.deputy.nationalId)).renewals).toHaveLength(7)
    for (const role of ['hr', 'security', 'it'])
      expect((await read(subjectWith(app, role))).renewals).toHaveLength(7)
    expect((await read(subjectWith(app, 'hr'), '')).units).toEqual(['alcaldia', 'dideco', 'obras'])
    const stranger = { as: people.clerk.nationalId }
    const [other, unknown] = [
      await app.call('GET', '/renewals?unit=dideco', stranger),
      await app.call('GET', '/renewals?unit=nothing', stranger),
    ]
    expect([other.status, unknown.status]).toEqual([404, 404])
    expect(other.body).toEqual(unknown.body)
    expect(await read(people.clerk.nationalId, '')).toMatchObject({ units: [], renewals: [] })
  })

  it('whoever stands above sees the head’s line only', async () => {
    const list = await read(people.mayor.nationalId)
    expect(list.renewals).toEqual([])
  })

  it('refuses a cursor, a year or a unit that is none', async () => {
    for (const query of ['?cursor=nothing', '?year=last', '?unit=No+unit', '?until=2030-01-01'])
      expect([query, (await app.call('GET', `/renewals${query}`, { as: head })).status]).toEqual([query, 400])
  })
})

describe('renewing', () => {
  it('tries without filing anything', async () => {
    const answer = await renew({ all: true }, head, '?dryRun=true')
    const { requests } = RenewalsTried.parse(answer.body)
    expect([answer.status, requests.length, requests[0]?.status]).toEqual([200, 1, 'awaiting-approval'])
    expect((await read(head)).renewals.every(({ accessRenewed }) => !accessRenewed)).toBe(true)
  })

  it('is for whoever signs for the unit today, and names what is not the unit’s to renew', async () => {
    expect((await renew({ all: true }, people.headOfObras.nationalId)).status).toBe(403)
    expect((await renew({ all: true }, subjectWith(app, 'hr'))).status).toBe(403)
    expect((await renew({ all: true, unit: 'nothing' })).status).toBe(403)
    const unknown = await renew({ grants: ['0197b2c4-0d3e-7cc4-9f0a-5b1d2c3e4f50'] })
    expect([unknown.status, unknown.body.faults]).toMatchObject([400, [{ pointer: '/grants/0' }]])
    for (const wrong of [{}, { grants: [] }, { all: true, declaration: false }, { all: true, year: 1999 }])
      expect((await renew(wrong)).status).toBe(400)
  })

  it('R3: not past 31 December of the year in which it starts, nor before it begins', async () => {
    const mailbox = idOf(await read(head), 'mail')
    for (const until of [`${year + 2}-01-01`, last]) {
      const answer = await renew({ grants: [mailbox], until }, head, '?dryRun=true')
      const [line] = RenewalsTried.parse(answer.body).requests[0]?.lines ?? []
      expect([until, line?.status]).toEqual([until, 'rejected'])
      expect(line && rules(line)).toContain('R3')
    }
  })

  it('files a request like any other, once for a key', async () => {
    const list = await read(head)
    const grants = [idOf(list, 'mail'), idOf(list, 'account'), idOf(list, 'entitlement:vpn')]
    const key = { 'idempotency-key': 'renewal-1' }
    const answer = await renew({ grants, until: `${year + 1}-06-30` }, head, '', key)
    expect(answer.status).toBe(201)
    const { requests, alreadyRenewed, left } = RenewalsFiled.parse(answer.body)
    expect([alreadyRenewed, left, requests.length]).toEqual([[], 0, 1])
    const [filed] = requests
    expect(filed?.lines.map(({ line, status, grants: some }) => [line, status, some.length])).toEqual([
      ['A1', 'accepted', 2],
      ['A2', 'accepted', 1],
    ])
    expect((await renew({ grants, until: `${year + 1}-06-30` }, head, '', key)).body).toEqual(answer.body)
    expect((await renew({ all: true }, head, '', key)).status).toBe(422)
    const whole = WholeRequest.parse((await app.call('GET', `/requests/${filed?.number}`, { as: head })).body)
    expect(whole).toMatchObject({ kind: 'renewal', status: 'accepted' })
    expect(whole.lines[0]).toMatchObject({
      status: 'accepted',
      filed: {
        access: { system: 'directory', entitlements: ['vpn'] },
        from: `${year + 1}-01-01`,
        until: `${year + 1}-06-30`,
      },
    })
  })

  it('twice is told, and grants nothing again; all is what is left', async () => {
    const before = await read(head)
    expect(before.renewals.filter(({ accessRenewed }) => accessRenewed).map(({ atom }) => atom)).toEqual([
      'account',
      'entitlement:vpn',
      'mail',
    ])
    const again = await renew({ grants: [idOf(before, 'mail')] })
    expect([again.status, again.body.requests]).toEqual([200, []])
    expect(again.body.alreadyRenewed).toMatchObject([{ id: idOf(before, 'mail'), line: 'A2' }])
    const rest = await renew({ all: true })
    const [filed] = RenewalsFiled.parse(rest.body).requests
    expect([rest.status, rest.body.alreadyRenewed.length]).toEqual([201, 3])
    expect(filed?.lines.map(({ status }) => status).sort()).toEqual([
      'accepted',
      'accepted',
      'accepted',
      'awaiting-approval',
    ])
    const after = await renew({ all: true })
    expect([after.status, after.body.requests, after.body.alreadyRenewed.length]).toEqual([200, [], 7])
    const asked = (await read(head)).renewals.find(({ atom }) => atom === 'erp:remuneraciones')
    expect(asked).toMatchObject({ accessRenewed: false, renewable: false })
    expect(asked?.renewedBy).toMatchObject({ request: filed?.number })
  })

  it('a sensitive module is approved once more, and waits for nobody but human resources then', async () => {
    const { renewedBy } = (await read(head)).renewals.find(({ atom }) => atom === 'erp:remuneraciones') ?? {}
    const path = `/requests/${renewedBy?.request}`
    const whole = WholeRequest.parse((await app.call('GET', path, { as: head })).body)
    const hash = whole.lines.find(({ line }) => line === renewedBy?.line)?.hash ?? ''
    const decided = await app.call('POST', `${path}/lines/${renewedBy?.line}/decision`, {
      as: subjectWith(app, 'authority'),
      body: { decision: 'approve' },
      headers: { 'if-match': hash },
    })
    expect([decided.status, decided.body.status, decided.body.reasons[0].rule]).toEqual([
      200,
      'accepted',
      'R3',
    ])
    expect((await read(head)).renewals.every(({ accessRenewed }) => accessRenewed)).toBe(true)
  })

  it('human resources renews by the list, and the accesses are to go on', async () => {
    const { type, regime } = people.yearly
    const contract = { type, regime, startsOn: `${year + 1}-01-01`, endsOn: next }
    const told = await app.call('POST', '/people', {
      as: subjectWith(app, 'hr'),
      body: [{ ...people.yearly, ...contract }],
    })
    expect(told.body).toEqual({ applied: 1, faults: [] })
    const list = await read(head)
    expect(of(list, people.yearly).every(({ contractRenewed }) => contractRenewed)).toBe(true)
    expect(of(list, people.contractor)[0]).toMatchObject({ contractRenewed: false })
    const { body } = await app.call('GET', `/people/${people.yearly.nationalId}`, { as: head })
    const mails = body.grants.filter(({ atom }: { atom: string }) => atom === 'mail')
    expect(mails.map(({ status, until }: { status: string; until: string }) => [status, until])).toEqual([
      ['live', last],
      ['scheduled', `${year + 1}-06-30`],
    ])
  })
})
