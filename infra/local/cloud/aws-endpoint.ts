import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AwsError, NotHonoured } from '../dynamodb/aws-error.ts'
import type { Dynamo } from '../dynamodb/index.ts'
import type { Nastiness } from '../dynamodb/nastiness.ts'
import { type Input, rightsFor } from '../dynamodb/requests.ts'

export const REGION = 'us-east-1'
export const ACCOUNT = '000000000000'

export interface AwsServices {
  dynamo: Dynamo
  /** Takes a message and returns its id. */
  sendMessage?: (queueUrl: string, body: string) => string
  queueArn?: (queueUrl: string) => string | undefined
  /** Messages of a queue that no run holds. */
  queueDepth?: (queueUrl: string) => number
  /** A secret by its name or ARN. */
  secret?: (id: string) => { arn: string; name: string; text: string } | undefined
  /** Takes a mail and returns its id. */
  sendMail?: (mail: Omit<SentMail, 'at'>) => string
  /** Whether the caller (a function's name) may do this; without it everybody may. */
  authorise?: (caller: string, action: string, resource: string, context?: Context) => boolean
  nastiness?: Nastiness
}

/** What a policy's condition may ask of a call. */
export type Context = Readonly<Record<string, string>>

export interface SentMail {
  from: string
  to: string
  subject: string
  text: string
  at: string
}

type Operation = (
  input: Input,
  permit: (action: string, resource: string, context?: Context) => void,
) => object | Promise<object>

/** One loopback endpoint for the AWS APIs that the product uses, in the SDK's own wire protocols; the rest is refused. */
export const startAwsEndpoint = async (services: AwsServices) => {
  const faults: string[] = []

  const send = (queueUrl: unknown, text: unknown, permit: Parameters<Operation>[1]) => {
    const arn = services.queueArn?.(String(queueUrl))
    if (!arn || !services.sendMessage) throw new AwsError('QueueDoesNotExist', 'There is no such queue.')
    permit('sqs:SendMessage', arn)
    const MD5OfMessageBody = createHash('md5').update(String(text)).digest('hex')
    return { MessageId: services.sendMessage(String(queueUrl), String(text)), MD5OfMessageBody }
  }

  const operations: Record<string, Operation> = {
    'AmazonSQS.SendMessage': (input, permit) => {
      allow(input, 'QueueUrl', 'MessageBody')
      return send(input.QueueUrl, input.MessageBody, permit)
    },
    'AmazonSQS.SendMessageBatch': (input, permit) => {
      allow(input, 'QueueUrl', 'Entries')
      const entries = input.Entries as { Id: string; MessageBody: string }[]
      if (new Set(entries.map(entry => entry.Id)).size < entries.length || entries.length > 10) {
        throw new AwsError(
          'InvalidBatchEntryId',
          'A batch has at most ten entries, each with an id of its own.',
        )
      }
      for (const entry of entries) allow(entry, 'Id', 'MessageBody')
      const Successful = entries.map(({ Id, MessageBody }) => ({
        Id,
        ...send(input.QueueUrl, MessageBody, permit),
      }))
      return { Successful, Failed: [] }
    },
    // SESv2 speaks REST: its operation is the path.
    'POST /v2/email/outbound-emails': (input, permit) => {
      allow(input, 'FromEmailAddress', 'Destination', 'Content')
      const { FromEmailAddress: from, Destination, Content } = input as unknown as SentEmail
      allow(Destination, 'ToAddresses')
      allow(Content, 'Simple')
      allow(Content.Simple, 'Subject', 'Body')
      allow(Content.Simple.Body, 'Text')
      const arn = `arn:aws:ses:${REGION}:${ACCOUNT}:identity/${from.split('@').at(-1)}`
      permit('ses:SendEmail', arn, { 'ses:FromAddress': from })
      const [to = '', ...others] = Destination.ToAddresses
      if (others.length > 0 || !services.sendMail) throw new NotHonoured('a mail to several at once')
      const { Subject, Body } = Content.Simple
      return { MessageId: services.sendMail({ from, to, subject: Subject.Data, text: Body.Text.Data }) }
    },
    'AmazonSQS.GetQueueAttributes': (input, permit) => {
      allow(input, 'QueueUrl', 'AttributeNames')
      const arn = services.queueArn?.(String(input.QueueUrl))
      if (!arn) throw new AwsError('QueueDoesNotExist', 'There is no such queue.')
      permit('sqs:GetQueueAttributes', arn)
      const [asked, ...more] = input.AttributeNames as string[]
      if (asked !== 'ApproximateNumberOfMessages' || more.length > 0)
        throw new NotHonoured(`the attribute ${asked}`)
      return { Attributes: { [asked]: String(services.queueDepth?.(String(input.QueueUrl)) ?? 0) } }
    },
    'secretsmanager.GetSecretValue': (input, permit) => {
      allow(input, 'SecretId')
      const secret = services.secret?.(String(input.SecretId))
      permit('secretsmanager:GetSecretValue', secret?.arn ?? String(input.SecretId))
      if (!secret) throw new AwsError('ResourceNotFoundException', 'There is no such secret.')
      return { ARN: secret.arn, Name: secret.name, SecretString: secret.text, VersionId: NO_VERSION }
    },
  }

  const dynamo =
    (operation: string): Operation =>
    (input, permit) => {
      for (const [action, resource] of rightsFor(operation, input)) {
        permit(action, `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${resource}`)
      }
      return services.dynamo.call(operation, input)
    }

  const answer = async (request: IncomingMessage, target: string): Promise<object> => {
    const input = JSON.parse(await textOf(request)) as Input
    const caller = /Credential=([^/,]+)\//.exec(request.headers.authorization ?? '')?.[1]
    if (!caller) throw new AwsError('UnrecognizedClientException', 'The security token is invalid.')
    const [, inDynamo] = /^DynamoDB_20120810\.(\w+)$/.exec(target) ?? []
    const operation = inDynamo ? dynamo(inDynamo) : operations[target]
    if (!operation) throw new NotHonoured(target)
    return operation(input, (action, resource, context) => {
      if (services.authorise?.(caller, action, resource, context) ?? true) return
      const what = `${caller} is not authorized to perform: ${action} on resource: ${resource}`
      throw new AwsError('AccessDeniedException', `User: ${what}`)
    })
  }

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const target = String(request.headers['x-amz-target'] ?? `${request.method} ${request.url}`)
    const reply = (status: number, body: object): void => {
      const type = request.headers['content-type'] ?? 'application/x-amz-json-1.0'
      response.writeHead(status, { 'content-type': type, 'x-amzn-requestid': randomUUID() })
      response.end(JSON.stringify(body))
    }
    try {
      const body = await answer(request, target)
      if (!services.nastiness?.strikes()) return reply(200, body)
      // It was done, but the caller does not hear of it: half of the times an error, half of them silence.
      if (services.nastiness.below(2) === 0) response.destroy()
      else reply(500, new AwsError('InternalServerError', 'Internal server error').body)
    } catch (error) {
      const known = error instanceof AwsError
      if (!known) faults.push(`${target}: ${error instanceof Error ? error.stack : error}`)
      else if (error instanceof NotHonoured || error.name === 'AccessDeniedException')
        faults.push(error.message)
      const shown = known ? error : new AwsError('InternalServerError', 'A fault of the laptop', {}, 500)
      reply(shown.status, shown.body)
    }
  }

  const server = createServer((request, response) => void serve(request, response))
  server.keepAliveTimeout = 60_000
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** What was asked for and not honoured, or not allowed: each of these is a bug of the product or of this copy. */
    faults: () => [...faults],
    close: () =>
      new Promise<void>(done => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

interface SentEmail {
  FromEmailAddress: string
  Destination: { ToAddresses: string[] }
  Content: { Simple: { Subject: { Data: string }; Body: { Text: { Data: string } } } }
}

const NO_VERSION = '00000000-0000-4000-8000-000000000000'

const allow = (input: object, ...names: string[]): void => {
  const unknown = Object.keys(input).find(name => !names.includes(name))
  if (unknown) throw new NotHonoured(`the parameter ${unknown} beside ${names}`)
}

const textOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
