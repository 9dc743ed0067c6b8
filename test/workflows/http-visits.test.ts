import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { addDays } from '../../functions/domain/civil-time.ts'
import { createDoorAlarmStore } from '../../functions/stores/door-alarms.ts'
import { doorKeys, doorLists } from '../../functions/stores/door-keys.ts'
import { keys } from '../../functions/stores/keys.ts'
import { openTables, type Tables } from '../../functions/stores/tables.ts'
import { createVisitStore } from '../../functions/stores/visits.ts'
import { findOverdueVisits, forgetOldVisits } from '../../functions/workflows/watch-visits.ts'
import { PresenceView, VisitList, VisitView } from '../../schemas/api-visits.ts'
import type { LedgerEntry } from '../../schemas/ledger.ts'
import { badgeAccount } from './badge-account.ts'
import type { HttpApp } from './http-app.ts'
import { openPersonnelOffice } from './personnel-office.ts'
import { closeSoundly, openSmallBody, people, subjectWith, today } from './small-body.ts'

const maximumInside = 5
const serial = 'CC-TEST-1'

let app: HttpApp
let tables: Tables
let it1: string
let it2: string
let security: string
let authority: string
beforeAll(async () => {
  app = await openSmallBody(settings => ({
    ...settings,
    doors: [
      { serial, name: 'Puerta de la sala' },
      { serial: 'CC-TEST-2', name: 'Puerta trasera' },
    ],
    dataCentre: { maximumInside, visitHours: 12 },
  }))
  tables = openTables({ state: 'state', ledger: 'ledger', doors: 'doors' }, new DynamoDBClient(app.client))
  ;[it1 = '', it2 = ''] = app.settings.bootstrap
    .filter(({ roles }) => roles.includes('it'))
    .map(({ subject }) => subject)
  security = subjectWith(app, 'security')
  authority = subjectWith(app, 'authority')
  await badge(escort(), '1000001')
  await badge(otherEscort(), '1000002')
})
afterAll(() => closeSoundly(app))
afterEach(() => vi.useRealTimers())

const founders = (role: 'it' | 'authority') =>
  app.settings.bootstrap.filter(({ roles }) => roles.includes(role)).map(({ person }) => person.nationalId)
const escort = () => founders('it')[0] ?? ''
const otherEscort = () => founders('it')[1] ?? ''
const office = () => openPersonnelOffice(app)
const { headOfDideco, headOfObras, deputy, clerk } = people

/** A badge: the person's account in the data centre is named by its pin. */
async function badge(nationalId: string, pin: string): Promise<void> {
  const personId = await office().idOf(nationalId)
  await tables.client.send(new PutCommand({ TableName: 'state', Item: badgeAccount(tables, personId, pin) }))
}

/** What the doors say of a badge. */
async function seen(nationalId: string, pin: string, inside: boolean, at = new Date().toISOString()) {
  const personId = await office().idOf(nationalId)
  await tables.client.send(
    new PutCommand({
      TableName: 'doors',
      Item: {
        ...doorKeys.presence(pin),
        version: 1,
        pin,
        personId,
        inside,
        at,
        serial,
        ...(inside && { listKey: doorLists.inside(), listSort: pin }),
      },
    }),
  )
}
const enters = () => seen(escort(), '1000001', true)
const leaves = () => seen(escort(), '1000001', false)

let serialNumber = 0
const passport = () => ({ country: 'PER', number: `X${String(++serialNumber).padStart(7, '0')}` })
const visitor = (more: object = {}) => ({
  givenNames: 'Teresa',
  surnames: 'Ulloa Vergara',
  passport: passport(),
  company: 'Climatización Andina',
  ...more,
})
const visit = (more: object = {}) => ({
  visitor: visitor(),
  reason: 'Mantención del aire acondicionado',
  escort: { nationalId: escort() },
  ...more,
})
const days = (offset: number, hours = 0) =>
  new Date(Date.now() + offset * 86_400_000 + hours * 3_600_000).toISOString()
const planned = { from: days(0, -1), until: days(0, 1) }

const post = (as: string, path: string, body: object, headers: Record<string, string> = {}) =>
  app.call('POST', path, { as, body, headers })
const record = (as: string, body: object = visit(), headers: Record<string, string> = {}) =>
  post(as, '/visits', body, headers)
async function recorded(as: string, body: object = visit()): Promise<string> {
  const answer = await record(as, body)
  expect([answer.status, answer.body.faults, answer.body.detail]).toEqual([201, undefined, undefined])
  return VisitView.parse(answer.body).id
}
const enter = (as: string, id: string, body: object = {}) =>
  post(as, `/visits/${id}/entry`, { accepted: true, ...body })
const exit = (as: string, id: string) => post(as, `/visits/${id}/exit`, { verified: true })
const correct = (as: string, id: string, leftAt: string, reason = 'Lo vio salir el guardia') =>
  post(as, `/visits/${id}/correction`, { leftAt, reason })
const decide = (as: string, id: string, decision: string, comment?: string) =>
  post(as, `/visits/${id}/approval`, { decision, comment })
const list = async (as: string, query = '') =>
  VisitList.parse((await app.call('GET', `/visits${query}`, { as })).body).visits
const presence = async (as = security) =>
  PresenceView.parse((await app.call('GET', '/presence', { as })).body)
const detail = (answer: { status: number; body: { detail: string } }) => [answer.status, answer.body.detail]

/** A visit with somebody inside. */
async function inside(): Promise<string> {
  await enters()
  const id = await recorded(it1)
  expect((await enter(it1, id)).status).toBe(200)
  return id
}
/** Nobody is inside after it. */
async function clear(): Promise<void> {
  for (const { id, state } of await list(security, '?open=true'))
    if (state === 'inside') expect((await exit(it1, id)).status).toBe(200)
  await leaves()
}
/** What lies in a table, as the database's own format tells it (`{ S: 'text' }`), in plain values. */
const plain = (value: Record<string, unknown>): unknown => {
  const [[kind, inner] = ['', null]] = Object.entries(value)
  if (kind === 'M')
    return Object.fromEntries(Object.entries(inner as object).map(([name, one]) => [name, plain(one)]))
  if (kind === 'L') return (inner as Record<string, unknown>[]).map(plain)
  return kind === 'N' ? Number(inner) : kind === 'NULL' ? null : inner
}
const stored = async (table: 'state' | 'ledger' | 'doors') =>
  ((await app.snapshot())[table] ?? []).map(item => plain({ M: item }) as Record<string, unknown>)
const chainOf = async (id: string): Promise<LedgerEntry[]> =>
  (await stored('ledger'))
    .filter(({ chain }) => chain === `visit/${id}`)
    .map(({ text }) => JSON.parse(text as string))
    .sort((one, other) => one.sequence - other.sequence)

describe('a visit', () => {
  it('is announced by IT, or by whoever leads a unit today', async () => {
    for (const as of [it1, headOfDideco.nationalId, deputy.nationalId]) {
      const { status, body } = await record(as, visit({ planned }))
      expect([status, body.state, body.planned]).toEqual([201, 'expected', planned])
    }
    for (const as of [clerk.nationalId, security, subjectWith(app, 'hr'), authority])
      expect((await record(as, visit({ planned }))).status).toBe(403)
  })

  it('comes on the spot to IT only', async () => {
    expect((await record(it1)).body).toMatchObject({ state: 'expected', planned: null })
    expect(detail(await record(headOfDideco.nationalId))).toEqual([
      403,
      'La jefatura anuncia visitas; las que llegan sin anuncio las registra Informática.',
    ])
  })

  it('names the visitor by the body’s national id or by a passport, and tells every fault at once', async () => {
    const named = await record(
      it1,
      visit({ visitor: visitor({ passport: undefined, nationalId: '12345678-5' }) }),
    )
    expect(named.body.visitor).toMatchObject({ nationalId: '12345678-5', passport: null })
    const foreign = await record(
      it1,
      visit({ visitor: visitor({ passport: { country: 'arg', number: 'aab12345' } }) }),
    )
    expect(foreign.body.visitor).toMatchObject({
      nationalId: null,
      passport: { country: 'ARG', number: 'AAB12345' },
      company: 'Climatización Andina',
    })
    const pointers = async (body: object) =>
      (await record(it1, body)).body.faults.map(({ pointer }: { pointer: string }) => pointer)
    expect(await pointers(visit({ visitor: visitor({ nationalId: '12345678-5' }) }))).toEqual(['/visitor'])
    expect(await pointers(visit({ visitor: visitor({ passport: undefined }) }))).toEqual(['/visitor'])
    expect(
      await pointers({
        ...visit({ visitor: visitor({ passport: undefined, nationalId: '12345678-6' }) }),
        escort: { nationalId: clerk.nationalId },
        planned: { from: days(2), until: days(1) },
      }),
    ).toEqual(['/planned/until', '/visitor/nationalId', '/escort/nationalId'])
    expect(await pointers(visit({ planned: { from: days(-3), until: days(-2) } }))).toEqual([
      '/planned/until',
    ])
    expect(await pointers(visit({ planned: { from: days(1), until: days(40) } }))).toEqual(['/planned/until'])
  })

  it('is escorted by an IT official, and it is told to nobody who else is in the register', async () => {
    const said = async (nationalId: string) =>
      (await record(headOfDideco.nationalId, visit({ planned, escort: { nationalId } }))).body
    expect(await said('76086428-5')).toEqual(await said(clerk.nationalId))
    expect((await said(clerk.nationalId)).faults[0].message).toBe(
      'Quien escolta debe ser un funcionario de Informática con ese rol vigente.',
    )
  })

  it('is nobody’s own: neither to record, nor to escort, nor to let in', async () => {
    const self = visitor({ passport: undefined, nationalId: otherEscort() })
    expect(detail(await record(it2, visit({ visitor: self })))).toEqual([
      403,
      'Nadie registra ni decide su propia visita.',
    ])
    const own = await record(it1, visit({ visitor: self, escort: { nationalId: otherEscort() } }))
    expect(own.body.faults).toMatchObject([
      { pointer: '/escort/nationalId', message: 'Nadie puede escoltarse a sí mismo.' },
    ])
    await enters()
    const id = await recorded(it1, visit({ visitor: self }))
    expect(detail(await enter(it2, id))).toEqual([403, 'Nadie registra ni decide su propia visita.'])
    expect((await enter(it1, id, { escort: { nationalId: otherEscort() } })).status).toBe(400)
    expect((await enter(it1, id)).status).toBe(200)
    expect((await exit(it2, id)).status).toBe(403)
    await clear()
  })

  it('is one under one key, and another body under it is refused', async () => {
    const body = visit()
    const key = { 'idempotency-key': 'visit-1' }
    const [one, other] = await Promise.all([record(it1, body, key), record(it1, body, key)])
    expect([one.status, one.body.id]).toEqual([201, other.body.id])
    expect((await record(it1, body, key)).body).toEqual(one.body)
    expect((await record(it1, { ...body, reason: 'Otra cosa' }, key)).status).toBe(422)
    expect((await record(it2, body, key)).body.id).not.toBe(one.body.id)
  })
})

describe('an entry', () => {
  it('needs the prohibitions, shown and accepted in the version that is in force', async () => {
    await enters()
    const id = await recorded(it1)
    const shown = (await app.call('GET', '/visits/prohibitions', { as: it1 })).body
    expect(shown.prohibitions.length).toBeGreaterThanOrEqual(6)
    const refused = await enter(it1, id, { accepted: false })
    expect([refused.status, refused.body.faults[0].message]).toEqual([
      400,
      'La persona debe aceptar las prohibiciones antes de entrar.',
    ])
    expect((await enter(it1, id, { prohibitions: '0' })).status).toBe(409)
    const entered = await enter(it1, id, { prohibitions: shown.version })
    expect([entered.status, entered.body]).toMatchObject([
      200,
      { state: 'inside', escorted: true, prohibitions: shown.version, leftAt: null },
    ])
    await clear()
  })

  it('waits for its escort to be inside, by the doors’ log (R16)', async () => {
    await leaves()
    const id = await recorded(it1)
    const outside =
      'Según el registro de las puertas, quien escolta no está dentro del centro de datos: debe entrar primero con su tarjeta.'
    expect(detail(await enter(it1, id))).toEqual([409, outside])
    // Another official is inside: it is not the one who escorts, until somebody says so.
    await seen(otherEscort(), '1000002', true)
    expect(detail(await enter(it1, id))).toEqual([409, outside])
    const entered = await enter(it1, id, { escort: { nationalId: otherEscort() } })
    expect([entered.status, entered.body.escort.nationalId]).toEqual([200, otherEscort()])
    await seen(otherEscort(), '1000002', false)
    await clear()
  })

  it('needs an escort who is named', async () => {
    const id = await recorded(it1, visit({ escort: undefined }))
    expect(detail(await enter(it1, id))).toEqual([
      409,
      'Falta indicar qué funcionario de Informática escolta la visita.',
    ])
  })

  it('is refused where the escort is no official of IT any longer', async () => {
    const put = (until: string | null) =>
      app.call('PUT', '/roles', { as: security, body: { nationalId: clerk.nationalId, role: 'it', until } })
    await put(null)
    await badge(clerk.nationalId, '1000003')
    await seen(clerk.nationalId, '1000003', true)
    const id = await recorded(it1, visit({ escort: { nationalId: clerk.nationalId } }))
    await put(addDays(today, -1))
    expect(detail(await enter(it1, id))).toEqual([
      409,
      'Quien escolta debe ser un funcionario de Informática con ese rol vigente.',
    ])
    await seen(clerk.nationalId, '1000003', false)
  })

  it('is registered by IT, on the days that were announced', async () => {
    await enters()
    const early = await recorded(it1, visit({ planned: { from: days(3), until: days(4) } }))
    expect(detail(await enter(it1, early))).toEqual([
      409,
      'La visita no es para hoy: hay que registrarla de nuevo.',
    ])
    const id = await recorded(headOfDideco.nationalId, visit({ planned }))
    for (const as of [headOfDideco.nationalId, security, subjectWith(app, 'hr')])
      expect((await enter(as, id)).status).toBe(403)
    expect((await enter(authority, id)).status).toBe(403)
    expect((await enter(it1, id)).status).toBe(200)
    expect((await enter(it1, id)).status).toBe(200)
    expect((await presence()).count).toEqual({ counted: 1, open: 1, differs: false })
    await clear()
    expect(detail(await enter(it1, id))).toEqual([
      409,
      'La persona ya salió: si vuelve a entrar, es otra visita.',
    ])
  })

  it('is one at a time for one person, whatever visits there are', async () => {
    await enters()
    const someone = visitor()
    const [one, other] = [
      await recorded(it1, visit({ visitor: someone })),
      await recorded(it1, visit({ visitor: someone })),
    ]
    expect((await enter(it1, one)).status).toBe(200)
    expect(detail(await enter(it1, other))).toEqual([
      409,
      'Esta persona ya está adentro por otra visita: primero hay que registrar su salida.',
    ])
    await exit(it1, one)
    expect((await enter(it1, other)).status).toBe(200)
    await clear()
  })

  it('of somebody nobody knows is not found', async () => {
    const id = '0199d3f0-0000-7000-8000-000000000000'
    for (const answer of [await enter(it1, id), await exit(it1, id), await decide(authority, id, 'approve')])
      expect(answer.status).toBe(404)
  })
})

describe('the maximum of people in the room (R17)', () => {
  it('counts whoever of the staff is inside, and lets in the rest', async () => {
    await enters()
    const ids = await Promise.all(Array.from({ length: maximumInside }, () => recorded(it1)))
    for (const id of ids.slice(0, maximumInside - 1)) expect((await enter(it1, id)).status).toBe(200)
    const last = ids.at(-1) ?? ''
    expect(detail(await enter(it1, last))).toEqual([
      409,
      'El centro de datos está completo: alguien debe salir antes.',
    ])
    expect((await exit(it2, ids[0] ?? '')).status).toBe(200)
    expect((await enter(it1, last)).status).toBe(200)
    await clear()
  })

  it('is not opened by an emergency', async () => {
    await enters()
    const ids = await Promise.all(Array.from({ length: maximumInside }, () => recorded(it1)))
    for (const id of ids.slice(0, -1)) await enter(it1, id)
    await seen(otherEscort(), '1000002', true)
    await leaves()
    const answer = await enter(authority, ids.at(-1) ?? '', { emergency: { reason: 'Humo' } })
    expect(detail(answer)).toEqual([409, 'El centro de datos está completo: alguien debe salir antes.'])
    await seen(otherEscort(), '1000002', false)
    await clear()
  })
})

describe('an exit', () => {
  it('is verified by IT, and is one however often it is said', async () => {
    const id = await inside()
    const unverified = await post(it1, `/visits/${id}/exit`, { verified: false })
    expect(unverified.status).toBe(400)
    expect((await exit(security, id)).status).toBe(403)
    const [one, other] = await Promise.all([exit(it1, id), exit(it2, id)])
    expect([one.status, other.status, one.body.leftAt]).toEqual([200, 200, other.body.leftAt])
    expect((await exit(it2, id)).body).toEqual(one.body)
    expect((await presence()).count).toEqual({ counted: 0, open: 0, differs: false })
    expect((await chainOf(id)).map(({ act }) => act)).toEqual([
      'visit-recorded',
      'visit-entered',
      'visit-left',
    ])
  })

  it('is none of whoever has not entered', async () => {
    const id = await recorded(it1)
    expect(detail(await exit(it1, id))).toEqual([409, 'La persona no ha entrado.'])
    expect((await correct(it1, id, days(0))).status).toBe(409)
  })

  it('that was forgotten is found, raises one alarm, and is corrected with a reason', async () => {
    const id = await inside()
    const store = createVisitStore(tables, app.settings)
    const logged: string[] = []
    const watch = {
      settings: app.settings,
      visits: store,
      alarms: createDoorAlarmStore(tables),
      log: (code: string) => void logged.push(code),
    }
    const hoursOn = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString()
    expect(await findOverdueVisits(watch, hoursOn(11))).toMatchObject({ overdue: 0 })
    expect(await findOverdueVisits(watch, hoursOn(13))).toMatchObject({ overdue: 1 })
    expect(await findOverdueVisits(watch, hoursOn(14))).toMatchObject({ overdue: 0 })
    expect(logged).toEqual(['visit-overdue'])
    const alarms = (await stored('doors')).filter(item => item.kind === 'visit-overdue' && item.visit === id)
    expect(alarms).toHaveLength(1)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 13 * 3_600_000 })
    expect((await presence()).visitors).toMatchObject([{ visit: id, overdue: true }])
    const leftAt = days(0, -12)
    expect((await correct(security, id, days(0, -14))).body.faults[0]).toMatchObject({
      pointer: '/leftAt',
      code: 'visit.left-before-entry',
    })
    expect((await correct(security, id, days(0, 1))).body.faults[0].code).toBe('visit.left-ahead')
    expect((await correct(authority, id, leftAt)).status).toBe(403)
    const corrected = await correct(security, id, leftAt)
    expect([corrected.status, corrected.body]).toMatchObject([
      200,
      { state: 'left', leftAt, overdue: false, exit: { corrected: true, reason: 'Lo vio salir el guardia' } },
    ])
    expect((await correct(security, id, leftAt)).body).toEqual(corrected.body)
    expect((await presence()).count).toEqual({ counted: 0, open: 0, differs: false })
    await leaves()
  })

  it('that was wrong is corrected too, and the ledger keeps what stood before', async () => {
    const id = await inside()
    await new Promise(done => setTimeout(done, 20))
    const wrong = (await exit(it1, id)).body.leftAt
    const right = new Date(Date.parse(wrong) - 10).toISOString()
    expect((await correct(it2, id, right)).body.leftAt).toBe(right)
    const entry = (await chainOf(id)).at(-1)
    expect(entry).toMatchObject({
      act: 'visit-corrected',
      before: { leftAt: wrong },
      after: { leftAt: right },
      evidence: { reason: { textHash: expect.stringMatching(/^[0-9a-f]{64}$/) } },
    })
    expect((await presence()).count).toEqual({ counted: 0, open: 0, differs: false })
    await leaves()
  })
})

describe('an emergency', () => {
  const emergency = { reason: 'Humo en la sala, nadie de Informática en el edificio' }

  it('is let in by the authority without an escort, and needs nobody’s approval', async () => {
    await leaves()
    const id = await recorded(authority, visit({ emergency }))
    const entered = await enter(authority, id)
    expect([entered.status, entered.body]).toMatchObject([
      200,
      { state: 'inside', escorted: false, approval: 'approved', emergency },
    ])
    expect(detail(await decide(authority, id, 'approve'))[0]).toBe(200)
    await clear()
  })

  it('that IT wrote down on the authority’s word waits for the authority, and is told', async () => {
    await leaves()
    const id = await recorded(it1)
    expect((await enter(it1, id)).status).toBe(409)
    const entered = await enter(it1, id, { emergency })
    expect([entered.status, entered.body]).toMatchObject([
      200,
      { escorted: false, approval: 'pending', decision: null },
    ])
    const notices = (await stored('state')).filter(item => item.template === 'visit-unescorted')
    expect(notices).toMatchObject([{ to: { kind: 'security' }, about: { visit: id } }])
    expect((await list(authority, '?approval=pending')).map(one => one.id)).toEqual([id])
    expect((await decide(it2, id, 'approve')).status).toBe(403)
    await clear()
    // Over, and still waiting.
    expect((await list(authority, '?approval=pending')).map(one => one.id)).toEqual([id])
    expect((await decide(authority, id, 'reject')).body.faults[0].pointer).toBe('/comment')
    const rejected = await decide(authority, id, 'reject', 'No di esa instrucción')
    expect([rejected.status, rejected.body]).toMatchObject([
      200,
      {
        approval: 'rejected',
        decision: { by: { nationalId: founders('authority')[0] }, comment: 'No di esa instrucción' },
      },
    ])
    expect((await decide(authority, id, 'reject', 'No di esa instrucción')).body).toEqual(rejected.body)
    expect(detail(await decide(authority, id, 'approve'))).toEqual([
      409,
      'La autoridad ya decidió sobre esta visita.',
    ])
    expect(await list(authority, '?approval=pending')).toEqual([])
  })

  it('is not approved by whoever wrote it down, authority or not', async () => {
    await leaves()
    const id = await recorded(it1, visit({ emergency }))
    const give = (until: string | null) =>
      app.call('PUT', '/roles', { as: security, body: { nationalId: escort(), role: 'authority', until } })
    const change = (await give(null)).body.id
    await app.call('POST', `/roles/changes/${change}/decision`, {
      as: authority,
      body: { decision: 'approve' },
    })
    expect(detail(await decide(it1, id, 'approve'))).toEqual([
      403,
      'La autoridad que decide es otra persona, no quien registró la emergencia.',
    ])
    expect((await decide(authority, id, 'approve')).body.approval).toBe('approved')
    const back = (await give(addDays(today, -1))).body.id
    await app.call('POST', `/roles/changes/${back}/decision`, {
      as: authority,
      body: { decision: 'approve' },
    })
  })

  it('that was rejected lets nobody in, and an escorted entry remains', async () => {
    await leaves()
    const id = await recorded(it1, visit({ emergency }))
    await decide(authority, id, 'reject', 'Esperen al escolta')
    const rejected = 'La autoridad rechazó el ingreso de emergencia de esta visita.'
    expect(detail(await enter(it1, id))).toEqual([409, rejected])
    expect(detail(await enter(it1, id, { emergency: { reason: 'Otra' } }))).toEqual([409, rejected])
    await enters()
    expect((await enter(it1, id)).body).toMatchObject({ escorted: true, approval: 'rejected' })
    await clear()
  })

  it('is none while the escort is inside, is not announced, and is nobody else’s to tell', async () => {
    await enters()
    const id = await recorded(it1)
    expect(detail(await enter(it1, id, { emergency }))[0]).toBe(409)
    expect((await record(it1, visit({ emergency, planned }))).body.faults[0].pointer).toBe('/emergency')
    expect((await record(headOfDideco.nationalId, visit({ emergency }))).status).toBe(403)
    expect((await record(clerk.nationalId, visit({ emergency }))).status).toBe(403)
    expect(detail(await decide(authority, id, 'approve'))).toEqual([
      409,
      'Esta visita no es de emergencia: no hay nada que aprobar.',
    ])
  })
})

describe('the log', () => {
  it('is read by IT, security and the authority; by whoever leads a unit as far as they announced it', async () => {
    const id = await recorded(headOfObras.nationalId, visit({ planned }))
    for (const as of [it1, security, authority]) expect((await list(as)).map(one => one.id)).toContain(id)
    expect((await list(headOfObras.nationalId)).map(one => one.id)).toEqual([id])
    expect((await list(headOfDideco.nationalId)).map(one => one.id)).not.toContain(id)
    for (const as of [clerk.nationalId, subjectWith(app, 'hr')])
      expect((await app.call('GET', '/visits', { as })).status).toBe(403)
  })

  it('tells what is open, what is over, and what was in a period; page after page', async () => {
    const id = await inside()
    expect((await list(it1, '?open=true')).map(one => one.id)).toContain(id)
    expect((await list(it1, '?open=false')).map(one => one.id)).not.toContain(id)
    await clear()
    expect((await list(it1, '?open=true')).map(one => one.id)).not.toContain(id)
    expect((await list(it1, `?open=false&from=${today}&to=${today}`)).map(one => one.id)).toContain(id)
    expect(await list(it1, `?to=${addDays(today, -1)}`)).toEqual([])
    expect(
      (await app.call('GET', `/visits?from=${today}&to=${addDays(today, -1)}`, { as: it1 })).status,
    ).toBe(400)
    expect((await app.call('GET', '/visits?cursor=zzz', { as: it1 })).status).toBe(400)
    await Promise.all(Array.from({ length: 60 }, () => recorded(it1)))
    const found: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const query: string = cursor === '' ? '' : `?cursor=${cursor}`
      const { body } = await app.call('GET', `/visits${query}`, { as: it1 })
      found.push(...body.visits.map((one: { id: string }) => one.id))
      cursor = body.cursor
    }
    expect(new Set(found).size).toBe(found.length)
    expect(found.length).toBe((await stored('state')).filter(item => item.sk === 'VISIT').length)
  })
})

describe('who is inside now', () => {
  const heard = (of: string, lastSeenAt: string) =>
    tables.client.send(
      new PutCommand({
        TableName: 'doors',
        Item: {
          ...doorKeys.device(of),
          version: 1,
          serial: of,
          registryCode: null,
          sessionId: null,
          registeredAt: null,
          lastSeenAt,
          somethingNew: 1,
        },
      }),
    )

  it('is told of staff by the doors and of visitors by the log, also while a device is silent', async () => {
    const id = await inside()
    await heard(serial, days(0))
    await heard('CC-TEST-2', days(0, -1))
    const now = await presence()
    expect(now).toMatchObject({
      certain: false,
      maximum: maximumInside,
      staff: [{ person: { nationalId: escort() }, pin: '1000001', door: serial }],
      visitors: [
        { visit: id, name: 'Teresa Ulloa Vergara', escort: { nationalId: escort() }, overdue: false },
      ],
      devices: [
        { serial, silent: false },
        { serial: 'CC-TEST-2', silent: true },
      ],
    })
    await heard('CC-TEST-2', days(0))
    expect((await presence(authority)).certain).toBe(true)
    expect(now.visitors[0]?.escortInside).toBe(true)
    await leaves()
    expect((await presence()).visitors[0]?.escortInside).toBe(false)
    for (const as of [headOfDideco.nationalId, clerk.nationalId, subjectWith(app, 'hr')])
      expect((await app.call('GET', '/presence', { as })).status).toBe(403)
    await clear()
  })

  it('comes as a table that says first what makes it uncertain', async () => {
    await enters()
    const id = await recorded(it1, visit({ visitor: visitor({ company: '=1+1' }) }))
    await enter(it1, id)
    await heard(serial, days(0))
    await heard('CC-TEST-2', days(0, -1))
    const { status, headers, body } = await app.call('GET', '/presence', {
      as: it1,
      headers: { accept: 'text/csv' },
    })
    expect([status, headers['content-type']]).toEqual([200, 'text/csv; charset=utf-8; header=present'])
    expect(headers['content-disposition']).toMatch(/"personas-en-el-centro-de-datos-[\d-]+\.csv"/)
    const lines = body.slice(1).split('\r\n')
    expect(lines[1]).toMatch(/^PUERTA SIN SEÑAL.*;Puerta trasera;/)
    expect(lines[2]).toMatch(/^Personal;/)
    expect(lines[3]).toMatch(/^Visita;Teresa Ulloa Vergara;'=1\+1;/)
    expect((await app.call('GET', '/presence', { as: it1, headers: { accept: 'text/html' } })).status).toBe(
      406,
    )
    await clear()
  })

  it('tells where the count differs from the visits', async () => {
    const move = (by: number) =>
      tables.client.send(
        new UpdateCommand({
          TableName: 'state',
          Key: keys.room(),
          UpdateExpression: 'ADD visitors :by',
          ExpressionAttributeValues: { ':by': by },
        }),
      )
    await move(1)
    expect((await presence()).count).toEqual({ counted: 1, open: 0, differs: true })
    await move(-1)
    expect((await presence()).count.differs).toBe(false)
  })
})

describe('the register of visits', () => {
  it('tells who was there, when, why, and with whom', async () => {
    const id = await inside()
    const ask = async (query = '') =>
      (await app.call('GET', `/registers/visits${query}`, { as: security })).body
    const mine = async (query = '') =>
      (await ask(query)).entries.find((entry: { visit: string }) => entry.visit === id)
    expect(await mine()).toMatchObject({ leftAt: null, exit: null, escorted: true, approval: null })
    await clear()
    expect(await mine(`?from=${today}&to=${today}`)).toMatchObject({
      leftAt: expect.any(String),
      exit: 'verified',
      visitor: { givenNames: 'Teresa', passport: { country: 'PER' } },
      reason: 'Mantención del aire acondicionado',
      escort: { nationalId: escort() },
      enteredBy: { nationalId: escort() },
    })
    expect((await ask(`?asAt=${addDays(today, -1)}`)).entries).toEqual([])
    const { headers, body } = await app.call('GET', '/registers/visits', {
      as: subjectWith(app, 'it'),
      headers: { accept: 'text/csv' },
    })
    expect(headers['content-disposition']).toBe(
      `attachment; filename="visitas-al-centro-de-datos-${today}.csv"`,
    )
    const lines = body.slice(1).split('\r\n')
    expect(lines[0]).toMatch(/^Ingreso;Salida;Nombre;Documento de identidad;Pasaporte;/)
    expect(lines.find((line: string) => line.endsWith(`;${id}`))).toContain(';Teresa Ulloa Vergara;;PER X')
    expect(lines).toHaveLength((await ask()).entries.length + 2)
  })
})

describe('the register of visits of a past day', () => {
  it('tells what was known at its end, and of a period what is known now', async () => {
    const id = await inside()
    const ask = async (query: string) =>
      (await app.call('GET', `/registers/visits?${query}`, { as: security })).body
    const mine = async (query: string) =>
      (await ask(query)).entries.find((entry: { visit: string }) => entry.visit === id)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 86_400_000 })
    const leftAt = days(-2, 1)
    expect((await correct(it1, id, leftAt)).status).toBe(200)
    expect(await mine(`asAt=${today}`)).toMatchObject({ leftAt: null, exit: null })
    expect(await mine(`asAt=${addDays(today, 2)}`)).toMatchObject({ leftAt, exit: 'corrected' })
    expect(await mine(`from=${today}&to=${today}`)).toMatchObject({ leftAt, exit: 'corrected' })
    expect(await mine(`from=${today}&to=${today}&asAt=${addDays(today, 1)}`)).toMatchObject({ leftAt: null })
    expect(await mine(`from=${addDays(today, 1)}&to=${addDays(today, 2)}`)).toBeUndefined()
    expect(await ask(`to=${addDays(today, 1)}`)).toMatchObject({
      from: addDays(today, -29),
      to: addDays(today, 1),
      asAt: addDays(today, 2),
    })
    await leaves()
  })
})

describe('what is kept of a visitor', () => {
  it('is in no log, in no entry of the ledger, and in no kept answer', async () => {
    const name = 'Zoraida Quilapán'
    const [givenNames, surnames] = name.split(' ')
    const someone = { givenNames, surnames, nationalId: '12345678-5', company: 'Aguas Zeta' }
    await enters()
    const key = { 'idempotency-key': 'kept-1' }
    const { body } = await record(it1, { ...visit(), visitor: someone, reason: 'Visita de Zoraida' }, key)
    await post(it1, `/visits/${body.id}/entry`, { accepted: true }, key)
    await post(it1, `/visits/${body.id}/exit`, { verified: true }, key)
    const told = [app.logs, await stored('ledger'), await stored('doors')]
    for (const secret of ['Zoraida', 'Quilapán', 'Aguas Zeta', '12345678-5', body.visitor.nationalId])
      expect(JSON.stringify(told)).not.toContain(secret)
    const rows = (await stored('state')).filter(item => JSON.stringify(item).includes('Zoraida'))
    expect(rows).toMatchObject([{ sk: 'VISIT', id: body.id }])
    await leaves()
  })

  it('is shown for as long as the settings say, and then blanked; the visit stays', async () => {
    const id = await inside()
    await clear()
    const never = await recorded(it1, visit({ visitor: visitor({ surnames: 'Nunca Vino' }) }))
    const later = Date.now() + 740 * 86_400_000
    const now = new Date(later).toISOString()
    vi.useFakeTimers({ toFake: ['Date'], now: later })
    const shown = async () => (await list(security)).find(one => one.id === id)
    expect(await shown()).toMatchObject({ visitor: null, reason: null, state: 'left' })
    const watch = {
      settings: app.settings,
      visits: createVisitStore(tables, app.settings),
      alarms: createDoorAlarmStore(tables),
      log: () => undefined,
    }
    expect((await findOverdueVisits(watch, now)).lapsed).toBeGreaterThan(0)
    let forgotten = 0
    for (let run = 0; run < 5; run++) forgotten += (await forgetOldVisits(watch, now)).forgotten
    expect(forgotten).toBeGreaterThan(10)
    expect((await forgetOldVisits(watch, now)).forgotten).toBe(0)
    const text = JSON.stringify(await stored('state'))
    for (const gone of [
      'Ulloa',
      'Nunca Vino',
      'Quilapán',
      'Lo vio salir',
      'Humo en la sala',
      'aire acondicionado',
    ])
      expect([gone, text.includes(gone)]).toEqual([gone, false])
    expect((await list(security)).find(one => one.id === never)).toMatchObject({ state: 'lapsed' })
    expect(await shown()).toMatchObject({ escorted: true, leftAt: expect.any(String) })
    expect((await presence()).count).toEqual({ counted: 0, open: 0, differs: false })
  })
})

it('keeps a chain for each visit, which the verification of the ledger follows', async () => {
  const { body } = await app.call('GET', '/audit/verification', { as: security })
  expect([body.ok, body.faults]).toEqual([true, []])
  const chains = new Set((await stored('ledger')).map(item => item.chain))
  expect([...chains].filter(chain => String(chain).startsWith('visit/')).length).toBeGreaterThan(30)
})

it('is told by the audit with who did it, and of no visitor', async () => {
  const day = `from=${today}T00:00:00Z&to=${addDays(today, 2)}T00:00:00Z`
  const { status, body } = await app.call('GET', `/audit?${day}&act=visit-entered`, { as: security })
  expect(status).toBe(200)
  expect(body.entries.length).toBeGreaterThan(10)
  for (const entry of body.entries)
    expect(entry).toMatchObject({
      system: 'data-centre',
      subject: { personId: null },
      cause: { kind: 'visit' },
    })
  expect(JSON.stringify(body)).not.toMatch(/Teresa|Ulloa|PER/)
})

it('tells of a visit whose chain has lost all of its entries', async () => {
  const id = '0199d3f0-0000-7000-8000-00000000abcd'
  const row = (await stored('state')).find(({ sk }) => sk === 'VISIT') ?? {}
  const listSort = `${row.recordedAt}#${id}`
  await tables.client.send(
    new PutCommand({ TableName: 'state', Item: { ...row, ...keys.visit(id), id, listSort } }),
  )
  const { body } = await app.call('GET', '/audit/verification', { as: security })
  expect([body.ok, body.faults[0]]).toMatchObject([false, { chain: `visit/${id}` }])
})
