import type { HrEvent } from '../../schemas/hr-event.ts'
import { endsWithinTheHour } from '../domain/last-hour.ts'
import type { EntryDraft } from '../stores/ledger.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { Engine } from './engine.ts'
import { tries } from './registers.ts'

/** Events whose effect is to take access away go through the urgent queues, as does whatever comes in the last hour of an account. */
const closing = new Set<HrEvent['type']>(['terminated', 'contract-ended', 'transferred', 'leave-started'])

/** Events of one person, and the ledger entry of all of them. */
export interface Facts {
  readonly events: readonly HrEvent[]
  readonly entry: EntryDraft
}

/**
 * Keeps events of one person with their ledger entry and wakes every target of the person, in one transaction. The register
 * is the fold of what is kept, so order and repetition do not matter.
 *
 * @param choose what there is to record of the person as read now; called again when somebody else wrote first, and null
 *   when there is nothing new
 * @returns whether something was recorded
 */
export async function recordHrEvents(
  { people, bells, log }: Pick<Engine, 'people' | 'bells' | 'log'>,
  personId: string,
  choose: (person: PersonAggregate) => Facts | null,
): Promise<boolean> {
  for (let attempt = 1; attempt <= tries; attempt++) {
    const person = await people.load(personId)
    if (person === null) throw new Error('a person without a row')
    const facts = choose(person)
    if (facts === null) return false
    const { events, entry } = facts
    const urgent =
      events.some(event => closing.has(event.type)) || endsWithinTheHour(person.targets.values(), entry.at)
    const outcome = await people.recordEvents(person, events, { entry, dueAt: entry.at, urgent })
    if (outcome !== 'recorded') continue
    const missed = await bells.ring([...person.targets.keys()].map(target => ({ personId, target, urgent })))
    if (missed > 0) log('doorbell-missed', { personId, missed })
    return true
  }
  throw new Error('the person was too busy to record an event')
}
