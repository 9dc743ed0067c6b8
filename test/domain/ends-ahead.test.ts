import { describe, expect, it } from 'vitest'
import { endsAhead, endsToTell, thresholdOf } from '../../functions/domain/ends-ahead.ts'
import type { PersonRecord } from '../../functions/domain/standing.ts'
import { valleClaro } from '../personas/body.ts'
import { contrata, contrataOf, maria, planta } from '../personas/people.ts'
import { at, event, grant, hired, hold, record } from '../personas/record.ts'

const yearly = { ...maria, contract: contrata }
const newYear = '2027-01-01T03:00:00.000Z'
const all = (parts: Partial<PersonRecord> = {}) =>
  record({
    events: [hired(yearly, 'dideco')],
    grants: ['account', 'mail', 'erp:bodega'].map(atom => grant(contrata, { atom })),
    ...parts,
  })
const ahead = (of: PersonRecord, day: string) => endsAhead(of, valleClaro, at(day))
const daysAt = (of: PersonRecord, day: string) => [...new Set(ahead(of, day).map(({ days }) => days))]

describe('ends ahead', () => {
  it('are an account’s, a mailbox’s and each module’s, by the last day with it', () => {
    expect(ahead(all(), '2026-12-01')).toEqual([
      { target: 'directory', module: null, endsAt: newYear, lastDay: '2026-12-31', days: 30 },
      { target: 'mail', module: null, endsAt: newYear, lastDay: '2026-12-31', days: 30 },
      { target: 'erp', module: 'bodega', endsAt: newYear, lastDay: '2026-12-31', days: 30 },
    ])
  })

  it('are not yet told of sixty-one days before, and still on the last day', () => {
    expect(ahead(all(), '2026-10-31')).toEqual([])
    expect(daysAt(all(), '2026-11-01')).toEqual([60])
    expect(daysAt(all(), '2026-12-31')).toEqual([0])
    expect(ahead(all(), '2027-01-01')).toEqual([])
  })

  it('count days across the day on which the clock is changed', () => {
    const until = (day: string) => all({ grants: [grant(contrata, { atom: 'mail', until: day })] })
    expect(daysAt(until('2026-09-12'), '2026-09-05')).toEqual([7])
  })

  it('are moved by a renewal that is granted already, and then nothing is told', () => {
    const next = contrataOf(2027)
    const renewed = all({
      events: [
        hired(yearly, 'dideco'),
        event({
          type: 'contract-renewed',
          effectiveOn: '2027-01-01',
          contract: next,
          recordedAt: at('2026-11-20'),
        }),
      ],
      grants: [
        grant(contrata, { atom: 'mail' }),
        grant(next, { atom: 'mail', from: '2027-01-01', recordedAt: at('2026-11-20') }),
      ],
    })
    expect(ahead(renewed, '2026-12-01')).toEqual([])
  })

  it('are not those by which a termination or a leave ends an access', () => {
    const events = (type: 'terminated' | 'contract-ended' | 'leave-started') => [
      hired(yearly, 'dideco'),
      event({ type, effectiveOn: '2026-12-15', recordedAt: at('2026-11-20') }),
    ]
    for (const type of ['terminated', 'contract-ended', 'leave-started'] as const)
      expect([type, ahead(all({ events: events(type) }), '2026-12-01')]).toEqual([type, []])
  })

  it('are nothing to whoever is held', () => {
    expect(ahead(all({ holds: [hold({ since: at('2026-11-01') })] }), '2026-12-01')).toEqual([])
  })

  it('are none where nothing ends', () => {
    const permanent = record({
      events: [hired({ ...maria, contract: planta }, 'dideco')],
      grants: [grant(planta, { atom: 'mail' })],
    })
    expect(ahead(permanent, '2026-12-01')).toEqual([])
  })
})

describe('what is told of an end', () => {
  it('is told sixty, thirty, seven days and one day before', () => {
    expect([61, 60, 31, 30, 8, 7, 2, 1, 0].map(thresholdOf)).toEqual([null, 60, 60, 30, 30, 7, 7, 1, 1])
  })

  it('is told once at each, also where a day went by unnoticed', () => {
    const days = [
      '2026-11-01',
      '2026-11-02',
      '2026-12-02',
      '2026-12-03',
      '2026-12-24',
      '2026-12-30',
      '2026-12-31',
    ]
    let told: Record<string, number> = {}
    const when = days.filter(day => {
      const fresh = endsToTell(ahead(all(), day), told)
      told = { ...told, ...Object.fromEntries(fresh.map(end => [end.endsAt, thresholdOf(end.days) ?? 0])) }
      return fresh.length > 0
    })
    expect(when).toEqual(['2026-11-01', '2026-12-02', '2026-12-24', '2026-12-30'])
  })

  it('is told of a moved end as of another one', () => {
    const moved = all({ grants: [grant(contrata, { atom: 'mail', until: '2026-12-20' })] })
    expect(endsToTell(ahead(moved, '2026-12-01'), { [newYear]: 30 })).toHaveLength(1)
    expect(endsToTell(ahead(all(), '2026-12-01'), { [newYear]: 30 })).toEqual([])
  })
})
