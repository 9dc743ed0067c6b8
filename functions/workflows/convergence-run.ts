import type { LedgerEntry } from '../../schemas/ledger.ts'
import type { TargetId } from '../../schemas/settings.ts'
import type { Observation, Step, TargetRow } from '../../schemas/target.ts'
import type { Connector, Profile } from '../connectors/contract.ts'
import { dayOf } from '../domain/civil-time.ts'
import { nextLook } from '../domain/daily-look.ts'
import { type Desired, desiredAccess } from '../domain/desired-access.ts'
import { withoutReported } from '../domain/drift.ts'
import { planSteps } from '../domain/plan.ts'
import { foldEvents } from '../domain/register.ts'
import { fitted } from '../domain/target-traits.ts'
import type { EntryDraft } from '../stores/ledger.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { UnitStore } from '../stores/units.ts'
import { type Engine, instantOf, latest, targetSettings } from './engine.ts'
import type { Registers } from './run-registers.ts'

export interface Convergence
  extends Pick<
    Engine,
    'settings' | 'people' | 'targets' | 'systems' | 'lists' | 'guards' | 'batches' | 'bells' | 'clock' | 'log'
  > {
  readonly target: TargetId
  readonly connector: Connector
  readonly units: Pick<UnitStore, 'some'>
  /** What else follows from what a person should have, whatever the target answers; only where accounts are changed. */
  readonly alongside?: (run: Run) => Promise<void>
  /** The target answers nobody: whatever fails for that reason is not the person's fault. */
  readonly outage?: boolean
}

const parkedMilliseconds = 86_400_000
/** Seconds until the next try after the n-th failure; the sweeper's minute is the finest grain. */
const backOffSeconds = [30, 60, 120, 300, 900, 1800, 3600]
/** Whoever could not be reached waits no longer, parked or not: it says nothing about what comes next. */
const unreachedSeconds = 300

/** One person's run: the aggregate as read, and what follows from it at `asOf`. */
export interface Run {
  readonly person: PersonAggregate
  readonly row: TargetRow
  readonly asOf: string
  readonly desired: Desired
  readonly profile: Profile | null
  /** Nothing was asked for and no time has come since the row was settled: only an act from outside can have changed it. */
  readonly quiet: boolean
}

export interface SeenRun extends Run {
  readonly observation: Observation
}

export interface PlannedRun extends SeenRun {
  readonly steps: readonly Step[]
  /** What a closing leaves for a run of its own, after everybody else is closed. */
  readonly later: readonly Step[]
}

/** What follows from a person's record at `asOf`, the latest of event, clock and the row's last run. */
export async function prepareRun(
  engine: Convergence,
  { person, row }: Pick<Run, 'person' | 'row'>,
  eventAt: string,
  registers: Registers,
): Promise<Run> {
  const { settings } = engine
  const asOf = latest(eventAt, instantOf(engine.clock()), row.lastAsOf)
  const facts = foldEvents(person.events, dayOf(asOf, settings.timeZone), settings.timeZone)
  const desired = (at: string) =>
    fitted(desiredAccess(person, engine.target, settings, at), targetSettings(settings, engine.target))
  const now = desired(asOf)
  const names = facts.person ?? person.row.declared?.person ?? null
  const unit = await registers.nameOfUnit(facts.unit ?? person.row.declared?.unit ?? '')
  const headAddress = await registers.headAddress(person, now)
  return {
    person,
    row,
    asOf,
    desired: now,
    quiet:
      row.state === 'converged' &&
      row.appliedVersion === row.desiredVersion &&
      row.settledAsOf !== null &&
      sameWish(desired(row.settledAsOf), now),
    profile:
      names === null
        ? null
        : {
            ...names,
            nationalId: person.row.nationalId,
            unit,
            ...(headAddress === null ? {} : { headAddress }),
          },
  }
}

const sameWish = (one: Desired, other: Desired) =>
  one.enabled === other.enabled &&
  one.expiresAt === other.expiresAt &&
  JSON.stringify(one.rights) === JSON.stringify(other.rights)

/**
 * What is to be done at a sight of the account. A drift that is only reported stands until something is asked for again
 * or a time comes: then the account becomes what it should be, whole.
 */
export const stepsFor = (engine: Convergence, run: SeenRun): readonly Step[] => {
  const steps = planSteps(run.desired, run.observation, hashFor(engine, run))
  const target = targetSettings(engine.settings, engine.target)
  const reported = target !== undefined && 'onlyReported' in target ? target.onlyReported : undefined
  return run.quiet ? withoutReported(steps, run.observation, new Set(reported ?? [])) : steps
}

export const accountOf = ({ person, row }: Run) => ({
  personId: row.personId,
  nationalId: person.row.nationalId,
  accountId: row.accountId,
  name: row.name,
  adopted: row.origin === 'adopted',
})

/** Somebody the register does not name (yet) can only lose access: no step of such a plan writes a profile. */
export const noProfile = ({ person }: Run): Profile => ({
  nationalId: person.row.nationalId,
  givenNames: '',
  surnames: '',
  position: '',
  unit: '',
})

/** Faults of the target that say nothing about the person. */
export const isOutOfReach = (fault: string): boolean => fault === 'unreachable' || fault === 'throttled'

/**
 * A failure's mark on the row: back-off, or parked for a human after the last attempt. While the target answers nobody the
 * row stays due, and no attempt is counted.
 */
export function failedState(engine: Convergence, run: Run, fault: string, retryable: boolean) {
  const unreached = retryable && isOutOfReach(fault)
  if (unreached && engine.outage) {
    const { attempts, state } = run.row
    const kept = state === 'parked' ? state : ('pending' as const)
    return { attempts, fault, state: kept, dueAt: instantOf(engine.clock()) }
  }
  const attempts = run.row.attempts + 1
  const parked = !retryable || attempts >= engine.settings.limits.attemptsBeforeParking
  const backOff = (backOffSeconds[Math.min(attempts, backOffSeconds.length) - 1] ?? 3600) * 1000
  const wait = parked ? parkedMilliseconds : backOff
  return {
    attempts,
    fault,
    state: parked ? ('parked' as const) : ('pending' as const),
    dueAt: instantOf(engine.clock() + (unreached ? Math.min(wait, unreachedSeconds * 1000) : wait)),
  }
}

export const hashFor = (engine: Convergence, run: SeenRun): string =>
  run.profile === null ? (run.observation.profileHash ?? '') : engine.connector.profileHash(run.profile)

export const seenNow = (engine: Convergence, run: Run, observation: Observation) => ({
  observed: observation,
  observedAt: instantOf(engine.clock()),
  accountId: observation.accountId ?? run.row.accountId,
  lastAsOf: run.asOf,
})

export const settledState = (engine: Convergence, run: SeenRun) => ({
  appliedVersion: run.row.desiredVersion,
  settledAsOf: run.asOf,
  changesAt: run.desired.changesAt,
  stopped: null,
  dueAt: nextDue(run, instantOf(engine.clock())),
  ...(run.row.drift === null || run.row.drift.outcome === 'settled'
    ? {}
    : { drift: { ...run.row.drift, outcome: driftOutcome(engine, run) } }),
  state: 'converged' as const,
  attempts: 0,
  fault: null,
  urgent: false,
  wouldDo: null,
})

const driftOutcome = (engine: Convergence, run: SeenRun) =>
  planSteps(run.desired, run.observation, hashFor(engine, run)).length === 0
    ? ('settled' as const)
    : ('reported' as const)

/** When something is known to change, and once a day in any case; what is not there and not wanted is not looked for. */
function nextDue({ row, desired, observation }: SeenRun, now: string): string | null {
  if (observation.state === 'absent' && !desired.enabled) return desired.changesAt
  const look = nextLook(`${row.personId} ${row.target}`, now)
  return desired.changesAt !== null && desired.changesAt < look ? desired.changesAt : look
}

/** A fact that was not answered yet is the cause; where there is none, a drift that was found, or time alone. */
export const causeOf = (run: Run) => {
  if (run.row.appliedVersion < run.row.desiredVersion) return run.row.cause
  const { drift } = run.row
  return run.quiet && drift !== null
    ? { kind: 'drift', ref: drift.entry }
    : { kind: 'calendar', ref: run.asOf }
}

/** An observation as the ledger may hold it: ids and flags, no names (a mailbox's id is its address: left out). */
export const shown = (observation: Observation) => ({
  state: observation.state,
  accountId: observation.accountId === observation.name ? null : observation.accountId,
  expiresAt: observation.expiresAt,
  rights: observation.rights.map(right => right.id),
  retired: observation.retired,
})

export function entryOf(
  engine: Convergence,
  run: Run,
  phase: LedgerEntry['phase'],
  said: Pick<EntryDraft, 'asOf' | 'cause' | 'before' | 'after' | 'evidence'> & { act?: EntryDraft['act'] },
): EntryDraft {
  return {
    act: 'account-converged',
    ...said,
    at: instantOf(engine.clock()),
    phase,
    subject: run.row.personId,
    actor: { personId: null, role: 'system', onBehalfOf: null },
    system: engine.target,
    request: ['form', 'adoption'].includes(said.cause.kind) ? said.cause.ref : null,
  }
}
