import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { instantOfDevice, readRecords, readStateTime } from '../../functions/domain/door-events.ts'

const zone = 'America/Santiago'
const arrival = '2026-12-01T12:00:00.000Z'
const read = (body: string) => readRecords(body, zone, arrival)

const documented =
  'time=2017-01-10 11:49:32\tpin=0\tcardno=0\teventaddr=1\tevent=27\tinoutstatus=1\tverifytype=0\tindex=21'

/** A line as a device would write it. */
const line = (index: number, more: string[] = []) =>
  [
    'time=2026-11-30 10:00:00',
    'pin=1000001',
    'cardno=0',
    'eventaddr=1',
    'event=0',
    'inoutstatus=0',
    'verifytype=1',
    `index=${index}`,
    ...more,
  ].join('\t')

describe('an upload of events', () => {
  it('is read as the protocol documents it', () => {
    expect(read(`${documented}\n`)).toEqual({
      records: [
        {
          index: 21,
          at: '2017-01-10T14:49:32.000Z',
          timeOfDay: '11:49',
          event: 27,
          door: 1,
          pin: null,
          card: null,
          way: 'out',
          verified: 0,
        },
      ],
      damaged: [],
      unreadable: 0,
    })
  })

  it('is read whatever the case of its names, the order of its fields and the ends of its lines', () => {
    const [index, ...rest] = documented.toUpperCase().split('\t').reverse()
    const odd = [...rest, index].join('\t')
    expect(read(`${odd}\r\n${documented}\r\n\r\n`).records).toHaveLength(2)
    expect(read(odd)).toEqual(read(documented))
  })

  it('keeps what is good of it, and tells damaged lines apart by whether their index can be read', () => {
    const body = [
      line(1),
      'index=2\ttime=2026-11-31 10:00:00\tevent=0',
      'index=3\ttime=2026-11-30 10:00:00',
      'time=2026-11-30 10:00:00\tevent=0',
      '\u0000\u0001\t\t=\t',
      'index=9\tindex=10\ttime=2026-11-30 10:00:00\tevent=0',
      'index=99999999999\ttime=2026-11-30 10:00:00\tevent=0',
      line(4, ['pin=7']),
    ].join('\n')
    const { records, damaged, unreadable } = read(body)
    expect(records.map(({ index, pin }) => [index, pin])).toEqual([
      [1, '1000001'],
      // Two pins are none: which one it was would be a guess.
      [4, null],
    ])
    expect([damaged, unreadable]).toEqual([[2, 3], 4])
  })

  it('never throws, and never loses a good line to the damaged ones around it', () => {
    const noise = fc
      .oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ maxLength: 80 }))
      .map(text => text.replace(/[\r\n]/g, ' '))
    const torn = fc
      .tuple(fc.integer({ min: 0, max: 5000 }), fc.nat(130))
      .map(([index, cut]) => line(index).slice(0, cut))
    const good = fc.integer({ min: 10_000, max: 4_294_967_295 }).map(index => ({ index, text: line(index) }))
    fc.assert(
      fc.property(fc.array(fc.oneof(noise, torn, good)), parts => {
        const body = parts.map(part => (typeof part === 'string' ? part : part.text)).join('\n')
        const wanted = parts.flatMap(part => (typeof part === 'string' ? [] : [part.index]))
        const { records, damaged, unreadable } = read(body)
        const found = records.map(({ index }) => index)
        expect(found.filter(index => index >= 10_000)).toEqual(wanted)
        for (const { at, pin, card } of records) {
          expect(new Date(at).toISOString()).toBe(at)
          expect(`${pin ?? 0}${card ?? 0}`).toMatch(/^\d+$/)
        }
        expect(records.length + damaged.length + unreadable).toBeLessThanOrEqual(parts.length)
      }),
    )
  })
})

describe('the local time of a device', () => {
  it.each([
    ['2026-11-30 10:00:00', '2026-11-30T13:00:00.000Z'],
    ['2026-06-30 23:59:59', '2026-07-01T03:59:59.000Z'],
    // Summer time skips midnight: a device that has not changed its clock yet.
    ['2026-09-06 00:30:00', '2026-09-06T04:30:00.000Z'],
  ])('is an instant in the zone of the body: %s', (text, instant) => {
    expect(instantOfDevice(text, zone, arrival)).toBe(instant)
  })

  it('is, where an hour comes twice, the later pass unless that is still to come', () => {
    const twice = '2027-04-03 23:30:00'
    expect(instantOfDevice(twice, zone, '2027-04-04T02:30:02.000Z')).toBe('2027-04-04T02:30:00.000Z')
    expect(instantOfDevice(twice, zone, '2027-04-04T03:30:02.000Z')).toBe('2027-04-04T03:30:00.000Z')
  })

  it.each(['', '2026-11-31 10:00:00', '2026-11-30 24:00:00', '1999-11-30 10:00:00', '2026-11-30T10:00:00Z'])(
    'is none where there is none: %s',
    text => {
      expect(instantOfDevice(text, zone, arrival)).toBeNull()
    },
  )

  it('is told by a report of door states', () => {
    const body = 'time=2026-11-30 10:00:00\tsensor=01\trelay=00\talarm=0000000000000000'
    expect(readStateTime(body, zone, arrival)).toBe('2026-11-30T13:00:00.000Z')
    expect(readStateTime('sensor=01', zone, arrival)).toBeNull()
  })
})
