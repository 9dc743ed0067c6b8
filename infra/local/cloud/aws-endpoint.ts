import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AwsError, NotHonoured } from './aws-error.ts'
import type { Dynamo } from './dynamo.ts'
import { type Input, touches } from './dynamo-requests.ts'
import type { Nastiness } from './nastiness.ts'

export const REGION = 'us-east-1'
export const ACCOUNT = '000000000000'

export interface AwsServices {
  dynamo: Dynamo
  /** Takes a message and returns its id; throws `AwsError` when there is no such queue. */
  sendMessage?: (queueUrl: string, body: string) => string
  /** The queue's ARN by its URL. */
  queueArn?: (queueUrl: string) => string | undefined
  /** A secret's text and ARN by name or ARN. */
  secret?: (id: string) => { arn: string; name: string; text: string } | undefined
  /** Whether the caller (a function's logical name) may do this; records the use. Without it everybody may. */
  authorise?: (caller: string, action: string, resource: string) => boolean
  nastiness?: Nastiness
}

export interface AwsEndpoint {
  url: string
  /** What was asked for and not honoured, or not allowed: each of these is a bug of the product or of this copy. */
  faults(): string[]
  close(): Promise<void>
}

interface Call {
  caller: string
  operation: string
  input: Input
}

const PARAMETERS: Record<string, string[]> = {
  'AmazonSQS.SendMessage': ['QueueUrl', 'MessageBody'],
  'AmazonSQS.SendMessageBatch': ['QueueUrl', 'Entries'],
  'secretsmanager.GetSecretValue': ['SecretId'],
}
const MAX_BODY_BYTES = 16 * 1024 * 1024

/** One loopback endpoint for the AWS APIs the product uses, in the SDK's own wire protocols; the rest is refused. */
export const startAwsEndpoint = async (services: AwsServices): Promise<AwsEndpoint> => {
  const faults: string[] = []

  const permit = (caller: string, action: string, resource: string): void => {
    if (services.authorise?.(caller, action, resource) ?? true) return
    throw new AwsError(
      'AccessDeniedException',
      `User: ${caller} is not authorized to perform: ${action} on resource: ${resource}`,
    )
  }

  const dynamo = async ({ caller, operation, input }: Call): Promise<object> => {
    for (const { action, table, index } of touches(operation, input)) {
      const arn = `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${table}`
      permit(caller, action, index === undefined ? arn : `${arn}/index/${index}`)
    }
    return services.dynamo.call(operation, input)
  }

  const send = (caller: string, queueUrl: unknown, body: unknown) => {
    const url = String(queueUrl)
    const arn = services.queueArn?.(url)
    if (!arn || typeof body !== 'string' || !services.sendMessage) {
      throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.')
    }
    permit(caller, 'sqs:SendMessage', arn)
    const MD5OfMessageBody = createHash('md5').update(body).digest('hex')
    return { MessageId: services.sendMessage(url, body), MD5OfMessageBody }
  }

  const sendBatch = ({ caller, input }: Call): object => {
    const entries = (input.Entries ?? []) as { Id: string; MessageBody: string }[]
    if (entries.length < 1 || entries.length > 10) {
      throw new AwsError('TooManyEntriesInBatchRequest', 'Maximum number of entries per request are 10.')
    }
    if (new Set(entries.map(entry => entry.Id)).size < entries.length) {
      throw new AwsError(
        'BatchEntryIdsNotDistinct',
        'Two or more batch entries in the request have the same Id.',
      )
    }
    for (const entry of entries) allow('an entry of SendMessageBatch', entry, ['Id', 'MessageBody'])
    const sent = entries.map(entry => ({ Id: entry.Id, ...send(caller, input.QueueUrl, entry.MessageBody) }))
    return { Successful: sent, Failed: [] }
  }

  const secret = ({ caller, input }: Call): object => {
    const found = services.secret?.(String(input.SecretId))
    permit(caller, 'secretsmanager:GetSecretValue', found?.arn ?? String(input.SecretId))
    if (!found) {
      throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.")
    }
    return { ARN: found.arn, Name: found.name, SecretString: found.text, VersionId: VERSION, CreatedDate: 0 }
  }

  const answer = (target: string, call: Call): object | Promise<object> => {
    if (target.startsWith('DynamoDB_20120810.')) return dynamo(call)
    allow(target, call.input, PARAMETERS[target])
    if (target === 'AmazonSQS.SendMessage')
      return send(call.caller, call.input.QueueUrl, call.input.MessageBody)
    if (target === 'AmazonSQS.SendMessageBatch') return sendBatch(call)
    return secret(call)
  }

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const type = request.headers['content-type'] ?? 'application/x-amz-json-1.0'
    const reply = (status: number, body: object): void => {
      const text = JSON.stringify(body)
      response.writeHead(status, { 'content-type': type, 'x-amzn-requestid': randomUUID() }).end(text)
    }
    const target = String(request.headers['x-amz-target'] ?? `${request.method} ${request.url}`)
    try {
      const input = JSON.parse(await textOf(request)) as Input
      const caller = /Credential=([^/,]+)\//.exec(request.headers.authorization ?? '')?.[1]
      if (!caller)
        throw new AwsError('UnrecognizedClientException', 'The security token included is invalid.')
      const body = await answer(target, { caller, operation: target.split('.').at(-1) ?? '', input })
      if (!services.nastiness?.strikes()) return reply(200, body)
      // It was done, but the caller does not hear of it: half of the times an error, half of them silence.
      if (services.nastiness.below(2) === 0) response.destroy()
      else reply(500, new AwsError('InternalServerError', 'Internal server error').body)
    } catch (error) {
      if (!(error instanceof AwsError))
        faults.push(`${target}: ${error instanceof Error ? error.stack : error}`)
      else if (error instanceof NotHonoured || error.name === 'AccessDeniedException')
        faults.push(error.message)
      const shown =
        error instanceof AwsError ? error : new AwsError('InternalServerError', 'a fault', {}, 500)
      reply(shown.status, shown.body)
    }
  }

  const server = createServer((request, response) => void serve(request, response))
  server.keepAliveTimeout = 60_000
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults: () => [...faults],
    close: () =>
      new Promise(done => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

const VERSION = '00000000-0000-4000-8000-000000000000'

const allow = (where: string, input: object, names: string[] | undefined): void => {
  if (!names) throw new NotHonoured(where)
  const unknown = Object.keys(input).find(name => !names.includes(name))
  if (unknown) throw new NotHonoured(`the parameter ${unknown} of ${where}`)
}

const textOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > MAX_BODY_BYTES)
      throw new AwsError('RequestEntityTooLarge', 'the request is too large', {}, 413)
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}
