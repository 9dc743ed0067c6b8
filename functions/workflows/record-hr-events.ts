import type { LossCause } from '../../schemas/guard.ts'
import type { HrEvent } from '../../schemas/hr-event.ts'
import type { TargetId } from '../../schemas/settings.ts'
import { dayOf } from '../domain/civil-time.ts'
import { desiredAccess, type PersonRecord } from '../domain/desired-access.ts'
import { endsWithinTheHour } from '../domain/last-hour.ts'
import { foldEvents } from '../domain/register.ts'
import type { EntryDraft } from '../stores/ledger.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { Engine } from './engine.ts'
import type { Guarded } from './guard-losses.ts'
import { tries } from './registers.ts'
import { lossesBy, weighLosses } from './weigh-losses.ts'

/** Events whose effect is to take access away go through the urgent queues, as does whatever comes in the last hour of an account. */
const closing = new Set<HrEvent['type']>(['terminated', 'contract-ended', 'transferred', 'leave-started'])

/** Events of one person, and the ledger entry of all of them. */
export interface Facts {
  readonly events: readonly HrEvent[]
  readonly entry: EntryDraft
  /** Of an event that came by itself: the hash of its body. */
  readonly bodyHash?: string
}

/**
 * What became of the facts: `recorded`, and everything follows; `stopped` by the guard, in a batch that two people may
 * release: recorded, and nothing follows yet; `known`: there was nothing new.
 */
export type Recorded =
  | { readonly done: 'recorded' | 'known' }
  | { readonly done: 'stopped'; readonly hold: string }

/**
 * Keeps events of one person with their ledger entry and wakes the targets in which something follows from it, in one
 * transaction. The register is the fold of what is kept, so order and repetition do not matter.
 *
 * @param kind as what the guard counts whoever loses access by it
 * @param choose what there is to record of the person as read now; called again when somebody else wrote first, and null
 *   when there is nothing new
 */
export async function recordHrEvents(
  engine: Pick<Engine, 'people' | 'bells'> & Guarded,
  kind: Extract<LossCause, 'hr-event' | 'import'>,
  personId: string,
  choose: (person: PersonAggregate) => Facts | null,
): Promise<Recorded> {
  const { people, bells, log } = engine
  for (let attempt = 1; attempt <= tries; attempt++) {
    const person = await people.load(personId)
    if (person === null) throw new Error('a person without a row')
    const facts = choose(person)
    if (facts === null) return { done: 'known' }
    const { events, entry, bodyHash = null } = facts
    const after = { ...person, events: [...person.events, ...events] }
    const losses = lossesBy(engine, person, after)
    const stopped = await weighLosses(engine, kind, person, losses, entry.cause.ref)
    const ends = events.some(event => closing.has(event.type))
    // What takes access away may not wait behind what gives it.
    const urgent = losses.length > 0 || ends || endsWithinTheHour(person.targets.values(), entry.at)
    const wakes = ends ? [...person.targets.keys()] : touchedBy(engine, person, after, entry.at)
    const written = { entry, dueAt: entry.at, urgent, stopped, bodyHash, wakes }
    const outcome = await people.recordEvents(person, events, written)
    // Somebody else wrote first, or the same event came twice at once: `choose` is asked again, by what stands now.
    if (outcome !== 'recorded') continue
    if (stopped !== null) return { done: 'stopped', hold: stopped.hold }
    const missed = await bells.ring(wakes.map(target => ({ personId, target, urgent })))
    if (missed > 0) log('doorbell-missed', { personId, missed })
    return { done: 'recorded' }
  }
  throw new Error('the person was too busy to record an event')
}

/**
 * The targets in which the person should have something else by it, now or from a known time on, or be called otherwise, and
 * those that are not as they should be yet. A contract that only follows another one changes nothing where all is well, and
 * nobody has to look.
 */
function touchedBy(
  { settings }: Guarded,
  person: PersonAggregate,
  after: PersonRecord,
  at: string,
): TargetId[] {
  const targets = [...person.targets.keys()]
  const day = dayOf(at, settings.timeZone)
  const shown = ({ events }: Pick<PersonRecord, 'events'>) => {
    const facts = foldEvents(events, day, settings.timeZone)
    return JSON.stringify([facts.person, facts.unit])
  }
  if (shown(person) !== shown(after)) return targets
  return targets.filter(target => {
    const row = person.targets.get(target)
    if (row?.state !== 'converged' || row.appliedVersion !== row.desiredVersion) return true
    const wish = (record: PersonRecord) => JSON.stringify(desiredAccess(record, target, settings, at))
    return wish(person) !== wish(after)
  })
}
