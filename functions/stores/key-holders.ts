import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { KeyHoldersRow } from '../../schemas/badges.ts'
import { keys } from './keys.ts'
import type { Tables, Write } from './tables.ts'
import { bare } from './target-rows.ts'

export type KeyHolderStore = ReturnType<typeof createKeyHolderStore>

/** R18: the named key-holders, as they were counted last. */
export function createKeyHolderStore(tables: Tables) {
  return {
    async load(): Promise<KeyHoldersRow> {
      const answer = await tables.client.send(
        new GetCommand({ TableName: tables.state, Key: keys.keyHolders(), ConsistentRead: true }),
      )
      return answer.Item === undefined
        ? { version: 1, revision: 0, holders: [] }
        : KeyHoldersRow.parse(bare(answer.Item))
    },
  }
}

/** The holders as they are with one approval more, in that decision's transaction. `revision` is the one that was read. */
export const keyHoldersWrite = (tables: Tables, row: KeyHoldersRow): Write => ({
  Put: {
    TableName: tables.state,
    Item: { ...keys.keyHolders(), ...row, revision: row.revision + 1 },
    ConditionExpression: 'attribute_not_exists(pk) OR revision = :read',
    ExpressionAttributeValues: { ':read': row.revision },
  },
})
