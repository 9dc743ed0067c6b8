import { GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { KeyHoldersRow } from '../../schemas/badges.ts'
import type { KeptLine } from '../../schemas/request.ts'
import { IdempotencyRow, LinesRow, RequestRow } from '../../schemas/rows.ts'
import type { Settings } from '../../schemas/settings.ts'
import { requestNotices } from '../domain/request-notices.ts'
import { keyHoldersWrite } from './key-holders.ts'
import { dueShards, followShardOf, followShards, keys, lists } from './keys.ts'
import type { EntryDraft } from './ledger.ts'
import { type NoticeDraft, noticeWrites } from './notices.ts'
import { followAt, type KeptRequest, lineWrites, type NewRequest, requestWrites } from './request-writes.ts'
import { batchGet, commit, queryAll, type Tables, writeOne } from './tables.ts'
import { bare } from './target-rows.ts'

type NoticesOf = Pick<Settings, 'notices'>

/** A replay key: same caller, route and client key. `bodyHash` tells whether it is the same thing that is asked. */
export interface IdempotencyKey {
  readonly callerId: string
  readonly route: string
  readonly key: string
  readonly bodyHash: string
}

/** A request with its lines and the first entry of its chain, ready to be written. */
export interface RequestToFile {
  readonly row: NewRequest
  readonly lines: readonly KeptLine[]
  readonly entry: EntryDraft
}

/** Twelve items each of a transaction's hundred, with two hundred lines. */
export const requestsAtOnce = 8

export type { KeptRequest } from './request-writes.ts'

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

    /**
     * Files requests whole: rows, lines, idempotency row and ledger entries, or none of it; up to `requestsAtOnce` of two
     * hundred lines. False: the key was used meanwhile.
     */
    async file(
      requests: readonly RequestToFile[],
      idempotency: (IdempotencyKey & { readonly ref: string }) | null,
    ): Promise<boolean> {
      const result = await commit(tables, [
        ...requests.flatMap(({ row, lines, entry }) => [
          ...requestWrites(tables, row, lines, entry),
          ...noticeWrites(tables, settings.notices, requestNotices('request-filed', row, 'filed'), entry.at),
        ]),
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
     * Puts a line in the place of the one that bears its number, with the entry of what was decided, and the mails that tell
     * of it. An accepted one makes the request due until it is applied; any makes it be looked at again until it is settled.
     * `holders`: the key-holders with whoever the line makes one of them.
     * False: something else was decided of this request since it was read, or somebody else has become a key-holder.
     */
    async decide(
      kept: KeptRequest,
      next: KeptLine,
      entry: EntryDraft,
      told: readonly NoticeDraft[] = [],
      holders: KeyHoldersRow | null = null,
    ): Promise<boolean> {
      const result = await commit(tables, [
        ...lineWrites(tables, kept, next, entry, next.decision === 'accepted'),
        ...(holders === null ? [] : [keyHoldersWrite(tables, holders)]),
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
      const written = await writeOne(
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
      return written !== null
    },

    /** Puts off the next try of a request that could not be applied now; one that somebody else has applied stays so. */
    async postpone(number: string, dueAt: string): Promise<void> {
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
