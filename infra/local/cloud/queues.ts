import { createHash, randomUUID } from 'node:crypto'
import { AwsError } from '../dynamodb/aws-error.ts'
import type { Nastiness } from '../dynamodb/nastiness.ts'
import { REGION } from './aws-endpoint.ts'
import type { Functions } from './functions.ts'
import type { Permissions } from './permissions.ts'
import type { Stack } from './template.ts'

interface Message {
  id: string
  body: string
  sentAt: number
  received: number
}

interface QueueProperties {
  RedrivePolicy?: { deadLetterTargetArn: string; maxReceiveCount: number }
  /** Seconds; AWS's default is 30. */
  VisibilityTimeout?: number
}

interface Mapping {
  BatchSize: number
  EventSourceArn: string
  FunctionName: string
  FunctionResponseTypes?: string[]
  ScalingConfig?: { MaximumConcurrency: number }
}

/** A burst of messages comes as one batch, as AWS's pollers gather it. */
const GATHER_MS = 5
/** A message whose run failed comes again soon: the rest of its visibility timeout is not waited out. */
const REST_MS = 500

/** The stack's queues, in memory: doorbells may be lost, the sweeper rings again. Each comes at least once. */
export const openQueues = (
  stack: Stack,
  functions: Pick<Functions, 'invoke' | 'limits'>,
  permissions: Permissions,
  nastiness: Nastiness | undefined,
  now: () => number,
) => {
  const queues = new Map(
    stack.of<QueueProperties>('AWS::SQS::Queue').map(({ id, properties }) => {
      const state = { ready: [] as Message[], resting: new Set<Message>(), isRead: false }
      const ring = (): void => undefined
      return [stack.arn(id), { arn: stack.arn(id), ...properties, ...state, ring }]
    }),
  )

  const listen = (mapping: Mapping): void => {
    const queue = queues.get(mapping.EventSourceArn)
    if (!queue) throw new Error(`There is no queue ${mapping.EventSourceArn}`)
    const name = stack.nameOf(mapping.FunctionName)
    const { concurrency, timeout } = functions.limits(name)
    if ((queue.VisibilityTimeout ?? 30) < timeout)
      throw new Error(`${queue.arn}: visible again before ${name} ends`)
    for (const action of ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes']) {
      if (!permissions.authorise(name, `sqs:${action}`, queue.arn))
        throw new Error(`${name} lacks sqs:${action}`)
    }
    const most = Math.min(concurrency, mapping.ScalingConfig?.MaximumConcurrency ?? concurrency)
    const partial = mapping.FunctionResponseTypes?.includes('ReportBatchItemFailures')
    let runs = 0

    const deliver = async (batch: Message[]): Promise<void> => {
      const Records = batch.map(message => recordOf(message, queue.arn))
      let failed = batch
      try {
        const answer = (await functions.invoke(name, { Records })) as {
          batchItemFailures?: { itemIdentifier: string }[]
        } | null
        const ids = partial ? (answer?.batchItemFailures ?? []).map(each => each.itemIdentifier) : []
        failed = batch.filter(message => ids.includes(message.id))
      } catch {
        // The function's own failure is kept with the others; its messages come again.
      }
      for (const message of failed) {
        const { maxReceiveCount = Number.POSITIVE_INFINITY, deadLetterTargetArn = '' } =
          queue.RedrivePolicy ?? {}
        if (message.received >= maxReceiveCount) queues.get(deadLetterTargetArn)?.ready.push(message)
        else rest(message)
      }
    }

    const rest = (message: Message): void => {
      queue.resting.add(message)
      setTimeout(() => {
        if (!queue.resting.delete(message)) return
        queue.ready.push(message)
        pump()
      }, REST_MS).unref()
    }

    const pump = (): void => {
      while (runs < most && queue.ready.length > 0) {
        const batch = queue.ready.splice(0, mapping.BatchSize)
        for (const message of batch) message.received++
        runs++
        void deliver(batch).finally(() => {
          runs--
          pump()
        })
      }
    }
    queue.isRead = true
    queue.ring = () => void setTimeout(pump, GATHER_MS)
  }
  for (const { properties } of stack.of<Mapping>('AWS::Lambda::EventSourceMapping')) listen(properties)

  const all = [...queues.values()]
  const find = (url: string) => all.find(queue => queue.arn.endsWith(`:${url.split('/').at(-1)}`))
  return {
    arnOf: (url: string): string | undefined => find(url)?.arn,
    depthOf: (url: string): number => find(url)?.ready.length ?? 0,
    /** Returns the message's id. */
    send: (url: string, body: string): string => {
      const queue = find(url)
      if (!queue) throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.')
      const message = { id: randomUUID(), body, sentAt: now(), received: 0 }
      queue.ready.push(message)
      if (nastiness?.strikes()) queue.ready.push({ ...message })
      queue.ring()
      return message.id
    },
    /** Messages that no run holds and that somebody will read. */
    queued: (): number =>
      all.reduce((sum, queue) => sum + queue.resting.size + (queue.isRead ? queue.ready.length : 0), 0),
    /** What went to a queue that nobody reads: bugs. */
    deadLetters: () =>
      all.flatMap(({ isRead, arn, ready }) =>
        isRead ? [] : ready.map(({ body }) => ({ queue: arn, body })),
      ),
    empty: () => {
      for (const queue of all) {
        queue.ready.length = 0
        queue.resting.clear()
      }
    },
  }
}

const recordOf = (message: Message, eventSourceARN: string): object => ({
  messageId: message.id,
  receiptHandle: randomUUID(),
  body: message.body,
  attributes: {
    ApproximateReceiveCount: String(message.received),
    SentTimestamp: String(message.sentAt),
    SenderId: 'laptop',
    ApproximateFirstReceiveTimestamp: String(message.sentAt),
  },
  messageAttributes: {},
  md5OfBody: createHash('md5').update(message.body).digest('hex'),
  eventSource: 'aws:sqs',
  eventSourceARN,
  awsRegion: REGION,
})
