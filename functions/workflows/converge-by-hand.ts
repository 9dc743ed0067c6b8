import type { Observation, Step } from '../../schemas/target.ts'
import type { Outcome } from '../connectors/contract.ts'
import { absentAccount } from '../domain/absent-account.ts'
import { afterSteps } from '../domain/after-steps.ts'
import { earlierOf } from '../domain/civil-time.ts'
import { nextLook } from '../domain/daily-look.ts'
import { desiredAccess } from '../domain/desired-access.ts'
import { reaches } from '../domain/plan.ts'
import { planByHand, samePlan } from '../domain/plan-by-hand.ts'
import { takesAway } from '../domain/task-times.ts'
import type { EntryDraft } from '../stores/ledger.ts'
import type { HandedTask } from '../stores/target-tasks.ts'
import { ringSelf, ringWaiting } from './conclude-run.ts'
import {
  type Convergence,
  causeOf,
  entryOf,
  failedState,
  hashFor,
  type Run,
  type SeenRun,
  seenNow,
  settledState,
  shown,
  stepsFor,
} from './convergence-run.ts'
import { instantOf, targetSettings } from './engine.ts'

/** How often a target that should tell whether it was done may fail to answer before the human's word is taken for it. */
const unansweredTries = 3
const unansweredMilliseconds = 60_000

/** Whether nobody but people can look at the target: what they say is all there is. */
export const isBlind = ({ settings, target }: Convergence): boolean =>
  targetSettings(settings, target)?.kind === 'manual'

/** What is known of the account, and whether it was read just now. */
interface Known {
  readonly observation: Observation
  readonly read: boolean
}

/**
 * Brings an account to what it should be by the hands of people: the same phases and the same ledger, with a task between
 * intent and outcome. Where the target can be read, a task is believed done once it is seen; where not, what a human
 * attested is the observation. One intent, one outcome, one open task.
 *
 * @param sight what the target shows; null where it cannot be looked at
 */
export async function convergeByHand(
  engine: Convergence,
  run: Run,
  sight: Outcome<Observation> | null,
): Promise<null> {
  const known: Known =
    sight?.ok === true
      ? { observation: sight.value, read: true }
      : { observation: run.row.observed ?? absentAccount, read: false }
  if (run.row.openIntent === null)
    return proceed(engine, { ...run, observation: known.observation }, [], known)
  if (run.row.attested !== null) return takeWord(engine, run, known, sight)
  const { steps } = run.row.openIntent
  if (known.read && reaches(known.observation, steps, hashFor(engine, { ...run, ...known })) === 'all')
    return close(engine, run, known.observation, 'succeeded', { readBack: true, found: true })
  // Read as not done, it is not done; where nobody can look, nobody knows.
  return proceed(engine, { ...run, observation: known.observation }, known.read ? [] : steps, known)
}

/** Somebody has said how it went. */
async function takeWord(
  engine: Convergence,
  run: Run,
  { observation, read }: Known,
  sight: Outcome<Observation> | null,
): Promise<null> {
  const { attested, openIntent, attempts } = run.row
  if (attested === null || openIntent === null) return null
  const { task, by } = attested
  if (!attested.done) {
    await engine.targets.closeIntent(run.row, {
      entry: outcome(engine, run, 'failed', { evidence: { task, by, done: false, readBack: read } }),
      always: {},
      settled: failedState(engine, run, 'not-done', false),
      whole: true,
    })
    engine.log('parked', { personId: run.row.personId, target: run.row.target, fault: 'not-done' })
    return null
  }
  if (read) {
    const reached = reaches(observation, openIntent.steps, hashFor(engine, { ...run, observation }))
    const phase = reached === 'all' ? 'succeeded' : 'failed'
    return close(engine, run, observation, phase, { task, by, readBack: true, reached })
  }
  if (sight !== null && attempts + 1 < unansweredTries) {
    const now = engine.clock()
    const dueAt = instantOf(now + unansweredMilliseconds)
    await engine.targets.note(run.row, { attempts: attempts + 1, dueAt }, instantOf(now))
    return null
  }
  const told = { accountId: attested.accountId, name: run.row.name }
  const account = afterSteps(observation, openIntent.steps, told)
  return close(engine, run, account, 'succeeded', { task, by, readBack: false, attested: true })
}

/** Closes the intent with its outcome; what is still to be done then is the next plan. */
async function close(
  engine: Convergence,
  run: Run,
  observation: Observation,
  phase: 'succeeded' | 'failed',
  evidence: object,
): Promise<null> {
  const seen: SeenRun = { ...run, observation }
  const done = stepsFor(engine, seen).length === 0
  const { lastAsOf, ...sight } = seenNow(engine, run, observation)
  const closed = await engine.targets.closeIntent(run.row, {
    entry: outcome(engine, run, phase, { after: shown(observation), evidence }),
    always: sight,
    settled: done ? { lastAsOf, ...settledState(engine, seen) } : { dueAt: instantOf(engine.clock()) },
    closesTask: 'settled',
    whole: true,
  })
  if (closed === null) {
    await ringSelf(engine, run)
    return null
  }
  engine.log('intent-closed', { personId: run.row.personId, target: run.row.target, reached: phase })
  if (!done) return proceed(engine, { ...seen, row: closed.row }, [], { observation, read: true })
  await ringWaiting(engine, run)
  return null
}

/** Plans, and hands the plan to people; another plan is another task, and an open one is called back when nothing is left to do. */
async function proceed(
  engine: Convergence,
  run: SeenRun,
  doubted: readonly Step[],
  { observation, read }: Known,
): Promise<null> {
  const { row } = run
  const steps =
    doubted.length === 0
      ? stepsFor(engine, run)
      : planByHand(run.desired, observation, doubted, hashFor(engine, run))
  const now = instantOf(engine.clock())
  const sight = read && row.openIntent === null ? seenNow(engine, run, observation) : {}
  if (steps.length === 0) {
    const settled = { ...sight, lastAsOf: run.asOf, ...settledState(engine, run) }
    if (row.openIntent === null) {
      if (await engine.targets.note(row, settled, now)) await ringWaiting(engine, run)
      else await ringSelf(engine, run)
      return null
    }
    await engine.targets.closeIntent(row, {
      entry: calledOff(engine, run, read),
      always: {},
      settled,
      closesTask: 'withdrawn',
      whole: true,
    })
    return null
  }
  const dueAt = lookAgain(run, now)
  if (row.openIntent !== null && row.openTask?.kind === 'manual' && samePlan(steps, row.openIntent.steps)) {
    await engine.targets.note(row, { state: 'waiting', dueAt }, now)
    return null
  }
  const cause = causeOf(run)
  const handed = await engine.targets.handOver(
    row,
    { asOf: run.asOf, desiredVersion: row.desiredVersion, steps: [...steps], cause },
    {
      entry: entryOf(engine, run, 'intended', {
        asOf: run.asOf,
        cause,
        before: shown(observation),
        after: { steps, by: 'hand' },
      }),
      supersedes: row.openIntent === null ? null : calledOff(engine, run, read),
      task: taskFor(engine, run, steps),
      changes: { ...withoutAsOf(sight), state: 'waiting', dueAt, attempts: 0, fault: null },
    },
  )
  if (handed) engine.log('handed-over', { personId: row.personId, target: row.target, steps: steps.length })
  else await ringSelf(engine, run)
  return null
}

/** A line that begins meanwhile must not count as done: that the account was looked at is said only when it is settled. */
const withoutAsOf = <T extends { lastAsOf?: string }>({ lastAsOf: _, ...rest }: T) => rest

/** The next time something changes by itself, and a day from now in any case. */
function lookAgain({ row, desired }: SeenRun, now: string): string {
  const look = nextLook(`${row.personId} ${row.target}`, now)
  return desired.changesAt === null ? look : earlierOf(desired.changesAt, look)
}

function taskFor(engine: Convergence, run: SeenRun, steps: readonly Step[]): HandedTask {
  const opens = steps.some(({ act }) => act === 'enable' || act === 'grant')
  const whole = desiredAccess(run.person, engine.target, engine.settings, run.asOf)
  return {
    steps: [...steps],
    until: opens ? whole.expiresAt : null,
    urgent: run.row.urgent || steps.some(takesAway),
  }
}

/** The outcome of an open intent, said of its own time and cause. */
function outcome(
  engine: Convergence,
  run: Run,
  phase: 'succeeded' | 'failed' | 'unknown',
  { after, evidence }: { after?: unknown; evidence: object },
): EntryDraft {
  const intent = run.row.openIntent
  return entryOf(engine, run, phase, {
    asOf: intent?.asOf ?? run.asOf,
    cause: intent?.cause ?? run.row.cause,
    ...(after !== undefined && { after }),
    evidence: { intent: intent?.entryId ?? null, kind: 'manual', ...evidence },
  })
}

/** What was wanted changed before anybody said that it was done. Only where the target was read is it known not to be. */
const calledOff = (engine: Convergence, run: Run, read: boolean): EntryDraft =>
  outcome(engine, run, read ? 'failed' : 'unknown', {
    evidence: { task: run.row.openTask?.id ?? null, calledOff: true, readBack: read },
  })
