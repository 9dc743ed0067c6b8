import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addDays,
  dayOf,
  endOfAccess,
  lastDayOfYear,
  normalInstant,
  startOfDay,
} from '../../functions/domain/civil-time.ts'
import { TimeZone } from '../../schemas/calendar.ts'

const zones = [
  'America/Santiago',
  'America/Punta_Arenas',
  'America/Coyhaique',
  'Pacific/Easter',
  'America/Guatemala',
]
const days = fc
  .integer({ min: 0, max: 40_000 })
  .map(days => new Date(Date.UTC(1990, 0, 1) + days * 86_400_000).toISOString().slice(0, 10))

/** 100 ns ticks since 1601, as Active Directory counts. */
const ticks = (instant: string) => (BigInt(Date.parse(instant)) + 11_644_473_600_000n) * 10_000n

describe('the end of an access', () => {
  it.each([
    ['America/Santiago', '2026-12-31', '2027-01-01T03:00:00.000Z'],
    ['America/Punta_Arenas', '2026-12-31', '2027-01-01T03:00:00.000Z'],
    ['Pacific/Easter', '2026-12-31', '2027-01-01T05:00:00.000Z'],
    ['America/Guatemala', '2026-12-31', '2027-01-01T06:00:00.000Z'],
    ['America/Santiago', '2026-06-30', '2026-07-01T04:00:00.000Z'],
    ['America/Punta_Arenas', '2026-06-30', '2026-07-01T03:00:00.000Z'],
  ])('is the start of the next day in %s: %s', (zone, day, instant) => {
    expect(endOfAccess(day, zone)).toBe(instant)
  })

  it.each([
    ['America/Santiago', '2026-09-05', '2026-09-06T04:00:00.000Z'],
    ['America/Santiago', '2027-09-04', '2027-09-05T04:00:00.000Z'],
    // On Easter Island the same change comes at 22:00: its midnight is there.
    ['Pacific/Easter', '2026-09-05', '2026-09-06T05:00:00.000Z'],
  ])('is right where summer time skips an hour of that night: %s, %s', (zone, day, instant) => {
    expect(endOfAccess(day, zone)).toBe(instant)
  })

  it('is what accountExpires says, in its own ticks', () => {
    expect(ticks(endOfAccess('2026-12-31', 'America/Santiago'))).toBe(134432460000000000n)
    expect(ticks(endOfAccess('2026-09-05', 'America/Santiago'))).toBe(134331408000000000n)
  })

  it('stays an instant of four-digit years, however late the day', () => {
    expect(endOfAccess('9999-12-30', 'America/Santiago')).toBe('9999-12-31T03:00:00.000Z')
    expect(endOfAccess('9999-12-31', 'America/Santiago')).toBe('9999-12-31T23:59:59.999Z')
  })

  it('lets every instant of the last day pass, and none of the next', () => {
    fc.assert(
      fc.property(days, fc.constantFrom(...zones), (day, zone) => {
        const end = endOfAccess(day, zone)
        const before = new Date(Date.parse(end) - 1).toISOString()
        expect(dayOf(before, zone)).toBe(day)
        expect(dayOf(end, zone)).toBe(addDays(day, 1))
        expect(dayOf(startOfDay(day, zone), zone)).toBe(day)
        expect(end).toBe(startOfDay(addDays(day, 1), zone))
      }),
      { numRuns: 3000 },
    )
  })
})

describe('civil dates', () => {
  it('cross months, leap days and years', () => {
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
    expect(addDays('2028-02-28', 1)).toBe('2028-02-29')
    expect(addDays('2026-03-01', -1)).toBe('2026-02-28')
    expect(lastDayOfYear('2026-03-01')).toBe('2026-12-31')
  })

  it('stay within four-digit years', () => {
    expect(addDays('9999-12-31', 1)).toBe('9999-12-31')
    expect(addDays('0000-01-01', -1)).toBe('0000-01-01')
  })

  it('knows zones by their names only', () => {
    for (const zone of zones) expect(TimeZone.safeParse(zone).success).toBe(true)
    for (const zone of ['', 'Mars/Olympus', '-03:00', 'America/Santiago; drop'])
      expect(TimeZone.safeParse(zone).success).toBe(false)
  })
})

describe('instants', () => {
  it.each([
    ['2026-11-20T12:00Z', '2026-11-20T12:00:00.000Z'],
    ['2026-11-20T12:00:00Z', '2026-11-20T12:00:00.000Z'],
    ['2026-11-20T12:00:00.123456Z', '2026-11-20T12:00:00.123Z'],
  ])('are written in one way, so that text compares as time: %s', (written, normal) => {
    expect(normalInstant(written)).toBe(normal)
  })
})
