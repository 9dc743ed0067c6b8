import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { targetOf } from '../../functions/domain/atoms.ts'
import { dayOf, endOfAccess, startOfDay } from '../../functions/domain/civil-time.ts'
import {
  desiredAccess,
  type PersonRecord,
  type RecordSettings,
} from '../../functions/domain/desired-access.ts'
import { contractsOn, foldEvents, isCut } from '../../functions/domain/register.ts'
import { grantTimes, standingAt } from '../../functions/domain/standing.ts'
import type { Grant } from '../../schemas/request.ts'
import { TargetId } from '../../schemas/settings.ts'
import { pedro, planta } from '../personas/people.ts'
import { at, grant, hired, record, zone } from '../personas/record.ts'
import { anyInstantBetween, anyRecord } from './facts.ts'

// Thousands of invented people take their time on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

const required: RecordSettings = { timeZone: zone, personnelRegister: 'required', leaves: [] }
const declared: RecordSettings = { timeZone: zone, personnelRegister: 'declared', leaves: [] }
const now = at('2026-11-20')
const staff = [hired(pedro, 'dideco')]
const erp = (of: PersonRecord, asOf: string) => desiredAccess(of, 'erp', required, asOf)

/** The rule once more, in the plainest way: is this grant live at this instant? */
const plainlyLive = (one: Grant, of: PersonRecord, settings: RecordSettings, asOf: string): boolean => {
  const day = dayOf(asOf, zone)
  const facts = foldEvents(of.events, day, zone)
  if (asOf < startOfDay(one.from, zone) || isCut(facts, one)) return false
  if (one.until !== null && asOf >= endOfAccess(one.until, zone)) return false
  if (one.ended !== null && asOf >= one.ended.at) return false
  const registered = facts.contracts.some(({ key }) => key === one.contract)
  const { startsOn, endsOn } = one.declared
  const running = registered
    ? contractsOn(facts, day).some(({ key }) => key === one.contract)
    : settings.personnelRegister === 'declared' && startsOn <= day && (endsOn === null || day <= endsOn)
  if (!running || facts.holds.length > 0) return false
  if (
    of.holds.some(
      ({ since, until, ended }) => since <= asOf && asOf < (until ?? '~') && asOf < (ended?.at ?? '~'),
    )
  )
    return false
  const order = (grant: Grant) => `${grant.recordedAt} ${grant.request}`
  return !of.grants.some(
    other =>
      other.atom === one.atom &&
      other.unit === one.unit &&
      other.contract === one.contract &&
      order(one) < order(other) &&
      startOfDay(other.from, zone) <= asOf,
  )
}

const anySettings = fc.constantFrom(required, declared)
const opens = ({ atom }: Grant) => atom === 'account' || atom === 'mail' || atom.startsWith('erp:')
const justBefore = (instant: string) => new Date(Date.parse(instant) - 1).toISOString()

describe('at any instant, of anybody', () => {
  it('nobody without a live grant and contract has an account, and everybody with one has', () => {
    fc.assert(
      fc.property(anyRecord, anySettings, anyInstantBetween, (of, settings, asOf) => {
        for (const target of TargetId.options) {
          const live = of.grants.filter(
            one => targetOf(one.atom) === target && plainlyLive(one, of, settings, asOf),
          )
          const desired = desiredAccess(of, target, settings, asOf)
          expect(desired.enabled).toBe(live.some(opens))
          expect(desired.grants).toEqual(live.map(({ id }) => id).sort())
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('the order of facts says nothing', () => {
    fc.assert(
      fc.property(
        anyRecord.chain(of =>
          fc.tuple(
            fc.constant(of),
            fc.shuffledSubarray([...of.events], { minLength: of.events.length }),
            fc.shuffledSubarray([...of.grants], { minLength: of.grants.length }),
          ),
        ),
        anyInstantBetween,
        ([of, events, grants], asOf) => {
          for (const target of TargetId.options)
            expect(
              desiredAccess({ ...of, events: [...events, ...events], grants }, target, required, asOf),
            ).toEqual(desiredAccess(of, target, required, asOf))
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('of two live grants one ends, and the access stays', () => {
    const anyEnd = fc.constantFrom<Partial<Grant>>(
      { ended: { at: now, request: '2026-000002', line: 'C1' } },
      { until: '2026-11-19' },
    )
    fc.assert(
      fc.property(fc.constantFrom('mail', 'account', 'erp:tesoreria'), anyEnd, (atom, end) => {
        const one = { ...grant(planta, { atom }), ...end }
        const other = grant(planta, { atom, unit: 'finanzas' })
        const target = targetOf(atom) ?? 'mail'
        const both = desiredAccess(record({ events: staff, grants: [one, other] }), target, required, now)
        expect(both.enabled).toBe(true)
        expect(both.grants).toEqual([other.id])
      }),
    )
  })

  it('the account works until the instant armed, and no longer is it wanted', () => {
    fc.assert(
      fc.property(anyRecord, anySettings, anyInstantBetween, (of, settings, asOf) => {
        for (const target of TargetId.options) {
          const { enabled, expiresAt } = desiredAccess(of, target, settings, asOf)
          if (!enabled || expiresAt === null) continue
          expect(expiresAt > asOf).toBe(true)
          expect(desiredAccess(of, target, settings, justBefore(expiresAt)).enabled).toBe(true)
          expect(desiredAccess(of, target, settings, expiresAt).enabled).toBe(false)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('nothing changes by time alone before changesAt, and then something does', () => {
    const seen = (of: PersonRecord, target: TargetId, asOf: string) => {
      const { enabled, expiresAt, rights } = desiredAccess(of, target, required, asOf)
      return JSON.stringify({ enabled, expiresAt, rights })
    }
    fc.assert(
      fc.property(
        anyRecord,
        anyInstantBetween,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (of, asOf, part) => {
          for (const target of TargetId.options) {
            const { changesAt } = desiredAccess(of, target, required, asOf)
            const until = Date.parse(changesAt ?? '2029-01-01T00:00:00.000Z') - 1
            const between = new Date(
              Date.parse(asOf) + Math.floor((until - Date.parse(asOf)) * part),
            ).toISOString()
            expect(seen(of, target, between)).toBe(seen(of, target, asOf))
            if (changesAt !== null) expect(seen(of, target, changesAt)).not.toBe(seen(of, target, asOf))
          }
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('gives nobody more in a module than somebody granted', () => {
    fc.assert(
      fc.property(anyRecord, anyInstantBetween, (of, asOf) => {
        const live = of.grants.filter(
          one => one.atom === 'erp:tesoreria' && plainlyLive(one, of, required, asOf),
        )
        for (const right of erp(of, asOf).rights)
          for (const operation of right.operations) {
            const givers = live.filter(
              ({ access }) => access.system === 'erp' && access.operations?.includes(operation),
            )
            expect(givers.length).toBeGreaterThan(0)
            if (right.specific.length === 0)
              expect(
                givers.some(({ access }) => access.system === 'erp' && access.specific === undefined),
              ).toBe(true)
          }
      }),
      { numRuns: 2000 },
    )
  })

  it('stands where its grants stand', () => {
    fc.assert(
      fc.property(anyRecord, anyInstantBetween, (of, asOf) => {
        for (const times of grantTimes(of, required)) {
          const one = times.grant
          const { status, startsAt, endsAt } = standingAt(times, required, asOf)
          expect(status === 'live').toBe(plainlyLive(one, of, required, asOf))
          if (status === 'live' || status === 'held') {
            expect(startsAt <= asOf).toBe(true)
            expect(endsAt === null || endsAt > asOf).toBe(true)
          }
          if (status === 'scheduled') expect(startsAt > asOf).toBe(true)
          if (status === 'ended' && startsAt !== endsAt) expect(endsAt !== null && endsAt <= asOf).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
