import { setImmediate as turn } from 'node:timers/promises'
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch'
import { parser } from '@aws-lambda-powertools/batch/parser'
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import middy from '@middy/core'
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'
import type { TargetId } from '../../schemas/settings.ts'
import { Doorbell } from '../../schemas/target.ts'
import type { Connector } from '../connectors/contract.ts'
import { convergeTarget } from '../workflows/converge-target.ts'
import type { Convergence } from '../workflows/convergence-run.ts'
import { modeOf, placeOf, rests } from '../workflows/engine.ts'
import { readAccounts } from '../workflows/read-accounts.ts'
import { logger, readings, units, worker } from './compose-worker.ts'

/** What the function keeps free at its end: the slowest page of a listing, and writing it down. */
const lastMilliseconds = 25_000

/** The handler of one target's queues: all doorbells of a batch in one run, one partial failure for each bug. */
export function convergeHandler(
  target: TargetId,
  connector: (mark: string | null) => Promise<Connector>,
  more: Pick<Convergence, 'alongside'> = {},
) {
  const processor = new BatchProcessor(EventType.SQS, {
    parser,
    innerSchema: Doorbell,
    transformer: 'json',
    logger,
  })
  return middy<SQSEvent, SQSBatchResponse>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .handler((event, context) => {
      const people: string[] = []
      let asked = false
      // One turn of the event loop later every record has been parsed and handed over: one run takes the whole batch.
      const run = turn().then(async () => {
        const sent = Math.max(...event.Records.map(record => Number(record.attributes.SentTimestamp)))
        const system = await worker.systems.load(target)
        const mode = modeOf(worker.settings, target, system)
        // Nobody enters a target that rests: its secret may be half changed.
        if (rests(mode)) return []
        return convergeTarget(
          { ...worker, ...more, target, units, connector: await connector(system?.since ?? null) },
          people,
          new Date(sent).toISOString(),
          system,
        )
      })
      // People first: a reading takes whatever time is left.
      const read = run.then(async () => {
        if (!asked) return
        const left = () => context.getRemainingTimeInMillis() - lastMilliseconds
        // Read from wherever the secret says by now: before and after a move are two readings.
        const mark = `reading ${event.Records[0]?.messageId}`
        await readAccounts({ ...worker, target, readings, connector: await connector(mark) }, left)
      })
      read.catch(bug => worker.log('broken', { target, ...placeOf(bug) }))
      // Nobody may be waiting for it (no record could be read), and what a failed record says is logged nowhere else.
      run.catch(bug => worker.log('broken', { target, ...placeOf(bug) }))
      const take = async (record: SQSRecord & { body: unknown }) => {
        const bell = record.body as unknown as Doorbell
        if ('reading' in bell) {
          asked = true
          return read
        }
        const { personId } = bell
        people.push(personId)
        const broken = (await run).find(one => one.personId === personId)
        if (broken !== undefined) throw broken.bug
      }
      return processPartialResponse(event, take, processor, { context, throwOnFullBatchFailure: false })
    })
}
