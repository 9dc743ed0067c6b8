import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { targetOf } from '../../functions/domain/atoms.ts'
import { dayOf, endOfAccess, lastDayOfYear, laterOf, startOfDay } from '../../functions/domain/civil-time.ts'
import { follows } from '../../functions/domain/contract.ts'
import { desiredAccess, type PersonRecord } from '../../functions/domain/desired-access.ts'
import { contractsOn, foldEvents, isCut, isLeft, isMoved } from '../../functions/domain/register.ts'
import { grantTimes } from '../../functions/domain/standing.ts'
import type { HrEvent } from '../../schemas/hr-event.ts'
import type { Grant } from '../../schemas/request.ts'
import { TargetId } from '../../schemas/settings.ts'
import { contrata, contrataOf, maria } from '../personas/people.ts'
import { event, grant, hired, record, zone } from '../personas/record.ts'
import { anyInstantBetween, anyRecord } from './facts.ts'

// Thousands of invented people take their time on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

const settings = { timeZone: zone, personnelRegister: 'required' as const, leaves: [] }
const end = '2027-01-01T03:00:00.000Z'
const nextEnd = '2028-01-01T03:00:00.000Z'
const instant = (from: string, to: string) =>
  fc.integer({ min: Date.parse(from), max: Date.parse(to) - 1 }).map(time => new Date(time).toISOString())

/** From the opening of the round to the last second of the year. */
const inTheRound = instant('2026-11-01T03:00:00.000Z', end)
const yearly = hired(maria, 'dideco')
const atoms = ['mail', 'account', 'erp:tesoreria'] as const

/** Both acts, each at a time of its own; human resources in either way, as of that day or of 1 January. */
const bothActs = fc
  .record({
    atom: fc.constantFrom(...atoms),
    head: inTheRound,
    personnel: inTheRound,
    same: fc.boolean(),
    ahead: fc.boolean(),
  })
  .map(({ atom, head, personnel, same, ahead }) => ({
    atom,
    settledAt: laterOf(head, personnel),
    first: grant(contrata, { atom, until: '2026-12-31' }),
    renewal: grant(contrata, {
      atom,
      origin: 'renewal',
      from: '2027-01-01',
      until: '2027-12-31',
      request: '2026-000900',
      recordedAt: head,
    }),
    told: event({
      type: 'contract-renewed',
      effectiveOn: ahead ? '2027-01-01' : dayOf(personnel, zone),
      contract: same ? { ...contrata, endsOn: '2027-12-31' } : contrataOf(2027),
      recordedAt: personnel,
    }),
  }))

type Acts = { atom: Grant['atom']; first: Grant; renewal: Grant; told: HrEvent }
const wanted = ({ atom }: Acts, events: HrEvent[], grants: Grant[], asOf: string) =>
  desiredAccess(record({ events: [yearly, ...events], grants }), targetOf(atom) ?? 'mail', settings, asOf)

describe('whenever head and human resources act', () => {
  it('the end is moved on as soon as both have, and nobody is without access for an instant', () => {
    fc.assert(
      fc.property(bothActs, instant('2026-11-01T03:00:00.000Z', nextEnd), (acts, asOf) => {
        const { first, renewal, told, settledAt } = acts
        expect(wanted(acts, [told], [first, renewal], settledAt).expiresAt).toBe(nextEnd)
        const then = wanted(acts, [told], [renewal, first], asOf)
        expect(then).toMatchObject({ enabled: true, expiresAt: nextEnd, changesAt: nextEnd })
      }),
      { numRuns: 1000 },
    )
  })

  it('without either there is nothing past 31 December, and until then nothing less', () => {
    fc.assert(
      fc.property(
        bothActs,
        instant('2026-11-01T03:00:00.000Z', end),
        instant(end, nextEnd),
        (acts, before, after) => {
          const { first, renewal, told } = acts
          for (const [events, grants] of [
            [[told], [first]],
            [[], [first, renewal]],
            [[], [first]],
          ] as [HrEvent[], Grant[]][]) {
            expect(wanted(acts, events, grants, before)).toMatchObject({ enabled: true, expiresAt: end })
            expect(wanted(acts, events, grants, after).enabled).toBe(false)
          }
        },
      ),
      { numRuns: 1000 },
    )
  })
})

/** Somebody at random, some of whose grants are renewals. */
const anyRenewer = fc.tuple(anyRecord, fc.integer({ min: 1, max: 255 })).map(
  ([of, some]): PersonRecord => ({
    ...of,
    grants: of.grants.map((one, index) =>
      (some >> index) & 1 ? { ...one, origin: 'renewal' as const } : one,
    ),
  }),
)

/** The rule once more, in the plainest way: which contracts carry this grant on a day? */
const carried = (one: Grant, of: PersonRecord, asOf: string): boolean => {
  const day = dayOf(asOf, zone)
  const facts = foldEvents(of.events, day, zone)
  return contractsOn(facts, day).some(({ key, contract, unit }) =>
    key === one.contract
      ? !isCut(facts, one)
      : one.origin === 'renewal' &&
        follows(contract, one.declared) &&
        contract.startsOn <= lastDayOfYear(one.from) &&
        (unit === null || unit === one.unit) &&
        !isLeft(facts, one) &&
        !isMoved(facts, one) &&
        !isCut(facts, { ...one, contract: key }),
  )
}

const asked = (one: Grant, asOf: string): boolean =>
  startOfDay(one.from, zone) <= asOf &&
  (one.until === null || asOf < endOfAccess(one.until, zone)) &&
  (one.ended === null || asOf < one.ended.at)

describe('of anybody, renewals among what they were given', () => {
  it('each grant is justified by what is asked and by a contract, and ends early only for a later line', () => {
    fc.assert(
      fc.property(anyRenewer, anyInstantBetween, (of, asOf) => {
        for (const { grant: one, justified } of grantTimes(of, settings)) {
          const stands = justified.some(({ start, end: until }) => start <= asOf && asOf < until)
          const may = asked(one, asOf) && carried(one, of, asOf)
          if (stands) expect(may).toBe(true)
          if (may && !stands)
            expect(
              of.grants.some(
                other =>
                  other.id !== one.id &&
                  other.unit === one.unit &&
                  other.atom === one.atom &&
                  `${other.recordedAt} ${other.request}` > `${one.recordedAt} ${one.request}` &&
                  startOfDay(other.from, zone) <= asOf,
              ),
            ).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('the order of facts says nothing, and the account works until the instant armed and no longer', () => {
    const shuffled = anyRenewer.chain(of =>
      fc.tuple(
        fc.constant(of),
        fc.shuffledSubarray([...of.events], { minLength: of.events.length }),
        fc.shuffledSubarray([...of.grants], { minLength: of.grants.length }),
      ),
    )
    fc.assert(
      fc.property(shuffled, anyInstantBetween, ([of, events, grants], asOf) => {
        for (const target of TargetId.options) {
          const desired = desiredAccess(of, target, settings, asOf)
          expect(desiredAccess({ ...of, events, grants }, target, settings, asOf)).toEqual(desired)
          if (!desired.enabled || desired.expiresAt === null) continue
          const before = new Date(Date.parse(desired.expiresAt) - 1).toISOString()
          expect(desiredAccess(of, target, settings, before).enabled).toBe(true)
          expect(desiredAccess(of, target, settings, desired.expiresAt).enabled).toBe(false)
        }
      }),
      { numRuns: 1500 },
    )
  })
})
