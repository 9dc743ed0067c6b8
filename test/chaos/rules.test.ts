import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { asKnown } from '../../functions/domain/as-known.ts'
import { endOfAccess, startOfDay } from '../../functions/domain/civil-time.ts'
import {
  desiredAccess,
  type PersonRecord,
  type RecordSettings,
} from '../../functions/domain/desired-access.ts'
import { foldEvents, registerPeriods } from '../../functions/domain/register.ts'
import { grantTimes } from '../../functions/domain/standing.ts'
import type { Hold } from '../../schemas/hold.ts'
import type { HrEvent } from '../../schemas/hr-event.ts'
import type { Grant } from '../../schemas/request.ts'
import { TargetId } from '../../schemas/settings.ts'
import { anyDay, anyInstantBetween, anyRecord, leaves } from '../domain/facts.ts'
import { maria, planta, uuid } from '../personas/people.ts'
import { at, event, hired, zone } from '../personas/record.ts'
import { gives, shouldBeOpen } from './diary.ts'
import { histories, seed } from './how-many.ts'

vi.setConfig({ testTimeout: 3_600_000 })

const runs = { numRuns: histories(10_000), seed }

const anySettings = fc.constantFrom<RecordSettings>(
  { timeZone: zone, personnelRegister: 'required', leaves },
  { timeZone: zone, personnelRegister: 'declared', leaves },
)

/** Somebody at random: grants of forms, of accounts found and of renewals; holds of every kind that people place. */
const anyLife: fc.Arbitrary<PersonRecord> = fc
  .tuple(
    anyRecord,
    fc.array(fc.constantFrom<Grant['origin']>('form', 'adoption', 'renewal'), { minLength: 8, maxLength: 8 }),
    fc.constantFrom<Hold['kind']>('suspension', 'sanction'),
  )
  .map(([of, origins, kind]) => ({
    events: of.events,
    grants: of.grants.map((one, index) => ({ ...one, origin: origins[index] ?? 'form' })),
    holds: [...of.holds].map((hold: Hold) => ({ ...hold, kind })),
  }))

/** Every instant at which something of what was told begins or is over. */
const momentsOf = ({ events, grants, holds }: PersonRecord): string[] => [
  ...events.flatMap(({ effectiveOn, recordedAt, contract }) => [
    startOfDay(effectiveOn, zone),
    recordedAt,
    ...(contract === undefined ? [] : [startOfDay(contract.startsOn, zone)]),
    ...(contract?.endsOn == null ? [] : [endOfAccess(contract.endsOn, zone)]),
  ]),
  ...grants.flatMap(({ from, until, ended }) => [
    startOfDay(from, zone),
    ...(until === null ? [] : [endOfAccess(until, zone)]),
    ...(ended === null ? [] : [ended.at]),
  ]),
  ...holds.flatMap(({ since, until, ended }) => [since, until ?? since, ended?.at ?? since]),
]

const justBefore = (instant: string) => new Date(Date.parse(instant) - 1).toISOString()

/** An instant worth asking about: at or just before something happens, and anywhen. */
const instantOf = (life: PersonRecord): fc.Arbitrary<string> => {
  const moments = momentsOf(life)
  const worth = [...new Set([...moments, ...moments.map(justBefore)])]
  const one = worth.length === 0 ? anyInstantBetween : fc.oneof(fc.constantFrom(...worth), anyInstantBetween)
  return one
}
const lifeAndInstant = anyLife.chain(life => fc.tuple(fc.constant(life), instantOf(life)))

const wanted = (life: PersonRecord, settings: RecordSettings, instant: string) =>
  TargetId.options.map(target => desiredAccess(life, target, settings, instant))
const byId = (life: PersonRecord, settings: RecordSettings) =>
  new Map(grantTimes(life, settings).map(({ grant, ...times }) => [grant.id, times]))

describe(`whatever is told of somebody, in ${runs.numRuns} histories`, () => {
  it('is the account open that a diary kept by hand says should be open, by the grants it says, and no other', () => {
    let open = 0
    let shut = 0
    fc.assert(
      fc.property(lifeAndInstant, anySettings, ([life, instant], settings) => {
        for (const target of TargetId.options) {
          const { enabled, grants } = desiredAccess(life, target, settings, instant)
          expect(enabled, `${target} at ${instant}`).toBe(shouldBeOpen(life, target, settings, instant))
          expect(grants).toEqual(
            life.grants
              .filter(one => one.access.system === target && gives(life, one, target, settings, instant))
              .map(({ id }) => id)
              .sort(),
          )
          if (enabled) open++
          else if (grants.length === 0 && life.grants.some(one => one.access.system === target)) shut++
        }
      }),
      runs,
    )
    expect(Math.min(open, shut)).toBeGreaterThan(runs.numRuns / 10)
  })

  it('counts alike in every order of arrival and however often it arrives', () => {
    const disordered = anyLife.chain(life =>
      fc.record({
        life: fc.constant(life),
        events: fc.shuffledSubarray([...life.events, ...life.events], { minLength: life.events.length * 2 }),
        grants: fc.shuffledSubarray([...life.grants], { minLength: life.grants.length }),
        holds: fc.shuffledSubarray([...life.holds], { minLength: life.holds.length }),
      }),
    )
    fc.assert(
      fc.property(disordered, anyInstantBetween, anySettings, ({ life, ...other }, instant, settings) => {
        expect(registerPeriods(other.events, zone)).toEqual(registerPeriods(life.events, zone))
        expect(byId(other, settings)).toEqual(byId(life, settings))
        expect(wanted(other, settings, instant)).toEqual(wanted(life, settings, instant))
      }),
      runs,
    )
  })

  it('is the same recorded one by one or all at once: what was known at each arrival is what had arrived', () => {
    const arriving = anyLife.chain(({ events }) =>
      fc.tuple(
        fc.shuffledSubarray([...events], { minLength: events.length }),
        fc.nat({ max: Math.max(0, events.length) }),
        anyDay,
      ),
    )
    fc.assert(
      fc.property(arriving, ([events, some, day]) => {
        const came = (place: number) => new Date(Date.parse(at('2026-06-01')) + place * 60_000).toISOString()
        const kept = events.map((one, place) => ({ ...one, receivedAt: came(place) }))
        const thenKnown = asKnown({ events: kept, grants: [], holds: [] }, came(some - 1))
        expect(registerPeriods(thenKnown.events, zone)).toEqual(registerPeriods(events.slice(0, some), zone))
        expect(foldEvents(kept, day, zone)).toEqual(foldEvents(events, day, zone))
        const periods = registerPeriods(kept, zone)
        const period = periods.findLast(({ from }) => from <= day)
        if (period !== undefined) expect(foldEvents(kept, period.from, zone)).toEqual(period.facts)
      }),
      runs,
    )
  })

  it('counts for nothing once something supersedes it', () => {
    let corrected = 0
    fc.assert(
      fc.property(anyLife, anySettings, (life, settings) => {
        const gone = new Set(
          life.events.flatMap(({ id, supersedes = id }) => (supersedes === id ? [] : supersedes)),
        )
        const left = life.events
          .filter(({ id }) => !gone.has(id))
          .map(({ supersedes: _, ...one }): HrEvent => one)
        if (left.length < life.events.length) corrected++
        expect(registerPeriods(left, zone)).toEqual(registerPeriods(life.events, zone))
        expect(byId({ ...life, events: left }, settings)).toEqual(byId(life, settings))
      }),
      runs,
    )
    expect(corrected).toBeGreaterThan(runs.numRuns / 100)
  })

  it('leaves nothing open after a termination until they are hired again, and the hiring gives nothing back', () => {
    const dismissed = fc.record({
      life: anyLife,
      on: anyDay,
      days: fc.constantFrom(0, 1, 30),
      instant: anyInstantBetween,
    })
    let after = 0
    fc.assert(
      fc.property(dismissed, anySettings, ({ life, on, days, instant }, settings) => {
        const late = '2027-03-02T00:00:00.000Z'
        const start = startOfDay(on, zone)
        const terminated = event({ type: 'terminated', effectiveOn: on, recordedAt: late, id: uuid(900) })
        const before = life.events.filter(({ effectiveOn }) => effectiveOn <= on)
        const later = { ...life, events: [...life.events, terminated] }
        const stays = life.events.every(({ type, effectiveOn }) => type !== 'hired' || effectiveOn <= on)
        if (instant >= start && stays)
          for (const { enabled } of wanted(later, settings, instant)) expect(enabled).toBe(false)
        // Hired anew under a contract of theirs or another one: what had been given by then is not given back.
        const back = hired(maria, 'dideco', {
          id: uuid(901),
          effectiveOn: plusDays(on, days),
          recordedAt: '2027-03-03T00:00:00.000Z',
          contract: days === 30 ? { ...planta, startsOn: on } : maria.contract,
        })
        const known = new Set(foldEvents(before, on, zone).contracts.map(({ key }) => key))
        const again = {
          ...life,
          events: [...before, terminated, back],
          grants: life.grants.filter(one => one.recordedAt < start && known.has(one.contract)),
        }
        if (instant >= start) {
          if (again.grants.length > 0) after++
          for (const { enabled } of wanted(again, { ...settings, personnelRegister: 'required' }, instant))
            expect(enabled).toBe(false)
        }
      }),
      runs,
    )
    expect(after).toBeGreaterThan(runs.numRuns / 100)
  })
})

const plusDays = (day: string, days: number) =>
  new Date(Date.parse(`${day}T12:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
