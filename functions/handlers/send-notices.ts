import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch'
import { parser } from '@aws-lambda-powertools/batch/parser'
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware'
import middy from '@middy/core'
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'
import { NoticeBell } from '../../schemas/notice.ts'
import { sendNotice } from '../workflows/send-notice.ts'
import { logger } from './compose-base.ts'
import { post } from './compose-mail-service.ts'

const metrics = new Metrics({ namespace: 'Llavero' })
const processor = new BatchProcessor(EventType.SQS, {
  parser,
  innerSchema: NoticeBell,
  transformer: 'json',
  logger,
})

/** Doorbells of the mails: one partial failure for each bug, and a count of those that a human has to look at. */
export const handler = middy<SQSEvent, SQSBatchResponse>()
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .use(logMetrics(metrics))
  .handler((event, context) => {
    const take = async (record: SQSRecord & { body: unknown }) => {
      const { notice } = record.body as unknown as NoticeBell
      if ((await sendNotice(post, notice)) === 'parked')
        metrics.addMetric('ParkedNotices', MetricUnit.Count, 1)
    }
    return processPartialResponse(event, take, processor, { context, throwOnFullBatchFailure: false })
  })
