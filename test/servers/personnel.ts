import type { Engine } from '../../functions/workflows/engine.ts'
import { recordHrEvents } from '../../functions/workflows/record-hr-events.ts'
import type { HrEvent } from '../../schemas/hr-event.ts'

/** What the personnel office tells of somebody, who is entered at the first mention; the same event twice is once. */
export async function tell(engine: Engine, event: HrEvent): Promise<string> {
  const { people, clock } = engine
  const personId = (await people.idOf(event.nationalId)) ?? (await people.ensure(event.nationalId, clock()))
  const at = new Date(clock()).toISOString()
  await recordHrEvents(engine, 'hr-event', personId, person =>
    person.events.some(known => known.id === event.id)
      ? null
      : {
          events: [event],
          entry: {
            at,
            asOf: at,
            act: 'hr-event-recorded',
            phase: 'recorded',
            subject: personId,
            actor: { personId: null, role: 'hr', onBehalfOf: null },
            system: 'llavero',
            request: null,
            cause: { kind: 'hr-event', ref: event.id },
            after: [{ id: event.id, type: event.type, effectiveOn: event.effectiveOn }],
          },
        },
  )
  return personId
}
