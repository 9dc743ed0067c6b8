import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import middy from '@middy/core'
import type { ScheduledEvent } from 'aws-lambda'
import { type WatchedCentre, watchDataCentre } from '../workflows/watch-data-centre.ts'
import { logger } from './compose-base.ts'
import { watching } from './compose-watched-doors.ts'

/** Every minute: raises what no device reports by itself, and tells security of what is new. */
export const handler = middy<ScheduledEvent, WatchedCentre>()
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .handler(async event => {
    const watched = await watchDataCentre(watching, new Date(event.time).toISOString())
    // Told only now, when everything else is done: the function's error alarm asks somebody to look.
    if (watched.broken > 0)
      throw new Error(`${watched.broken} people, doors or visits could not be looked at`)
    return watched
  })
