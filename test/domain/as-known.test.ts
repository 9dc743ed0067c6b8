import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asKnown, knownSince } from '../../functions/domain/as-known.ts'
import { instantOfRegister, permissionsOf } from '../../functions/domain/register-rows.ts'
import { maria } from '../personas/people.ts'
import { at, event, grant, hired, zone } from '../personas/record.ts'
import { anyInstantBetween, anyRecord } from './facts.ts'

const settings = { timeZone: zone, personnelRegister: 'required' as const, leaves: [] }
const nothing = { holds: [] }
const permitted = (record: Parameters<typeof permissionsOf>[0], instant: string) =>
  permissionsOf(asKnown(record, instant), settings, instant)

describe('a record as it was known', () => {
  it('does not change by what is recorded later, whatever day it is about', () => {
    fc.assert(
      fc.property(anyRecord, anyRecord, anyInstantBetween, (record, more, instant) => {
        const later = <T extends { readonly id: string }>(facts: readonly T[], since: (fact: T) => string) =>
          facts.filter(fact => since(fact) > instant)
        const grown = {
          events: [...record.events, ...later(more.events, knownSince)],
          grants: [
            ...record.grants.map(one => (one.ended === null ? { ...one, ended: laterEnd(instant) } : one)),
            ...later(more.grants, one => one.recordedAt),
          ],
          holds: [...record.holds, ...later(more.holds, one => one.since)],
        }
        expect(permitted(grown, instant)).toEqual(permitted(record, instant))
      }),
      { numRuns: 1_000 },
    )
  })

  it('has an event from when it was told, not from the day it is about', () => {
    const entered = hired(maria, 'dideco')
    const given = grant(maria.contract, {
      atom: 'mail',
      unit: 'dideco',
      from: '2026-03-01',
      recordedAt: at('2026-03-01'),
    })
    const left = event({ type: 'terminated', effectiveOn: '2026-05-01', recordedAt: at('2026-06-10') })
    const record = { ...nothing, events: [entered, left], grants: [given] }
    expect(permitted(record, at('2026-05-20'))).toHaveLength(1)
    expect(permitted(record, at('2026-06-20'))).toEqual([])
  })
})

const laterEnd = (instant: string) => ({
  at: new Date(Date.parse(instant) + 1).toISOString(),
  request: '2026-999999',
  line: 'C1',
})

describe('the register of permissions', () => {
  const entered = hired(maria, 'dideco')
  const given = (parts: Parameters<typeof grant>[1]) =>
    grant(maria.contract, { unit: 'dideco', from: '2026-03-01', recordedAt: at('2026-03-01'), ...parts })
  const told = (grants: ReturnType<typeof given>[], more: object = {}) =>
    permitted({ ...nothing, events: [entered], grants, ...more }, at('2026-05-20'))

  it('has the right, the unit and the last day by what was known then', () => {
    expect(told([given({ atom: 'erp:tesoreria', until: '2026-09-05' })])).toMatchObject([
      { system: 'erp', right: 'tesoreria', type: 'consulta', unit: 'dideco', until: '2026-09-05' },
    ])
    expect(told([given({ atom: 'internet' })])).toMatchObject([
      { right: 'internet:controlado', until: '2026-12-31' },
    ])
    expect(told([given({ atom: 'account' })])).toMatchObject([{ right: null }])
  })

  it('has nothing that a hold keeps back, and no taking back of removable storage', () => {
    const hold = {
      version: 1 as const,
      id: '00000000-0000-4000-8000-000000000001',
      personId: '00000000-0000-4000-8000-000000000002',
      kind: 'suspension' as const,
      since: at('2026-05-01'),
      until: null,
      ended: { at: at('2026-06-01') },
    }
    expect(told([given({ atom: 'mail' })])).toHaveLength(1)
    expect(told([given({ atom: 'mail' })], { holds: [hold] })).toEqual([])
    const back = { system: 'directory', removableStorage: false } as const
    expect(told([given({ atom: 'removable-storage', access: back })])).toEqual([])
  })
})

describe('the instant of a register', () => {
  it('is the last of a past day in the body’s zone, also of one whose morning has no midnight, and now for today', () => {
    const now = '2026-11-20T15:00:00.000Z'
    const of = (day: string) => instantOfRegister(day, '2026-11-20', now, zone)
    expect(of('2026-11-20')).toBe(now)
    expect(of('2026-11-19')).toBe('2026-11-20T02:59:59.999Z')
    expect(of('2026-09-05')).toBe('2026-09-06T03:59:59.999Z')
  })
})
