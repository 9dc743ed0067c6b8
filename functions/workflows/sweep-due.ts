import { applyRequest } from './apply-lines.ts'
import { type Engine, instantOf, placeOf } from './engine.ts'
import { escalateTask } from './escalate-task.ts'

/** Rows of each of the eight shards that one sweep rings: a minute of every target's work is far less. */
const perShard = 500

export interface Swept {
  readonly rung: number
  readonly requests: number
  /** Overdue tasks told to a second address, and mails rung for. */
  readonly tasks: number
  readonly notices: number
  /** Requests and tasks that could not be read or applied because of a bug: the others went on. */
  readonly broken: number
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
  const targets = due.filter(row => row.kind === 'target')
  let missed = await engine.bells.ring(targets)
  const readings = due.filter(row => row.kind === 'reading')
  for (const { target } of readings) missed += await engine.bells.ringReading(target)
  const notices = due.flatMap(row => (row.kind === 'notice' ? [row.id] : []))
  const mailsMissed = await engine.bells.ringNotices(notices)
  if (missed + mailsMissed > 0) engine.log('doorbell-missed', { missed: missed + mailsMissed })
  const numbers = due.flatMap(row => (row.kind === 'request' ? [row.number] : []))
  let broken = 0
  for (const number of numbers) {
    try {
      const request = await engine.requests.load(number)
      if (request !== null) await applyRequest(engine, request)
    } catch (bug) {
      engine.log('unapplied', { request: number, people: null, ...placeOf(bug) })
      broken++
    }
  }
  const tasks = due.flatMap(row => (row.kind === 'task' ? [row.id] : []))
  for (const task of tasks) {
    try {
      await escalateTask(engine, task)
    } catch (bug) {
      engine.log('broken', { task, ...placeOf(bug) })
      broken++
    }
  }
  const oldest = due.map(row => row.dueAt).sort()[0] ?? now
  return {
    rung: targets.length + readings.length - missed,
    requests: numbers.length,
    tasks: tasks.length,
    notices: notices.length - mailsMissed,
    broken,
    parked: await engine.targets.parked(),
    oldestDueSeconds: Math.max(0, Math.round((Date.parse(now) - Date.parse(oldest)) / 1000)),
  }
}
