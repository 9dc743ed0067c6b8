import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextLook } from '../../functions/domain/daily-look.ts'
import { driftBetween, withoutReported } from '../../functions/domain/drift.ts'
import type { Observation, Right, Step } from '../../schemas/target.ts'

const right = (id: string, more: Partial<Right> = {}): Right => ({
  id,
  operations: [],
  specific: [],
  until: null,
  ...more,
})
const left: Observation = {
  state: 'enabled',
  accountId: 'a',
  name: 'maria.munoz',
  expiresAt: null,
  rights: [right('internet:controlado')],
  retired: false,
  profileHash: 'h',
}
const absent: Observation = { ...left, state: 'absent', accountId: null, name: null, rights: [] }
const kinds = (before: Observation, now: Observation) => driftBetween(before, now).map(({ kind }) => kind)

describe('drift', () => {
  it('is nothing while the account is as it was left', () => {
    expect(kinds(left, left)).toEqual([])
    expect(kinds(absent, absent)).toEqual([])
  })

  it('is an account enabled by hand after it was closed, or closed, or deleted', () => {
    expect(kinds({ ...left, state: 'disabled' }, left)).toEqual(['opened'])
    expect(kinds(absent, left)).toEqual(['opened'])
    expect(kinds(left, { ...left, state: 'disabled' })).toEqual(['closed'])
    expect(kinds(left, absent)).toEqual(['deleted'])
  })

  it('names each right that came, went or became another one', () => {
    const vpn = right('entitlement:vpn')
    const erp = right('tesoreria')
    expect(
      driftBetween(
        { ...left, rights: [erp, right('internet:controlado')] },
        { ...left, rights: [{ ...erp, operations: ['ingreso'] }, vpn] },
      ),
    ).toEqual([
      { kind: 'right-added', right: 'entitlement:vpn' },
      { kind: 'right-lost', right: 'internet:controlado' },
      { kind: 'right-changed', right: 'tesoreria' },
    ])
  })

  it('is another end, name, post or place', () => {
    expect(
      kinds(left, {
        ...left,
        expiresAt: '2027-01-01T03:00:00.000Z',
        profileHash: 'other',
        name: 'mmunoz',
        retired: true,
      }),
    ).toEqual(['end-changed', 'profile-changed', 'renamed', 'moved'])
  })
})

describe('a drift that is only reported', () => {
  const steps: Step[] = [
    { act: 'revoke', right: 'entitlement:vpn' },
    { act: 'grant', right: right('tesoreria') },
    { act: 'enable' },
  ]

  it('is not undone, and everything else is', () => {
    expect(withoutReported(steps, left, new Set(['right-added']))).toEqual(steps.slice(1))
    expect(withoutReported(steps, left, new Set(['closed', 'right-lost']))).toEqual(steps.slice(0, 1))
  })

  it('leaves a deleted account deleted, with nothing done to what is not there', () => {
    expect(withoutReported([{ act: 'create' }, { act: 'enable' }], absent, new Set(['deleted']))).toEqual([])
  })

  it('never keeps an account open', () => {
    const every = new Set([
      'closed',
      'deleted',
      'right-added',
      'right-lost',
      'right-changed',
      'end-changed',
      'profile-changed',
      'renamed',
      'moved',
    ] as const)
    expect(withoutReported([{ act: 'disable' }, { act: 'end-sessions' }], left, every)).toHaveLength(2)
  })
})

describe('the daily look', () => {
  it('comes once in 24 hours, at a time of its own that stays the same', () => {
    fc.assert(
      fc.property(
        fc.uuid(),
        fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
        (key, now) => {
          const first = nextLook(key, now.toISOString())
          const wait = Date.parse(first) - now.getTime()
          expect(wait).toBeGreaterThan(0)
          expect(wait).toBeLessThanOrEqual(86_400_000)
          expect(Date.parse(nextLook(key, first)) - Date.parse(first)).toBe(86_400_000)
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('is spread over the day', () => {
    const hours = new Array<number>(24).fill(0)
    for (let person = 0; person < 2400; person++) {
      const hour = new Date(nextLook(`person-${person} mail`, '2026-11-20T00:00:00.000Z')).getUTCHours()
      hours[hour] = (hours[hour] ?? 0) + 1
    }
    expect(Math.min(...hours)).toBeGreaterThan(50)
    expect(Math.max(...hours)).toBeLessThan(200)
  })
})
