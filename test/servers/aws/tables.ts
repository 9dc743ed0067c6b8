import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import { startAwsEndpoint } from '../../../infra/local/cloud/aws-endpoint.ts'
import { AwsError, NotHonoured } from '../../../infra/local/dynamodb/aws-error.ts'
import { openDynamo } from '../../../infra/local/dynamodb/index.ts'
import { seedNastiness } from '../../../infra/local/dynamodb/nastiness.ts'
import type { TableDefinition } from '../../../infra/local/dynamodb/tables.ts'

const key = (hash: string, range: string) => [
  { AttributeName: hash, KeyType: 'HASH' },
  { AttributeName: range, KeyType: 'RANGE' },
]

const index = (IndexName: string, hash: string, range: string, NonKeyAttributes?: string[]) => ({
  IndexName,
  KeySchema: key(hash, range),
  Projection: NonKeyAttributes
    ? { ProjectionType: 'INCLUDE', NonKeyAttributes }
    : { ProjectionType: 'KEYS_ONLY' },
})

const attributes = (strings: string[], numbers: string[] = []) => [
  ...strings.map(AttributeName => ({ AttributeName, AttributeType: 'S' })),
  ...numbers.map(AttributeName => ({ AttributeName, AttributeType: 'N' })),
]

/** The tables as the template defines them: a test asserts that they stay the same. */
export const stateTable = (TableName: string): TableDefinition => ({
  TableName,
  KeySchema: key('pk', 'sk'),
  AttributeDefinitions: attributes(['pk', 'sk', 'dueShard', 'dueAt', 'listKey', 'listSort']),
  GlobalSecondaryIndexes: [
    index('due', 'dueShard', 'dueAt', ['urgent']),
    index('list', 'listKey', 'listSort'),
  ],
})

export const ledgerTable = (TableName: string): TableDefinition => ({
  TableName,
  KeySchema: key('chain', 'sequence'),
  AttributeDefinitions: attributes(
    ['chain', 'windowShard', 'windowSort', 'subject', 'actor', 'request'],
    ['sequence'],
  ),
  GlobalSecondaryIndexes: [
    index('by-window', 'windowShard', 'windowSort'),
    index('by-subject', 'subject', 'windowSort'),
    index('by-actor', 'actor', 'windowSort'),
    index('by-request', 'request', 'windowSort'),
  ],
})

export const doorsTable = (TableName: string): TableDefinition => ({
  TableName,
  KeySchema: key('pk', 'sk'),
  AttributeDefinitions: attributes(['pk', 'sk', 'dueShard', 'dueAt', 'listKey', 'listSort']),
  GlobalSecondaryIndexes: [index('due', 'dueShard', 'dueAt'), index('list', 'listKey', 'listSort')],
})

export interface TestTables {
  /** What an SDK client takes as its first argument. */
  client: {
    endpoint: string
    region: string
    credentials: { accessKeyId: string; secretAccessKey: string }
  }
  endpoint: string
  /** The same without a network and a signature in between: half the time of a call. */
  near: DynamoDBClientConfig
  stateTable: string
  ledgerTable: string
  doorsTable: string
  /** Units by table since the start. */
  consumed: () => ReturnType<Awaited<ReturnType<typeof openDynamo>>['consumed']>
  /** Every item of all tables. */
  snapshot: () => ReturnType<Awaited<ReturnType<typeof openDynamo>>['snapshot']>
  /** Requests that this endpoint does not play: a good test ends with none. */
  faults: () => string[]
  close: () => Promise<void>
}

interface NearRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

const textOf = (body: unknown) => (body instanceof Uint8Array ? new TextDecoder().decode(body) : String(body))

/** What the endpoint would answer. */
async function answerNear(
  { call }: Pick<Awaited<ReturnType<typeof openDynamo>>, 'call'>,
  { headers, body }: NearRequest,
  faults: string[],
) {
  const reply = (statusCode: number, answer: object) => ({
    response: {
      statusCode,
      headers: { 'content-type': 'application/x-amz-json-1.0' },
      body: Buffer.from(JSON.stringify(answer)),
    },
  })
  const [, operation = ''] = /^DynamoDB_20120810\.(\w+)$/.exec(headers['x-amz-target'] ?? '') ?? []
  try {
    return reply(200, await call(operation, JSON.parse(textOf(body))))
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    if (error instanceof NotHonoured) faults.push(error.message)
    return reply(error.status, error.body)
  }
}

/** All tables in memory behind a loopback endpoint with the real wire protocol; no IAM, no misfortunes unless asked. */
export const openTestTables = async (
  options: { nastiness?: { seed: number; rate: number }; more?: TableDefinition[] } = {},
): Promise<TestTables> => {
  const tables = [stateTable('state'), ledgerTable('ledger'), doorsTable('doors'), ...(options.more ?? [])]
  const misfortune = options.nastiness && { nastiness: seedNastiness(options.nastiness) }
  const dynamo = await openDynamo({ tables, ...misfortune })
  const faults: string[] = []
  const aws = await startAwsEndpoint({ dynamo, ...misfortune })
  return {
    client: {
      endpoint: aws.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    },
    endpoint: aws.url,
    near: {
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      signer: { sign: async request => request },
      requestHandler: { handle: (request: NearRequest) => answerNear(dynamo, request, faults) },
    },
    stateTable: 'state',
    ledgerTable: 'ledger',
    doorsTable: 'doors',
    consumed: dynamo.consumed,
    snapshot: dynamo.snapshot,
    faults: () => [...faults, ...aws.faults()],
    close: async () => {
      await aws.close()
      await dynamo.close()
    },
  }
}
