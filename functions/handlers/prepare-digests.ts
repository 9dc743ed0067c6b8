import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import middy from '@middy/core'
import type { ScheduledEvent } from 'aws-lambda'
import { type Prepared, prepareDigests } from '../workflows/prepare-digests.ts'
import { logger } from './compose-base.ts'
import { digesting } from './compose-digests.ts'

/** So much is left for writing the mails when the walk ends. */
const reserveMilliseconds = 60_000

/** Every hour: makes the day's digests once, and goes on where a run before was broken off. */
export const handler = middy<ScheduledEvent, Prepared>()
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .handler(async (event, context) => {
    const mayGoOn = () => context.getRemainingTimeInMillis() > reserveMilliseconds
    const prepared = await prepareDigests(digesting, new Date(event.time).toISOString(), mayGoOn)
    logger.info('prepared', { ...prepared })
    // Told only now, when everybody else is done: the function's error alarm asks somebody to look.
    if (prepared.broken > 0) throw new Error(`${prepared.broken} people could not be looked at`)
    return prepared
  })
