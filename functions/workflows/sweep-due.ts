import { applyRequest } from './apply-lines.ts'
import { type Engine, instantOf } from './engine.ts'

/** Rows of each of the eight shards that one sweep rings: a minute of every target's work is far less. */
const perShard = 500

export interface Swept {
  readonly rung: number
  readonly requests: number
  readonly parked: number
  /** Seconds since the oldest due row became due; 0 when nothing is due. */
  readonly oldestDueSeconds: number
}

/**
 * Rings again whatever is still due and finishes requests that were filed and not wholly applied. It is what makes every
 * doorbell losable, every back-off end and every start and end of a grant happen.
 *
 * @param eventAt the schedule's own time; the later of it and the clock counts
 */
export async function sweepDue(engine: Engine, eventAt: string): Promise<Swept> {
  const clock = instantOf(engine.clock())
  const now = eventAt > clock ? eventAt : clock
  const due = await engine.targets.due(now, perShard)
  const missed = await engine.bells.ring(due.filter(row => row.kind === 'target'))
  if (missed > 0) engine.log('doorbell-missed', { missed })
  let requests = 0
  for (const row of due) {
    if (row.kind !== 'request') continue
    const request = await engine.requests.load(row.number)
    if (request === null) continue
    await applyRequest(engine, request)
    requests++
  }
  const oldest = due.map(row => row.dueAt).sort()[0] ?? now
  return {
    rung: due.length - requests - missed,
    requests,
    parked: await engine.targets.parked(),
    oldestDueSeconds: Math.max(0, Math.round((Date.parse(now) - Date.parse(oldest)) / 1000)),
  }
}
