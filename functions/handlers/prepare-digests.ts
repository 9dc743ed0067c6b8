import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import middy from '@middy/core'
import type { ScheduledEvent } from 'aws-lambda'
import { createDigestStore } from '../stores/digests.ts'
import { createListStore } from '../stores/lists.ts'
import { createNoticeStore } from '../stores/notices.ts'
import { createRequestStore } from '../stores/requests.ts'
import { createTaskStore } from '../stores/tasks.ts'
import { createUnitStore } from '../stores/units.ts'
import { type Prepared, prepareDigests } from '../workflows/prepare-digests.ts'
import { base, logger, settings, tables } from './compose-base.ts'

/** So much is left for writing the mails when the walk ends. */
const reserveMilliseconds = 60_000

const digesting = {
  ...base,
  tasks: createTaskStore(tables, settings),
  lists: createListStore(tables),
  requests: createRequestStore(tables, settings),
  units: createUnitStore(tables),
  digests: createDigestStore(tables, settings),
  notices: createNoticeStore(tables),
}

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
