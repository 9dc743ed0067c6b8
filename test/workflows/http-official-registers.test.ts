import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chosenType } from '../../functions/handlers/http-accept.ts'
import { RegisterName, RegisterPage } from '../../schemas/registers.ts'
import type { HttpApp } from './http-app.ts'
import { activation, closeSoundly, form, openSmallBody, people, subjectWith, today } from './small-body.ts'

let app: HttpApp
let number: string
beforeAll(async () => {
  app = await openSmallBody()
  const body = form([
    activation(people.clerk, { system: 'mail' }),
    activation(people.clerk, { system: 'directory', internetProfile: 'libre', entitlements: ['vpn'] }),
  ])
  number = (await app.call('POST', '/requests', { as: people.headOfDideco.nationalId, body })).body.number
})
afterAll(() => closeSoundly(app))

const ask = (path: string, accept?: string, role = 'security') =>
  app.call('GET', `/registers/${path}`, {
    as: subjectWith(app, role),
    ...(accept !== undefined && { headers: { accept } }),
  })
const tomorrow = new Date(Date.parse(today) + 86_400_000).toISOString().slice(0, 10)

describe('the registers', () => {
  it.each(RegisterName.options)('are told to security, hr and it, and to nobody else: %s', async register => {
    for (const role of ['security', 'hr', 'it']) {
      const answer = await ask(register, undefined, role)
      expect([role, answer.status]).toEqual([role, 200])
      expect(RegisterPage.parse(answer.body)).toMatchObject({ register, asAt: today, page: 1, cursor: null })
    }
    expect((await ask(register, undefined, 'authority')).status).toBe(403)
    const path = `/registers/${register}`
    for (const as of [people.headOfDideco.nationalId, people.clerk.nationalId])
      expect((await app.call('GET', path, { as })).status).toBe(403)
    expect((await app.call('GET', path)).status).toBe(401)
  })

  it('tell the permissions that a form has just given', async () => {
    const { body } = await ask('permissions')
    expect(body.entries).toMatchObject([
      { system: 'directory', right: null, request: number, line: 'A2' },
      { system: 'directory', right: 'entitlement:vpn' },
      { system: 'directory', right: 'internet:libre' },
      { system: 'mail', right: null, request: number, line: 'A1' },
    ])
    expect(body.entries[0].person).toMatchObject({
      nationalId: people.clerk.nationalId,
      name: 'Elena Ñancucheo Díaz',
      unit: { id: 'dideco', name: 'Desarrollo Comunitario' },
    })
  })

  it('are six, and no others', async () => {
    for (const name of ['badges', 'Permissions', 'permissions%20'])
      expect([name, (await ask(name)).status]).toEqual([name, 404])
  })

  it.each([
    [`permissions?asAt=${tomorrow}`, '/query/asAt'],
    ['permissions?asAt=2026-02-30', '/query/asAt'],
    ['permissions?on=2026-02-03', '/query/on'],
    ['permissions?cursor=zzz', '/query/cursor'],
    [`permissions?cursor=${Buffer.from('changes|x|1|0#').toString('base64url')}`, '/query/cursor'],
    [
      `permissions?asAt=2020-01-01&cursor=${Buffer.from('permissions|2020-01-03T00:00:00.000Z|2|3#').toString('base64url')}`,
      '/query/cursor',
    ],
    [
      `permissions?cursor=${Buffer.from('permissions|2999-01-03T00:00:00.000Z|2|3#').toString('base64url')}`,
      '/query/cursor',
    ],
    ['mail-addresses?from=2020-01-01', '/query/from'],
    ['removals?asAt=2020-01-01&from=2020-01-02', '/query/from'],
    ['removals?asAt=2020-01-05&to=2020-01-02', '/query/to'],
    ['visits?asAt=2020-01-01&to=2020-01-02', '/query/to'],
    ['visits?from=2020-01-03&to=2020-01-02', '/query/from'],
    ['visits?from=2018-01-03&to=2020-01-02', '/query/from'],
    ['changes?asAt=2020-12-31&from=2019-12-31', '/query/from'],
  ])('answer 400 to what cannot be asked: %s', async (path, pointer) => {
    const { status, body } = await ask(path)
    expect(status).toBe(400)
    expect(body.faults.map((fault: { pointer: string }) => fault.pointer)).toContain(pointer)
  })

  it('go on from a cursor at the same instant', async () => {
    const sealed = (place: string) =>
      Buffer.from(`permissions|2020-01-03T12:00:00.000Z|2|${place}`).toString('base64url')
    expect((await ask(`permissions?cursor=${sealed('3#')}`)).body).toMatchObject({
      asAt: '2020-01-03',
      at: '2020-01-03T12:00:00.000Z',
      page: 2,
      entries: [],
      cursor: null,
    })
  })
})

describe('the registers as files', () => {
  it('come as CSV where it is asked for, to be kept under a name that says register and day', async () => {
    const { status, headers, body } = await ask('permissions', 'text/csv')
    expect(status).toBe(200)
    expect(headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': `attachment; filename="permisos-${today}.csv"`,
      'cache-control': 'no-store',
    })
    expect(headers).not.toHaveProperty('link')
    const bytes = Buffer.from(body)
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf])
    const lines = bytes.toString().slice(1).split('\r\n')
    expect(lines).toHaveLength(6)
    expect(lines[0]).toMatch(/^Documento;Nombre;Cargo;Unidad;Sistema;/)
    expect(lines[1]).toContain(`${people.clerk.nationalId};Elena Ñancucheo Díaz;`)
  })

  it('come neither as PDF nor as anything else', async () => {
    for (const accept of ['application/pdf', 'text/html', 'application/json;q=0']) {
      const { status, body, headers } = await ask('permissions', accept)
      expect([accept, status]).toEqual([accept, 406])
      expect(headers['content-type']).toBe('application/problem+json')
      expect(body).toMatchObject({ type: 'urn:llavero:problem:not-acceptable' })
      expect(body.detail).toMatch(/JSON o en CSV/)
    }
    expect((await ask('permissions?asAt=3000-01-01', 'text/csv')).status).toBe(400)
  })

  it.each([
    [null, 'application/json'],
    ['*/*', 'application/json'],
    ['text/*', 'text/csv'],
    ['text/csv;q=0.4, application/json;q=0.3', 'text/csv'],
    ['application/pdf, TEXT/CSV ;q=0.1', 'text/csv'],
    ['text/csv;q=0, */*', 'application/json'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'application/json'],
    ['text/csv;q=x', null],
    ['application/pdf', null],
  ])('are chosen by what the client likes best: %s', (accept, chosen) => {
    expect(chosenType(accept, ['application/json', 'text/csv'])).toBe(chosen)
  })
})

describe('reading a register', () => {
  it('leaves in the log how much was read, and of nobody', async () => {
    app.logs.length = 0
    await ask('permissions')
    await ask('changes', 'text/csv')
    const read = app.logs.map(line => JSON.parse(line)).filter(({ message }) => message === 'register-read')
    expect(read).toMatchObject([
      { register: 'permissions', entries: 4 },
      { register: 'changes', entries: 0 },
    ])
    const logs = app.logs.join('')
    for (const { nationalId, surnames } of Object.values(people)) {
      expect(logs).not.toContain(nationalId)
      expect(logs).not.toContain(surnames)
    }
  })
})
