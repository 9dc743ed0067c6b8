import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs'
import type { TargetId } from '../../schemas/settings.ts'
import type { Doorbell } from '../../schemas/target.ts'

/** The two queues of each target. */
export type Queues = Readonly<Record<TargetId, { readonly normal: string; readonly urgent: string }>>

export interface Ring {
  readonly personId: string
  readonly target: TargetId
  readonly urgent: boolean
}

export type Doorbells = ReturnType<typeof createDoorbells>

/** A doorbell only says "look": losing one costs a minute (the sweeper rings again), repeating one costs an observation. */
export function createDoorbells(client: SQSClient, queues: Queues) {
  /** Answers how many were not sent: the rows are due, and the sweeper rings again within a minute. */
  async function send(queue: string, bells: readonly Doorbell[]): Promise<number> {
    try {
      const answer = await client.send(
        new SendMessageBatchCommand({
          QueueUrl: queue,
          Entries: bells.map((bell, index) => ({ Id: String(index), MessageBody: JSON.stringify(bell) })),
        }),
      )
      return answer.Failed?.length ?? 0
    } catch {
      return bells.length
    }
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
        for (let first = 0; first < waiting.length; first += 10) {
          const batch = waiting.slice(first, first + 10)
          missed += await send(
            queue,
            batch.map(({ personId, target }) => ({ personId, target })),
          )
        }
      return missed
    },

    /** Asks for all accounts of a target to be read; never urgent. */
    ringReading: (target: TargetId): Promise<number> =>
      send(queues[target].normal, [{ reading: true, target }]),
  }
}
