import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware'
import middy from '@middy/core'
import type { ScheduledEvent } from 'aws-lambda'
import { type Swept, sweepDue } from '../workflows/sweep-due.ts'
import { engine, logger } from './compose.ts'
import { credentials } from './compose-credentials.ts'

const metrics = new Metrics({ namespace: 'Llavero' })

/** Every minute: rings what is due, finishes half-applied requests, and tells how late the engine is. */
export const handler = middy<ScheduledEvent, Swept>()
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .use(logMetrics(metrics))
  .handler(async event => {
    const swept = await sweepDue({ ...engine, credentials }, new Date(event.time).toISOString())
    metrics.addMetric('ParkedRows', MetricUnit.Count, swept.parked)
    metrics.addMetric('HeldBatches', MetricUnit.Count, swept.held)
    metrics.addMetric('OldestDueSeconds', MetricUnit.Seconds, swept.oldestDueSeconds)
    logger.info('swept', { ...swept })
    // Told only now, when everything else is done: the function's error alarm asks somebody to look.
    if (swept.broken > 0) throw new Error(`${swept.broken} requests or passwords could not be finished`)
    return swept
  })
