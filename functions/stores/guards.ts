import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { GuardRow, type LossCause } from '../../schemas/guard.ts'
import { keys } from './keys.ts'
import { commit, type Tables } from './tables.ts'
import { bare } from './target-rows.ts'

export type GuardStore = ReturnType<typeof createGuardStore>

/** Who passed each kind of cause within the hour. */
export function createGuardStore(tables: Tables) {
  return {
    async load(kind: LossCause): Promise<GuardRow> {
      const answer = await tables.client.send(
        new GetCommand({ TableName: tables.state, Key: keys.guard(kind), ConsistentRead: true }),
      )
      return answer.Item === undefined
        ? { version: 1, kind, revision: 0, passed: [], population: null, open: null }
        : GuardRow.parse(bare(answer.Item))
    },

    /** Writes what was counted; false: somebody else counted meanwhile. `revision` is the one that was read. */
    async keep(row: GuardRow): Promise<boolean> {
      const result = await commit(tables, [
        {
          Put: {
            TableName: tables.state,
            Item: { ...keys.guard(row.kind), ...row, revision: row.revision + 1 },
            ConditionExpression: 'attribute_not_exists(pk) OR revision = :read',
            ExpressionAttributeValues: { ':read': row.revision },
          },
        },
      ])
      return result.done
    },
  }
}
