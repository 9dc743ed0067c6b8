import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dayOf } from '../../functions/domain/civil-time.ts'
import { createDoorAlarmStore } from '../../functions/stores/door-alarms.ts'
import { createMovementStore, secondsOf } from '../../functions/stores/movements.ts'
import { openTables, type Tables } from '../../functions/stores/tables.ts'
import { takeDoorEvents } from '../../functions/workflows/take-door-events.ts'
import { DoorAlarmList, DoorAlarmView, DoorList, MovementPage } from '../../schemas/api-movements.ts'
import { testCertificates } from '../servers/certificates.ts'
import { type Line, lineOf, putDevice, putUser } from './doors-office.ts'
import type { HttpApp } from './http-app.ts'
import { closeSoundly, openSmallBody, people, subjectWith, today } from './small-body.ts'

const pin = '1000001'
let app: HttpApp
let tables: Tables
let serial: string
let security: string
let authority: string
let personId: string
/** The first event: some hours ago, so that none is still to come. */
const began = Math.floor(Date.now() / 1000) * 1000 - 6 * 3_600_000

const upload = async (lines: readonly Line[]) => {
  const { settings } = app
  const events = takeDoorEvents({
    settings,
    movements: createMovementStore(tables, settings),
    alarms: createDoorAlarmStore(tables),
    secondsOf,
    log: () => {},
  })
  await events.take(serial, 'rtlog', lines.map(lineOf).join('\n'), new Date().toISOString())
}

beforeAll(async () => {
  app = await openSmallBody()
  tables = openTables(
    { state: 'state', ledger: 'ledger', doors: 'doors' },
    new DynamoDBClient({ ...app.client }),
  )
  serial = app.settings.doors[0]?.serial ?? ''
  security = subjectWith(app, 'security')
  authority = subjectWith(app, 'authority')
  personId = (await app.call('GET', '/me', { as: people.driver.nationalId })).body.person.personId
  await putUser(tables, { pin, personId }, serial)
  await putDevice(tables, new Date(began).toISOString(), serial)
  await upload([
    { index: 1, at: began, pin, way: 0 },
    { index: 2, at: began + 60_000, pin, card: '7654321', way: 1 },
    { index: 3, at: began + 120_000, event: 27, card: '99887766' },
    { index: 6, at: began + 180_000, event: 102 },
  ])
})
afterAll(() => closeSoundly(app))

const get = (path: string, as = security, accept?: string) =>
  app.call('GET', path, { as, ...(accept !== undefined && { headers: { accept } }) })
const period = `from=${dayOf(new Date(began).toISOString(), 'America/Santiago')}&to=${today}`

describe('what the doors report', () => {
  it('is read by security and the authority, and by nobody else', async () => {
    const others = [
      subjectWith(app, 'hr'),
      subjectWith(app, 'it'),
      people.headOfObras.nationalId,
      people.driver.nationalId,
    ]
    for (const path of ['/movements', '/doors', '/door-alarms']) {
      for (const as of [security, authority]) expect((await get(path, as)).status).toBe(200)
      for (const as of others) expect((await get(path, as)).status).toBe(403)
    }
  })

  it('tells who passed and when, oldest first; a card only where it is nobody’s badge', async () => {
    const page = MovementPage.parse((await get(`/movements?${period}`)).body)
    expect(page.entries).toMatchObject([
      { index: 1, at: new Date(began).toISOString(), way: 'in', pin, message: 'Abrió.' },
      { index: 2, way: 'out', card: null, person: { personId, name: 'Pedro Oyarce Vial' } },
      { index: 3, person: null, card: '99887766', message: 'Rechazada: tarjeta desconocida.' },
      { index: 6, event: 102, door: { serial, name: app.settings.doors[0]?.name } },
    ])
    expect(page.cursor).toBeNull()
  })

  it.each([
    ['a person by national id', () => people.driver.nationalId, [1, 2]],
    ['a person by id', () => personId, [1, 2]],
    ['somebody who never passed', () => people.clerk.nationalId, []],
  ])('is read of %s', async (_, person, indexes) => {
    const { body } = await get(`/movements?${period}&person=${person()}&door=${serial}`)
    expect(body.entries.map(({ index }: { index: number }) => index)).toEqual(indexes)
  })

  it('is a table for Excel too', async () => {
    const answer = await get(`/movements?${period}`, authority, 'text/csv')
    const [heading, first, , third] = String(answer.body).replace('\uFEFF', '').split('\r\n')
    expect(heading?.split(';').slice(0, 4)).toEqual(['Fecha y hora', 'Puerta', 'Hecho', 'Sentido'])
    expect(first).toContain(`Abrió;Entrada;${pin};${people.driver.nationalId};Pedro Oyarce Vial`)
    expect(third).toContain('99887766')
    expect(answer.headers['content-disposition']).toContain('movimientos-')
  })

  it('comes page by page, none twice and none left out', async () => {
    const many = Array.from({ length: 2_300 }, (_, place) => ({
      index: 100 + place,
      at: began + 200_000 + place * 1000,
      event: 200,
    }))
    await upload(many)
    const found: number[] = []
    let cursor: string | null = null
    let pages = 0
    do {
      const { body }: { body: MovementPage } = await get(
        `/movements?${period}${cursor === null ? '' : `&cursor=${cursor}`}`,
      )
      expect(body.page).toBe(++pages)
      found.push(...body.entries.map(({ index }) => index))
      cursor = body.cursor
    } while (cursor !== null)
    expect(pages).toBe(3)
    expect(found).toEqual([1, 2, 3, 6, ...many.map(({ index }) => index)])
    const csv = await get(`/movements?${period}`, security, 'text/csv')
    expect(csv.headers.link).toMatch(/^<\/movements\?from=.*&cursor=.+>; rel="next"$/)
  })

  it.each([
    ['from=2026-10-01&to=2026-11-01', '/query/from', 'movement.too-long'],
    ['from=2026-10-02&to=2026-10-01', '/query/from', 'query.bad-parameter'],
    ['door=NONE', '/query/door', 'catalogue.unknown-door'],
    ['person=12345', '/query/person', 'query.bad-parameter'],
    ['cursor=bm8', '/query/cursor', 'query.bad-cursor'],
    ['day=2026-10-02', '/query/day', 'shape.unrecognized-keys'],
  ])('is refused with the reason where the question has a fault: %s', async (query, pointer, code) => {
    const { status, body } = await get(`/movements?${query}`)
    expect([status, body.faults]).toMatchObject([400, [{ pointer, code }]])
  })

  it('leaves in the log that it was read, and by whom, and neither name nor card', () => {
    const read = app.logs.filter(line => line.includes('movements-read'))
    expect(read.length).toBeGreaterThan(3)
    expect(JSON.parse(read[0] ?? '{}')).toMatchObject({ caller: expect.stringMatching(/^[0-9a-f-]{36}$/) })
    for (const line of app.logs) expect(line).not.toMatch(/Oyarce|99887766|7654321/)
  })
})

describe('a door', () => {
  it('is told with how its device stands and what of its reports is here', async () => {
    const { doors } = DoorList.parse((await get('/doors')).body)
    expect(doors.filter(door => door.serial === serial)).toMatchObject([
      {
        serial,
        silent: true,
        lastSeenAt: new Date(began).toISOString(),
        users: { all: 1, due: 0 },
        events: { missing: 95, lost: 0 },
      },
    ])
  })
})

describe('an alarm', () => {
  const settle = (id: string, comment: unknown, as = security) =>
    app.call('POST', `/door-alarms/${id}/settlement`, { as, body: { comment } })

  it('is settled once, with its words, and its chain stays whole', async () => {
    const { alarms } = DoorAlarmList.parse((await get('/door-alarms?open=true')).body)
    expect(alarms.map(({ kind }) => kind)).toEqual(['forced-door', 'unknown-card'])
    const [forced] = alarms
    expect(forced).toMatchObject({ message: 'Puerta forzada.', times: 1, settled: null, door: { serial } })
    const id = forced?.id ?? ''
    expect((await settle(id, ' ')).status).toBe(400)
    const answer = await settle(id, 'Se revisó en terreno.')
    const settled = DoorAlarmView.parse(answer.body)
    expect(settled.settled).toMatchObject({
      comment: 'Se revisó en terreno.',
      by: { name: expect.any(String) },
    })
    expect((await settle(id, 'Se revisó en terreno.')).body).toEqual(answer.body)
    const other = await settle(id, 'Otra cosa.', authority)
    expect([other.status, other.body.detail]).toEqual([409, 'La alarma ya está cerrada.'])
    expect((await get('/door-alarms')).body.alarms).toHaveLength(1)
    expect((await get('/door-alarms?open=false')).body.alarms).toMatchObject([{ id }])
    const verified = await get('/audit/verification')
    expect(verified.body).toMatchObject({ ok: true, faults: [] })
    const entries = await get(`/audit?act=door-alarm-settled&from=${today}&to=${today}`)
    expect(entries.body.entries).toMatchObject([{ chain: `alarm/${id}`, sequence: 2, system: 'data-centre' }])
    expect(JSON.stringify(entries.body)).not.toContain('terreno')
  })

  it('is a new one when it happens again afterwards', async () => {
    await upload([{ index: 5_000, at: began + 5_000_000, event: 102 }])
    const { body } = await get('/door-alarms')
    expect(body.alarms.map(({ kind }: { kind: string }) => kind)).toEqual(['forced-door', 'unknown-card'])
  })

  it('is told of by the function that runs every minute', async () => {
    // The forced door, the unknown card, and the device of which nothing was heard for hours.
    expect(await app.runSchedule('watch-doors')).toEqual({
      ...{ silent: 1, inside: 0, told: 3, broken: 0 },
      ...{ overdue: 0, lapsed: 0 },
    })
    expect(await app.runSchedule('watch-doors')).toMatchObject({ told: 0 })
    const { body } = await get('/door-alarms')
    expect(body.alarms.every(({ toldAt }: { toldAt: string | null }) => toldAt !== null)).toBe(true)
    expect((await get('/audit/verification')).body).toMatchObject({ ok: true })
  })

  it.each(['cursor=bm8', 'open=yes'])(
    'is refused with the reason where the question has a fault: %s',
    async query => {
      expect((await get(`/door-alarms?${query}`)).status).toBe(400)
    },
  )
})

describe('the way in for devices', () => {
  it('is the certified relay’s of that site alone, and nothing of it is logged', async () => {
    const [own, other] = [(await testCertificates()).sound, (await testCertificates()).sound]
    const secret = 'an-invented-site-secret-1'
    app.secrets['llavero/doors'] = JSON.stringify({
      sites: [{ secret, serials: [serial], authority: own.ca }],
    })
    const ping = async (certificate?: string) =>
      (
        await app.call(
          'GET',
          `/iclock/${secret}/ping?SN=${serial}`,
          certificate === undefined ? {} : { certificate },
        )
      ).status
    expect([await ping(own.cert), await ping(other.cert), await ping()]).toEqual([200, 404, 404])
    for (const told of [secret, own.cert.split('\n')[1] ?? '']) expect(app.logs.join('')).not.toContain(told)
  })
})
