import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import middy from '@middy/core'
import type { ScheduledEvent } from 'aws-lambda'
import { instantOf, latest } from '../workflows/engine.ts'
import { type Watched, watchDoors } from '../workflows/watch-doors.ts'
import { findOverdueVisits, forgetOldVisits } from '../workflows/watch-visits.ts'
import { logger } from './compose-base.ts'
import { watching } from './compose-watched-doors.ts'

/** Every minute: raises what no device reports by itself, and tells security of what is new. */
export const handler = middy<
  ScheduledEvent,
  Watched & { readonly overdue: number; readonly lapsed: number }
>()
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .handler(async event => {
    const at = latest(new Date(event.time).toISOString(), instantOf(watching.clock()))
    const visits = await findOverdueVisits(watching, at)
    await forgetOldVisits(watching, at)
    // After the visits, so that an alarm about one of them is told in the same minute.
    const watched = await watchDoors(watching, at)
    // Told only now, when everything else is done: the function's error alarm asks somebody to look.
    if (watched.broken > 0) throw new Error(`${watched.broken} people or doors could not be looked at`)
    return { ...watched, ...visits }
  })
