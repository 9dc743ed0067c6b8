import type { Step, TargetRow } from '../../schemas/target.ts'
import type { ConnectorFault } from '../connectors/contract.ts'
import { ringSelf } from './conclude-run.ts'
import { type Convergence, type Run, type SeenRun, seenNow } from './convergence-run.ts'
import { instantOf } from './engine.ts'

const dayMilliseconds = 86_400_000

/**
 * A plan that was handed to people, where nobody can look and nothing is to be asked for now: intent, task and whatever they
 * said of it stay as they are, for the time after. No outcome is said of what nobody has seen.
 */
export async function keepHanded(engine: Convergence, { row }: Run): Promise<null> {
  const now = engine.clock()
  await engine.targets.note(row, { dueAt: instantOf(now + dayMilliseconds) }, instantOf(now))
  return null
}

/** The guard has stopped it: two people decide, and until then the account is left as it is, and looked at daily. */
export async function putOff(
  engine: Convergence,
  run: SeenRun,
  stopped: NonNullable<TargetRow['stopped']>,
): Promise<void> {
  const now = engine.clock()
  const noted = await engine.targets.note(
    run.row,
    {
      ...seenNow(engine, run, run.observation),
      state: 'pending',
      fault: 'guard-stopped',
      stopped,
      dueAt: nextLookOrChange(run, now),
    },
    instantOf(now),
  )
  if (!noted) return ringSelf(engine, run)
  const { personId, target } = run.row
  engine.log('guard-stopped', { personId, target, hold: stopped.hold })
}

/** Tomorrow, or when time alone changes what should be. */
function nextLookOrChange({ desired: { changesAt } }: Run, now: number): string {
  const tomorrow = instantOf(now + dayMilliseconds)
  return changesAt !== null && changesAt < tomorrow ? changesAt : tomorrow
}

/** Only observed: what would be done stands in the row, to be looked at again tomorrow, and nothing is done. */
export async function report(
  engine: Convergence,
  run: SeenRun,
  steps: readonly Step[],
  fault: ConnectorFault | 'unadopted' | null,
): Promise<void> {
  const now = engine.clock()
  const dueAt = nextLookOrChange(run, now)
  const seen = fault === null ? seenNow(engine, run, run.observation) : { lastAsOf: run.asOf }
  const noted = await engine.targets.note(
    run.row,
    { ...seen, state: 'pending', fault, wouldDo: [...steps], dueAt },
    instantOf(now),
  )
  if (!noted) return ringSelf(engine, run)
  engine.log('only-observed', { personId: run.row.personId, target: run.row.target, steps: steps.length })
}
