import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { type Cloud, type CloudOptions, startCloud } from '../../infra/local/cloud/index.ts'

/** Does what the event says: a small language, so that one bundle serves every test. */
const HANDLER = `
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs'
import { SecretsManagerClient, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager'
const dynamo = new DynamoDBClient({})
const sqs = new SQSClient({})
const secrets = new SecretsManagerClient({})
let runs = 0
const put = (pk, text) => dynamo.send(new PutItemCommand({ TableName: process.env.TABLE, Item: { pk: { S: pk }, text: { S: text } } }))
const verbs = {
  get: async ({ pk }) => (await dynamo.send(new GetItemCommand({ TableName: process.env.TABLE, Key: { pk: { S: pk } } }))).Item ?? null,
  put: async ({ pk, text }) => { await put(pk, text); return 'put' },
  send: async ({ text }) => (await sqs.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE, MessageBody: text }))).MessageId,
  secret: async ({ name }) => (await secrets.send(new GetSecretValueCommand({ SecretId: name }))).SecretString,
  env: async () => process.env,
  clock: async () => ({ now: Date.now(), date: new Date().getTime(), real: performance.timeOrigin + performance.now() }),
  wait: async ({ ms }) => { await new Promise(done => setTimeout(done, ms)); return 'waited' },
  span: async ({ ms }) => { const from = performance.timeOrigin + performance.now(); await verbs.wait({ ms }); return { from, to: from + ms } },
  crash: async () => process.exit(3),
  fail: async () => { throw new RangeError('as asked') },
  count: async () => ++runs,
}
export const handler = async event => {
  if (event.RequestType) {
    const Status = process.env.BOOTSTRAP ?? 'SUCCESS'
    await put('bootstrap', event.RequestType)
    await fetch(event.ResponseURL, { method: 'PUT', body: JSON.stringify({ Status, Reason: 'r', PhysicalResourceId: 'p', LogicalResourceId: event.LogicalResourceId, RequestId: event.RequestId, StackId: event.StackId }) })
    return
  }
  if (event.Records) {
    const batchItemFailures = []
    for (const record of event.Records) {
      if (record.body === 'crash') process.exit(1)
      if (record.body === 'bad') batchItemFailures.push({ itemIdentifier: record.messageId })
      else await put('message ' + record.body, record.attributes.ApproximateReceiveCount)
    }
    return { batchItemFailures }
  }
  if (event['detail-type']) { await put('tick ' + event.time, String(++runs)); return }
  if (event.requestContext) {
    console.log(JSON.stringify({ said: 'log line' }))
    return { statusCode: 200, headers: { 'x-echo': 'yes' }, body: JSON.stringify(event) }
  }
  return verbs[event.do](event)
}
`

const at = (id: string, attribute = 'Arn') => ({ 'Fn::GetAtt': [id, attribute] })
const statement = (Action: string | string[], Resource: unknown) => ({ Effect: 'Allow', Action, Resource })

const functionOf = (asset: string, name: string, rights: object[], rest: object = {}) => ({
  [`${name}Role`]: {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Statement: [{ Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
      },
      Policies: [{ PolicyName: 'rights', PolicyDocument: { Statement: rights } }],
    },
  },
  [`${name}Function`]: {
    Type: 'AWS::Lambda::Function',
    Properties: {
      Code: { S3Bucket: 'b', S3Key: `${asset}.zip` },
      Environment: { Variables: { TABLE: { Ref: 'Table' }, QUEUE: { Ref: 'Queue' } } },
      FunctionName: `llavero-${name}`,
      Handler: 'index.handler',
      MemorySize: 512,
      Role: at(`${name}Role`),
      Runtime: 'nodejs24.x',
      Timeout: 2,
      ...rest,
    },
  },
})

const route = (id: string, RouteKey: string, open = false, api = '') => ({
  [`${id}Route`]: {
    Type: 'AWS::ApiGatewayV2::Route',
    Properties: {
      ApiId: { Ref: `${api}Api` },
      RouteKey,
      Target: { 'Fn::Join': ['', ['integrations/', { Ref: `${api}Integration` }]] },
      ...(open
        ? { AuthorizationType: 'NONE' }
        : { AuthorizationType: 'JWT', AuthorizerId: { Ref: 'Authorizer' } }),
    },
  },
})

/** An HTTP API in front of one function: `name` tells it from the others. */
const apiOf = (name: string, to: string, logFormat: string) => ({
  [`${name}Api`]: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'llavero', ProtocolType: 'HTTP' } },
  [`${name}Integration`]: {
    Type: 'AWS::ApiGatewayV2::Integration',
    Properties: {
      ApiId: { Ref: `${name}Api` },
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: at(to),
      PayloadFormatVersion: '2.0',
    },
  },
  [`${name}Permission`]: {
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunction',
      FunctionName: at(to),
      Principal: 'apigateway.amazonaws.com',
      SourceArn: {
        'Fn::Sub': `arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${${name}Api}/*/*/*`,
      },
    },
  },
  [`${name}Stage`]: {
    Type: 'AWS::ApiGatewayV2::Stage',
    Properties: {
      ApiId: { Ref: `${name}Api` },
      StageName: '$default',
      AutoDeploy: true,
      AccessLogSettings: { DestinationArn: at('Log'), Format: logFormat },
    },
  },
})

/** A stack with one of each: a function behind HTTP, one behind a queue and a schedule, a table, a secret. */
export const smallTemplate = (asset: string) => ({
  Parameters: { IssuerUrl: { Type: 'String' }, Audience: { Type: 'String', Default: 'llavero' } },
  Resources: {
    Table: {
      Type: 'AWS::DynamoDB::GlobalTable',
      Properties: {
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
        Replicas: [
          {
            Region: { Ref: 'AWS::Region' },
            ResourcePolicy: {
              PolicyDocument: {
                Statement: [
                  {
                    Effect: 'Deny',
                    Principal: { AWS: '*' },
                    Action: ['dynamodb:UpdateItem', 'dynamodb:PartiQL*'],
                    Resource: '*',
                  },
                ],
              },
            },
          },
        ],
      },
    },
    DeadLetters: { Type: 'AWS::SQS::Queue', Properties: {} },
    Queue: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        VisibilityTimeout: 30,
        RedrivePolicy: { deadLetterTargetArn: at('DeadLetters'), maxReceiveCount: 3 },
      },
    },
    Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'llavero/directory' } },
    ...functionOf(asset, 'web', [
      statement(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], at('Table')),
      statement('sqs:SendMessage', at('Queue')),
    ]),
    ...functionOf(asset, 'work', [
      statement('dynamodb:Put*', at('Table')),
      statement(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], at('Queue')),
      statement('secretsmanager:GetSecretValue', { Ref: 'Secret' }),
      statement('logs:PutLogEvents', '*'),
    ]),
    Listen: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        BatchSize: 10,
        EventSourceArn: at('Queue'),
        FunctionName: { Ref: 'workFunction' },
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: 2 },
      },
    },
    Every: {
      Type: 'AWS::Events::Rule',
      Properties: {
        ScheduleExpression: 'rate(1 minute)',
        State: 'ENABLED',
        Targets: [{ Id: 't', Arn: at('workFunction'), RetryPolicy: { MaximumRetryAttempts: 0 } }],
      },
    },
    EveryPermission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: at('workFunction'),
        Principal: 'events.amazonaws.com',
        SourceArn: at('Every'),
      },
    },
    EveryOnce: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: { FunctionName: { Ref: 'workFunction' }, MaximumRetryAttempts: 0, Qualifier: '$LATEST' },
    },
    Bootstrap: { Type: 'Custom::Bootstrap', Properties: { ServiceToken: at('workFunction'), hash: 'one' } },
    ...apiOf('', 'webFunction', '{"route":"$context.routeKey","status":"$context.status"}'),
    ...apiOf('Device', 'webFunction', '{"device":"$context.routeKey"}'),
    Authorizer: {
      Type: 'AWS::ApiGatewayV2::Authorizer',
      Properties: {
        ApiId: { Ref: 'Api' },
        AuthorizerType: 'JWT',
        IdentitySource: ['$request.header.Authorization'],
        JwtConfiguration: { Audience: [{ Ref: 'Audience' }], Issuer: { Ref: 'IssuerUrl' } },
      },
    },
    Log: { Type: 'AWS::Logs::LogGroup', Properties: {} },
    ...route('Health', 'GET /health', true),
    ...route('Person', 'GET /people/{nationalId}'),
    ...route('Me', 'GET /people/me'),
    ...route('File', 'POST /requests'),
    ...route('Device', 'POST /iclock/{site}/{call}', true, 'Device'),
  } as Record<string, { Type: string; Properties: Record<string, unknown> }>,
})

export interface SmallApp {
  options: CloudOptions
  start(change?: Partial<CloudOptions>): Promise<Cloud>
  /** Base URL, and headers with a token for the subject. */
  token(claims?: Record<string, unknown>, expires?: string): Promise<string>
  remove(): Promise<void>
}

/** Bundles the function once and lays out a cloud assembly; nothing of the product is in it. */
export const openSmallApp = async (): Promise<SmallApp> => {
  const directory = await mkdtemp(join(tmpdir(), 'llavero-cloud-'))
  const asset = createHash('sha256').update(HANDLER).digest('hex').slice(0, 12)
  await mkdir(join(directory, `asset.${asset}`))
  await build({
    stdin: { contents: HANDLER, resolveDir: import.meta.dirname },
    outfile: join(directory, `asset.${asset}`, 'index.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  })
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const issuer = 'https://issuer.example'
  const options: CloudOptions = {
    template: smallTemplate(asset),
    assetDir: directory,
    parameters: { IssuerUrl: issuer },
    secrets: { 'llavero/directory': '{"url":"ldaps://127.0.0.1"}' },
    dataDir: join(directory, 'data'),
    port: 0,
    nastiness: { seed: 1, rate: 0 },
    keys: { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256' }] },
  }
  return {
    options,
    start: change => startCloud({ ...options, ...change }),
    token: (claims = {}, expires = '1h') =>
      new SignJWT({ aud: 'llavero', iss: issuer, sub: 'somebody', ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'k' })
        .setIssuedAt()
        .setExpirationTime(expires)
        .sign(privateKey),
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}
