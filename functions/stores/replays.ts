import { PutCommand } from '@aws-sdk/lib-dynamodb'
import type { IdempotencyRow } from '../../schemas/rows.ts'
import { keys } from './keys.ts'
import type { IdempotencyKey } from './requests.ts'
import type { Tables } from './tables.ts'

export type ReplayStore = ReturnType<typeof createReplayStore>

/** Answers kept under an idempotency key, for filings whose work is idempotent by itself and spans several transactions. */
export function createReplayStore(tables: Tables) {
  return {
    /** Keeps an answer as text. The first one stays: a second filing with the same key and body did the same. */
    async remember(key: IdempotencyKey, answer: string): Promise<void> {
      const row: IdempotencyRow = { version: 1, bodyHash: key.bodyHash, ref: answer }
      try {
        await tables.client.send(
          new PutCommand({
            TableName: tables.state,
            Item: { ...keys.idempotency(key.callerId, key.route, key.key), ...row },
            ConditionExpression: 'attribute_not_exists(pk)',
          }),
        )
      } catch (error) {
        if ((error as Error).name !== 'ConditionalCheckFailedException') throw error
      }
    },
  }
}
