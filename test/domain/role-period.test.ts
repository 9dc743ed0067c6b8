import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addDays } from '../../functions/domain/civil-time.ts'
import {
  actOfChange,
  isInForce,
  isLasting,
  needsTwo,
  periodWhenApproved,
  rolesOn,
  takesAway,
  wantedPeriod,
} from '../../functions/domain/role-period.ts'

const today = '2026-11-20'
const yesterday = '2026-11-19'
const since2024 = { from: '2024-01-01', until: null }
const wanted = (standing: Parameters<typeof wantedPeriod>[0], sent: { from?: string; until?: string }) =>
  wantedPeriod(standing, { from: sent.from, until: sent.until ?? null }, today)

describe('a role', () => {
  it('is had on its first and on its last day', () => {
    const period = { from: '2026-11-16', until: '2026-11-20' }
    const days = ['2026-11-15', '2026-11-16', '2026-11-20', '2026-11-21']
    expect(days.map(day => isInForce(period, day))).toEqual([false, true, true, false])
    expect(rolesOn([{ role: 'it', ...period }], '2026-11-20')).toEqual(['it'])
    expect(rolesOn([{ role: 'it', ...period }], '2026-11-21')).toEqual([])
  })

  it('needs two people where it decides over others: security and authority', () => {
    expect((['hr', 'it', 'security', 'authority'] as const).filter(needsTwo)).toEqual([
      'security',
      'authority',
    ])
  })
})

describe('what is to stand', () => {
  it('begins today unless said otherwise, and is open', () => {
    expect(wanted(null, {})).toEqual({ period: { from: today, until: null } })
    expect(wanted(null, { from: '2027-01-01', until: '2027-06-30' })).toEqual({
      period: { from: '2027-01-01', until: '2027-06-30' },
    })
  })

  it('keeps the beginning of what is in force', () => {
    expect(wanted(since2024, {})).toEqual({ period: since2024 })
    expect(wanted(since2024, { from: today, until: '2026-12-31' })).toEqual({
      period: { from: '2024-01-01', until: '2026-12-31' },
    })
    expect(wanted(since2024, { from: '2024-01-01' })).toEqual({ period: since2024 })
  })

  it('never begins in the past', () => {
    const past = { faults: [{ pointer: '/from', code: 'role.past' }] }
    expect(wanted(null, { from: yesterday })).toEqual(past)
    expect(wanted(since2024, { from: '2025-01-01' })).toEqual(past)
  })

  it('ends at once where its last day was yesterday, and not earlier', () => {
    expect(wanted(since2024, { until: yesterday })).toEqual({
      period: { from: '2024-01-01', until: yesterday },
    })
    expect(wanted(since2024, { until: '2026-11-18' })).toEqual({
      faults: [{ pointer: '/until', code: 'role.past' }],
    })
  })

  it('is withdrawn so where it began today or was still to come', () => {
    for (const from of [today, '2027-01-01']) {
      const answer = wanted({ from, until: null }, { until: yesterday })
      expect(answer).toEqual({ period: { from, until: yesterday } })
      for (const day of [yesterday, today, '2027-01-01'])
        expect(isInForce({ from, until: yesterday }, day)).toBe(false)
    }
  })

  it('changes nothing where it is over already, and cannot be taken from whoever never had it', () => {
    const over = { from: '2024-01-01', until: '2025-12-31' }
    expect(wanted(over, { until: yesterday })).toEqual({ period: over })
    expect(wanted(null, { until: yesterday })).toEqual({ conflict: 'role.not-held' })
  })

  it('does not end before it begins', () => {
    const fault = { faults: [{ pointer: '/until', code: 'role.until-before-from' }] }
    expect(wanted(null, { from: '2026-12-01', until: '2026-11-30' })).toEqual(fault)
    expect(wanted(null, { from: today, until: yesterday })).toEqual(fault)
  })

  it('is one period at a time: what is in force is not silently left for a later one', () => {
    expect(wanted(since2024, { from: '2027-01-01' })).toEqual({ conflict: 'role.in-force' })
    expect(wanted({ from: '2027-01-01', until: null }, { from: '2027-03-01' })).toEqual({
      period: { from: '2027-03-01', until: null },
    })
  })

  it('whatever is sent, begins no earlier than today or than it stood', () => {
    const day = fc.integer({ min: -400, max: 400 }).map(days => addDays(today, days))
    const standing = fc.option(fc.record({ from: day, until: fc.option(day) }))
    fc.assert(
      fc.property(standing, fc.option(day), fc.option(day), (stood, from, until) => {
        const answer = wantedPeriod(stood, { from: from ?? undefined, until }, today)
        if (!('period' in answer)) return
        const { period } = answer
        expect(period.from >= today || period.from === stood?.from).toBe(true)
        for (const asked of [-30, -1, 0, 1, 30].map(days => addDays(today, days)))
          if (asked < today && isInForce(period, asked)) expect(stood && isInForce(stood, asked)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('a change that was approved', () => {
  const change = (from: string, until: string | null, standing: typeof since2024 | null = null) => ({
    from,
    until,
    standing,
  })

  it('begins on the day of its approval at the earliest', () => {
    expect(periodWhenApproved(change('2026-11-16', null), today)).toEqual({ from: today, until: null })
    expect(periodWhenApproved(change('2026-12-01', null), today)).toEqual({ from: '2026-12-01', until: null })
  })

  it('ends at once what should be over by now', () => {
    for (const until of ['2026-11-15', '2026-11-18'])
      expect(periodWhenApproved(change('2024-01-01', until, since2024), today)).toEqual({
        from: '2024-01-01',
        until: yesterday,
      })
  })

  it('comes to nothing where its time is over', () => {
    expect(periodWhenApproved(change('2026-11-16', '2026-11-18'), today)).toBeNull()
  })
})

describe('who has a role for good', () => {
  it('loses it by an end, be it years away', () => {
    expect(takesAway(since2024, { from: '2024-01-01', until: '2030-12-31' }, today)).toBe(true)
    expect(takesAway(since2024, since2024, today)).toBe(false)
    expect(
      takesAway({ from: '2024-01-01', until: today }, { from: '2024-01-01', until: yesterday }, today),
    ).toBe(false)
    expect(takesAway(null, { from: today, until: today }, today)).toBe(false)
    expect(isLasting({ from: '2027-01-01', until: null }, today)).toBe(false)
  })

  it('and the ledger calls an earlier end an end, and everything else a grant', () => {
    const until = (day: string | null) => ({ from: '2024-01-01', until: day })
    expect(actOfChange(until(null), until(yesterday))).toBe('role-ended')
    expect(actOfChange(until('2026-12-31'), until('2026-11-30'))).toBe('role-ended')
    expect(actOfChange(until('2026-11-30'), until('2026-12-31'))).toBe('role-granted')
    expect(actOfChange(until('2026-11-30'), until(null))).toBe('role-granted')
    expect(actOfChange(null, until(null))).toBe('role-granted')
  })
})
