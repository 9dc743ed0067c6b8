import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rutCheckDigit } from '../../functions/domain/national-id.ts'
import { ImportAnswer, PersonView } from '../../schemas/api.ts'
import { UnitView } from '../../schemas/api-units.ts'
import type { HttpApp } from './http-app.ts'
import { activation, closeSoundly, openSmallBody, people, subjectWith, today } from './small-body.ts'

let app: HttpApp
let hr: string
let security: string
beforeAll(async () => {
  app = await openSmallBody()
  hr = subjectWith(app, 'hr')
  security = subjectWith(app, 'security')
})
afterAll(() => closeSoundly(app))

let serial = 42_000_000
const newRow = (more: object = {}) => {
  serial += 1
  return {
    nationalId: `${serial}-${rutCheckDigit(String(serial))}`,
    givenNames: 'Nora',
    surnames: 'Toledo Ulloa',
    position: 'Auxiliar',
    unit: 'dideco',
    type: 'planta',
    startsOn: '2020-01-01',
    ...more,
  }
}
const post = async (body: unknown, headers: Record<string, string> = {}) =>
  app.call('POST', '/people', { as: hr, body, headers })
const person = async (nationalId: string) =>
  PersonView.parse((await app.call('GET', `/people/${nationalId}`, { as: hr })).body)

describe('the bootstrap', () => {
  it('is loaded once, into an empty register only, as the first entries of the ledger', async () => {
    expect(await app.bootstrap()).toMatchObject({ Status: 'SUCCESS', Reason: 'standing' })
    expect(await app.bootstrap('Delete')).toMatchObject({ Status: 'SUCCESS' })
    const { subject, person: founder } = app.settings.bootstrap[0] ?? {}
    const me = PersonView.parse((await app.call('GET', '/me', { as: subject ?? '' })).body)
    expect(me.person.givenNames).toBe(founder?.givenNames)
    const audit = await app.call('GET', `/audit?subject=${me.person.personId}`, { as: security })
    const acts = audit.body.entries.map(({ act, sequence }: { act: string; sequence: number }) => [
      act,
      sequence,
    ])
    expect(acts).toEqual([
      ['role-granted', 1],
      ['identity-linked', 2],
    ])
    const founded = await app.call('GET', `/audit?act=body-founded&from=${today}&to=${today}`, {
      as: security,
    })
    expect(founded.body.entries).toMatchObject([
      { chain: 'body', sequence: 1, after: { bodyId: 'valle-claro' } },
    ])
  })
})

describe('the list of people', () => {
  it('enters whoever is new, as JSON and as CSV, and the next request sees them', async () => {
    const [one, other] = [newRow(), newRow({ type: 'contrata', endsOn: '2026-12-31' })]
    expect((await post([one])).body).toEqual({ applied: 1, faults: [] })
    const csv = [
      '\uFEFFsurnames,nationalId,givenNames,position,unit,type,regime,startsOn,endsOn,otherType',
      `"Toledo ""la"" Ulloa",x,Nora,Auxiliar,dideco,planta,,2020-01-01,,`.replace('x', newRow().nationalId),
      `Toledo,${other.nationalId},Nora,"Auxiliar, de noche",dideco,contrata,salud,2020-01-01,2026-12-31,`,
      '',
    ].join('\r\n')
    const quoted = await post(csv, { 'content-type': 'text/csv; charset=utf-8' })
    expect(quoted.body.faults).toMatchObject([{ row: 1, pointer: '/surnames' }])
    const answer = await post(csv.replaceAll('""la""', 'La'), { 'content-type': 'text/csv' })
    expect(answer.body).toEqual({ applied: 2, faults: [] })
    const seen = await person(other.nationalId)
    expect(seen.person).toMatchObject({ position: 'Auxiliar, de noche', unit: 'dideco' })
    expect(seen.contracts).toMatchObject([{ type: 'contrata', regime: 'salud', endsOn: '2026-12-31' }])
  })

  it('says nothing new the second time, and ends nothing by absence', async () => {
    const rows = [newRow(), newRow(), newRow({ startsOn: '2031-01-01' })]
    expect((await post(rows)).body.applied).toBe(3)
    expect((await post(rows)).body).toEqual({ applied: 0, faults: [] })
    expect((await post([])).body).toEqual({ applied: 0, faults: [] })
    expect((await person(rows[0]?.nationalId ?? '')).holds).toEqual([])
  })

  it('applies nothing where any row has a fault, and tells every fault with its row', async () => {
    const twice = newRow()
    const rows = [
      newRow(),
      newRow({ unit: 'no-such-unit', startsOn: '2020-02-30' }),
      { ...newRow(), nationalId: '12.345.678-9' },
      newRow({ type: 'contrata' }),
      newRow({ type: 'otra', endsOn: '2026-12-31', salary: 1 }),
      twice,
      twice,
      'nobody',
    ]
    const answer = ImportAnswer.parse((await post(rows)).body)
    expect(answer.applied).toBe(0)
    expect(answer.faults.map(({ row, pointer }) => `${row} ${pointer}`)).toEqual([
      '2 /startsOn',
      '2 /unit',
      '3 /nationalId',
      '4 /endsOn',
      '5 /salary',
      '5 /otherType',
      '7 /nationalId',
      '8 ',
    ])
    const first = rows[0] as { nationalId: string }
    expect((await app.call('GET', `/people/${first.nationalId}`, { as: hr })).status).toBe(404)
  })

  it.each([
    ['an object', '{}', 'application/json', ''],
    ['an unknown column', 'nationalId,colour\n', 'text/csv', '/0/1'],
    ['an open quote', 'nationalId,"unit', 'text/csv', '/0'],
    ['nothing', '', 'text/csv', '/0/nationalId'],
    ['a million empty lines', '\n'.repeat(1_000_000), 'text/csv', '/100000'],
  ])('is refused whole where it is no list: %s', async (_, body, type, pointer) => {
    const answer = await post(body, { 'content-type': type })
    expect(answer.status).toBe(400)
    expect(answer.body.faults.map((fault: { pointer: string }) => fault.pointer)).toContain(pointer)
  })

  it('does not break on a list of anything but people', async () => {
    for (const body of [`[${'1,'.repeat(900_000)}1]`, `[${'{},'.repeat(900_000)}{}]`]) {
      const answer = ImportAnswer.parse((await post(body)).body)
      expect([answer.applied, answer.faults.length]).toEqual([0, 1_000])
    }
  })

  it('records a move to another unit, which ends what the old unit granted (R10)', async () => {
    const row = newRow()
    await post([row])
    const form = {
      unit: 'dideco',
      activations: [
        {
          ...activation(people.clerk, { system: 'mail' }),
          person: {
            nationalId: row.nationalId,
            givenNames: row.givenNames,
            surnames: row.surnames,
            position: row.position,
          },
          contract: { type: 'planta', startsOn: row.startsOn },
        },
      ],
      declaration: true,
    }
    const filed = await app.call('POST', '/requests', { as: people.headOfDideco.nationalId, body: form })
    expect(filed.body.lines[0].status).toBe('accepted')
    app.rung.splice(0)
    expect((await post([{ ...row, unit: 'obras' }])).body.applied).toBe(1)
    const moved = await person(row.nationalId)
    expect(moved.person.unit).toBe('obras')
    expect(moved.grants).toMatchObject([{ atom: 'mail', status: 'ended' }])
    expect(app.rung.map(body => JSON.parse(body))).toEqual([
      { personId: moved.person.personId, target: 'mail' },
    ])
  })

  it('records another end of the same contract, another contract, and another name', async () => {
    const row = newRow({ type: 'plazo-fijo', startsOn: '2026-01-01', endsOn: '2026-06-30' })
    await post([row])
    await post([{ ...row, endsOn: '2026-12-31', surnames: 'Toledo de Ulloa' }])
    const renewed = await person(row.nationalId)
    expect(renewed.contracts).toMatchObject([{ endsOn: '2026-12-31' }])
    expect(renewed.person.surnames).toBe('Toledo de Ulloa')
    await post([{ ...row, startsOn: '2027-01-01', endsOn: '2027-12-31', surnames: 'Toledo de Ulloa' }])
    expect((await person(row.nationalId)).contracts).toHaveLength(1)
    const again = await post([
      { ...row, startsOn: '2027-01-01', endsOn: '2027-12-31', surnames: 'Toledo de Ulloa' },
    ])
    expect(again.body.applied).toBe(0)
  })

  it('answers the same to the same key and body, and 422 to another body', async () => {
    const headers = { 'idempotency-key': 'list-of-monday' }
    const row = newRow()
    expect((await post([row], headers)).body.applied).toBe(1)
    expect((await post([row], headers)).body.applied).toBe(1)
    expect((await post([newRow()], headers)).status).toBe(422)
    expect((await post([row], { 'idempotency-key': 'ñ' })).status).toBe(400)
  })

  it('takes nobody at all for no snapshot: everybody would be terminated', async () => {
    const answer = await app.call('POST', '/people?mode=snapshot', { as: hr, body: [] })
    expect([answer.status, answer.body.faults]).toMatchObject([400, [{ code: 'people.empty-snapshot' }]])
  })

  it('takes two lists at once without a person entered twice', async () => {
    const rows = Array.from({ length: 45 }, () => newRow())
    const answers = await Promise.all([post(rows), post([...rows].reverse()), post(rows.slice(10))])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(answers.reduce((sum, { body }) => sum + body.applied, 0)).toBe(45)
    const verified = await app.call('GET', '/audit/verification', { as: security })
    expect(verified.body).toMatchObject({ ok: true, faults: [] })
  })
})

describe('a unit', () => {
  const put = (id: string, body: object) => app.call('PUT', `/units/${id}`, { as: hr, body })

  it('is shown with head and deputies to those entitled, and is unknown to everybody else', async () => {
    const { deputy, headOfDideco, clerk } = people
    for (const as of [hr, headOfDideco.nationalId, deputy.nationalId]) {
      const unit = UnitView.parse((await app.call('GET', '/units/dideco', { as })).body)
      expect(unit).toMatchObject({
        head: { nationalId: headOfDideco.nationalId },
        deputies: [{ nationalId: deputy.nationalId }],
      })
    }
    const hidden = await app.call('GET', '/units/dideco', { as: clerk.nationalId })
    const unknown = await app.call('GET', '/units/no-such', { as: clerk.nationalId })
    expect([hidden.status, hidden.body]).toEqual([404, unknown.body])
  })

  it('hangs below a unit that stands, and never below itself', async () => {
    expect((await put('aseo', { name: 'Aseo', parent: 'no-such' })).body.faults).toMatchObject([
      { pointer: '/parent', code: 'catalogue.unknown-unit' },
    ])
    expect((await put('aseo', { name: 'Aseo', parent: 'dideco' })).status).toBe(201)
    expect((await put('aseo', { name: 'Aseo y Ornato', parent: 'dideco' })).status).toBe(200)
    for (const [id, parent] of [
      ['dideco', 'aseo'],
      ['dideco', 'dideco'],
      ['alcaldia', 'aseo'],
    ] as const)
      expect((await put(id, { name: 'x', parent })).body.faults).toMatchObject([
        { pointer: '/parent', code: 'unit.parent-cycle' },
      ])
    expect((await put('Aseo!', { name: 'Aseo' })).body.faults[0].pointer).toBe('/path/id')
  })

  it('never ends in a circle, even if two moves come at once', async () => {
    await put('uno', { name: 'Uno' })
    await put('dos', { name: 'Dos' })
    const answers = await Promise.all([
      put('uno', { name: 'Uno', parent: 'dos' }),
      put('dos', { name: 'Dos', parent: 'uno' }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400])
  })

  it('takes its deputies from hr and from its head, and not from anybody else', async () => {
    const body = { nationalId: people.clerk.nationalId, from: '2026-12-01', until: '2026-12-15' }
    const name = (as: string, id = 'dideco', more = {}) =>
      app.call('POST', `/units/${id}/deputies`, { as, body: { ...body, ...more } })
    expect((await name(people.headOfObras.nationalId)).status).toBe(403)
    expect((await name(people.headOfObras.nationalId, 'no-such')).status).toBe(403)
    expect((await name(hr, 'no-such')).status).toBe(404)
    const own = await name(people.headOfDideco.nationalId)
    expect([own.status, own.body.deputies.at(-1)]).toEqual([201, body])
    expect((await name(hr)).body.deputies).toEqual(own.body.deputies)
    expect((await name(hr, 'dideco', { until: '2026-11-30' })).body.faults[0].pointer).toBe('/until')
    const head = { nationalId: people.headOfDideco.nationalId }
    expect((await name(hr, 'dideco', head)).body.faults[0].code).toBe('deputy.is-head')
  })

  it('lets whoever keeps the register of units name neither head nor deputy of themselves', async () => {
    const me = (await app.call('GET', '/me', { as: hr })).body.person.nationalId
    const body = { nationalId: me, from: '2026-12-01', until: '2026-12-15' }
    const deputy = await app.call('POST', '/units/dideco/deputies', { as: hr, body })
    expect(deputy.body.faults).toMatchObject([{ pointer: '/nationalId', code: 'unit.oneself' }])
    const head = await put('mia', { name: 'Mía', head: { nationalId: me } })
    expect(head.body.faults).toMatchObject([{ pointer: '/head/nationalId', code: 'unit.oneself' }])
  })

  it('checks rights again before an answer is repeated', async () => {
    const head = people.headOfObras.nationalId
    const sent = {
      as: head,
      body: { nationalId: people.driver.nationalId, from: '2026-12-01', until: '2026-12-02' },
      headers: { 'idempotency-key': 'holidays' },
    }
    expect((await app.call('POST', '/units/obras/deputies', sent)).status).toBe(201)
    expect((await app.call('POST', '/units/obras/deputies', sent)).status).toBe(201)
    await put('obras', { name: 'Obras', parent: 'alcaldia', head: { nationalId: people.driver.nationalId } })
    expect((await app.call('POST', '/units/obras/deputies', sent)).status).toBe(403)
    await put('obras', { name: 'Obras', parent: 'alcaldia', head: { nationalId: head } })
  })
})

describe('the link between token and person', () => {
  const link = (identities: object[], as = security) =>
    app.call('POST', '/identities', { as, body: { identities } })
  const { issuer } = { issuer: 'https://login.example' }

  it('stands once made, can be made again, and is never moved to somebody else', async () => {
    const mine = { nationalId: people.driver.nationalId, issuer, subject: 'driver' }
    expect((await link([mine])).body).toEqual({ linked: 1 })
    expect((await link([mine], hr)).body).toEqual({ linked: 1 })
    const taken = await link([{ ...mine, nationalId: people.clerk.nationalId }])
    expect([taken.status, taken.body.faults[0].pointer]).toEqual([409, '/identities/0/subject'])
  })

  it('is refused for nobody, for no id, and for more than a hundred at once', async () => {
    const answer = await link([
      { nationalId: '76.086.428-5', issuer, subject: 'a' },
      { nationalId: '1-1', issuer, subject: 'b' },
    ])
    expect(answer.body.faults).toMatchObject([
      { pointer: '/identities/0/nationalId', code: 'person.unknown' },
      { pointer: '/identities/1/nationalId', code: 'national-id.check-digit' },
    ])
    const many = Array.from({ length: 101 }, (_, index) => ({
      nationalId: people.clerk.nationalId,
      issuer,
      subject: `s${index}`,
    }))
    expect((await link(many)).status).toBe(400)
  })
})
