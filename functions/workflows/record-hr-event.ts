import type { HrEvent } from '../../schemas/hr-event.ts'
import type { Actor } from '../../schemas/ledger.ts'
import { type Engine, instantOf } from './engine.ts'

const tries = 12
/** Events whose effect is to take access away go through the urgent queues. */
const closing = new Set<HrEvent['type']>(['terminated', 'contract-ended', 'transferred', 'leave-started'])

/** What became of an event: recorded now, there already with the same body, or there with another body. */
export type Recorded = 'recorded' | 'repeated' | 'contradicted'

/**
 * Keeps events of one person (created at the first mention) with their ledger entry and wakes every target of the person.
 * The register is the fold of what is kept, so order and repetition do not matter.
 *
 * @param nationalId normalised
 */
export async function recordHrEvents(
  engine: Engine,
  nationalId: string,
  events: readonly HrEvent[],
  by: { actor: Actor; cause: { kind: string; ref: string } },
): Promise<Recorded> {
  const personId =
    (await engine.people.idOf(nationalId)) ?? (await engine.people.ensure(nationalId, engine.clock()))
  for (let attempt = 1; attempt <= tries; attempt++) {
    const person = await engine.people.load(personId)
    if (person === null) throw new Error('a person without a row')
    const kept = new Map(person.events.map(event => [event.id, JSON.stringify(event)]))
    const fresh = events.filter(event => !kept.has(event.id))
    if (events.some(event => kept.has(event.id) && kept.get(event.id) !== JSON.stringify(event)))
      return 'contradicted'
    if (fresh.length === 0) return 'repeated'
    const at = instantOf(engine.clock())
    const urgent = fresh.some(event => closing.has(event.type))
    const result = await engine.people.recordEvents(person, fresh, {
      dueAt: at,
      urgent,
      entry: {
        at,
        asOf: at,
        act: 'hr-event-recorded',
        phase: 'recorded',
        subject: personId,
        actor: by.actor,
        system: 'llavero',
        request: null,
        cause: by.cause,
        after: fresh.map(({ id, type, effectiveOn, unit, contract }) => ({
          id,
          type,
          effectiveOn,
          unit,
          contract,
        })),
      },
    })
    if (result !== 'recorded') continue
    const missed = await engine.bells.ring(
      [...person.targets.keys()].map(target => ({ personId, target, urgent })),
    )
    if (missed > 0) engine.log('doorbell-missed', { personId, missed })
    return 'recorded'
  }
  throw new Error('the person was too busy to record an event')
}
