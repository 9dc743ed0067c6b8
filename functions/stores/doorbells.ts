import { GetQueueAttributesCommand, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs'
import type { NoticeBell } from '../../schemas/notice.ts'
import type { TargetId } from '../../schemas/settings.ts'
import type { Doorbell } from '../../schemas/target.ts'

/** The two queues of each target, and the one of the mails. */
export type Queues = Readonly<Record<TargetId, { readonly normal: string; readonly urgent: string }>> & {
  readonly notices: string
}

export interface Ring {
  readonly personId: string
  readonly target: TargetId
  readonly urgent: boolean
}

/** Messages in a target's two queues. */
export interface Waiting {
  readonly normal: number
  readonly urgent: number
}

export type Doorbells = ReturnType<typeof createDoorbells>

/** A doorbell only says "look": losing one costs a minute (the sweeper rings again), repeating one costs an observation. */
export function createDoorbells(client: SQSClient, queues: Queues) {
  /** Sends to one queue, ten a call; answers how many were not taken. */
  async function send(queue: string, messages: readonly (Doorbell | NoticeBell)[]): Promise<number> {
    let missed = 0
    for (let first = 0; first < messages.length; first += 10) {
      const batch = messages.slice(first, first + 10)
      try {
        const answer = await client.send(
          new SendMessageBatchCommand({
            QueueUrl: queue,
            Entries: batch.map((message, index) => ({
              Id: String(index),
              MessageBody: JSON.stringify(message),
            })),
          }),
        )
        missed += answer.Failed?.length ?? 0
      } catch {
        // The rows are due: the sweeper rings again within a minute, and counts what it finds late.
        missed += batch.length
      }
    }
    return missed
  }

  return {
    /** Rings, ten a call. A queue that does not answer is no fault of the caller's work: the number not rung comes back. */
    async ring(rings: readonly Ring[]): Promise<number> {
      const byQueue = new Map<string, Ring[]>()
      for (const ring of rings) {
        const queue = queues[ring.target][ring.urgent ? 'urgent' : 'normal']
        byQueue.set(queue, [...(byQueue.get(queue) ?? []), ring])
      }
      let missed = 0
      for (const [queue, waiting] of byQueue)
        missed += await send(
          queue,
          waiting.map(({ personId, target }) => ({ personId, target })),
        )
      return missed
    },

    /** Asks for all accounts of a target to be read; never urgent. */
    ringReading: (target: TargetId): Promise<number> =>
      send(queues[target].normal, [{ reading: true, target }]),

    /** Rings for mails that are to be sent. */
    ringNotices: (ids: readonly string[]): Promise<number> =>
      send(
        queues.notices,
        ids.map(notice => ({ notice })),
      ),

    /**
     * Bells that nobody has answered yet, about, by queue; those being answered are not among them. A queue that does not
     * tell counts as empty: a bell rung twice costs an observation.
     */
    async waiting(target: TargetId): Promise<Waiting> {
      const count = async (queue: string) => {
        try {
          const answer = await client.send(
            new GetQueueAttributesCommand({
              QueueUrl: queue,
              AttributeNames: ['ApproximateNumberOfMessages'],
            }),
          )
          return Number(answer.Attributes?.ApproximateNumberOfMessages ?? 0)
        } catch {
          return 0
        }
      }
      const { normal, urgent } = queues[target]
      const [ofNormal, ofUrgent] = await Promise.all([count(normal), count(urgent)])
      return { normal: ofNormal, urgent: ofUrgent }
    },
  }
}
