import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb'
import { expect, it } from 'vitest'
import { openDynamo } from '../../infra/local/dynamodb/index.ts'
import { conformanceTable, describeDynamo } from '../servers/aws/dynamo-conformance.ts'
import { openTestTables, stateTable } from '../servers/aws/tables.ts'

describeDynamo("DynamoDB in the laptop's cloud", async () => {
  const tables = await openTestTables({ more: [conformanceTable] })
  const close = async () => {
    expect(tables.faults()).toEqual([])
    await tables.close()
  }
  return { client: tables.client, create: false, close }
})

const elsewhere = process.env.DYNAMODB_ENDPOINT
if (elsewhere) {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  describeDynamo('DynamoDB Local', async () => ({
    client: { endpoint: elsewhere, region: 'us-east-1', credentials },
    create: true,
    close: async () => undefined,
  }))
}

it('refuses loudly the operations and parameters that are not on the closed list', async () => {
  const tables = await openTestTables()
  const client = new DynamoDBClient({ ...tables.client, maxAttempts: 1 })
  try {
    await expect(client.send(new ScanCommand({ TableName: 'state' }))).rejects.toThrow('dynamodb:Scan')
    const legacy = { TableName: 'state', Key: { pk: { S: 'a' }, sk: { S: 'b' } }, AttributesToGet: ['c'] }
    await expect(client.send(new GetItemCommand(legacy))).rejects.toThrow('AttributesToGet')
    expect(tables.faults()).toHaveLength(2)
  } finally {
    client.destroy()
    await tables.close()
  }
})

it('is worse than AWS at the rate asked for: conflicts, and answers lost after the commit', async () => {
  const tables = await openTestTables({ nastiness: { seed: 7, rate: 0.3 } })
  const client = new DynamoDBClient({ ...tables.client, maxAttempts: 1 })
  const outcomes: Record<string, number> = {}
  let lostYetDone = 0
  try {
    for (let n = 0; n < 60; n++) {
      const Key = { pk: { S: `p${n}` }, sk: { S: 'row' } }
      const TransactItems = [{ Put: { TableName: 'state', Item: Key } }]
      const name = await client.send(new TransactWriteItemsCommand({ TransactItems })).then(
        () => 'done',
        error => error.name as string,
      )
      outcomes[name] = (outcomes[name] ?? 0) + 1
      if (name === 'done' || name === 'TransactionCanceledException') continue
      const again = () => client.send(new GetItemCommand({ TableName: 'state', Key }))
      const found = await again().catch(again).catch(again).catch(again)
      if (found.Item) lostYetDone++
    }
    expect(Object.keys(outcomes)).toEqual(expect.arrayContaining(['done', 'TransactionCanceledException']))
    expect(lostYetDone).toBeGreaterThan(3)
  } finally {
    client.destroy()
    await tables.close()
  }
})

it('does a retried transaction once, although its first answer was lost', async () => {
  const tables = await openTestTables({ nastiness: { seed: 3, rate: 0.2 } })
  const client = new DynamoDBClient({ ...tables.client, maxAttempts: 10 })
  try {
    let done = 0
    for (let n = 0; n < 30; n++) {
      const Update = {
        TableName: 'state',
        Key: { pk: { S: 'counter' }, sk: { S: 'row' } },
        UpdateExpression: 'ADD n :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
      }
      await client.send(new TransactWriteItemsCommand({ TransactItems: [{ Update }] })).then(
        () => done++,
        error => expect(error.name).toBe('TransactionCanceledException'),
      )
    }
    const Key = { pk: { S: 'counter' }, sk: { S: 'row' } }
    const { Item } = await client.send(new GetItemCommand({ TableName: 'state', Key, ConsistentRead: true }))
    expect(Item?.n).toEqual({ N: String(done) })
  } finally {
    client.destroy()
    await tables.close()
  }
})

it('keeps its items over a restart, and builds an index that is new', async () => {
  const path = await mkdtemp(join(tmpdir(), 'llavero-dynamo-'))
  const { GlobalSecondaryIndexes, ...plain } = stateTable('state')
  const item = { pk: { S: 'a' }, sk: { S: 'b' }, listKey: { S: 'l' }, listSort: { S: '1' } }
  try {
    const first = await openDynamo({ tables: [plain], path })
    await first.call('PutItem', { TableName: 'state', Item: item })
    await first.close()
    const second = await openDynamo({ tables: [{ ...plain, GlobalSecondaryIndexes }], path })
    const query = {
      TableName: 'state',
      IndexName: 'list',
      KeyConditionExpression: 'listKey = :l',
      ExpressionAttributeValues: { ':l': { S: 'l' } },
    }
    expect(await second.call('Query', query)).toMatchObject({ Items: [item] })
    const copy = await second.snapshot()
    await second.call('PutItem', { TableName: 'state', Item: { ...item, sk: { S: 'c' } } })
    await second.restore(copy)
    expect(await second.snapshot()).toEqual({ state: [item] })
    await second.close()
  } finally {
    await rm(path, { recursive: true })
  }
})

it('costs few enough milliseconds for the tests that stand on it', async () => {
  const tables = await openTestTables()
  const client = new DynamoDBClient(tables.client)
  const started = performance.now()
  for (let n = 0; n < 100; n++) {
    await client.send(new PutItemCommand({ TableName: 'state', Item: { pk: { S: `${n}` }, sk: { S: 's' } } }))
  }
  expect((performance.now() - started) / 100).toBeLessThan(50)
  client.destroy()
  await tables.close()
})
