import type { Outage, Round } from '../../schemas/rows.ts'
import type { TargetId } from '../../schemas/settings.ts'
import type { Waiting } from '../stores/doorbells.ts'
import type { Engine } from './engine.ts'

export interface Rung {
  readonly rung: number
  readonly missed: number
  /** When the oldest due row became due, whether it was rung now or before; null: nothing is due. */
  readonly oldest: string | null
}

type Queue = keyof Waiting

/** Bells in a queue at most: at six changes a second (a slow ERP) some 14 minutes of work, at fifty some two. */
const mostWaiting = 5_000
/** After this long a round begins anew although its queue was never found empty. */
const longestRoundMilliseconds = 3_600_000

/** A batch of the workers: enough that one account the target chokes on does not pass for all. */
const probesOfSweep = 10

/**
 * Rings a few due rows of a target that answers nobody, urgent ones first: whoever gets an answer ends the outage, and the
 * next sweep rings everybody. They are not counted as rung, for they may stay due.
 */
export async function ringProbes(
  engine: Pick<Engine, 'bells' | 'lanes'>,
  target: TargetId,
  outage: Outage,
  now: string,
): Promise<Rung> {
  const oldest = await engine.lanes.oldestOf(target, now)
  if (oldest !== null && outage.nextProbe <= now) {
    const shards = engine.lanes.shards(target)
    const urgentFirst = [
      ...shards.filter(({ lane }) => lane === 'urgent'),
      ...shards.filter(({ lane }) => lane !== 'urgent'),
    ]
    const pages = await Promise.all(
      urgentFirst.map(({ shard }) => engine.lanes.page(shard, now, undefined, probesOfSweep)),
    )
    await engine.bells.ring(pages.flatMap(({ rings }) => rings).slice(0, probesOfSweep))
  }
  return { rung: 0, missed: 0, oldest }
}

/**
 * Rings a target's due rows in rounds: as long as bells wait in the queue, ringing goes on behind the last row rung, so that
 * nobody is rung twice and rows that never settle hold up no other. Once the queue is empty whatever is still due has lost
 * its bell, and a round begins with the oldest. The queue is never filled beyond what it will be rid of soon.
 */
export async function ringDue(
  engine: Pick<Engine, 'bells' | 'lanes' | 'log'>,
  target: TargetId,
  now: string,
): Promise<Rung> {
  const [waiting, kept] = await Promise.all([engine.bells.waiting(target), engine.lanes.round(target)])
  const begins = (queue: Queue): boolean =>
    kept === null ||
    waiting[queue] === 0 ||
    Date.parse(now) - Date.parse(kept.begunAt[queue]) > longestRoundMilliseconds
  const anew = { normal: begins('normal'), urgent: begins('urgent') }
  // Parked rows are tried again with the others.
  const shards = engine.lanes.shards(target).map(({ shard, lane }): { shard: string; queue: Queue } => ({
    shard,
    queue: lane === 'urgent' ? 'urgent' : 'normal',
  }))
  const share = (queue: Queue): number => {
    const room = Math.max(0, mostWaiting - waiting[queue])
    return Math.ceil(room / shards.filter(one => one.queue === queue).length)
  }

  const places: Round['places'] = {}
  const oldest: string[] = []
  let partly = false
  let [rung, missed] = [0, 0]
  await Promise.all(
    shards.map(async ({ shard, queue }) => {
      const from = anew[queue] ? undefined : kept?.places[shard]
      if (from !== undefined) places[shard] = from
      const limit = share(queue)
      if (from !== undefined || limit === 0) partly = true
      if (limit === 0) return
      const found = await engine.lanes.page(shard, now, from, limit)
      if (found.oldest !== null) oldest.push(found.oldest)
      if (found.rings.length === 0) return
      const lost = await engine.bells.ring(found.rings)
      rung += found.rings.length - lost
      missed += lost
      // What was not rung is rung with the next sweep.
      if (lost === 0 && found.place !== undefined) places[shard] = found.place
    }),
  )
  if (missed > 0) engine.log('doorbell-missed', { target, missed })
  if (rung > 0)
    await engine.lanes.keepRound(target, {
      version: 1,
      begunAt: {
        normal: anew.normal || kept === null ? now : kept.begunAt.normal,
        urgent: anew.urgent || kept === null ? now : kept.begunAt.urgent,
      },
      places,
    })
  return {
    rung,
    missed,
    oldest: partly ? await engine.lanes.oldestOf(target, now) : (oldest.sort().at(0) ?? null),
  }
}
