import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import middy from '@middy/core'
import type { ScheduledEvent } from 'aws-lambda'
import { type Watched, watchDoors } from '../workflows/watch-doors.ts'
import { logger } from './compose-base.ts'
import { watching } from './compose-watched-doors.ts'

/** Every minute: raises what no device reports by itself, and tells security of what is new. */
export const handler = middy<ScheduledEvent, Watched>()
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .handler(async event => {
    const watched = await watchDoors(watching, new Date(event.time).toISOString())
    // Told only now, when everything else is done: the function's error alarm asks somebody to look.
    if (watched.broken > 0) throw new Error(`${watched.broken} people or doors could not be looked at`)
    return watched
  })
