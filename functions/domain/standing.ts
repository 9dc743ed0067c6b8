import type { System } from '../../schemas/access.ts'
import type { Instant } from '../../schemas/calendar.ts'
import type { Contract } from '../../schemas/contract.ts'
import type { Hold } from '../../schemas/hold.ts'
import type { HrEvent } from '../../schemas/hr-event.ts'
import type { Grant } from '../../schemas/request.ts'
import type { Settings } from '../../schemas/settings.ts'
import { earlierOf, endOfAccess, lastDayOfYear, startOfDay } from './civil-time.ts'
import { follows } from './contract.ts'
import {
  isCut,
  isLeft,
  isMoved,
  type RegisteredContract,
  type RegisterFacts,
  type RegisterHold,
  registerPeriods,
} from './register.ts'
import { ALWAYS, joined, NEVER, overlap, type Span, spanAt, without } from './spans.ts'

/** Everything from which a person's accesses follow. The order of each list says nothing. */
export interface PersonRecord {
  readonly events: readonly HrEvent[]
  readonly grants: readonly Grant[]
  readonly holds: readonly Hold[]
}

export type RecordSettings = Pick<Settings, 'timeZone' | 'personnelRegister' | 'leaves'>

export interface Standing {
  /** `held`: it would be live, but a hold on the person is stronger. */
  readonly status: 'scheduled' | 'live' | 'ended' | 'held'
  /** First instant at which it no longer justifies anything, by what is known now; null = no end is known. */
  readonly endsAt: Instant | null
  readonly startsAt: Instant
}

/** When a grant justifies its access, and when, of that, nothing holds the person back. */
export interface GrantTimes {
  readonly grant: Grant
  readonly justified: readonly Span[]
  readonly live: readonly Span[]
  /** Of a renewal that no contract justifies: when one of the register could. Null for any other grant. */
  readonly awaited: Span | null
}

interface DatedFacts extends Span {
  readonly facts: RegisterFacts | null
}

const datedFacts = (record: PersonRecord, zone: string): DatedFacts[] => {
  const periods = registerPeriods(record.events, zone)
  const starts = periods.map(period => startOfDay(period.from, zone))
  return [
    { start: ALWAYS, end: starts[0] ?? NEVER, facts: null },
    ...periods.map(({ facts }, index) => ({
      start: starts[index] ?? ALWAYS,
      end: starts[index + 1] ?? NEVER,
      facts,
    })),
  ]
}

const contractSpan = (contract: Contract, endedOn: string | null, zone: string): Span => ({
  start: startOfDay(contract.startsOn, zone),
  end: earlierOf(
    contract.endsOn === null ? NEVER : endOfAccess(contract.endsOn, zone),
    endedOn === null ? NEVER : startOfDay(endedOn, zone),
  ),
})

/**
 * The contracts that follow the one that a grant renews: of the same unit, begun by the year for which it was renewed. Human
 * resources either move a contract's end or make the next one; a renewal holds under both, whoever acts first.
 */
const followersOf = (
  grant: Grant,
  contracts: readonly RegisteredContract[],
): readonly RegisteredContract[] =>
  grant.origin !== 'renewal'
    ? []
    : contracts.filter(
        ({ contract, unit }) =>
          follows(contract, grant.declared) &&
          (unit === null || unit === grant.unit) &&
          contract.startsOn <= lastDayOfYear(grant.from),
      )

/** Nothing that human resources may still record brings it back. */
const isGone = (grant: Grant, facts: RegisterFacts): boolean => isLeft(facts, grant) || isMoved(facts, grant)

/** The contracts of the register that justify a grant in one period. */
export const justifiersOf = (grant: Grant, facts: RegisterFacts): readonly RegisteredContract[] => {
  const own = facts.contracts.filter(({ key }) => key === grant.contract && !isCut(facts, grant))
  if (isGone(grant, facts)) return own
  const next = followersOf(grant, facts.contracts)
  return [...own, ...next.filter(({ key }) => !isCut(facts, { ...grant, contract: key }))]
}

const contractTimes = (grant: Grant, facts: RegisterFacts | null, settings: RecordSettings): Span[] => {
  const registered = facts === null ? [] : justifiersOf(grant, facts)
  const spans = registered.map(({ contract, endedOn }) => contractSpan(contract, endedOn, settings.timeZone))
  const unknown = facts?.contracts.every(({ key }) => key !== grant.contract) ?? true
  if (settings.personnelRegister === 'required' || !unknown) return spans
  const cut = facts !== null && isCut(facts, grant)
  return cut ? spans : [...spans, contractSpan(grant.declared, null, settings.timeZone)]
}

const filedOrder = (grant: Grant) =>
  `${grant.recordedAt} ${grant.request.padStart(24)} ${grant.line.slice(1).padStart(3, '0')}`

/**
 * Until when each grant stands before a later line with the same key takes over: from the day on which that one begins,
 * not before, so that nothing is lost meanwhile. A renewal bears the keys of the contracts that follow, too.
 */
const takenOver = (
  grants: readonly Grant[],
  contracts: readonly RegisteredContract[],
  zone: string,
): ReadonlyMap<Grant, Instant | typeof NEVER> => {
  const ends = new Map<Grant, Instant | typeof NEVER>()
  const nextStart = new Map<string, Instant>()
  const latestFirst = grants
    .map(grant => ({ grant, order: filedOrder(grant) }))
    .sort((one, other) => (one.order < other.order ? 1 : -1))
  for (const { grant } of latestFirst) {
    const keyUnder = (contract: string) => `${grant.unit} ${contract} ${grant.atom}`
    const key = keyUnder(grant.contract)
    const keys = [key, ...followersOf(grant, contracts).map(next => keyUnder(next.key))]
    ends.set(grant, keys.map(one => nextStart.get(one) ?? NEVER).reduce(earlierOf))
    nextStart.set(key, earlierOf(nextStart.get(key) ?? NEVER, startOfDay(grant.from, zone)))
  }
  return ends
}

const holdSpan = (hold: Hold): Span => ({
  start: hold.since,
  end: earlierOf(hold.until ?? NEVER, hold.ended?.at ?? NEVER),
})

/** Whether a hold of the register shuts a system: a termination all of them, a leave those that its kind names, by default all. */
export const shuts = (hold: RegisterHold, system: System, { leaves }: RecordSettings): boolean =>
  hold.kind === 'termination' || (leaves.find(({ id }) => id === hold.leave)?.shuts.includes(system) ?? true)

/** The times of every grant of a person, by all that is known now: what was, what is, and what is already settled to come. */
export const grantTimes = (record: PersonRecord, settings: RecordSettings): GrantTimes[] => {
  const zone = settings.timeZone
  const dated = datedFacts(record, zone)
  const byHand = record.holds.map(holdSpan)
  const heldIn = (system: System) =>
    joined([
      ...dated.filter(({ facts }) => facts?.holds.some(hold => shuts(hold, system, settings))),
      ...byHand,
    ])
  const held = new Map<System, Span[]>()
  const heldOf = (system: System) => {
    const spans = held.get(system) ?? heldIn(system)
    held.set(system, spans)
    return spans
  }
  const latest = dated.at(-1)?.facts ?? null
  const over = takenOver(record.grants, latest?.contracts ?? [], zone)
  return record.grants.map(grant => {
    const asked: Span = {
      start: startOfDay(grant.from, zone),
      end: [
        grant.until === null ? NEVER : endOfAccess(grant.until, zone),
        grant.ended?.at ?? NEVER,
        over.get(grant) ?? NEVER,
      ].reduce(earlierOf),
    }
    const justified = joined(
      dated.flatMap(period => {
        return contractTimes(grant, period.facts, settings).flatMap(contract => {
          const within = overlap(period, contract)
          return (within === null ? null : overlap(within, asked)) ?? []
        })
      }),
    )
    const waits =
      grant.origin === 'renewal' && justified.length === 0 && !(latest !== null && isGone(grant, latest))
    return {
      grant,
      justified,
      live: without(justified, heldOf(grant.access.system)),
      awaited: waits ? overlap(asked, asked) : null,
    }
  })
}

const known = (end: Instant | typeof NEVER): Instant | null => (end === NEVER ? null : end)

/**
 * Where a grant stands at an instant, out of its times. Its effective end is the earliest of `until`, the contract's end as
 * the register knows it now, what an HR event cut, the deactivation, and the line that took over. A contract that the
 * register does not know gives nothing (`required`), or what the form declared of it (`declared`). A renewal that waits for
 * human resources is yet to come, not over.
 */
export const standingAt = (times: GrantTimes, settings: RecordSettings, asOf: Instant): Standing => {
  const now = spanAt(times.justified, asOf)
  if (now !== null)
    return {
      status: spanAt(times.live, asOf) === null ? 'held' : 'live',
      startsAt: now.start,
      endsAt: known(now.end),
    }
  const next = times.justified.find(span => span.start > asOf)
  if (next !== undefined) return { status: 'scheduled', startsAt: next.start, endsAt: known(next.end) }
  const { awaited } = times
  if (awaited !== null && asOf < awaited.end)
    return { status: 'scheduled', startsAt: awaited.start, endsAt: known(awaited.end) }
  const last = times.justified.at(-1)
  const startsAt = last?.start ?? startOfDay(times.grant.from, settings.timeZone)
  return { status: 'ended', startsAt, endsAt: last?.end ?? startsAt }
}
