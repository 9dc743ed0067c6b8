import { randomInt } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import {
  BatchGetCommand,
  DynamoDBDocumentClient,
  type PutCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  type UpdateCommand,
  type UpdateCommandOutput,
} from '@aws-sdk/lib-dynamodb'

/** Where the three tables are. Made once per function instance, by compose. */
export interface Tables {
  readonly client: DynamoDBDocumentClient
  readonly state: string
  readonly ledger: string
  /** Badges on devices, and movements through doors. */
  readonly doors: string
}

export type Write = NonNullable<TransactWriteCommandInput['TransactItems']>[number]

/** A transaction either happened whole, or names the writes whose conditions did not hold. */
export type Commit = { readonly done: true } | { readonly done: false; readonly refused: readonly number[] }

/** DynamoDB refuses more than this many items in one transaction. */
export const transactionLimit = 100

export function openTables(
  names: { state: string; ledger: string; doors: string },
  client = new DynamoDBClient({}),
): Tables {
  return {
    client: DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } }),
    ...names,
  }
}

const conflicts = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'])

/** How often a conflict with another transaction is tried again, with jitter: 4 s in the middle, 8 at most. */
const mostConflicts = 13

/**
 * Commits all or nothing. A conflict with another transaction is tried again;
 * a condition that does not hold is an answer, not an error. The client request token makes the SDK's own retries safe
 * after a time-out that had committed.
 */
export async function commit(tables: Tables, writes: readonly Write[]): Promise<Commit> {
  for (let attempt = 1; ; attempt++) {
    try {
      await tables.client.send(new TransactWriteCommand({ TransactItems: [...writes] }))
      return { done: true }
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error
      const codes = (error.CancellationReasons ?? []).map(reason => reason.Code ?? 'None')
      const refused = codes.flatMap((code, index) => (code === 'ConditionalCheckFailed' ? [index] : []))
      if (refused.length > 0) return { done: false, refused }
      if (attempt > mostConflicts || !codes.some(code => conflicts.has(code))) throw error
      await pause(randomInt(10, 25 * 2 ** Math.min(attempt, 5)))
    }
  }
}

/**
 * Writes one item outside a transaction; null: its condition does not hold, which is an answer and no error. That another
 * transaction has just touched it is none, and the SDK does not try again by itself: it is tried again as `commit` does it.
 */
export async function writeOne(
  tables: Tables,
  command: UpdateCommand | PutCommand,
): Promise<UpdateCommandOutput | null> {
  for (let attempt = 1; ; attempt++) {
    try {
      // One of two commands is neither of them to the client's types; both are sent alike.
      return await tables.client.send(command as UpdateCommand)
    } catch (error) {
      const { name } = error as Error
      if (name === 'ConditionalCheckFailedException') return null
      if (name !== 'TransactionConflictException' || attempt > mostConflicts) throw error
      await pause(randomInt(10, 25 * 2 ** Math.min(attempt, 5)))
    }
  }
}

/** Every item of a query, page after page. */
export async function queryAll(tables: Tables, input: QueryCommandInput): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = []
  let start: Record<string, unknown> | undefined
  do {
    const page = await tables.client.send(new QueryCommand({ ...input, ExclusiveStartKey: start }))
    items.push(...(page.Items ?? []))
    start = page.LastEvaluatedKey
  } while (start !== undefined)
  return items
}

/** How many items a query finds, page after page; nothing of them is sent. */
export async function countAll(tables: Tables, input: QueryCommandInput): Promise<number> {
  let count = 0
  let start: Record<string, unknown> | undefined
  do {
    const page = await tables.client.send(
      new QueryCommand({ ...input, Select: 'COUNT', ExclusiveStartKey: start }),
    )
    count += page.Count ?? 0
    start = page.LastEvaluatedKey
  } while (start !== undefined)
  return count
}

/** The items behind keys, in no particular order, read consistently; keys without an item are left out. */
export async function batchGet(
  tables: Tables,
  table: string,
  wanted: readonly Record<string, unknown>[],
): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = []
  for (let first = 0; first < wanted.length; first += 100) {
    let rest: Record<string, unknown>[] = wanted.slice(first, first + 100)
    for (let attempt = 0; rest.length > 0; attempt++) {
      if (attempt > 0) await pause(randomInt(10, 25 * 2 ** Math.min(attempt, 5)))
      const answer = await tables.client.send(
        new BatchGetCommand({ RequestItems: { [table]: { Keys: rest, ConsistentRead: true } } }),
      )
      items.push(...(answer.Responses?.[table] ?? []))
      rest = answer.UnprocessedKeys?.[table]?.Keys ?? []
    }
  }
  return items
}
