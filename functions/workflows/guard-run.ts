import type { LossCause } from '../../schemas/guard.ts'
import type { Step, TargetRow } from '../../schemas/target.ts'
import { lossesOf } from '../domain/guard.ts'
import { type Convergence, causeOf, type SeenRun } from './convergence-run.ts'
import { instantOf } from './engine.ts'
import { admitLoss } from './guard-losses.ts'
import { tries } from './registers.ts'

type Stopped = NonNullable<TargetRow['stopped']>

/**
 * The guard's second look, where something is about to be taken away. What follows from a fact was weighed when the fact was
 * recorded, and an end whose time has come was known before: neither is counted. What is left is what nobody has asked for:
 * corrections of what was done by hand, and a change of settings that would close accounts.
 *
 * @returns the batch that takes it in; null: it may go on
 */
export async function stoppedBy(
  engine: Convergence,
  run: SeenRun,
  steps: readonly Step[],
): Promise<Stopped | null> {
  const { row } = run
  const losses = lossesOf(engine.target, steps, run.observation)
  const cause = causeOf(run)
  if (losses.length === 0 || !isUnasked(cause.kind)) return null
  if (cause.kind === 'calendar' && row.changesAt !== null && row.changesAt <= run.asOf) return null
  const names = losses.map(({ loss }) => loss)
  if (row.stopped !== null && names.every(name => row.stopped?.losses.includes(name))) {
    const batch = await engine.batches.load(row.stopped.hold)
    return batch?.state === 'released' ? null : row.stopped
  }
  const { personId } = row
  for (let attempt = 1; attempt <= tries; attempt++) {
    const verdict = await admitLoss(engine, cause.kind, personId, engine.target)
    if (verdict === null) return null
    const joined = await engine.batches.join({
      version: 1,
      hold: verdict.hold,
      personId,
      of: 'account',
      cause: { kind: cause.kind, ref: engine.target },
      at: instantOf(engine.clock()),
      losses,
    })
    if (joined) return { hold: verdict.hold, losses: names }
  }
  throw new Error('no batch took in what was stopped')
}

const isUnasked = (kind: string): kind is Extract<LossCause, 'calendar' | 'drift'> =>
  kind === 'calendar' || kind === 'drift'
