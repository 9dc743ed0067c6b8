import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Problem } from '../../schemas/problem.ts'
import type { HttpApp } from './http-app.ts'
import { activation, closeSoundly, form, openSmallBody, people, subjectWith } from './small-body.ts'

let app: HttpApp
const head = people.headOfDideco.nationalId

beforeAll(async () => {
  app = await openSmallBody()
})
afterAll(() => closeSoundly(app))

const good = () => form([activation(people.clerk, { system: 'mail' })])

describe('a body that cannot be read', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  it.each([
    ['malformed JSON', '{"unit": "dideco",', {}],
    ['nothing', '', {}],
    ['only spaces', '  ', {}],
    ['a list', '[]', {}],
    ['null', 'null', {}],
    ['a text', '"dideco"', {}],
    ['a number too great for anybody', '1e999', {}],
    ['depth beyond sense', deep, {}],
    ['depth under a known member', `{"unit":"dideco","activations":${deep}}`, {}],
    ['more lines than anybody could sign', `{"activations":[${'1,'.repeat(400_000)}1]}`, {}],
    ['more faults than anybody could read', `{"activations":[${'{},'.repeat(14_000)}{}]}`, {}],
    ['another content type', JSON.stringify(good()), { 'content-type': 'text/plain' }],
    ['a form of a web page', 'unit=dideco', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['CSV where no CSV belongs', 'a,b', { 'content-type': 'text/csv' }],
    ['a member given twice', '{"unit":"dideco","unit":"obras","activations":[],"declaration":true}', {}],
    ['half a surrogate pair', '{"unit":"\\ud800","activations":[],"declaration":true}', {}],
    ['NUL', '{"unit":"dideco\\u0000","activations":[],"declaration":true}', {}],
    ['__proto__', '{"__proto__":{"unit":"dideco"},"declaration":true}', {}],
    ['members of every object', '{"constructor":1,"toString":2,"hasOwnProperty":3}', {}],
  ])('is refused with 400 and never breaks anything: %s', async (_, body, headers) => {
    const answer = await app.call('POST', '/requests', { as: head, body, headers })
    expect(answer.status).toBe(400)
    expect(answer.headers['content-type']).toBe('application/problem+json')
    expect(Problem.parse(answer.body).faults?.length).toBeGreaterThan(0)
  })

  it('is refused where its bytes are no UTF-8', async () => {
    const body = '{"unit":"\xff"}'
    const answer = await app.call('POST', '/requests', { as: head, body, base64: true })
    expect([answer.status, answer.body.faults[0].code]).toEqual([400, 'body.not-utf8'])
  })

  it('is refused with 413 over 6 MB', async () => {
    const body = `{"unit":"${'x'.repeat(6 * 1024 * 1024)}"}`
    expect((await app.call('POST', '/requests', { as: head, body })).status).toBe(413)
    expect((await app.call('POST', '/people', { as: subjectWith(app, 'hr'), body })).status).toBe(413)
  })

  it('points at a member that is given twice', async () => {
    const body = '{"unit":"dideco","activations":[{"until":null,"un\\u0074il":null}],"declaration":true}'
    const answer = await app.call('POST', '/requests', { as: head, body })
    expect(answer.body.faults).toEqual([
      { pointer: '/activations/0/until', code: 'body.repeated-member', message: expect.any(String) },
    ])
  })
})

describe('a form with faults', () => {
  const pointers = async (body: unknown) => {
    const answer = await app.call('POST', '/requests', { as: head, body })
    expect(answer.status).toBe(400)
    return Object.fromEntries(
      Problem.parse(answer.body).faults?.map(({ pointer, code }) => [pointer, code]) ?? [],
    )
  }

  it('is told every fault at once, of shape and of catalogue, each with its pointer', async () => {
    const line = activation(people.clerk, { system: 'mail' })
    const found = await pointers({
      unit: 'dideco',
      colour: 'blue',
      activations: [
        { ...line, person: { ...line.person, nationalId: '12.345.678-9' } },
        { ...line, contract: { ...line.contract, startsOn: '2026-02-30' }, 'a/b~c': 1 },
        { ...line, access: { system: 'erp', module: 'no-such-module', type: 'consulta' } },
        { ...line, access: { system: 'erp', module: 'personal', type: 'actualizacion' } },
        { ...line, access: { system: 'directory', entitlements: ['vpn', 'no-such'] } },
        { ...line, access: { system: 'telepathy' } },
        { ...line, access: {}, until: '31-12-2026' },
        { ...line, person: { ...line.person, givenNames: 'R0bot\n' }, contract: null },
      ],
      deactivations: [{ nationalId: '1-1', access: { system: 'erp', module: 'no-such-module' } }, 7],
    })
    expect(found).toEqual({
      '/colour': 'shape.unrecognized-keys',
      '/activations/0/person/nationalId': 'national-id.check-digit',
      '/activations/1/contract/startsOn': 'calendar.impossible-date',
      '/activations/1/a~1b~0c': 'shape.unrecognized-keys',
      '/activations/2/access/module': 'catalogue.unknown-module',
      '/activations/3/access/operations': 'access.actualizacion-without-operations',
      '/activations/4/access/entitlements/1': 'catalogue.unknown-entitlement',
      '/activations/5/access/system': expect.stringMatching(/^shape\./),
      '/activations/6/access/system': 'shape.missing',
      '/activations/6/until': 'calendar.impossible-date',
      '/activations/7/person/givenNames': 'person.name-characters',
      '/activations/7/contract': 'shape.invalid-type',
      '/deactivations/0/nationalId': expect.stringMatching(/^national-id\./),
      '/deactivations/0/access/module': 'catalogue.unknown-module',
      '/deactivations/1': 'shape.invalid-type',
      '/declaration': 'form.declaration-missing',
    })
  })

  it('is refused without lines, and with more than 200', async () => {
    expect(await pointers(form([]))).toEqual({ '': 'form.no-lines' })
    const lines = Array.from({ length: 201 }, () => activation(people.clerk, { system: 'mail' }))
    expect(await pointers(form(lines))).toEqual({ '': 'form.too-many-lines' })
  })

  it('is told its faults in Spanish', async () => {
    const answer = await app.call('POST', '/requests', { as: head, body: form([], { declaration: false }) })
    expect(answer.body).toMatchObject({ type: 'urn:llavero:problem:invalid', status: 400 })
    expect(answer.body.detail).toMatch(/datos que corregir/)
    expect(answer.body.faults[0].message).toMatch(/declaración/)
  })
})

describe('a query', () => {
  it.each([
    ['an unknown member', '/requests?colour=blue', '/query/colour'],
    ['a member given twice', '/requests?unit=dideco&unit=obras', '/query/unit'],
    ['a status nobody has', '/requests?status=lost', '/query/status'],
    ['a cursor that was never given', '/requests?cursor=%F0%9F', '/query/cursor'],
    ['a prototype', '/requests?__proto__=1', '/query/__proto__'],
  ])('is refused with 400 for %s', async (_, path, pointer) => {
    const answer = await app.call('GET', path, { as: head })
    expect([answer.status, answer.body.faults[0].pointer]).toEqual([400, pointer])
  })

  it('is refused together with the faults of the body', async () => {
    const answer = await app.call('POST', '/requests?dryRun=maybe', { as: head, body: form([]) })
    expect(answer.body.faults.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '/query/dryRun',
      '',
    ])
  })
})

describe('who calls', () => {
  it('is refused without a token, and with a token that is nobody’s', async () => {
    expect((await app.call('GET', '/me')).status).toBe(401)
    for (const [method, path] of [
      ['GET', '/me'],
      ['GET', '/requests'],
      ['GET', '/requests/2026-000001'],
      ['GET', `/people/${people.clerk.nationalId}`],
      ['POST', '/requests'],
      ['POST', '/people'],
      ['GET', '/audit?subject=x'],
    ] as const)
      expect((await app.call(method, path, { as: 'nobody', body: '{' })).status).toBe(403)
  })

  it('is refused where the role is missing, before anything sent is looked at', async () => {
    for (const [method, path, roles] of [
      ['POST', '/people', ['it', 'security', 'authority']],
      ['PUT', '/units/dideco', ['it', 'security', 'authority']],
      ['POST', '/identities', ['it', 'authority']],
      ['GET', '/audit?subject=x', ['hr', 'it', 'authority']],
      ['GET', '/audit/verification', ['hr', 'it', 'authority']],
    ] as const)
      for (const subject of [head, ...roles.map(role => subjectWith(app, role))])
        expect((await app.call(method, path, { as: subject, body: '{' })).status).toBe(403)
  })

  it('cannot sign for a unit of somebody else, nor tell it from one that does not stand', async () => {
    const body = (unit: string) => ({ ...good(), unit })
    const foreign = await app.call('POST', '/requests', { as: head, body: body('obras') })
    const unknown = await app.call('POST', '/requests', { as: head, body: body('no-such-unit') })
    expect([foreign.status, unknown.status]).toEqual([403, 403])
    expect(foreign.body).toEqual(unknown.body)
  })
})

describe('every answer', () => {
  it('has headers that leave nothing to guess, and the correlation id it came with', async () => {
    const headers = { 'x-correlation-id': 'c0ffee00-1234' }
    for (const sent of [{ as: head, headers }, { headers }]) {
      const answer = await app.call('GET', '/me', sent)
      expect(answer.headers).toMatchObject({
        'x-correlation-id': 'c0ffee00-1234',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      })
    }
    const odd = { 'x-correlation-id': 'a b\nc' }
    expect((await app.call('GET', '/health', { headers: odd })).headers['x-correlation-id']).toMatch(
      /^[0-9a-f-]{36}$/,
    )
  })

  it('leaves nothing about people in the log', async () => {
    const before = app.logs.length
    await app.call('GET', `/people/${people.clerk.nationalId}`, { as: head })
    await app.call('POST', '/requests', { as: head, body: good() })
    await app.call('POST', '/requests', { as: head, body: form([{ person: people.clerk }]) })
    expect(app.logs.length - before).toBeGreaterThanOrEqual(3)
    expect(app.logs.at(-1)).toContain('"message":"http.answered"')
    for (const secret of ['41000004', 'Elena', 'Ñancucheo']) expect(app.logs.join('')).not.toContain(secret)
  })
})
