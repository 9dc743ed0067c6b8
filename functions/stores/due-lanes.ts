import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { Round } from '../../schemas/rows.ts'
import type { TargetId } from '../../schemas/settings.ts'
import type { Ring } from './doorbells.ts'
import { keys, type Lane, laneShards, lanes } from './keys.ts'
import { countAll, type Tables } from './tables.ts'
import { bare } from './target-rows.ts'

/**
 * A row is written some time after the instant at which it says to be due, and the index learns of it later still: what
 * became due within these milliseconds before a look may not have been there at the last one.
 */
const lateMilliseconds = 60_000

/** What stands in a shard of a lane behind a place, oldest first. */
export interface DuePage {
  readonly rings: readonly Ring[]
  /** Of the first of them; null where there is none. */
  readonly oldest: string | null
  /** Behind the last of them; the place asked from where there is none. */
  readonly place: Round['places'][string] | undefined
}

/** How much work a target has before it. */
export interface Depth {
  /** Rows that are due, whatever their lane. */
  readonly due: number
  /** Those of them that are urgent: closings, and renewals about to expire. */
  readonly urgent: number
  /** Rows that wait for a human, due or not. */
  readonly parked: number
  /** Since when the oldest of them is due. */
  readonly oldest: string | null
}

export type DueLaneStore = ReturnType<typeof createDueLaneStore>

const everyLane = Object.keys(lanes) as Lane[]

/** Account rows by when they are due, target by target. All of it is read from an index, which may lag a second behind. */
export function createDueLaneStore(tables: Tables) {
  const dueIn = (shard: string, now: string) => ({
    TableName: tables.state,
    IndexName: 'due',
    KeyConditionExpression: 'dueShard = :shard AND dueAt <= :now',
    ExpressionAttributeValues: { ':shard': shard, ':now': now },
  })

  /** Rows that became due in the last minute are told again: somebody may have stood there behind the place. */
  async function page(shard: string, now: string, place: DuePage['place'], limit: number): Promise<DuePage> {
    const late = new Date(Date.parse(now) - lateMilliseconds).toISOString()
    const query =
      place !== undefined && place.dueAt > late
        ? {
            ...dueIn(shard, now),
            KeyConditionExpression: 'dueShard = :shard AND dueAt BETWEEN :late AND :now',
            ExpressionAttributeValues: { ':shard': shard, ':late': late, ':now': now },
          }
        : {
            ...dueIn(shard, now),
            ...(place !== undefined && { ExclusiveStartKey: { dueShard: shard, ...place } }),
          }
    const answer = await tables.client.send(new QueryCommand({ ...query, Limit: limit }))
    const items = (answer.Items ?? []) as { pk: string; sk: string; dueAt: string; urgent?: boolean }[]
    const last = items.at(-1)
    return {
      rings: items.map(({ pk, sk, urgent }) => ({
        personId: pk.slice('PERSON#'.length),
        target: sk.slice('TARGET#'.length) as TargetId,
        urgent: urgent === true,
      })),
      oldest: items[0]?.dueAt ?? null,
      place: last === undefined ? place : { dueAt: last.dueAt, pk: last.pk, sk: last.sk },
    }
  }

  const sum = async (counts: readonly Promise<number>[]) =>
    (await Promise.all(counts)).reduce((one, other) => one + other, 0)
  const shardsOf = (target: TargetId, some: readonly Lane[]) => some.flatMap(lane => laneShards(target, lane))

  async function oldestOf(target: TargetId, now: string): Promise<string | null> {
    const pages = await Promise.all(shardsOf(target, everyLane).map(shard => page(shard, now, undefined, 1)))
    return (
      pages
        .flatMap(({ oldest }) => oldest ?? [])
        .sort()
        .at(0) ?? null
    )
  }

  return {
    page,
    oldestOf,

    /** Every shard of a target. */
    shards: (target: TargetId): { shard: string; lane: Lane }[] =>
      everyLane.flatMap(lane => laneShards(target, lane).map(shard => ({ shard, lane }))),

    /** Counted in the index: some 20 read units a thousand rows that are due. */
    async depth(target: TargetId, now: string): Promise<Depth> {
      const dueOf = (some: readonly Lane[]) =>
        sum(shardsOf(target, some).map(shard => countAll(tables, dueIn(shard, now))))
      const [due, urgent, parked, oldest] = await Promise.all([
        dueOf(['normal', 'parked']),
        dueOf(['urgent']),
        sum(shardsOf(target, ['parked']).map(shard => countAll(tables, dueIn(shard, '~')))),
        oldestOf(target, now),
      ])
      return { due: due + urgent, urgent, parked, oldest }
    },

    /** How far the sweeper has rung a target's due rows; null: never. */
    async round(target: TargetId): Promise<Round | null> {
      const answer = await tables.client.send(
        new GetCommand({ TableName: tables.state, Key: keys.round(target) }),
      )
      return answer.Item === undefined ? null : Round.parse(bare(answer.Item))
    },

    /** Two sweepers at once would ring some rows twice: that costs an observation each, and is no reason to lock. */
    async keepRound(target: TargetId, round: Round): Promise<void> {
      await tables.client.send(
        new PutCommand({ TableName: tables.state, Item: { ...keys.round(target), ...round } }),
      )
    },
  }
}
