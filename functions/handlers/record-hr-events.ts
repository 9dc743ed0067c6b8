import { NoQuery } from '../../schemas/api.ts'
import { HrEvent } from '../../schemas/hr-event.ts'
import { faultsOf } from '../domain/faults.ts'
import { refuse } from '../domain/refusal.ts'
import { fileOnce } from '../workflows/file-once.ts'
import { recordHrEvent, recordHrEventFile, type Teller } from '../workflows/record-hr-event.ts'
import { front, registers } from './compose-registers.ts'
import { bodyRoute, http, ok } from './http.ts'

export const handler = http(front, {
  'POST /hr-events': bodyRoute(NoQuery, async ({ caller, body, idempotencyKey }) => {
    const teller: Teller = { personId: caller.personId, role: 'hr', onBehalfOf: null }
    const filing = { caller, route: 'POST /hr-events', key: idempotencyKey, body }
    if (body.kind === 'csv')
      return ok(await fileOnce(registers, filing, () => recordHrEventFile(registers, teller, body.text)))
    const event = HrEvent.safeParse(body.value)
    if (!event.success) return refuse('invalid', faultsOf(event.error, body.value))
    return ok(await fileOnce(registers, filing, () => recordHrEvent(registers, teller, event.data)), 202)
  }),
})
