import { GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { KeptLine } from '../../schemas/request.ts'
import { IdempotencyRow, LinesRow, RequestRow } from '../../schemas/rows.ts'
import type { Settings } from '../../schemas/settings.ts'
import { requestNotices } from '../domain/request-notices.ts'
import { chains, dueShardOf, dueShards, followShardOf, followShards, keys, lists } from './keys.ts'
import { type EntryDraft, emptyChain, seal } from './ledger.ts'
import { type NoticeDraft, noticeWrites } from './notices.ts'
import { batchGet, commit, queryAll, type Tables, type Write, writeOne } from './tables.ts'
import { bare } from './target-rows.ts'

/** Lines kept in one row: 20 of the longest lines stay far below DynamoDB's 400 KB an item. */
const linesPerRow = 20

/** A request as filed and decided. */
export interface KeptRequest {
  readonly row: RequestRow
  readonly lines: readonly KeptLine[]
}

type NoticesOf = Pick<Settings, 'notices'>

/** How long after its lines were applied, or a decision, a request is first looked at again. */
const firstFollowMilliseconds = 300_000
const followAt = (at: string) => new Date(Date.parse(at) + firstFollowMilliseconds).toISOString()

/** A replay key: same caller, route and client key. `bodyHash` tells whether it is the same thing that is asked. */
export interface IdempotencyKey {
  readonly callerId: string
  readonly route: string
  readonly key: string
  readonly bodyHash: string
}

export type RequestStore = ReturnType<typeof createRequestStore>

export function createRequestStore(tables: Tables, settings: NoticesOf) {
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

    /** Files a request whole: row, lines, idempotency row and ledger entry, or none of it. False: the key was used meanwhile. */
    async file(
      request: NewRequest,
      lines: readonly KeptLine[],
      options: { entry: EntryDraft; idempotency: IdempotencyKey | null },
    ): Promise<boolean> {
      const idempotency = options.idempotency
      const result = await commit(tables, [
        ...requestWrites(tables, request, lines, options.entry),
        ...noticeWrites(
          tables,
          settings.notices,
          requestNotices('request-filed', request, 'filed'),
          options.entry.at,
        ),
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
                    ref: request.number,
                  },
                  ConditionExpression: 'attribute_not_exists(pk)',
                },
              },
            ]),
      ])
      return result.done
    },

    /**
     * Puts a line in the place of the one that bears its number, with the entry of what was decided, and the mails that tell
     * of it. An accepted one makes the request due until it is applied; any makes it be looked at again until it is settled.
     * False: something else was decided of this request since it was read.
     */
    async decide(
      { row, lines }: KeptRequest,
      next: KeptLine,
      entry: EntryDraft,
      told: readonly NoticeDraft[] = [],
    ): Promise<boolean> {
      const sealed = seal(tables, chains.request(row.number), row.head, entry)
      const key = keys.request(row.number)
      const changed = lines.map(line => (line.line === next.line ? next : line))
      const chunk = Math.floor(lines.findIndex(({ line }) => line === next.line) / linesPerRow)
      const waits = next.decision === 'accepted'
      // Of a request that is being applied the due time stands.
      const due = waits ? entry.at : row.applied ? followAt(entry.at) : null
      const result = await commit(tables, [
        {
          Update: {
            TableName: tables.state,
            Key: key,
            UpdateExpression: `SET #head = :head${due === null ? '' : ', applied = :applied, followed = :none, dueAt = :due, dueShard = :shard'}`,
            ConditionExpression: '#head.#sequence = :sequence',
            ExpressionAttributeNames: { '#head': 'head', '#sequence': 'sequence' },
            ExpressionAttributeValues: {
              ':head': sealed.head,
              ':sequence': row.head.sequence,
              ...(due !== null && {
                ':applied': !waits,
                ':none': 0,
                ':due': due,
                ':shard': waits ? dueShardOf(key.pk) : followShardOf(key.pk),
              }),
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
        ...noticeWrites(tables, settings.notices, told, entry.at),
      ])
      return result.done
    },

    /**
     * Every line that was accepted when the request was read is applied: from now on it is only looked at, until it is
     * settled. False: a line was decided meanwhile, and the request stays due for it.
     */
    async markApplied({ number, head }: Pick<RequestRow, 'number' | 'head'>, at: string): Promise<boolean> {
      const key = keys.request(number)
      try {
        await writeOne(
          tables,
          new UpdateCommand({
            TableName: tables.state,
            Key: key,
            UpdateExpression: 'SET applied = :yes, followed = :none, dueAt = :due, dueShard = :shard',
            ConditionExpression: '#head.#sequence = :sequence AND applied = :no',
            ExpressionAttributeNames: { '#head': 'head', '#sequence': 'sequence' },
            ExpressionAttributeValues: {
              ':yes': true,
              ':no': false,
              ':none': 0,
              ':due': followAt(at),
              ':shard': followShardOf(key.pk),
              ':sequence': head.sequence,
            },
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
            ConditionExpression: 'attribute_exists(dueAt) AND applied = :no',
            ExpressionAttributeValues: { ':due': dueAt, ':no': false },
          }),
        )
      } catch (error) {
        if ((error as Error).name !== 'ConditionalCheckFailedException') throw error
      }
    },

    /**
     * What was seen of a request that is applied: when it is looked at again (null: no more), and the outcome, where the unit
     * is told of it. False: something was decided, or somebody else has looked.
     */
    async follow(
      { number, head, followed }: RequestRow,
      next: { readonly dueAt: string | null; readonly toldOutcome?: string },
      told: readonly NoticeDraft[],
      at: string,
    ): Promise<boolean> {
      const { dueAt, toldOutcome } = next
      const result = await commit(tables, [
        {
          Update: {
            TableName: tables.state,
            Key: keys.request(number),
            UpdateExpression: `SET followed = :next${toldOutcome === undefined ? '' : ', toldOutcome = :told'}${dueAt === null ? ' REMOVE dueAt, dueShard' : ', dueAt = :due'}`,
            ConditionExpression:
              '#head.#sequence = :sequence AND applied = :yes AND (followed = :was OR attribute_not_exists(followed))',
            ExpressionAttributeNames: { '#head': 'head', '#sequence': 'sequence' },
            ExpressionAttributeValues: {
              ':next': followed + 1,
              ':was': followed,
              ':yes': true,
              ':sequence': head.sequence,
              ...(dueAt !== null && { ':due': dueAt }),
              ...(toldOutcome !== undefined && { ':told': toldOutcome }),
            },
          },
        },
        ...noticeWrites(tables, settings.notices, told, at),
      ])
      return result.done
    },

    /** Numbers of the requests that are not settled: those that are due, now or later. */
    async unsettled(): Promise<string[]> {
      const shards = await Promise.all(
        [...dueShards, ...followShards].map(shard =>
          queryAll(tables, {
            TableName: tables.state,
            IndexName: 'due',
            KeyConditionExpression: 'dueShard = :shard',
            ExpressionAttributeValues: { ':shard': shard },
          }),
        ),
      )
      const keysOf = shards.flat().filter(({ sk }) => sk === 'REQUEST')
      return keysOf.map(({ pk }) => String(pk).split('#')[1] ?? '').sort()
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

/** A request as it is filed. */
export type NewRequest = Omit<RequestRow, 'version' | 'head' | 'lineCount' | 'followed' | 'toldOutcome'>

/**
 * A request whole: its row, its lines, and the first entry of its chain. Due until its lines are applied, and then until it
 * is settled; a form of which every line is rejected is settled when it is filed.
 */
export function requestWrites(
  tables: Tables,
  request: NewRequest,
  lines: readonly KeptLine[],
  entry: EntryDraft,
): Write[] {
  const sealed = seal(tables, chains.request(request.number), emptyChain, entry)
  const row: RequestRow = {
    version: 1,
    ...request,
    lineCount: lines.length,
    followed: 0,
    toldOutcome: null,
    head: sealed.head,
  }
  const key = keys.request(request.number)
  const settled = request.kind !== 'form' || lines.every(({ decision }) => decision === 'rejected')
  const due = request.applied
    ? !settled && { dueAt: followAt(request.filedAt), dueShard: followShardOf(key.pk) }
    : { dueAt: request.filedAt, dueShard: dueShardOf(key.pk) }
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
