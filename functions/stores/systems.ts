import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { SystemRow, type Walk } from '../../schemas/rows.ts'
import type { TargetId } from '../../schemas/settings.ts'
import { chains, dueShardOf, keys } from './keys.ts'
import { type EntryDraft, emptyChain, seal } from './ledger.ts'
import { batchGet, commit, type Tables, writeOne } from './tables.ts'
import { bare } from './target-rows.ts'

export type SystemStore = ReturnType<typeof createSystemStore>

const parse = (item: Record<string, unknown>): SystemRow => {
  const { dueAt: _, ...row } = bare(item)
  return SystemRow.parse(row)
}

/** Targets as wholes: the mode in force, and the walk over their accounts that a change of mode begins. */
export function createSystemStore(tables: Tables) {
  return {
    /** Null: nobody has changed the mode that the settings give it. Read consistently: a pause holds for the next run. */
    async load(target: TargetId): Promise<SystemRow | null> {
      const answer = await tables.client.send(
        new GetCommand({ TableName: tables.state, Key: keys.system(target), ConsistentRead: true }),
      )
      return answer.Item === undefined ? null : parse(answer.Item)
    },

    /** The rows of those that have one, by target. */
    async some(targets: readonly TargetId[]): Promise<Map<TargetId, SystemRow>> {
      const items = await batchGet(tables, tables.state, targets.map(keys.system))
      return new Map(items.map(parse).map(row => [row.target, row]))
    },

    /** Writes a change with its ledger entry; a walk makes the row due. False: somebody else changed it since it was read. */
    async change(
      standing: SystemRow | null,
      next: Omit<SystemRow, 'version' | 'head'>,
      entry: EntryDraft,
    ): Promise<boolean> {
      const head = standing?.head ?? emptyChain
      const sealed = seal(tables, chains.system(next.target), head, entry)
      const key = keys.system(next.target)
      const row: SystemRow = { version: 1, ...next, head: sealed.head }
      const result = await commit(tables, [
        {
          Put: {
            TableName: tables.state,
            Item: {
              ...key,
              ...row,
              ...(next.walk === null ? {} : { dueAt: next.walk.startedAt, dueShard: dueShardOf(key.pk) }),
            },
            ...(standing === null
              ? { ConditionExpression: 'attribute_not_exists(pk)' }
              : {
                  ConditionExpression: '#head.#sequence = :sequence',
                  ExpressionAttributeNames: { '#head': 'head', '#sequence': 'sequence' },
                  ExpressionAttributeValues: { ':sequence': head.sequence },
                }),
          },
        },
        sealed.write,
      ])
      return result.done
    },

    /** Keeps how far a walk has come; `place` null: it is over. False: another one has begun, or the target was paused. */
    async moveWalk(target: TargetId, walk: Walk): Promise<boolean> {
      const over = walk.place === null
      try {
        await writeOne(
          tables,
          new UpdateCommand({
            TableName: tables.state,
            Key: keys.system(target),
            UpdateExpression: over ? 'SET walk = :walk REMOVE dueAt, dueShard' : 'SET walk = :walk',
            ConditionExpression: 'walk.startedAt = :started',
            ExpressionAttributeValues: { ':walk': over ? null : walk, ':started': walk.startedAt },
          }),
        )
        return true
      } catch (error) {
        if ((error as Error).name !== 'ConditionalCheckFailedException') throw error
        return false
      }
    },
  }
}
