import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { afterEach, describe, expect, it } from 'vitest'
import { doorKeys } from '../../functions/stores/door-keys.ts'
import { type DoorsOffice, lineOf, openDoorsOffice, putUser, serial, written } from './doors-office.ts'

const pin = '1000001'
const personId = '0199a3c4-5b7e-7c11-8d22-9f0a1b2c3d4e'
const minute = 60_000
const day = 86_400_000

let office: DoorsOffice
const open = async (...how: Parameters<typeof openDoorsOffice>) => {
  office = await openDoorsOffice(...how)
  return office
}
afterEach(() => office.close())

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, place) => from + place)
/** Events a second apart, the last of them now. */
const upTo = (from: number, to: number, more: object = {}) =>
  range(from, to).map(index => ({ index, at: office.time.now - (to - index) * 1000, event: 200, ...more }))
const named = (indexes: readonly number[], epoch = 1) => indexes.map(index => `${epoch}:${index}`)

describe('what a door reports', () => {
  it('is kept once, however often and in whichever order it is uploaded', async () => {
    await open()
    const all = upTo(1, 60)
    await office.upload(all.slice(20, 40))
    await office.upload(all.slice(0, 25))
    await office.upload(all.slice(20, 40))
    await office.upload(all.slice(35))
    await office.upload(all)
    expect(await office.kept()).toEqual(named(range(1, 60)))
    expect(await office.movements.seen(serial)).toMatchObject({ total: 60, current: { kept: [[1, 60]] } })
  })

  it('is kept once where the same uploads come at the same time, over a store that refuses and hangs up', async () => {
    await open({}, { seed: 7, rate: 0.05 })
    const all = upTo(1, 40)
    const uploads = [all.slice(0, 20), all.slice(10, 30), all.slice(20), all, all.slice(5, 15)]
    // As a device does: what was not answered is sent again.
    const send = async (lines: typeof all): Promise<void> => {
      for (let attempt = 0; attempt < 20; attempt++)
        try {
          return await office.upload(lines)
        } catch {}
      throw new Error('never kept')
    }
    await Promise.all([...uploads, ...uploads].map(send))
    expect(await office.kept()).toEqual(named(range(1, 40)))
  })

  it('comes whole where twenty thousand events were kept back, in parts that each fit an item', async () => {
    await open()
    const all = range(1, 20_000).map(index => ({
      index,
      at: office.time.now - (20_000 - index) * 20_000,
      event: 200,
      pin: String(1_000_000 + (index % 300)),
      card: String(10 ** 17 + index),
    }))
    await office.upload(all)
    const days = range(0, 5).map(back => new Date(office.time.now - back * day).toISOString().slice(0, 10))
    expect(await office.kept(days)).toEqual(named(range(1, 20_000)))
    const sizes = (await office.dynamo.snapshot()).doors?.map(item => JSON.stringify(item).length) ?? []
    expect(Math.max(...sizes)).toBeLessThan(300_000)
  })

  it('keeps the good lines of a damaged upload, and does not ask for ever for the others', async () => {
    await open()
    const [one, two, three] = upTo(1, 3).map(lineOf)
    await office.upload([one ?? '', (two ?? '').replace(/event=\d+/, 'event=?'), three ?? ''])
    expect(await office.kept()).toEqual(named([1, 3]))
    expect(await office.events.missing(serial, office.now())).toEqual([])
    expect(office.logged).toContain('events-damaged')
    await office.upload([two ?? ''])
    expect(await office.kept()).toEqual(named([1, 2, 3]))
  })

  it('goes on when the device was wiped and counts from 1 again', async () => {
    await open()
    await office.upload(upTo(1, 10))
    office.time.now += minute
    const again = upTo(1, 5)
    await office.upload(again)
    await office.upload(again)
    expect(await office.kept()).toEqual(
      [1, 2, 3, 4, 5].flatMap(index => [`1:${index}`, `2:${index}`]).concat(named(range(6, 10))),
    )
  })

  it('is forgotten after the days of the setting, and not read any more from that moment', async () => {
    await open({ movementDays: 30 })
    const { now } = office.time
    await office.upload(upTo(1, 3))
    const on = [office.now().slice(0, 10)]
    office.time.now = now + 30 * day - minute
    expect(await office.kept(on)).toHaveLength(3)
    office.time.now = now + 30 * day + minute
    expect(await office.kept(on)).toEqual([])
  })

  it('is kept from its arrival where the clock of the device cannot be right', async () => {
    await open({ movementDays: 30 })
    await office.upload([{ index: 1, at: Date.parse('2001-05-05T12:00:00.000Z') }])
    expect(await office.kept(['2001-05-05'])).toEqual(['1:1'])
  })
})

describe('what a door has not reported', () => {
  it('is asked for, and no more once it came', async () => {
    await open()
    const all = upTo(1, 20)
    await office.upload([...all.slice(0, 5), ...all.slice(9)])
    expect(await office.events.missing(serial, office.now())).toEqual([{ from: 6, to: 9 }])
    expect(await office.events.missing(serial, office.now())).toEqual([])
    office.time.now += 6 * minute
    expect(await office.events.missing(serial, office.now())).toEqual([{ from: 6, to: 9 }])
    await office.upload(all.slice(5, 9))
    office.time.now += day
    expect(await office.events.missing(serial, office.now())).toEqual([])
    expect(await office.open()).toEqual([])
  })

  it('raises an alarm once it is given up, and is still kept should it come', async () => {
    await open({ missingTries: 2 })
    const all = upTo(1, 20)
    await office.upload([...all.slice(0, 5), ...all.slice(9)])
    for (let turn = 0; turn < 5; turn++) {
      await office.events.missing(serial, office.now())
      office.time.now += 30 * minute
    }
    expect(await office.open()).toMatchObject([{ kind: 'events-lost', serial, times: 1 }])
    expect(await office.movements.seen(serial)).toMatchObject({ lost: 4 })
    await office.upload(all.slice(5, 9))
    expect(await office.kept()).toEqual(named(range(1, 20)))
  })

  it('is asked for by one of two calls that come at once', async () => {
    await open()
    await office.upload([...upTo(1, 5), ...upTo(8, 9)])
    const answers = await Promise.all([1, 2, 3].map(() => office.events.missing(serial, office.now())))
    expect(answers.filter(({ length }) => length > 0)).toHaveLength(1)
  })
})

describe('whoever passes a door', () => {
  it('is inside or not by the later event, however late the earlier one comes', async () => {
    await open()
    await putUser(office.tables, { pin, personId })
    const { now } = office.time
    await office.upload([{ index: 3, at: now - 1000, pin, way: 1 }])
    await office.upload([
      { index: 1, at: now - 5000, pin, way: 0 },
      { index: 2, at: now - 3000, event: 23, pin, way: 0 },
    ])
    expect(await office.presences.of(pin)).toMatchObject({ inside: false, personId })
    expect(await office.presences.inside()).toEqual([])
    await office.upload([{ index: 4, at: now, pin, way: 0 }])
    expect(await office.presences.inside()).toMatchObject([{ pin, personId, serial, inside: true }])
  })

  it('is not held inside by a clock that is ahead', async () => {
    await open()
    const { now } = office.time
    await office.upload([{ index: 1, at: now + 3 * day, pin, way: 0 }])
    office.time.now += minute
    await office.upload([{ index: 2, at: office.time.now, pin, way: 1 }])
    expect(await office.presences.inside()).toEqual([])
  })
})

describe('an alarm', () => {
  it('is raised once and counts what happens again, not what is uploaded again', async () => {
    await open()
    const shown = upTo(1, 3, { event: 27, card: '987654' })
    await office.upload(shown.slice(0, 2))
    await office.upload(shown)
    await office.upload(shown)
    expect(await office.open()).toMatchObject([{ kind: 'unknown-card', times: 3, pin: null, personId: null }])
    expect(JSON.stringify(await office.open())).not.toContain('987654')
  })

  it('counts once where a run died before its events were kept, and the device sends again', async () => {
    await open()
    const shown = upTo(1, 3, { event: 27, card: '987654' })
    const { keep } = office.movements
    office.movements.keep = () => Promise.reject(new Error('died'))
    await expect(office.upload(shown)).rejects.toThrow('died')
    expect(await office.kept()).toEqual([])
    office.movements.keep = keep
    await office.upload(shown)
    expect(await office.open()).toMatchObject([{ kind: 'unknown-card', times: 3 }])
    expect(await office.kept()).toEqual(named([1, 2, 3]))
  })

  it('knows a withdrawn badge by its card, of which the device knows nothing any more', async () => {
    await open()
    await putUser(office.tables, { pin, personId, present: false })
    await office.tables.client.send(
      new PutCommand({ TableName: office.tables.doors, Item: { ...doorKeys.knownCard('5554321'), pin } }),
    )
    await office.upload([{ index: 1, at: office.time.now, event: 27, card: '5554321' }])
    expect(await office.open()).toMatchObject([{ kind: 'withdrawn-badge', pin, personId }])
    expect(await office.presences.inside()).toEqual([])
  })

  it('tells a withdrawn badge, a lost card and a stranger', async () => {
    await open()
    await putUser(office.tables, { pin, personId, present: false })
    await office.tables.client.send(
      new PutCommand({ TableName: office.tables.doors, Item: { ...doorKeys.lostCard('5551234'), pin } }),
    )
    const { now } = office.time
    await office.upload([
      { index: 1, at: now - 3000, event: 23, pin },
      { index: 2, at: now - 2000, event: 27, card: '5551234' },
      { index: 3, at: now - 1000, pin: '1000009' },
    ])
    const raised = (await office.open()).map(({ kind, personId: of, pin: shown }) => [kind, of, shown])
    expect(raised.sort()).toEqual([
      ['lost-card', null, null],
      ['stranger-on-device', null, '1000009'],
      ['withdrawn-badge', personId, pin],
    ])
  })

  it('tells a clock that is off, and that it is right again', async () => {
    await open()
    await office.upload([{ index: 1, at: office.time.now + 10 * minute, event: 200 }])
    expect(await office.open()).toMatchObject([{ kind: 'clock-drift', serial }])
    await office.watch()
    expect(await office.open()).toHaveLength(1)
    office.time.now += minute
    await office.events.take(serial, 'rtstate', `time=${written(office.time.now)}\tsensor=01\n`, office.now())
    await office.watch()
    expect(await office.open()).toEqual([])
    expect(await office.movements.seen(serial)).toMatchObject({ clockOff: 0 })
  })

  it('is not raised for a clock because events were kept back', async () => {
    await open()
    const { now } = office.time
    await office.upload([{ index: 1, at: now - 40 * minute, event: 200 }])
    await office.upload([{ index: 2, at: now - 30 * minute, event: 200 }])
    expect(await office.open()).toEqual([])
  })
})
