import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import middy from '@middy/core'
import type { EventRecorded } from '../../schemas/api-holds.ts'
import { BusEvent } from '../../schemas/hr-event.ts'
import { faultsOf } from '../domain/faults.ts'
import { type CodedFault, isRefusal } from '../domain/refusal.ts'
import { recordHrEvent } from '../workflows/record-hr-event.ts'
import { logger } from './compose.ts'
import { registers } from './compose-registers.ts'

/** Codes only: what an event says of a person is for no log. */
const failure = (what: string, faults: readonly CodedFault[] = []) =>
  new Error(`${what}: ${faults.map(({ pointer, code }) => `${pointer} ${code}`).join(', ')}`)

/** HR events from the body's own bus. What cannot be recorded is a failure that an alarm tells; the bus keeps every event. */
export const handler = middy<unknown, EventRecorded>()
  .use(injectLambdaContext(logger, { resetKeys: true, logEvent: false }))
  .handler(async sent => {
    const event = BusEvent.safeParse(sent)
    if (!event.success) throw failure('no HR event', faultsOf(event.error, sent))
    const { detail } = event.data
    const recorded = await recordHrEvent(
      registers,
      { personId: null, role: 'hr-system', onBehalfOf: null },
      detail,
    )
    if (isRefusal(recorded)) throw failure(`HR event ${detail.id} ${recorded.refused}`, recorded.faults)
    return recorded
  })
