import type { Observation, Step } from '../../schemas/target.ts'
import type { Applied, ConnectorError, Outcome } from '../connectors/contract.ts'
import { reaches } from '../domain/plan.ts'
import {
  accountOf,
  type Convergence,
  entryOf,
  failedState,
  hashFor,
  type PlannedRun,
  type Run,
  type SeenRun,
  seenNow,
  settledState,
  shown,
  stepsFor,
} from './convergence-run.ts'
import { instantOf } from './engine.ts'

/** Says what became of the act, by reading back. Without a reading the intent stays open for the next run to close. */
export async function conclude(
  engine: Convergence,
  run: PlannedRun,
  applied: Outcome<Applied> | undefined,
  proof: Outcome<Observation> | undefined,
): Promise<null> {
  if (applied === undefined || proof === undefined) throw new Error('the connector left out a result')
  const fault = applied.ok ? null : applied.error
  if (!proof.ok) {
    await abandon(engine, run, fault ?? proof.error)
    return null
  }
  const observation = proof.value
  const after = { ...run, observation }
  const left = stepsFor(engine, after)
  const remaining =
    run.later.length === 0 ? left : left.filter(step => !run.later.some(({ act }) => act === step.act))
  const done = remaining.length === 0
  if (!done && applied.ok && isAwaited(engine, after, run.steps)) return awaitTarget(engine, after)
  const settled = done
    ? { ...settledState(engine, after), ...(left.length > 0 && goesOn(engine)) }
    : failedState(engine, run, fault?.kind ?? 'not-reached', fault?.retryable ?? true)
  const closed = await engine.targets.closeIntent(run.row, {
    entry: entryOf(engine, run, done ? 'succeeded' : 'failed', {
      asOf: run.asOf,
      cause: run.row.openIntent?.cause ?? run.row.cause,
      after: shown(observation),
      evidence: {
        intent: run.row.openIntent?.entryId ?? null,
        readBack: true,
        remaining: remaining.length,
        fault: fault?.kind ?? null,
      },
    }),
    always: seenNow(engine, run, observation),
    settled,
  })
  if (closed === null) return null
  if (done)
    engine.log('converged', { personId: run.row.personId, target: run.row.target, steps: run.steps.length })
  else
    engine.log(settled.state === 'parked' ? 'parked' : 'backed-off', {
      personId: run.row.personId,
      target: run.row.target,
      fault: fault?.kind ?? 'not-reached',
    })
  if (closed.moved) await ringSelf(engine, run)
  if (done) await ringWaiting(engine, run)
  return null
}

/** A target that fetches what it is to do answers within seconds, or in days: how long to the next look, at least and at most. */
const lookAgainMilliseconds = { least: 30_000, most: 900_000 } as const

/** Whether all that is left to do was left in the target by this intent, and waits there for the target to fetch it. */
export function isAwaited(engine: Convergence, seen: SeenRun, intended: readonly Step[]): boolean {
  if (seen.observation.pending === undefined) return false
  const known = new Set(intended.map(step => JSON.stringify(step)))
  const left = stepsFor(engine, seen)
  return left.length > 0 && left.every(step => known.has(JSON.stringify(step)))
}

/**
 * The intent stays open and no attempt is counted: the target rings when it has answered, and the row is due again in case
 * that bell is lost, the later the longer it has waited. A bell that rang while this run held the lease was not heard, so the
 * target is looked at once more after the lease has ended.
 */
export async function awaitTarget(engine: Convergence, run: SeenRun): Promise<null> {
  const { row, observation } = run
  const now = engine.clock()
  const waited = now - Date.parse(observation.pending ?? instantOf(now))
  const { least, most } = lookAgainMilliseconds
  const left = await engine.targets.release(row, {
    ...seenNow(engine, run, observation),
    state: 'waiting',
    fault: null,
    dueAt: instantOf(now + Math.min(Math.max(waited, least), most)),
  })
  engine.log('awaited', { personId: row.personId, target: row.target })
  if (left?.moved === true) {
    await ringSelf(engine, run)
    return null
  }
  const [again] = await engine.connector.observe([accountOf(run)])
  if (again?.ok && JSON.stringify(again.value) !== JSON.stringify(observation)) await ringSelf(engine, run)
  return null
}

/** Closed, and not tidied up yet: due at once, behind whoever is still to be closed. */
const goesOn = (engine: Convergence) => ({
  state: 'pending' as const,
  dueAt: instantOf(engine.clock()),
})

/**
 * The act's result could not be read. The intent stays open and the lease ends, so that the next run closes it by looking;
 * only when the row is parked is the outcome said to be unknown, for a human is going to look.
 */
async function abandon(engine: Convergence, run: PlannedRun, error: ConnectorError): Promise<void> {
  const failed = failedState(engine, run, error.kind, error.retryable)
  const left =
    failed.state === 'parked'
      ? await engine.targets.closeIntent(run.row, {
          entry: entryOf(engine, run, 'unknown', {
            asOf: run.asOf,
            cause: run.row.openIntent?.cause ?? run.row.cause,
            evidence: { intent: run.row.openIntent?.entryId ?? null, readBack: false, fault: error.kind },
          }),
          always: { lastAsOf: run.asOf },
          settled: failed,
        })
      : await engine.targets.release(run.row, failed)
  if (left?.moved === true) return ringSelf(engine, run)
  engine.log(failed.state === 'parked' ? 'parked' : 'backed-off', {
    personId: run.row.personId,
    target: run.row.target,
    fault: error.kind,
  })
}

/** An intent that was left open gets its one outcome from what the target shows now. Null: somebody else closed it. */
export async function closeByLooking(
  engine: Convergence,
  run: Run,
  observation: Observation,
): Promise<SeenRun | null> {
  if (run.row.openIntent === null) return { ...run, observation }
  const seen = { ...run, observation }
  if (isAwaited(engine, seen, run.row.openIntent.steps)) return awaitTarget(engine, seen)
  const reached = reaches(observation, run.row.openIntent.steps, hashFor(engine, { ...run, observation }))
  const closed = await engine.targets.closeIntent(run.row, {
    entry: entryOf(engine, run, reached === 'all' ? 'succeeded' : 'failed', {
      asOf: run.row.openIntent.asOf,
      cause: run.row.openIntent.cause,
      after: shown(observation),
      evidence: { intent: run.row.openIntent.entryId, readBack: true, resumed: true, reached },
    }),
    always: seenNow(engine, run, observation),
    settled: {},
  })
  engine.log('intent-closed', { personId: run.row.personId, target: run.row.target, reached })
  return closed === null ? null : { ...run, row: closed.row, observation }
}

/** Nothing was done: the row tries again later, and is parked for a human after the last attempt. */
export async function backOff(engine: Convergence, run: Run, error: ConnectorError): Promise<void> {
  const failed = failedState(engine, run, error.kind, error.retryable)
  const now = instantOf(engine.clock())
  if (failed.state === 'parked' && run.row.openIntent !== null)
    await engine.targets.closeIntent(run.row, {
      entry: entryOf(engine, run, 'unknown', {
        asOf: run.row.openIntent.asOf,
        cause: run.row.openIntent.cause,
        evidence: { intent: run.row.openIntent.entryId, readBack: false, fault: error.kind },
      }),
      always: { lastAsOf: run.asOf },
      settled: failed,
    })
  else await engine.targets.note(run.row, { ...failed, lastAsOf: run.asOf }, now)
  engine.log(failed.state === 'parked' ? 'parked' : 'backed-off', {
    personId: run.row.personId,
    target: run.row.target,
    fault: error.kind,
  })
}

export async function ringSelf(engine: Convergence, run: Run): Promise<void> {
  engine.log('moved-on', { personId: run.row.personId, target: run.row.target })
  await engine.bells.ring([{ personId: run.row.personId, target: run.row.target, urgent: run.row.urgent }])
}

/** Mail may be waiting for the directory account that has just settled. */
export async function ringWaiting(engine: Convergence, run: Run): Promise<void> {
  const mail = run.person.targets.get('mail')
  if (engine.target !== 'directory' || mail === undefined || mail.dueAt === null) return
  if (mail.state === 'converged' && mail.appliedVersion === mail.desiredVersion) return
  await engine.bells.ring([{ personId: mail.personId, target: 'mail', urgent: mail.urgent }])
}
