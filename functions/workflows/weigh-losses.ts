import type { Loss, LossCause, StoppedMember } from '../../schemas/guard.ts'
import { desiredAccess, type PersonRecord } from '../domain/desired-access.ts'
import { lossesBetween } from '../domain/guard.ts'
import type { PersonAggregate } from '../stores/people.ts'
import { instantOf } from './engine.ts'
import { admitLoss, type Guarded } from './guard-losses.ts'

/**
 * What a person would lose if their record became another one, in every system in which they have an account. An end counts
 * also where the target cannot hold it: the day will come there, too.
 */
export function lossesBy(engine: Guarded, person: PersonAggregate, after: PersonRecord): Loss[] {
  const { settings } = engine
  const now = instantOf(engine.clock())
  return [...person.targets.keys()].flatMap(target => {
    const wanted = (record: PersonRecord) => desiredAccess(record, target, settings, now)
    return lossesBetween(target, wanted(person), wanted(after))
  })
}

/**
 * Weighs what a new fact would take away, before it is recorded. Null: nothing, or it may. Otherwise it is to be recorded as this
 * member of a stopped batch, and withheld.
 */
export async function weighLosses(
  engine: Guarded,
  kind: LossCause,
  person: PersonAggregate,
  losses: readonly Loss[],
  ref: string,
): Promise<StoppedMember | null> {
  if (losses.length === 0) return null
  const { personId } = person.row
  const verdict = await admitLoss(engine, kind, personId, ref)
  return (
    verdict && {
      version: 1,
      hold: verdict.hold,
      personId,
      of: 'fact',
      cause: { kind, ref },
      at: instantOf(engine.clock()),
      losses: [...losses],
    }
  )
}
