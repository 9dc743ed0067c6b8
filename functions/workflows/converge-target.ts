import type { SystemRow } from '../../schemas/rows.ts'
import type { TargetMode } from '../../schemas/settings.ts'
import type { Observation, Step, TargetRow } from '../../schemas/target.ts'
import type { Outcome, Profile } from '../connectors/contract.ts'
import { absentAccount } from '../domain/absent-account.ts'
import { desiredAccess } from '../domain/desired-access.ts'
import { driftBetween } from '../domain/drift.ts'
import { inPhases } from '../domain/plan.ts'
import { traitsOf } from '../domain/target-traits.ts'
import { backOff, closeByLooking, conclude, ringSelf, ringWaiting } from './conclude-run.ts'
import { convergeByHand, isBlind } from './converge-by-hand.ts'
import {
  accountOf,
  type Convergence,
  causeOf,
  entryOf,
  failedState,
  noProfile,
  type PlannedRun,
  prepareRun,
  type Run,
  type SeenRun,
  seenNow,
  settledState,
  shown,
  stepsFor,
} from './convergence-run.ts'
import { instantOf, modeOf, placeOf, quarantineOver, rests, targetSettings } from './engine.ts'
import { stoppedBy } from './guard-run.ts'
import { isUnanswered, mayLook, noteOutage } from './note-outage.ts'
import { pickName } from './pick-name.ts'
import { keepHanded, putOff, report } from './put-off-run.ts'
import { openRegisters } from './run-registers.ts'

/** A lease outlives the longest run of the function (60 s), so that it ends only when the run is surely dead. */
const leaseMilliseconds = 90_000
const waitMilliseconds = 60_000

/** A run's engine, with the mode in force when the run began. */
type Work = Convergence & { readonly mode: TargetMode }

/** A bug in one person's run, for the queue to repeat and finally to put among the dead letters. */
export interface BrokenRun {
  readonly personId: string
  readonly bug: unknown
}

/**
 * Brings people's accounts in one target to what they should be at `asOf`: observe, plan the difference, record the intent,
 * act, read back, record the outcome. Outside failures become a back-off in the row; only bugs come back as broken runs.
 * Running it twice, late or for nothing costs an observation.
 *
 * A target that rests is not even looked at, and its rows are left as they are: due, for the time after. So it is with one
 * that answers nobody, but for a run now and then.
 *
 * @param eventAt the instant the doorbell carries; the clock or the row's last run may be later
 * @param read the target's row, where the caller has just read it
 */
export async function convergeTarget(
  given: Convergence,
  personIds: readonly string[],
  eventAt: string,
  read?: SystemRow | null,
): Promise<BrokenRun[]> {
  const system = read === undefined ? await given.systems.load(given.target) : read
  const mode = modeOf(given.settings, given.target, system)
  const engine: Work = { ...given, mode }
  const blind = isBlind(engine)
  // A target that only people can enter is theirs in whatever mode it would act.
  const byHand = mode === 'manual' || (blind && mode === 'active')
  if (rests(mode) || !(byHand || blind || (await mayLook(engine, system)))) {
    engine.log('resting', { target: engine.target, people: personIds.length })
    return []
  }
  const broken: BrokenRun[] = []
  const breakOff = (personId: string, bug: unknown) => {
    broken.push({ personId, bug })
    engine.log('broken', { personId, target: engine.target, ...placeOf(bug) })
  }
  const guarded = async <In extends { row: TargetRow }, Out>(
    runs: readonly In[],
    work: (run: In) => Promise<Out | null>,
  ): Promise<Out[]> => {
    const results = await Promise.allSettled(runs.map(work))
    return results.flatMap((result, index) => {
      if (result.status === 'fulfilled') return result.value === null ? [] : [result.value]
      breakOff(runs[index]?.row.personId ?? '', result.reason)
      return []
    })
  }

  const concerned: Pick<Run, 'person' | 'row'>[] = []
  const load = async (personId: string) => {
    try {
      const person = await engine.people.load(personId)
      const row = person?.targets.get(engine.target)
      if (person != null && row !== undefined) concerned.push({ person, row })
    } catch (bug) {
      breakOff(personId, bug)
    }
  }
  await Promise.all([...new Set(personIds)].map(load))
  const registers = openRegisters(engine)
  const prepared = await guarded(concerned, one => prepareRun(engine, one, eventAt, registers))
  const { alongside } = given
  if (alongside !== undefined && mode !== 'observe-only')
    await guarded(prepared, async run => {
      await alongside(run)
      return null
    })
  const ready = await guarded(prepared, run => admit(engine, run))

  const seen = blind ? ready.map(attestedSight) : await engine.connector.observe(ready.map(accountOf))
  if (byHand) {
    const handed = ready.map((run, index) => ({ ...run, sight: blind ? null : (seen[index] ?? null) }))
    await guarded(handed, ({ sight, ...run }) =>
      sight?.ok && isUnadopted(run, sight.value)
        ? leaveAlone(engine, run, sight.value)
        : convergeByHand(engine, run, sight),
    )
    return broken
  }
  const unseen = ready.flatMap(({ row }, index) => (isUnanswered(seen[index]) ? row.personId : []))
  if (unseen.length > 0 && unseen.length === ready.length) {
    // Rows that nobody has seen stay as they are: due, and no attempt the more.
    if (await noteOutage(engine, system, { answered: 0, unanswered: unseen })) return broken
  }
  const observed = await guarded(
    ready.map((run, index) => ({ ...run, seen: seen[index] })),
    ({ seen: sight, ...run }) =>
      blind && run.row.openIntent !== null ? keepHanded(engine, run) : digest(engine, run, sight),
  )
  const planned = await guarded(observed, run => plan(engine, run))

  const acts = planned.map(run => ({
    account: accountOf(run),
    profile: run.profile ?? noProfile(run),
    observed: run.observation,
    steps: run.steps,
  }))
  const applied = acts.length === 0 ? [] : await engine.connector.apply(acts)
  const proofs =
    acts.length === 0
      ? []
      : await engine.connector.observe(
          planned.map((run, index) => {
            const result = applied[index]
            return result?.ok ? { ...accountOf(run), ...result.value } : accountOf(run)
          }),
        )
  const undone = planned.flatMap(({ row }, index) =>
    isUnanswered(applied[index]) || isUnanswered(proofs[index]) ? row.personId : [],
  )
  const answered = blind ? 0 : ready.length - unseen.length - undone.length
  const outage = await noteOutage(engine, system, { answered, unanswered: undone })
  await guarded(
    planned.map((run, index) => ({ ...run, applied: applied[index], proof: proofs[index] })),
    run => conclude({ ...engine, outage }, run, run.applied, run.proof),
  )
  if (mode === 'observe-only') await wakeAfterChange(engine, observed)
  return broken
}

/**
 * A run that only reports puts its rows off until tomorrow. Where the mode changed meanwhile, the walk that the change began
 * may have passed rows that were due then and are not now: they are woken here.
 */
async function wakeAfterChange(engine: Work, runs: readonly Run[]): Promise<void> {
  if (runs.length === 0) return
  const inForce = modeOf(engine.settings, engine.target, await engine.systems.load(engine.target))
  if (inForce === 'observe-only' || rests(inForce)) return
  const now = instantOf(engine.clock())
  for (const { row } of runs) {
    await engine.targets.wake(row, now)
    await engine.bells.ring([{ personId: row.personId, target: row.target, urgent: row.urgent }])
  }
}

/** Where nobody can look, the last word of a human is what is there. */
const attestedSight = ({ row }: Run): Outcome<Observation> => ({
  ok: true,
  value: row.observed ?? absentAccount,
})

/** Lets a run go on unless another one holds the lease, or it has to wait for the directory. */
async function admit(engine: Convergence, run: Run): Promise<Run | null> {
  const { row } = run
  const now = engine.clock()
  if (row.leaseUntil !== null && row.leaseUntil > instantOf(now)) {
    engine.log('lease-busy', { personId: row.personId, target: row.target })
    return null
  }
  if (row.openIntent === null && mustWait(engine, run)) {
    const dueAt = instantOf(now + waitMilliseconds)
    await engine.targets.note(row, { state: 'waiting', dueAt, lastAsOf: run.asOf }, instantOf(now))
    // Opened meanwhile: its bell may have been answered before this row said that it waits.
    const person = await engine.people.load(row.personId)
    if (person !== null && !mustWait(engine, { ...run, person })) await ringSelf(engine, run)
    return null
  }
  return run
}

/** An activation of mail waits until the directory account is open, if both are wanted. A deactivation never waits. */
function mustWait(engine: Convergence, run: Run): boolean {
  if (engine.target !== 'mail' || !run.desired.enabled || run.row.observed?.state === 'enabled') return false
  const directory = run.person.targets.get('directory')
  if (directory === undefined || directory.observed?.state === 'enabled') return false
  return desiredAccess(run.person, 'directory', engine.settings, run.asOf).enabled
}

/** Takes in what was seen: an outside failure backs off, an open intent is closed by what the target shows. */
async function digest(
  engine: Work,
  run: Run,
  sight: Outcome<Observation> | undefined,
): Promise<SeenRun | null> {
  if (sight === undefined) throw new Error('the connector left out a result')
  if (sight.ok) {
    return isUnadopted(run, sight.value)
      ? leaveAlone(engine, run, sight.value)
      : closeByLooking(engine, run, sight.value)
  }
  // A conflict that may pass (two accounts bear this person's mark) is not about the name: another one would not settle it.
  const { kind, retryable } = sight.error
  // Nor does another one settle what so many have not: a human is asked.
  const stranger =
    kind === 'conflict' &&
    !retryable &&
    run.row.accountId === null &&
    (run.row.attempts < engine.settings.limits.attemptsBeforeParking || !run.desired.enabled)
  if (!stranger || (run.desired.enabled && run.profile === null)) {
    await backOff(engine, run, sight.error)
    return null
  }
  // The name is borne by somebody else's account, and this person has none: a reading, by which nothing is to be closed.
  const seen = await closeByLooking(engine, run, absentAccount)
  if (seen !== null && engine.mode === 'observe-only') {
    await report(engine, seen, [], kind)
    return null
  }
  if (seen !== null && run.desired.enabled && run.profile !== null) {
    await rename(engine, seen, run.profile)
    return null
  }
  return seen
}

/**
 * The target shows an account of this person that nobody has adopted and that this system did not make: the row knows no
 * account, no intent to create one was ever opened, and yet there is one.
 */
const isUnadopted = ({ row }: Run, { state }: Observation): boolean =>
  state !== 'absent' && row.accountId === null && row.origin === null && row.openIntent === null

/**
 * Changes nothing in an account that somebody else made, and asks a human whose it is; `POST /reconciliation/adoptions`
 * settles it. Where nobody should have access and it gives none, there is nothing to ask.
 */
async function leaveAlone(engine: Work, run: Run, observation: Observation): Promise<null> {
  const { row } = run
  const now = instantOf(engine.clock())
  const asked = run.desired.enabled || observation.state === 'enabled'
  if (asked && engine.mode === 'observe-only') {
    await report(engine, { ...run, observation }, [], 'unadopted')
    return null
  }
  const outcome = asked
    ? failedState(engine, run, 'unadopted', false)
    : settledState(engine, { ...run, observation })
  const seen = { observed: observation, observedAt: now, lastAsOf: run.asOf }
  await engine.targets.note(row, { ...outcome, ...seen }, now)
  if (asked) engine.log('unadopted', { personId: row.personId, target: row.target })
  return null
}

/**
 * What changed in the account since it was last seen, with no act of ours between, goes to the ledger before anything is
 * done about it. Null: somebody else moved the row.
 */
async function noticeDrift(engine: Work, run: SeenRun): Promise<SeenRun | null> {
  const { row, observation } = run
  if (row.observed === null || row.fault !== null || engine.mode !== 'active') return run
  // A card was given or taken: that the doors still show the one before is what this run is for.
  if (row.cause.kind === 'badge' && row.appliedVersion < row.desiredVersion) return run
  const differences = driftBetween(row.observed, observation)
  if (differences.length === 0) return run
  const noted = await engine.targets.noteDrift(row, {
    entry: entryOf(engine, run, 'recorded', {
      act: 'drift-found',
      asOf: run.asOf,
      cause: { kind: 'drift', ref: row.target },
      before: shown(row.observed),
      after: shown(observation),
      evidence: { differences },
    }),
    seen: { observed: observation, observedAt: instantOf(engine.clock()) },
    drift: { foundAt: instantOf(engine.clock()), differences, outcome: 'open' },
  })
  if (noted === null) return null
  engine.log('drifted', { personId: row.personId, target: row.target, differences: differences.length })
  return { ...run, row: noted }
}

/** Plans the difference; where there is none the row is settled without an entry, for nothing was done. */
async function plan(engine: Work, seen: SeenRun): Promise<PlannedRun | null> {
  const run = await noticeDrift(engine, seen)
  if (run === null) return null
  const planned = stepsFor(engine, run)
  if (planned.length === 0) {
    const settled = await engine.targets.note(
      run.row,
      { ...seenNow(engine, run, run.observation), ...settledState(engine, run) },
      instantOf(engine.clock()),
    )
    if (settled) await ringWaiting(engine, run)
    else await ringSelf(engine, run)
    return null
  }
  if (engine.mode === 'observe-only') {
    await report(engine, run, planned, null)
    return null
  }
  const stopped = await stoppedBy(engine, run, planned)
  if (stopped !== null) {
    await putOff(engine, run, stopped)
    return null
  }
  const now = engine.clock()
  const cause = causeOf(run)
  const { now: steps, later } = phasesOf(engine, planned, cause.kind)
  const row = await engine.targets.openIntent(
    run.row,
    { asOf: run.asOf, desiredVersion: run.row.desiredVersion, steps: [...steps], cause },
    {
      entry: entryOf(engine, run, 'intended', {
        asOf: run.asOf,
        cause,
        before: shown(run.observation),
        after: { steps },
      }),
      leaseUntil: instantOf(now + leaseMilliseconds),
    },
  )
  if (row === null) engine.log('lease-busy', { personId: run.row.personId, target: run.row.target })
  return row === null ? null : { ...run, row, steps, later }
}

/** On the night on which everybody's contract ends, closing everybody comes before tidying up after anybody. */
function phasesOf({ settings, target }: Work, steps: readonly Step[], cause: string) {
  const own = targetSettings(settings, target)
  const mass = cause === 'calendar' && own !== undefined && traitsOf(own).tidiesLater
  return mass ? inPhases(steps) : { now: steps, later: [] }
}

/** The target holds the reserved name for somebody unknown to us: the account gets the next name before it exists. */
async function rename(engine: Convergence, run: Run, names: Profile): Promise<void> {
  const { row } = run
  const now = engine.clock()
  const over = quarantineOver(engine.settings, now)
  const bearer = { personId: row.personId, names }
  const name = await pickName(engine.people, engine.settings, engine.target, bearer, over, row.name)
  const renamed = await engine.people.rename(row, name, {
    entry: entryOf(engine, run, 'recorded', {
      act: 'account-renamed',
      asOf: run.asOf,
      cause: { kind: 'conflict', ref: row.target },
    }),
    dueAt: instantOf(now),
    quarantineOver: over,
  })
  // Refused: somebody else has moved the row, or taken the name. It is still due.
  if (!renamed) return
  engine.log('renamed', { personId: row.personId, target: row.target })
  await ringSelf(engine, run)
}
