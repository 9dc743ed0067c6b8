import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import { DriftRow } from '../../schemas/rows.ts'
import type { TargetId } from '../../schemas/settings.ts'
import type { TargetRow } from '../../schemas/target.ts'
import { keys, type ListShard, listShards, lists } from './keys.ts'
import { batchGet, countAll, type Tables } from './tables.ts'
import { bare, readTargetRow } from './target-rows.ts'

/** One page of a long list; `next` continues, null: there are no more. */
export interface ListPage<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

export type ListStore = ReturnType<typeof createListStore>

/**
 * Everything of a target, and everybody, page by page: for walks and reports, never for a rule. Which rows there are comes
 * from an index and may lag a second behind; what they say is read consistently. A place is `<shard>#<person id>`.
 */
export function createListStore(tables: Tables) {
  /** Person ids after a place, at most `limit`; a page may be short at the end of a shard. */
  async function page(
    listKey: (shard: ListShard) => string,
    place: string | null,
    limit: number,
  ): Promise<ListPage<string>> {
    const [shard = '', after = ''] = (place ?? `${listShards[0]}#`).split('#')
    const known = listShards.find(one => one === shard)
    if (known === undefined) return { items: [], next: null }
    const answer = await tables.client.send(
      new QueryCommand({
        TableName: tables.state,
        IndexName: 'list',
        KeyConditionExpression: `listKey = :list${after === '' ? '' : ' AND listSort > :after'}`,
        ExpressionAttributeValues: {
          ':list': listKey(known),
          ...(after === '' ? {} : { ':after': after }),
        },
        Limit: limit,
      }),
    )
    const items = (answer.Items ?? []).map(item => item.listSort as string)
    const following = listShards[listShards.indexOf(known) + 1]
    if (answer.LastEvaluatedKey !== undefined) return { items, next: `${shard}#${items.at(-1)}` }
    return { items, next: following === undefined ? null : `${following}#` }
  }

  return {
    /** Account rows of a target from a place on (null: from the beginning), at most `limit` of them a page. */
    async accounts(target: TargetId, place: string | null, limit: number): Promise<ListPage<TargetRow>> {
      const { items, next } = await page(shard => lists.accounts(target, shard), place, limit)
      const rows = await batchGet(
        tables,
        tables.state,
        items.map(personId => keys.target(personId, target)),
      )
      return { items: rows.map(readTargetRow), next }
    },

    /** Person ids from a place on (null: from the beginning), at most `limit` of them a page. */
    people: (place: string | null, limit: number): Promise<ListPage<string>> =>
      page(lists.people, place, limit),

    /** Drift that is not settled, the oldest first; `place` is where the page before ended. */
    async drift(target: TargetId, place: string | null, limit: number): Promise<ListPage<DriftRow>> {
      const answer = await tables.client.send(
        new QueryCommand({
          TableName: tables.state,
          IndexName: 'list',
          KeyConditionExpression: `listKey = :list${place === null ? '' : ' AND listSort > :after'}`,
          ExpressionAttributeValues: {
            ':list': lists.drift(target),
            ...(place === null ? {} : { ':after': place }),
          },
          Limit: limit,
        }),
      )
      const found = answer.Items ?? []
      const items = await batchGet(
        tables,
        tables.state,
        found.map(({ pk, sk }) => ({ pk, sk })),
      )
      return {
        items: items.map(item => DriftRow.parse(bare(item))),
        next: answer.LastEvaluatedKey === undefined ? null : (found.at(-1)?.listSort as string),
      }
    },

    /** How many account rows a target has: counted in the index, some 20 read units a thousand. */
    async countAccounts(target: TargetId): Promise<number> {
      const counts = await Promise.all(
        listShards.map(shard =>
          countAll(tables, {
            TableName: tables.state,
            IndexName: 'list',
            KeyConditionExpression: 'listKey = :list',
            ExpressionAttributeValues: { ':list': lists.accounts(target, shard) },
          }),
        ),
      )
      return counts.reduce((sum, count) => sum + count, 0)
    },
  }
}
