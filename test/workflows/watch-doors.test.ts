import { afterEach, describe, expect, it } from 'vitest'
import { lineHash } from '../../functions/domain/line-hash.ts'
import { createHeadStore } from '../../functions/stores/heads.ts'
import { decideLine } from '../../functions/workflows/decide-line.ts'
import type { Contract } from '../../schemas/contract.ts'
import type { DoorAlarm } from '../../schemas/doors.ts'
import { type DoorsOffice, openDoorsOffice, putDevice, putUser, serial } from './doors-office.ts'
import { activation, form, nationalId } from './office.ts'

const pin = '1000001'
const minute = 60_000
const planta: Contract = { type: 'planta', regime: 'municipal', startsOn: '2020-03-01', endsOn: null }

let office: DoorsOffice
afterEach(() => office.close())

const ago = (milliseconds: number) => new Date(office.time.now - milliseconds).toISOString()
const alarm = (kind: DoorAlarm['kind'], more: Partial<DoorAlarm> = {}): DoorAlarm => ({
  kind,
  serial,
  pin: null,
  personId: null,
  visit: null,
  at: office.now(),
  ...more,
})
const acts = async (id: string) => (await office.entries(`alarm/${id}`)).map(({ act }) => act)

describe('a device', () => {
  it('that is silent raises one alarm, which ends by itself when it speaks again', async () => {
    office = await openDoorsOffice({ silentMinutes: 5 })
    await putDevice(office.tables, ago(4 * minute))
    expect(await office.watch()).toMatchObject({ silent: 0, told: 0 })
    office.time.now += 2 * minute
    expect(await office.watch()).toMatchObject({ silent: 1, told: 1 })
    expect(await office.watch()).toMatchObject({ silent: 1, told: 0 })
    const [raised] = await office.open()
    expect(raised).toMatchObject({ kind: 'silent-device', times: 1, settled: null })
    await putDevice(office.tables, office.now())
    await office.watch()
    expect(await office.open()).toEqual([])
    expect((await office.alarms.load(raised?.id ?? ''))?.settled).toMatchObject({ by: null })
    expect(await acts(raised?.id ?? '')).toEqual(['door-alarm-raised', 'door-alarm-settled'])
  })

  it('that never registered is not silent, and one that was settled stays so until it has spoken', async () => {
    office = await openDoorsOffice({ silentMinutes: 5 })
    expect(await office.watch()).toMatchObject({ silent: 0 })
    await putDevice(office.tables, ago(10 * minute))
    await office.watch()
    const [raised] = await office.open()
    if (raised === undefined) throw new Error('nothing raised')
    const at = office.now()
    const entry = (act: 'door-alarm-raised' | 'door-alarm-settled') => ({
      at,
      asOf: at,
      act,
      phase: 'recorded' as const,
      subject: null,
      actor: { personId: null, role: 'security', onBehalfOf: null },
      system: 'data-centre',
      request: null,
      cause: { kind: 'door-alarm', ref: raised.id },
    })
    const entries = { raised: entry('door-alarm-raised'), settled: entry('door-alarm-settled') }
    await office.records.settle(raised, { by: crypto.randomUUID(), at, comment: 'Sin luz.' }, entries)
    office.time.now += minute
    await office.watch()
    expect(await office.open()).toEqual([])
    await putDevice(office.tables, office.now())
    office.time.now += 10 * minute
    await office.watch()
    expect(await office.open()).toHaveLength(1)
  })
})

describe('somebody inside', () => {
  it('raises an alarm once their access has ended, and none as long as they may be there', async () => {
    office = await openDoorsOffice()
    const id = nationalId()
    const names = { givenNames: 'Rocío', surnames: 'Pincheira Mella' }
    const head = await office.hire(nationalId(), { givenNames: 'Marta', surnames: 'Reyes' }, 'dideco', planta)
    office.units.set('dideco', { id: 'dideco', name: 'Dideco', parent: null, head, deputies: [] })
    const personId = await office.hire(id, names, 'dideco', planta)
    const access = { system: 'data-centre', doors: [serial] }
    const asked = form([activation({ id, ...names, contract: planta }, access, '2026-11-25')])
    const filed = await office.submit(head, asked)
    if (!('filed' in filed)) throw new Error('not filed')
    const { row, lines } = filed.filed
    const [line] = lines
    if (line === undefined) throw new Error('no line')
    const verdict = {
      caller: { personId: crypto.randomUUID(), roles: ['authority' as const] },
      number: row.number,
      line: 'A1',
      ifMatch: lineHash(line),
      decision: { decision: 'approve' as const, comment: 'Por turno' },
      repeatable: false,
    }
    await decideLine({ ...office.engine, units: office.unitRegister }, verdict)
    await putUser(office.tables, { pin, personId })
    await office.upload([{ index: 1, at: office.time.now, pin, way: 0 }])
    const granted = (await office.engine.people.load(personId))?.grants.length ?? 0
    expect(await office.watch()).toMatchObject({ inside: 1 })
    const before = await office.open()
    office.time.now = Date.parse('2026-11-27T12:00:00.000Z')
    await office.watch()
    await office.watch()
    const after = await office.open()
    expect(after.map(({ kind, personId: of, times }) => [kind, of, times])).toEqual([
      ['inside-after-hold', personId, 1],
    ])
    expect([granted, before.length]).toEqual([1, 0])
    await office.deliver()
    const told = office.mails.find(({ subject }) => subject.startsWith('Centro de datos'))
    expect(told?.text).toContain('Rocío Pincheira Mella (dideco)')
  })

  it('is still looked for where another one’s record is broken, which is told', async () => {
    office = await openDoorsOffice()
    const broken = crypto.randomUUID()
    await putUser(office.tables, { pin, personId: broken })
    await putUser(office.tables, { pin: '1000002', personId: crypto.randomUUID() })
    await office.upload([
      { index: 1, at: office.time.now, pin, way: 0 },
      { index: 2, at: office.time.now, pin: '1000002', way: 0 },
    ])
    const { people } = office.engine
    const load = people.load
    people.load = async id => {
      if (id === broken) throw new Error('a bug')
      return load(id)
    }
    expect(await office.watch()).toMatchObject({ inside: 2, broken: 1 })
    expect((await office.open()).map(({ kind, pin: of }) => [kind, of])).toEqual([
      ['inside-after-hold', '1000002'],
    ])
  })
})

describe('security', () => {
  it.each([
    ['unsettled', 2],
    ['page', 1],
  ] as const)('is told of all the same where the log of visits is broken (%s)', async (part, times) => {
    office = await openDoorsOffice()
    await office.alarms.raise(alarm('forced-door'))
    const broken = {
      ...office.visits,
      [part]: () => Promise.reject(new Error('a row that cannot be read')),
    }
    expect(await office.watch(broken)).toMatchObject({ told: 1, broken: times })
    expect(office.logged).toContain('broken')
  })

  it('is told of each alarm once, in the ledger and by a mail without a card or a national id', async () => {
    office = await openDoorsOffice()
    await office.alarms.raise(alarm('forced-door'))
    await office.alarms.raise(alarm('forced-door', { at: new Date(office.time.now + 1000).toISOString() }))
    expect(await office.watch()).toMatchObject({ told: 1 })
    expect(await office.watch()).toMatchObject({ told: 0 })
    expect(await office.deliver()).toEqual(['sent'])
    expect(office.mails).toMatchObject([
      {
        to: office.settings.notices.security ?? office.settings.notices.escalation,
        subject: 'Centro de datos: puerta forzada, en Centro de datos',
      },
    ])
    expect(office.mails[0]?.text).toContain(
      '- En Centro de datos, 2 veces desde el 20-11-2026 12:00: puerta forzada.',
    )
    const [open] = await office.open()
    expect(open?.toldAt).toBe(office.now())
    const [entry, ...more] = await office.entries(`alarm/${open?.id}`)
    expect([entry?.act, entry?.actor.role, more]).toEqual(['door-alarm-raised', 'system', []])
    const heads = createHeadStore(office.tables)
    expect(await heads.ofAlarms()).toEqual([`alarm/${open?.id}`])
    expect((await heads.of(await heads.ofAlarms())).get(`alarm/${open?.id}`)?.sequence).toBe(1)
  })

  it('gets one mail of many alarms, and not one a minute of what can wait', async () => {
    office = await openDoorsOffice()
    for (let badge = 0; badge < 70; badge++)
      await office.alarms.raise(alarm('expired-badge', { pin: String(1_000_000 + badge) }))
    expect(await office.watch()).toMatchObject({ told: 70 })
    expect(await office.deliver()).toEqual(['sent', 'sent', 'sent'])
    expect(office.mails.map(({ subject }) => subject).sort()).toEqual([
      'Centro de datos: 10 alarmas nuevas',
      'Centro de datos: 30 alarmas nuevas',
      'Centro de datos: 30 alarmas nuevas',
    ])
    office.time.now += minute
    await office.alarms.raise(alarm('held-open'))
    expect(await office.watch()).toMatchObject({ told: 0 })
    office.time.now += minute
    await office.alarms.raise(alarm('duress'))
    expect(await office.watch()).toMatchObject({ told: 2 })
    office.time.now += minute
    await office.alarms.raise(alarm('unknown-card'))
    expect(await office.watch()).toMatchObject({ told: 0 })
    office.time.now += 10 * minute
    expect(await office.watch()).toMatchObject({ told: 1 })
  })

  it('is told once where two runs come at the same time', async () => {
    office = await openDoorsOffice()
    await office.alarms.raise(alarm('tamper'))
    const runs = await Promise.all([office.watch(), office.watch(), office.watch()])
    expect(runs.map(({ told }) => told).sort()).toEqual([0, 0, 1])
    expect(await office.deliver()).toEqual(['sent'])
  })
})
