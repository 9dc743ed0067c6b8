import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DoorRecord } from '../../functions/domain/door-events.ts'
import { gapsOf, holds, withoutIndex, withRange } from '../../functions/domain/index-ranges.ts'
import {
  askMissing,
  clockOffBy,
  foldRecords,
  missingCount,
  nothingSeen,
} from '../../functions/domain/seen-events.ts'
import type { SeenEvents } from '../../schemas/movements.ts'

const start = Date.parse('2026-11-20T12:00:00.000Z')
const at = (seconds: number) => new Date(start + seconds * 1000).toISOString()
const minutes = (count: number) => at(count * 60)

/** An event a second, numbered by it. */
const record = (index: number, seconds = index): DoorRecord => ({
  index,
  at: at(seconds),
  timeOfDay: '09:00',
  event: 0,
  door: 1,
  pin: null,
  card: null,
  way: null,
  verified: 0,
})
const upTo = (from: number, to: number, shift = 0) =>
  Array.from({ length: to - from + 1 }, (_, place) => record(from + place, from + place + shift))

const fold = (seen: SeenEvents, records: readonly DoorRecord[], damaged: readonly number[] = []) =>
  foldRecords(seen, { records, damaged })

describe('a set of indexes', () => {
  it('holds exactly what was put in and not taken out', () => {
    const steps = fc.array(fc.record({ from: fc.nat(60), size: fc.nat(8), takes: fc.boolean() }), {
      maxLength: 40,
    })
    fc.assert(
      fc.property(steps, all => {
        const plain = new Set<number>()
        let ranges: ReturnType<typeof withRange> = []
        for (const { from, size, takes } of all) {
          if (takes) plain.delete(from)
          else for (let index = from; index <= from + size; index++) plain.add(index)
          ranges = takes ? withoutIndex(ranges, from) : withRange(ranges, [from, from + size])
        }
        for (let index = -1; index < 80; index++)
          expect([index, holds(ranges, index)]).toEqual([index, plain.has(index)])
        for (const [from, to] of gapsOf(ranges)) expect(to).toBeGreaterThanOrEqual(from)
      }),
    )
  })
})

describe('the events of a device', () => {
  it('are kept once each, in whichever order and however often uploads come', () => {
    const uploads = fc.array(fc.array(fc.integer({ min: 1, max: 80 }), { maxLength: 30 }), { maxLength: 12 })
    fc.assert(
      fc.property(uploads, all => {
        const kept: number[] = []
        let seen = nothingSeen('A1')
        for (const indexes of all) {
          const folded = fold(
            seen,
            indexes.map(index => record(index)),
          )
          kept.push(...folded.fresh.map(({ record: { index } }) => index))
          seen = folded.seen
        }
        const sent = [...new Set(all.flat())].sort((one, other) => one - other)
        expect(kept.toSorted((one, other) => one - other)).toEqual(sent)
        expect(seen.total).toBe(sent.length)
        expect(seen.current.number).toBe(1)
        const span = sent.length === 0 ? 0 : (sent.at(-1) ?? 0) - (sent[0] ?? 0) + 1
        expect(missingCount(seen)).toBe(span - sent.length)
      }),
    )
  })

  it('go on when its memory was wiped and it counts from 1 again', () => {
    const before = fold(nothingSeen('A1'), upTo(1, 50)).seen
    const after = fold(before, upTo(1, 20, 1000))
    expect(after.fresh.map(({ epoch, record: { index } }) => [epoch, index])).toEqual(
      upTo(1, 20).map(({ index }) => [2, index]),
    )
    // What it had sent before comes once more, late: known all the same.
    const repeated = fold(after.seen, [...upTo(30, 50), ...upTo(1, 20, 1000), ...upTo(21, 22, 1000)])
    expect(repeated.fresh.map(({ epoch, record: { index } }) => [epoch, index])).toEqual([
      [2, 21],
      [2, 22],
    ])
  })

  it('go on when it was wiped together with its clock', () => {
    const before = fold(nothingSeen('A1'), upTo(1, 50)).seen
    const after = fold(before, upTo(1, 3, -800_000_000))
    expect(after.fresh.map(({ epoch }) => epoch)).toEqual([2, 2, 2])
  })

  it('that were missing when it was wiped will never come, which is told', () => {
    const before = fold(nothingSeen('A1'), [...upTo(1, 5), ...upTo(8, 10)]).seen
    expect(fold(before, [record(1, 500)])).toMatchObject({ lost: 2, seen: { lost: 2, asked: [] } })
  })

  it('count as seen though they cannot be read, and are kept should they come whole', () => {
    const torn = fold(nothingSeen('A1'), [record(1), record(3)], [2])
    expect(missingCount(fold(torn.seen, [], [2]).seen)).toBe(0)
    expect(fold(torn.seen, [], [2]).changed).toBe(false)
    const whole = fold(torn.seen, [record(2)])
    expect(whole.fresh).toHaveLength(1)
    expect(fold(whole.seen, [record(2)]).fresh).toEqual([])
  })

  it('leave a short row behind, even of a device that counts only odd numbers', () => {
    const odd = Array.from({ length: 2_000 }, (_, place) => record(2 * place + 1))
    const { seen } = fold(nothingSeen('A1'), odd)
    expect(seen.current.kept.length).toBeLessThanOrEqual(300)
    expect(seen.total).toBe(2_000)
    expect(fold(seen, odd).fresh).toEqual([])
  })

  it('leave a short row behind, even of a device of which every other line is damaged', () => {
    let seen = nothingSeen('A1')
    for (let first = 0; first < 4_000; first += 1_000) {
      const places = Array.from({ length: 250 }, (_, place) => first + 4 * place + 1)
      const damaged = places.map(place => place + 2)
      seen = fold(
        seen,
        places.map(place => record(place)),
        damaged,
      ).seen
    }
    expect(seen.current.closed.length).toBeLessThanOrEqual(300)
    expect(seen.current.kept.length).toBeLessThanOrEqual(300)
    expect(missingCount(seen) + seen.lost + seen.total).toBeLessThanOrEqual(4_000)
    expect(seen.total).toBe(1_000)
  })

  it('are not asked for by the million because of one number that cannot be', () => {
    const { seen, lost } = fold(nothingSeen('A1'), [record(1), record(4_000_000_000)])
    expect([missingCount(seen), lost]).toEqual([0, 3_999_999_998])
    expect(fold(seen, [record(2)]).fresh).toHaveLength(1)
  })
})

describe('what is missing', () => {
  const gappy = fold(nothingSeen('A1'), [...upTo(1, 10), ...upTo(21, 30), record(33)]).seen

  it('is asked for at once, then less and less often, and given up in the end', () => {
    let seen = gappy
    const asked: number[] = []
    let lost = 0
    for (let minute = 0; minute < 24 * 60; minute++) {
      const answer = askMissing(seen, 4, minutes(minute))
      if (answer.ask.length > 0) {
        asked.push(minute)
        expect(answer.ask).toEqual([
          { from: 11, to: 20 },
          { from: 31, to: 32 },
        ])
      }
      lost += answer.lost
      seen = answer.seen
    }
    expect([asked, lost, seen.lost]).toEqual([[0, 5, 15, 35], 12, 12])
    expect(askMissing(seen, 4, minutes(3000))).toMatchObject({ ask: [], lost: 0 })
    expect(fold(seen, [record(15)]).fresh).toHaveLength(1)
  })

  it('is no longer asked for once it has come, and what is left of it is not asked for anew', () => {
    const asked = askMissing(gappy, 4, minutes(0)).seen
    const some = fold(asked, upTo(13, 20)).seen
    expect(askMissing(some, 4, minutes(2)).ask).toEqual([])
    expect(askMissing(some, 4, minutes(6)).ask).toEqual([
      { from: 11, to: 12 },
      { from: 31, to: 32 },
    ])
  })
})

describe('the clock of a device', () => {
  const known = (event: number, came: number): SeenEvents => ({
    ...nothingSeen('A1'),
    clock: { event: at(event), came: at(came) },
  })

  it('is ahead where an event comes before its time', () => {
    expect(clockOffBy(nothingSeen('A1'), at(300), at(0))).toBe(300)
  })

  it('is right where events come within seconds', () => {
    expect(clockOffBy(nothingSeen('A1'), at(0), at(2))).toBe(-2)
  })

  it('is not behind because an event was kept back', () => {
    expect(clockOffBy(nothingSeen('A1'), at(0), at(900))).toBeNull()
    // Two that were kept back come together, however far apart they happened.
    expect(clockOffBy(known(0, 900), at(60), at(901))).toBeNull()
  })

  it('is behind where two events come as far apart as they happened', () => {
    expect(clockOffBy(known(0, 900), at(60), at(961))).toBe(-901)
  })
})
