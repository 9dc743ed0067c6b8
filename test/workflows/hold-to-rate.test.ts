import { describe, expect, it } from 'vitest'
import { holdToRate } from '../../functions/workflows/hold-to-rate.ts'

const tries = (within: ReturnType<typeof holdToRate>, caller: string, times: number, now: number) =>
  Array.from({ length: times }, () => within(caller, now)).filter(Boolean).length

describe('a rate of calls', () => {
  it('lets a burst through and holds back what is more', () => {
    expect(tries(holdToRate({ burst: 5, perSecond: 1 }), 'A', 9, 0)).toBe(5)
  })

  it('gives back with time, and never more than a burst', () => {
    const within = holdToRate({ burst: 5, perSecond: 2 })
    tries(within, 'A', 5, 0)
    expect(tries(within, 'A', 9, 1_000)).toBe(2)
    expect(tries(within, 'A', 9, 3_600_000)).toBe(5)
  })

  it('is each caller’s own', () => {
    const within = holdToRate({ burst: 1, perSecond: 1 })
    expect([within('A', 0), within('A', 0), within('B', 0)]).toEqual([true, false, true])
  })

  it('gives nothing for a clock that went back', () => {
    const within = holdToRate({ burst: 1, perSecond: 1 })
    within('A', 10_000)
    expect(within('A', 0)).toBe(false)
  })
})
