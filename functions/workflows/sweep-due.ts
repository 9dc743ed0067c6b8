import { applyRequest } from './apply-lines.ts'
import { type Credentials, closeForgotten } from './close-forgotten.ts'
import { type Engine, instantOf, modeOf, placeOf, rests } from './engine.ts'
import { escalateTask } from './escalate-task.ts'
import { followRequest } from './follow-request.ts'
import { inParallel } from './in-parallel.ts'
import { ringDue, ringProbes } from './ring-due.ts'
import { settleBatch } from './settle-batch.ts'
import { continueWalk } from './wake-accounts.ts'

/** Requests and the like of each of the eight shards that one sweep takes on. */
const perShard = 500
/** What one sweep carries out of a decided batch: there is other work, and another sweep. */
const batchMilliseconds = 10_000
/** Requests of which one sweep looks what became, at most: they wait gladly for the next one. */
const followsOfSweep = 200

export interface Swept {
  readonly rung: number
  /** Requests whose lines were to be applied, and those of which it was looked what became. */
  readonly requests: number
  /** Targets whose accounts were woken: the next sweep rings them, and goes on. */
  readonly walks: number
  /** Overdue tasks told to a second address, and mails rung for. */
  readonly tasks: number
  readonly notices: number
  /** Requests, tasks and passwords half set that could not be read or finished because of a bug: the others went on. */
  readonly broken: number
  readonly parked: number
  /** Batches that the guard has stopped and that wait for two people; decided ones that were worked on. */
  readonly held: number
  readonly batches: number
  /** Seconds since the oldest due row became due; 0 when nothing is due. Targets that rest do not count. */
  readonly oldestDueSeconds: number
}

/**
 * Rings again whatever is still due and finishes requests that were filed and not wholly applied. It is what makes every
 * doorbell losable, every back-off end and every start and end of a grant happen. Nothing is rung for a target that rests:
 * its rows stay due, and cost nothing; for one that answers nobody, only a few, urgent ones first.
 *
 * @param eventAt the schedule's own time; the later of it and the clock counts
 */
export async function sweepDue(engine: Engine & Credentials, eventAt: string): Promise<Swept> {
  const clock = instantOf(engine.clock())
  const now = eventAt > clock ? eventAt : clock
  const due = await engine.targets.due(now, perShard)
  // First: all that follows is done one after the other, and may take all the time there is.
  const rounds = await Promise.all(
    (await atWork(engine)).map(({ target, outage }) =>
      outage === null ? ringDue(engine, target, now) : ringProbes(engine, target, outage, now),
    ),
  )
  const readings = due.filter(row => row.kind === 'reading')
  let missed = 0
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
  const batches = due.flatMap(row => (row.kind === 'batch' ? [row.id] : []))
  for (const batch of batches) {
    try {
      await settleBatch(engine, batch, engine.clock() + batchMilliseconds)
    } catch (bug) {
      engine.log('broken', { hold: batch, ...placeOf(bug) })
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
  for (const row of due)
    if (row.kind === 'credential')
      try {
        await closeForgotten(engine, row.personId)
      } catch (bug) {
        engine.log('broken', { personId: row.personId, target: null, ...placeOf(bug) })
        broken++
      }
  // Last, and bounded: no target waits for another one's walk.
  const walks = due.flatMap(row => (row.kind === 'walk' ? [row.target] : []))
  for (const target of walks) await continueWalk(engine, target, now)
  const follows = due.flatMap(row => (row.kind === 'follow' ? [row.number] : [])).slice(0, followsOfSweep)
  await inParallel(follows, async number => {
    try {
      const request = await engine.requests.load(number)
      if (request?.row.applied) await followRequest(engine, request)
    } catch (bug) {
      engine.log('broken', { request: number, ...placeOf(bug) })
      broken++
    }
  })
  const oldest = [
    ...rounds.map(round => round.oldest),
    ...due.map(row => (row.kind === 'follow' ? null : row.dueAt)),
  ]
    .filter(at => at !== null)
    .sort()
    .at(0)
  return {
    rung: rounds.reduce((sum, { rung }) => sum + rung, readings.length - missed),
    requests: numbers.length + follows.length,
    tasks: tasks.length,
    notices: notices.length - mailsMissed,
    walks: walks.length,
    broken,
    parked: await engine.targets.parked(),
    held: await engine.batches.held(),
    batches: batches.length,
    oldestDueSeconds: Math.max(0, Math.round((Date.parse(now) - Date.parse(oldest ?? now)) / 1000)),
  }
}

/** Targets whose worker works; where only people can enter, it hands out tasks. */
async function atWork({ settings, systems }: Engine) {
  const ids = settings.targets.map(({ id }) => id)
  const rows = await systems.some(ids)
  return ids
    .filter(id => !rests(modeOf(settings, id, rows.get(id))))
    .map(target => ({ target, outage: rows.get(target)?.outage ?? null }))
}
