import { GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { KeptLine } from '../../schemas/request.ts'
import { IdempotencyRow, LinesRow, RequestRow } from '../../schemas/rows.ts'
import { chains, dueShardOf, keys, lists } from './keys.ts'
import { type EntryDraft, emptyChain, seal } from './ledger.ts'
import { batchGet, commit, queryAll, type Tables, type Write, writeOne } from './tables.ts'
import { bare } from './target-rows.ts'

/** Lines kept in one row: 20 of the longest lines stay far below DynamoDB's 400 KB an item. */
const linesPerRow = 20

/** A request as filed and decided. */
export interface KeptRequest {
  readonly row: RequestRow
  readonly lines: readonly KeptLine[]
}

/** A replay key: same caller, route and client key. `bodyHash` tells whether it is the same thing that is asked. */
export interface IdempotencyKey {
  readonly callerId: string
  readonly route: string
  readonly key: string
  readonly bodyHash: string
}

/** A request with its lines and the first entry of its chain, ready to be written. */
export interface RequestToFile {
  readonly row: Omit<RequestRow, 'version' | 'head' | 'lineCount'>
  readonly lines: readonly KeptLine[]
  readonly entry: EntryDraft
}

/** Twelve items each of a transaction's hundred, with two hundred lines. */
export const requestsAtOnce = 8

export type RequestStore = ReturnType<typeof createRequestStore>

export function createRequestStore(tables: Tables) {
  async function load(number: string): Promise<KeptRequest | null> {
    const items = await queryAll(tables, {
      TableName: tables.state,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': keys.request(number).pk },
      ConsistentRead: true,
    })
    const own = items.find(item => item.sk === 'REQUEST')
    if (own === undefined) return null
    const lines = items
      .filter(item => (item.sk as string).startsWith('LINES#'))
      .flatMap(item => LinesRow.parse(bare(item)).lines)
    const { dueAt: _, ...row } = bare(own)
    return { row: RequestRow.parse(row), lines }
  }

  return {
    load,

    /** What an idempotency key was used for before, or null. `ref` is where the answer is. */
    async replayOf(key: IdempotencyKey): Promise<IdempotencyRow | null> {
      const answer = await tables.client.send(
        new GetCommand({
          TableName: tables.state,
          Key: keys.idempotency(key.callerId, key.route, key.key),
          ConsistentRead: true,
        }),
      )
      return answer.Item === undefined ? null : IdempotencyRow.parse(bare(answer.Item))
    },

    /** The next number of a civil year, `2026-000123`. A number that is taken and not used leaves a gap. */
    async nextNumber(year: string): Promise<string> {
      const answer = await tables.client.send(
        new UpdateCommand({
          TableName: tables.state,
          Key: keys.requestCounter(year),
          UpdateExpression: 'ADD #last :one',
          ExpressionAttributeNames: { '#last': 'last' },
          ExpressionAttributeValues: { ':one': 1 },
          ReturnValues: 'UPDATED_NEW',
        }),
      )
      return `${year}-${String(answer.Attributes?.last).padStart(6, '0')}`
    },

    /**
     * Files requests whole: rows, lines, idempotency row and ledger entries, or none of it; up to `requestsAtOnce` of two
     * hundred lines. False: the key was used meanwhile.
     */
    async file(
      requests: readonly RequestToFile[],
      idempotency: (IdempotencyKey & { readonly ref: string }) | null,
    ): Promise<boolean> {
      const result = await commit(tables, [
        ...requests.flatMap(({ row, lines, entry }) => requestWrites(tables, row, lines, entry)),
        ...(idempotency === null
          ? []
          : [
              {
                Put: {
                  TableName: tables.state,
                  Item: {
                    ...keys.idempotency(idempotency.callerId, idempotency.route, idempotency.key),
                    version: 1,
                    bodyHash: idempotency.bodyHash,
                    ref: idempotency.ref,
                  },
                  ConditionExpression: 'attribute_not_exists(pk)',
                },
              },
            ]),
      ])
      return result.done
    },

    /**
     * Puts a line in the place of the one that bears its number, with the entry of what was decided. An accepted one makes
     * the request due until it is applied. False: something else was decided of this request since it was read.
     */
    async decide(kept: KeptRequest, next: KeptLine, entry: EntryDraft): Promise<boolean> {
      const result = await commit(tables, lineWrites(tables, kept, next, entry, next.decision === 'accepted'))
      return result.done
    },

    /**
     * Every line that was accepted when the request was read is applied: it is no longer due. False: a line was decided
     * meanwhile, and the request stays due for it.
     */
    async markApplied({ number, head }: Pick<RequestRow, 'number' | 'head'>): Promise<boolean> {
      try {
        await writeOne(
          tables,
          new UpdateCommand({
            TableName: tables.state,
            Key: keys.request(number),
            UpdateExpression: 'SET applied = :yes REMOVE dueAt, dueShard',
            ConditionExpression: '#head.#sequence = :sequence',
            ExpressionAttributeNames: { '#head': 'head', '#sequence': 'sequence' },
            ExpressionAttributeValues: { ':yes': true, ':sequence': head.sequence },
          }),
        )
        return true
      } catch (error) {
        if ((error as Error).name !== 'ConditionalCheckFailedException') throw error
        return false
      }
    },

    /** Puts off the next try of a request that could not be applied now; one that somebody else has applied stays so. */
    async postpone(number: string, dueAt: string): Promise<void> {
      try {
        await writeOne(
          tables,
          new UpdateCommand({
            TableName: tables.state,
            Key: keys.request(number),
            UpdateExpression: 'SET dueAt = :due',
            ConditionExpression: 'attribute_exists(dueAt)',
            ExpressionAttributeValues: { ':due': dueAt },
          }),
        )
      } catch (error) {
        if ((error as Error).name !== 'ConditionalCheckFailedException') throw error
      }
    },

    /** Numbers of a unit's requests, newest first; `before` is the last number of the previous page. */
    async numbersOfUnit(unit: string, before: string | null, limit: number): Promise<string[]> {
      const page = await tables.client.send(
        new QueryCommand({
          TableName: tables.state,
          IndexName: 'list',
          KeyConditionExpression: `listKey = :list${before === null ? '' : ' AND listSort < :before'}`,
          ExpressionAttributeValues: {
            ':list': lists.requestsOfUnit(unit),
            ...(before === null ? {} : { ':before': before }),
          },
          ScanIndexForward: false,
          Limit: limit,
        }),
      )
      return (page.Items ?? []).map(item => item.listSort as string)
    },

    /** The rows of requests without their lines. */
    async rows(numbers: readonly string[]): Promise<RequestRow[]> {
      const items = await batchGet(tables, tables.state, numbers.map(keys.request))
      return items.map(item => {
        const { dueAt: _, ...row } = bare(item)
        return RequestRow.parse(row)
      })
    },
  }
}

/**
 * A line in the place of the one that bears its number, with its entry in the request's chain; refused when anything else was
 * said of the request since it was read. `waits`: the request is due again, until the line is applied.
 */
export function lineWrites(
  tables: Tables,
  { row, lines }: KeptRequest,
  next: KeptLine,
  entry: EntryDraft,
  waits: boolean,
): Write[] {
  const sealed = seal(tables, chains.request(row.number), row.head, entry)
  const key = keys.request(row.number)
  const changed = lines.map(line => (line.line === next.line ? next : line))
  const chunk = Math.floor(lines.findIndex(({ line }) => line === next.line) / linesPerRow)
  return [
    {
      Update: {
        TableName: tables.state,
        Key: key,
        UpdateExpression: `SET #head = :head${waits ? ', applied = :no, dueAt = :due, dueShard = :shard' : ''}`,
        ConditionExpression: '#head.#sequence = :sequence',
        ExpressionAttributeNames: { '#head': 'head', '#sequence': 'sequence' },
        ExpressionAttributeValues: {
          ':head': sealed.head,
          ':sequence': row.head.sequence,
          ...(waits && { ':no': false, ':due': entry.at, ':shard': dueShardOf(key.pk) }),
        },
      },
    },
    {
      Put: {
        TableName: tables.state,
        Item: {
          ...keys.lines(row.number, chunk),
          version: 1,
          lines: changed.slice(chunk * linesPerRow, (chunk + 1) * linesPerRow),
        },
      },
    },
    sealed.write,
  ]
}

/** A request whole: its row, its lines, and the first entry of its chain. Due until its lines are applied. */
export function requestWrites(
  tables: Tables,
  request: Omit<RequestRow, 'version' | 'head' | 'lineCount'>,
  lines: readonly KeptLine[],
  entry: EntryDraft,
): Write[] {
  const sealed = seal(tables, chains.request(request.number), emptyChain, entry)
  const row: RequestRow = { version: 1, ...request, lineCount: lines.length, head: sealed.head }
  const key = keys.request(request.number)
  const due = request.applied ? {} : { dueAt: request.filedAt, dueShard: dueShardOf(key.pk) }
  const list = { listKey: lists.requestsOfUnit(request.unit), listSort: request.number }
  const chunks: Write[] = []
  for (let first = 0; first < lines.length; first += linesPerRow)
    chunks.push({
      Put: {
        TableName: tables.state,
        Item: {
          ...keys.lines(request.number, first / linesPerRow),
          version: 1,
          lines: lines.slice(first, first + linesPerRow),
        },
      },
    })
  return [
    {
      Put: {
        TableName: tables.state,
        Item: { ...key, ...row, ...due, ...list },
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    },
    ...chunks,
    sealed.write,
  ]
}
