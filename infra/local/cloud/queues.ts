import { createHash, randomUUID } from 'node:crypto'
import { REGION } from './aws-endpoint.ts'
import { AwsError } from './aws-error.ts'
import type { Functions } from './functions.ts'
import type { Nastiness } from './nastiness.ts'
import type { Permissions } from './permissions.ts'
import type { Stack } from './template.ts'

interface Message {
  id: string
  body: string
  sentAt: number
  received: number
}

interface Queue {
  arn: string
  ready: Message[]
  /** Messages that failed and come again shortly. */
  resting: Set<Message>
  isRead: boolean
  mostReceives: number
  deadLetters: Queue | undefined
  ring: () => void
}

interface Mapping {
  BatchSize: number
  EventSourceArn: string
  FunctionName: string
  FunctionResponseTypes?: string[]
  ScalingConfig?: { MaximumConcurrency: number }
}

export interface Queues {
  arnOf(url: string): string | undefined
  send(url: string, body: string): string
  /** Messages that no run holds. */
  queued(): number
  /** What went to a queue that nobody reads: bugs. */
  deadLetters(): { queue: string; body: string }[]
  empty(): void
}

/** A burst of messages comes as one batch, as AWS's pollers gather it. */
const GATHER_MS = 5
/** A message whose run failed: the rest of its visibility timeout is not waited out. */
const REST_MS = 500

/** The stack's queues, in memory: doorbells may be lost, the sweeper rings again. Each message comes at least once. */
export const openQueues = (
  stack: Stack,
  functions: Functions,
  permissions: Permissions,
  nastiness: Nastiness | undefined,
  now: () => number,
): Queues => {
  const queues = new Map<string, Queue>()
  const raw = stack.of<{ RedrivePolicy?: { deadLetterTargetArn: string; maxReceiveCount: number } }>(
    'AWS::SQS::Queue',
  )
  for (const { id, properties } of raw) {
    const mostReceives = properties.RedrivePolicy?.maxReceiveCount ?? Number.POSITIVE_INFINITY
    const arn = stack.arn(id)
    queues.set(arn, {
      ...{ arn, mostReceives, ready: [], resting: new Set(), isRead: false },
      ...{ deadLetters: undefined, ring: () => undefined },
    })
  }
  for (const { id, properties } of raw) {
    const queue = queues.get(stack.arn(id)) as Queue
    queue.deadLetters = queues.get(properties.RedrivePolicy?.deadLetterTargetArn ?? '')
  }

  const listen = ({ properties: mapping }: { properties: Mapping }): void => {
    const queue = queues.get(mapping.EventSourceArn)
    if (!queue) throw new Error(`No queue ${mapping.EventSourceArn} for ${mapping.FunctionName}`)
    const name = stack.nameOf(mapping.FunctionName)
    const most = Math.min(functions.limit(name), mapping.ScalingConfig?.MaximumConcurrency ?? 1_000)
    const partial = mapping.FunctionResponseTypes?.includes('ReportBatchItemFailures') ?? false
    let runs = 0

    const allowed = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'].every(action =>
      permissions.authorise(name, `sqs:${action}`, queue.arn),
    )
    if (!allowed) throw new Error(`${name} may not read ${queue.arn}`)

    const deliver = async (batch: Message[]): Promise<void> => {
      const Records = batch.map(message => ({
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
        eventSourceARN: queue.arn,
        awsRegion: REGION,
      }))
      const failed = await functions.invoke(name, { Records }).then(
        answer => {
          const failures = (answer as { batchItemFailures?: { itemIdentifier: string }[] } | null)
            ?.batchItemFailures
          const ids = new Set(partial ? failures?.map(failure => failure.itemIdentifier) : [])
          return batch.filter(message => ids.has(message.id))
        },
        () => batch,
      )
      for (const message of failed) {
        if (message.received >= queue.mostReceives) queue.deadLetters?.ready.push(message)
        else rest(message)
      }
    }

    const rest = (message: Message): void => {
      queue.resting.add(message)
      setTimeout(() => {
        if (!queue.resting.delete(message)) return
        queue.ready.push(message)
        queue.ring()
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
  for (const mapping of stack.of<Mapping>('AWS::Lambda::EventSourceMapping')) listen(mapping)

  const find = (url: string): Queue | undefined =>
    [...queues.values()].find(queue => queue.arn.endsWith(`:${url.split('/').at(-1)}`))
  return {
    arnOf: url => find(url)?.arn,
    send: (url, body) => {
      const queue = find(url)
      if (!queue) throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.')
      const message = { id: randomUUID(), body, sentAt: now(), received: 0 }
      queue.ready.push(message)
      if (nastiness?.strikes()) queue.ready.push({ ...message })
      queue.ring()
      return message.id
    },
    queued: () =>
      [...queues.values()].reduce(
        (sum, queue) => sum + (queue.isRead ? queue.ready.length : 0) + queue.resting.size,
        0,
      ),
    deadLetters: () =>
      [...queues.values()]
        .filter(queue => !queue.isRead)
        .flatMap(queue => queue.ready.map(message => ({ queue: queue.arn, body: message.body }))),
    empty: () => {
      for (const queue of queues.values()) {
        queue.ready.length = 0
        queue.resting.clear()
      }
    },
  }
}
