import { describe, expect, it } from 'vitest'
import {
  editionDue,
  isReminderDay,
  isWeekly,
  remindsOn,
  roundOn,
} from '../../functions/domain/digest-times.ts'
import { valleClaro } from '../personas/body.ts'

const due = (now: string, before: Parameters<typeof editionDue>[1]) => editionDue(valleClaro, before, now)
const yesterday = { edition: '2026-11-19', finishedOn: '2026-11-19' }

describe('the digests of a day', () => {
  it('are made from eight in the morning of the body on, and once', () => {
    expect(due('2026-11-20T10:59:00.000Z', yesterday)).toBeNull()
    expect(due('2026-11-20T11:00:00.000Z', yesterday)).toBe('2026-11-20')
    expect(due('2026-11-20T23:00:00.000Z', { edition: '2026-11-20', finishedOn: '2026-11-20' })).toBeNull()
  })

  it('are made at any hour for a day that went by without, and then no second time that day', () => {
    const before = { edition: '2026-11-17', finishedOn: '2026-11-17' }
    expect(due('2026-11-20T08:00:00.000Z', before)).toBe('2026-11-19')
    const late = { edition: '2026-11-19', finishedOn: '2026-11-20' }
    expect(due('2026-11-20T11:00:00.000Z', late)).toBeNull()
    expect(due('2026-11-21T08:00:00.000Z', late)).toBe('2026-11-20')
  })

  it('wait for the edition that is not finished', () => {
    expect(due('2026-11-20T11:00:00.000Z', { edition: '2026-11-18', finishedOn: null })).toBeNull()
  })
})

describe('the round of renewals', () => {
  it('is open from 1 November to 1 December, both included', () => {
    expect(roundOn(valleClaro, '2026-10-31')).toBeNull()
    expect(roundOn(valleClaro, '2026-11-01')).toMatchObject({ closesOn: '2026-12-01', lastDay: '2026-12-31' })
    expect(roundOn(valleClaro, '2026-12-01')).not.toBeNull()
    expect(roundOn(valleClaro, '2026-12-02')).toBeNull()
  })

  it('is reminded of with its first digest, and with each of its last week', () => {
    const round = roundOn(valleClaro, '2026-11-15')
    if (round === null) throw new Error('no round')
    const reminded = (day: string, before: string | null) => remindsOn(round, day, before)
    expect(reminded('2026-11-01', '2025-12-01')).toBe(true)
    expect(reminded('2026-11-03', null)).toBe(true)
    expect(reminded('2026-11-02', '2026-11-01')).toBe(false)
    expect(reminded('2026-11-23', '2026-11-01')).toBe(false)
    expect(reminded('2026-11-24', '2026-11-01')).toBe(true)
    expect(reminded('2026-12-01', '2026-11-30')).toBe(true)
  })
})

it('brings up what waits after three days, and then every week; what stays open every Monday', () => {
  const days = Array.from({ length: 22 }, (_, day) => `2026-11-${String(day + 1).padStart(2, '0')}`)
  expect(days.filter(day => isReminderDay('2026-11-01', day))).toEqual([
    '2026-11-04',
    '2026-11-08',
    '2026-11-15',
    '2026-11-22',
  ])
  expect(days.filter(isWeekly)).toEqual(['2026-11-02', '2026-11-09', '2026-11-16'])
})
