import type { CivilDate, Instant } from '../../schemas/calendar.ts'
import type { Contract } from '../../schemas/contract.ts'
import type { HrEvent } from '../../schemas/hr-event.ts'
import type { NamedPerson } from '../../schemas/person.ts'
import { addDays, earlierOf, LATEST, laterOf, normalInstant, startOfDay } from './civil-time.ts'
import { contractKey } from './contract.ts'

/** A contract as the register knows it. `endedOn` is the first day on which an event has ended it, before its own end. */
export interface RegisteredContract {
  readonly key: string
  readonly contract: Contract
  readonly unit: string | null
  readonly endedOn: CivilDate | null
}

/**
 * Ends grants recorded before `before`. `unit` alone: what that unit granted (R10); `contract` alone: what was granted
 * under it; both: that unit's under it; neither: what was granted under contracts the register does not know.
 */
export interface Cut {
  readonly unit: string | null
  readonly contract: string | null
  readonly before: Instant
  /** The HR event's id. */
  readonly cause: string
  /** The person has left: no contract that follows takes up what was granted (see `isLeft`). */
  readonly final: boolean
}

export interface RegisterHold {
  readonly kind: 'termination' | 'leave'
  readonly since: CivilDate
  /** Which kind of leave, where the event named one. */
  readonly leave?: string
}

/** A cut that stands until the person is back: what is granted meanwhile, by a unit or a register that knew it too late, is ended too. */
interface OpenableCut extends Cut {
  readonly since: Instant
  readonly of: HrEvent['type']
}

/** What the register says of one person on one day. */
export interface RegisterFacts {
  readonly known: boolean
  readonly person: NamedPerson | null
  readonly unit: string | null
  readonly contracts: readonly RegisteredContract[]
  readonly holds: readonly RegisterHold[]
  readonly cuts: readonly Cut[]
  /** The next day on which an event already recorded takes effect. */
  readonly nextChangeOn: CivilDate | null
}

/** What holds from `from` until the next period's. */
export interface RegisterPeriod {
  readonly from: CivilDate
  readonly facts: RegisterFacts
}

interface Fold {
  person: NamedPerson | null
  unit: string | null
  contracts: RegisteredContract[]
  terminatedSince: CivilDate | null
  /** A contract-ended holds only until another contract runs, recorded before it or after: the same facts, the same end. */
  contractEndedSince: CivilDate | null
  /** Leaves under way, one of a kind at most. */
  leaves: RegisterHold[]
  cuts: OpenableCut[]
}

const emptyFold = (): Fold => ({
  person: null,
  unit: null,
  contracts: [],
  terminatedSince: null,
  contractEndedSince: null,
  leaves: [],
  cuts: [],
})

/** Last day of a registered contract: its own end or the day before it was ended; null = permanent. */
export const lastDayOf = (entry: RegisteredContract): CivilDate | null => {
  const { endsOn } = entry.contract
  if (entry.endedOn === null) return endsOn
  const dayBefore = addDays(entry.endedOn, -1)
  return endsOn === null ? dayBefore : earlierOf(endsOn, dayBefore)
}

const runsOn = (entry: RegisteredContract, day: CivilDate): boolean =>
  entry.contract.startsOn <= day &&
  (entry.contract.endsOn === null || day <= entry.contract.endsOn) &&
  (entry.endedOn === null || day < entry.endedOn)

/** The contracts current on a day: startsOn ≤ day ≤ endsOn, and not ended. */
export const contractsOn = (facts: RegisterFacts, day: CivilDate): readonly RegisteredContract[] =>
  facts.contracts.filter(entry => runsOn(entry, day))

/** What tells whether an event has ended a grant. */
export interface Cuttable {
  readonly unit: string
  readonly contract: string
  readonly recordedAt: Instant
}

const concerns = (cut: Cut, facts: RegisterFacts, grant: Cuttable): boolean =>
  grant.recordedAt < cut.before &&
  (cut.unit === null || cut.unit === grant.unit) &&
  (cut.contract === null || cut.contract === grant.contract) &&
  (cut.unit !== null || cut.contract !== null || facts.contracts.every(entry => entry.key !== grant.contract))

/** Whether some event has ended what was granted. */
export const isCut = (facts: RegisterFacts, grant: Cuttable): boolean =>
  facts.cuts.some(cut => concerns(cut, facts, grant))

/**
 * Whether the person has left since: by a termination, or by the end of that contract before being hired anew. Hiring grants
 * nothing, so what was granted before comes back under no other contract either.
 */
export const isLeft = (facts: RegisterFacts, grant: Cuttable): boolean =>
  facts.cuts.some(cut => cut.final && concerns(cut, facts, grant))

/** Whether the person has moved away from the unit that granted it (R10). */
export const isMoved = (facts: RegisterFacts, grant: Cuttable): boolean =>
  facts.cuts.some(cut => cut.unit !== null && concerns(cut, facts, grant))

const inOrder = (events: readonly HrEvent[]): HrEvent[] => {
  const byId = new Map(
    events.map(event => [event.id, { ...event, recordedAt: normalInstant(event.recordedAt) }]),
  )
  // A correction of a correction leaves the first event corrected: whatever names an event removes it.
  for (const event of events)
    if (event.supersedes !== undefined && event.supersedes !== event.id) byId.delete(event.supersedes)
  const text = (event: HrEvent) => `${event.effectiveOn} ${event.recordedAt} ${event.id}`
  return [...byId.values()].sort((one, other) => (text(one) < text(other) ? -1 : 1))
}

const openCut = (
  event: HrEvent,
  zone: string,
  unit: string | null,
  contract: string | null,
): OpenableCut => ({
  unit,
  contract,
  since: startOfDay(event.effectiveOn, zone),
  before: LATEST,
  cause: event.id,
  final: event.type === 'terminated',
  of: event.type,
})

/**
 * Closes the cuts of a unit or contract to which the person comes back: what was granted before the return was recorded
 * stays ended, so that going and coming back on one day gives nothing back.
 */
const closeCuts = (fold: Fold, event: HrEvent, concerned: (cut: Cut) => boolean): void => {
  fold.cuts = fold.cuts.map(cut =>
    cut.before === LATEST && concerned(cut) ? { ...cut, before: laterOf(cut.since, event.recordedAt) } : cut,
  )
}

const put = (contracts: readonly RegisteredContract[], entry: RegisteredContract): RegisteredContract[] => [
  ...contracts.filter(other => other.key !== entry.key),
  entry,
]

const endContracts = (fold: Fold, event: HrEvent, zone: string): void => {
  const named = event.contract === undefined ? null : contractKey(event.contract)
  const current = (day: CivilDate) =>
    fold.contracts.filter(entry => runsOn(entry, day)).map(entry => entry.key)
  const running = current(addDays(event.effectiveOn, -1))
  const concerned =
    named !== null
      ? [named]
      : event.type === 'terminated'
        ? fold.contracts.map(entry => entry.key)
        : running.length > 0
          ? running
          : current(event.effectiveOn)
  fold.contracts = fold.contracts.map(entry =>
    concerned.includes(entry.key)
      ? {
          ...entry,
          endedOn: entry.endedOn === null ? event.effectiveOn : earlierOf(entry.endedOn, event.effectiveOn),
        }
      : entry,
  )
  for (const contract of concerned) fold.cuts.push(openCut(event, zone, null, contract))
  if (named !== null) return
  // Contracts that only forms have declared: nothing tells when they are taken up again, so this cut looks back only.
  const unnamed = openCut(event, zone, null, null)
  fold.cuts.push({ ...unnamed, before: laterOf(unnamed.since, event.recordedAt) })
}

/**
 * Somebody who was terminated is hired under a contract of which only forms had spoken before: what those gave stays ended, as it
 * does under a contract that the register knew. The end of one contract spares what was filed early for the next.
 */
const keepEnded = (fold: Fold, event: HrEvent, contract: string): void => {
  for (const cut of fold.cuts.filter(one => one.unit === null && one.contract === null))
    if (cut.of === 'terminated')
      fold.cuts.push({
        ...cut,
        contract,
        before: earlierOf(cut.before, laterOf(cut.since, event.recordedAt)),
      })
}

const transfer = (fold: Fold, event: HrEvent, zone: string): void => {
  const unit = event.unit ?? null
  const named = event.contract === undefined ? null : contractKey(event.contract)
  const left =
    named === null ? fold.unit : (fold.contracts.find(entry => entry.key === named)?.unit ?? fold.unit)
  closeCuts(
    fold,
    event,
    cut => cut.unit === unit && (named === null || cut.contract === null || cut.contract === named),
  )
  if (left !== null && left !== unit) fold.cuts.push(openCut(event, zone, left, named))
  fold.contracts = fold.contracts.map(entry =>
    (named === null ? entry.unit === left : entry.key === named) ? { ...entry, unit } : entry,
  )
  fold.unit = unit
}

const addContract = (fold: Fold, event: HrEvent, zone: string): void => {
  if (event.contract === undefined) return
  const key = contractKey(event.contract)
  const before = fold.contracts.find(entry => entry.key === key)
  const unit = event.unit ?? before?.unit ?? fold.unit
  closeCuts(
    fold,
    event,
    cut => (cut.contract === null || cut.contract === key) && (cut.unit === null || cut.unit === unit),
  )
  if (before === undefined) keepEnded(fold, event, key)
  if (before !== undefined && before.unit !== null && before.unit !== unit)
    fold.cuts.push(openCut(event, zone, before.unit, key))
  fold.contracts = put(fold.contracts, { key, contract: event.contract, unit, endedOn: null })
  fold.unit = event.unit ?? fold.unit ?? unit
}

const startLeave = (fold: Fold, { leave, effectiveOn }: HrEvent): void => {
  if (fold.leaves.some(one => one.leave === leave)) return
  fold.leaves.push({ kind: 'leave', since: effectiveOn, ...(leave !== undefined && { leave }) })
}

const apply = (fold: Fold, event: HrEvent, zone: string): void => {
  fold.person = event.person ?? fold.person
  switch (event.type) {
    case 'hired':
      addContract(fold, event, zone)
      if (fold.contractEndedSince !== null)
        fold.cuts = fold.cuts.map(cut => (cut.unit === null ? { ...cut, final: true } : cut))
      fold.terminatedSince = null
      fold.contractEndedSince = null
      return
    case 'contract-renewed':
      addContract(fold, event, zone)
      return
    case 'contract-ended':
      endContracts(fold, event, zone)
      fold.contractEndedSince ??= event.effectiveOn
      return
    case 'terminated':
      endContracts(fold, event, zone)
      fold.terminatedSince ??= event.effectiveOn
      fold.leaves = []
      return
    case 'transferred':
      transfer(fold, event, zone)
      return
    case 'leave-started':
      startLeave(fold, event)
      return
    case 'leave-ended':
      fold.leaves = []
  }
}

const read = (fold: Fold, day: CivilDate, nextChangeOn: CivilDate | null): RegisterFacts => {
  const { contractEndedSince: ended } = fold
  const another = fold.contracts.some(entry => {
    const last = lastDayOf(entry)
    return entry.contract.startsOn <= day && (last === null || (ended !== null && last >= ended))
  })
  const terminated = fold.terminatedSince ?? (another ? null : ended)
  const holds: RegisterHold[] = []
  if (terminated !== null) holds.push({ kind: 'termination', since: terminated })
  holds.push(...fold.leaves)
  return {
    known: fold.person !== null || fold.contracts.length > 0,
    person: fold.person,
    unit: fold.unit,
    contracts: [...fold.contracts].sort((one, other) => (one.key < other.key ? -1 : 1)),
    holds,
    cuts: fold.cuts.map(({ since: _, of: __, ...cut }) => cut),
    nextChangeOn,
  }
}

const daysOf = (event: HrEvent): CivilDate[] => [
  event.effectiveOn,
  ...(event.contract === undefined ? [] : [event.contract.startsOn]),
  ...(event.contract?.endsOn == null ? [] : [addDays(event.contract.endsOn, 1)]),
]

/**
 * The register through all time, as the events known now tell it: one period from each day on which an event takes
 * effect or a contract begins or is over. Before the first period nothing is known.
 */
export const registerPeriods = (events: readonly HrEvent[], zone: string): readonly RegisterPeriod[] => {
  const ordered = inOrder(events)
  const effective = [...new Set(ordered.map(event => event.effectiveOn))]
  const days = [...new Set(ordered.flatMap(daysOf))].sort()
  const fold = emptyFold()
  let next = 0
  return days.map(from => {
    for (let event = ordered[next]; event !== undefined && event.effectiveOn <= from; event = ordered[next]) {
      apply(fold, event, zone)
      next += 1
    }
    return { from, facts: read(fold, from, effective.find(day => day > from) ?? null) }
  })
}

/**
 * The register on one day: the fold by (effectiveOn, recordedAt, id) of the events effective by then, in whatever order
 * they arrived and however often. An event named by another's `supersedes` counts for nothing, from the moment the
 * other is known. `hired` lifts the hold of a termination and grants nothing; a leave only holds; `transferred` ends
 * what the old unit granted (R10); `terminated` and `contract-ended` end what was granted under that contract, or,
 * where they name none, under every contract (`terminated`) or the current ones (`contract-ended`).
 */
export const foldEvents = (events: readonly HrEvent[], onDay: CivilDate, zone: string): RegisterFacts => {
  const ordered = inOrder(events)
  const fold = emptyFold()
  const later = ordered.findIndex(event => event.effectiveOn > onDay)
  for (const event of later < 0 ? ordered : ordered.slice(0, later)) apply(fold, event, zone)
  return read(fold, onDay, ordered[later]?.effectiveOn ?? null)
}
