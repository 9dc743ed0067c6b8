import {
  BatchGetItemCommand,
  CreateTableCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactGetItemsCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stateTable } from './tables.ts'

export interface DynamoUnderTest {
  client: DynamoDBClientConfig
  /** Whether the table `conformance` must still be created. */
  create: boolean
  close: () => Promise<void>
}

const TableName = 'conformance'
export const conformanceTable = stateTable(TableName)

/**
 * What the product relies on in DynamoDB, said once: it runs on the laptop's copy and, given an endpoint, on
 * DynamoDB Local or on a table of its own in AWS. Every test uses keys of its own.
 */
export const describeDynamo = (title: string, open: () => Promise<DynamoUnderTest>): void => {
  describe(title, () => {
    let under: DynamoUnderTest
    let client: DynamoDBClient
    let serial = 0
    const run = process.hrtime.bigint().toString(36)
    const fresh = () => ({ pk: { S: `${run}-${serial++}` }, sk: { S: 'row' } })
    const put = (item: object, rest: object = {}) =>
      client.send(new PutItemCommand({ TableName, Item: item as never, ...rest }))
    const get = async (key: object) =>
      (await client.send(new GetItemCommand({ TableName, Key: key as never, ConsistentRead: true }))).Item
    const transact = (TransactItems: TransactWriteItem[], rest: object = {}) =>
      client.send(new TransactWriteItemsCommand({ TransactItems, ...rest }))
    const caught = async (doing: Promise<unknown>) => {
      const error = await doing.then(
        () => undefined,
        each => each,
      )
      return error as Error & { CancellationReasons?: object[]; Item?: object }
    }
    const absent = { ConditionExpression: 'attribute_not_exists(pk)' }
    const shown = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const }

    beforeAll(async () => {
      under = await open()
      client = new DynamoDBClient({ maxAttempts: 1, ...under.client })
      if (under.create) {
        const command = { ...conformanceTable, BillingMode: 'PAY_PER_REQUEST' } as never
        await client.send(new CreateTableCommand(command))
      }
    })
    afterAll(async () => {
      client.destroy()
      await under.close()
    })

    it('commits every member of a transaction', async () => {
      const [a, b, c] = [fresh(), fresh(), fresh()]
      await put({ ...c, n: { N: '1' } })
      await transact([
        { Put: { TableName, Item: { ...a, x: { S: 'one' } }, ...absent } },
        {
          Update: {
            TableName,
            Key: b,
            UpdateExpression: 'SET x = :x ADD n :n',
            ExpressionAttributeValues: { ':x': { S: 'two' }, ':n': { N: '2' } },
          },
        },
        { Delete: { TableName, Key: c, ConditionExpression: 'attribute_exists(pk)' } },
      ])
      expect(await get(a)).toEqual({ ...a, x: { S: 'one' } })
      expect(await get(b)).toEqual({ ...b, x: { S: 'two' }, n: { N: '2' } })
      expect(await get(c)).toBeUndefined()
    })

    it('leaves nothing behind when one condition fails, and says which', async () => {
      const [a, b] = [fresh(), fresh()]
      await put({ ...b, version: { N: '7' } })
      const error = await caught(
        transact([
          { Put: { TableName, Item: a, ...absent } },
          { Put: { TableName, Item: { ...b, version: { N: '8' } }, ...absent, ...shown } },
          {
            ConditionCheck: {
              TableName,
              Key: fresh(),
              ConditionExpression: 'attribute_exists(pk)',
              ...shown,
            },
          },
        ]),
      )
      expect(error.name).toBe('TransactionCanceledException')
      expect(error.message).toContain('[None, ConditionalCheckFailed, ConditionalCheckFailed]')
      expect(error.CancellationReasons).toEqual([
        { Code: 'None' },
        {
          Code: 'ConditionalCheckFailed',
          Message: 'The conditional request failed',
          Item: { ...b, version: { N: '7' } },
        },
        { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' },
      ])
      expect(await get(a)).toBeUndefined()
      expect(await get(b)).toEqual({ ...b, version: { N: '7' } })
    })

    it('keeps back the old item of a failed condition unless it is asked for', async () => {
      const a = fresh()
      await put(a)
      const error = await caught(transact([{ Put: { TableName, Item: a, ...absent } }]))
      expect(error.CancellationReasons).toEqual([
        { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' },
      ])
    })

    it('rolls a transaction back when a member cannot be applied', async () => {
      const [a, b] = [fresh(), fresh()]
      await put({ ...b, n: { S: 'a word' } })
      const error = await caught(
        transact([
          { Put: { TableName, Item: a } },
          {
            Update: {
              TableName,
              Key: b,
              UpdateExpression: 'ADD n :n',
              ExpressionAttributeValues: { ':n': { N: '1' } },
            },
          },
        ]),
      )
      expect(error.name).toBe('TransactionCanceledException')
      expect(error.CancellationReasons?.[1]).toMatchObject({ Code: 'ValidationError' })
      expect(await get(a)).toBeUndefined()
    })

    it('refuses two members on one item, and more than a hundred members', async () => {
      const a = fresh()
      const twice = await caught(
        transact([
          { Put: { TableName, Item: a } },
          { ConditionCheck: { TableName, Key: a, ConditionExpression: 'attribute_exists(pk)' } },
        ]),
      )
      expect(twice.name).toBe('ValidationException')
      expect(twice.message).toContain('cannot include multiple operations on one item')
      const many = Array.from({ length: 101 }, () => ({ Put: { TableName, Item: fresh() } }))
      expect((await caught(transact(many))).name).toBe('ValidationException')
      await transact(many.slice(0, 100))
      expect(await get(a)).toBeUndefined()
    })

    it('does a transaction with the same token once, and refuses the token for another one', async () => {
      const a = fresh()
      const ClientRequestToken = `token-${a.pk.S}`
      const add = (n: string) => [
        {
          Update: {
            TableName,
            Key: a,
            UpdateExpression: 'ADD n :n',
            ExpressionAttributeValues: { ':n': { N: n } },
          },
        },
      ]
      await transact(add('1'), { ClientRequestToken })
      await transact(add('1'), { ClientRequestToken })
      expect((await get(a))?.n).toEqual({ N: '1' })
      const error = await caught(transact(add('5'), { ClientRequestToken }))
      expect(error.name).toBe('IdempotentParameterMismatchException')
    })

    it('reads several items as of one moment while transactions move them together', async () => {
      const [a, b] = [fresh(), fresh()]
      const move = (n: number) =>
        transact([a, b].map(key => ({ Put: { TableName, Item: { ...key, n: { N: String(n) } } } }))).catch(
          () => undefined,
        )
      await move(0)
      const seen: boolean[] = []
      const reader = async () => {
        for (let turn = 0; turn < 15; turn++) {
          const TransactItems = [a, b].map(Key => ({ Get: { TableName, Key } }))
          const answer = await client
            .send(new TransactGetItemsCommand({ TransactItems }))
            .catch(() => undefined)
          const [first, second] = answer?.Responses ?? []
          if (first) seen.push(first.Item?.n?.N === second?.Item?.n?.N)
        }
      }
      await Promise.all([reader(), ...Array.from({ length: 30 }, (_, n) => move(n + 1))])
      expect(seen.length).toBeGreaterThan(0)
      expect(seen).not.toContain(false)
    })

    it('lets exactly one of many conditional writers win', async () => {
      const a = fresh()
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, (_, n) => put({ ...a, n: { N: String(n) } }, absent)),
      )
      expect(results.filter(result => result.status === 'fulfilled')).toHaveLength(1)
    })

    it('answers the old item with the failure of a single conditional write, when asked', async () => {
      const a = fresh()
      await put({ ...a, n: { N: '1' } })
      const error = await caught(put(a, { ...absent, ...shown }))
      expect(error.name).toBe('ConditionalCheckFailedException')
      expect(error.Item).toEqual({ ...a, n: { N: '1' } })
      expect((await caught(put(a, absent))).Item).toBeUndefined()
      const update = {
        TableName,
        Key: a,
        UpdateExpression: 'SET n = :n',
        ConditionExpression: 'n = :n',
        ExpressionAttributeValues: { ':n': { N: '9' } },
      }
      const second = await caught(client.send(new UpdateItemCommand({ ...update, ...shown })))
      expect(second.Item).toEqual({ ...a, n: { N: '1' } })
    })

    it('lists in an index only what carries its keys, in order, with the projected attributes', async () => {
      const shard = fresh().pk
      const rows = ['2026-12-31', '2026-11-20', '2027-01-01'].map(day => ({
        ...fresh(),
        dueShard: shard,
        dueAt: { S: day },
        urgent: { BOOL: true },
        other: { S: 'unprojected' },
      }))
      for (const row of rows) await put(row)
      await put({ ...fresh(), dueShard: shard })
      const query = (rest: object = {}) =>
        client.send(
          new QueryCommand({
            TableName,
            IndexName: 'due',
            KeyConditionExpression: 'dueShard = :s AND dueAt <= :d',
            ExpressionAttributeValues: { ':s': shard, ':d': { S: '2026-12-31' } },
            ...rest,
          }),
        )
      const { Items } = await query()
      expect(Items).toHaveLength(2)
      const [first] = Items ?? []
      const { other: _, ...projected } = rows[1] as (typeof rows)[number]
      expect(first).toEqual(projected)
      const page = await query({ Limit: 1 })
      expect(page.Items).toHaveLength(1)
      const next = await query({ Limit: 1, ExclusiveStartKey: page.LastEvaluatedKey })
      expect(next.Items?.[0]?.dueAt).toEqual({ S: '2026-12-31' })
      expect((await query({ ScanIndexForward: false })).Items?.[0]?.dueAt).toEqual({ S: '2026-12-31' })
      expect((await caught(query({ ProjectionExpression: 'other' }))).name).toBe('ValidationException')
    })

    it('moves an item within an index when its key changes, and drops it when the key is removed', async () => {
      const a = fresh()
      const shard = fresh().pk
      const due = async () => {
        const answer = await client.send(
          new QueryCommand({
            TableName,
            IndexName: 'due',
            KeyConditionExpression: 'dueShard = :s',
            ExpressionAttributeValues: { ':s': shard },
          }),
        )
        return answer.Items?.map(item => item.dueAt?.S)
      }
      const update = (UpdateExpression: string, values?: object) =>
        client.send(
          new UpdateItemCommand({
            TableName,
            Key: a,
            UpdateExpression,
            ExpressionAttributeValues: values as never,
          }),
        )
      await update('SET dueShard = :s, dueAt = :d', { ':s': shard, ':d': { S: '2026-01-01' } })
      await update('SET dueAt = :d', { ':d': { S: '2026-02-02' } })
      expect(await due()).toEqual(['2026-02-02'])
      await update('REMOVE dueAt')
      expect(await due()).toEqual([])
    })

    it('keeps rows apart that are due in the same instant', async () => {
      const shard = fresh().pk
      const rows = Array.from({ length: 100 }, (_, n) => ({
        pk: { S: `${shard.S}-${n}` },
        sk: { S: `row ${n}` },
        dueShard: shard,
        dueAt: { S: '2027-01-01' },
      }))
      await transact(rows.map(Item => ({ Put: { TableName, Item } })))
      let ExclusiveStartKey: Record<string, never> | undefined
      const seen = new Set<string | undefined>()
      do {
        const answer: { Items?: { pk?: { S?: string } }[]; LastEvaluatedKey?: object } = await client.send(
          new QueryCommand({
            TableName,
            IndexName: 'due',
            KeyConditionExpression: 'dueShard = :s',
            ExpressionAttributeValues: { ':s': shard },
            Limit: 7,
            ExclusiveStartKey,
          }),
        )
        for (const item of answer.Items ?? []) seen.add(item.pk?.S)
        ExclusiveStartKey = answer.LastEvaluatedKey as never
      } while (ExclusiveStartKey)
      expect(seen.size).toBe(100)
    })

    it('gets many items in one call', async () => {
      const keys = [fresh(), fresh()]
      for (const key of keys) await put(key)
      const RequestItems = { [TableName]: { Keys: [...keys, fresh()], ConsistentRead: true } }
      const { Responses } = await client.send(new BatchGetItemCommand({ RequestItems }))
      expect(Responses?.[TableName]).toHaveLength(2)
    })

    it('counts the units of a write: whole kilobytes, each index touched, twice for the table in a transaction', async () => {
      const units = async (doing: Promise<{ ConsumedCapacity?: unknown }>) => {
        const { ConsumedCapacity } = await doing
        return [ConsumedCapacity].flat()[0]
      }
      const asked = { ReturnConsumedCapacity: 'INDEXES' as const }
      const a = { ...fresh(), text: { S: 'ñ'.repeat(600) } }
      expect(await units(put(a, asked))).toMatchObject({ CapacityUnits: 2 })
      const due = { ...a, dueShard: fresh().pk, dueAt: { S: '2026-01-01' } }
      expect(await units(put(due, asked))).toMatchObject({
        CapacityUnits: 3,
        Table: { CapacityUnits: 2 },
        GlobalSecondaryIndexes: { due: { CapacityUnits: 1 } },
      })
      const moved = transact([{ Put: { TableName, Item: { ...due, dueAt: { S: '2026-02-02' } } } }], asked)
      expect(await units(moved)).toMatchObject({
        CapacityUnits: 6,
        Table: { CapacityUnits: 4 },
        GlobalSecondaryIndexes: { due: { CapacityUnits: 2 } },
      })
      const checked = transact(
        [
          {
            ConditionCheck: {
              TableName,
              Key: { pk: a.pk, sk: a.sk },
              ConditionExpression: 'attribute_exists(pk)',
            },
          },
        ],
        { ReturnConsumedCapacity: 'TOTAL' },
      )
      expect(await units(checked)).toMatchObject({ CapacityUnits: 4 })
    })

    it('refuses an empty string as a key, also as the key of an index', async () => {
      expect((await caught(put({ ...fresh(), pk: { S: '' } }))).name).toBe('ValidationException')
      const item = { ...fresh(), dueShard: { S: '' }, dueAt: { S: '2026-01-01' } }
      expect((await caught(put(item))).name).toBe('ValidationException')
    })
  })
}
