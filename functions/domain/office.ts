import type { CivilDate } from '../../schemas/calendar.ts'
import type { PersonId } from '../../schemas/person.ts'
import type { Unit } from '../../schemas/unit.ts'
import { type HoldInForce, leavesPost } from './holds.ts'

/** A unit with only those who can act today: its head where somebody holds the post, its deputies without the held ones. */
export interface UnitInOffice extends Unit {
  /** The recorded head, where `head` is null because they cannot act. */
  readonly away?: PersonId
}

type Held = Pick<HoldInForce, 'kind'>

/** The deputies in force on a day. */
export const deputiesOn = (unit: Unit, day: CivilDate): readonly PersonId[] =>
  unit.deputies.filter(deputy => deputy.from <= day && day <= deputy.until).map(deputy => deputy.personId)

/** In whose place a unit's deputy signs; null: nobody is recorded as head. */
export const recordedHead = (unit: UnitInOffice): PersonId | null => unit.head ?? unit.away ?? null

/** Whether nobody holds the post: none is recorded, or whoever is has lost it by a termination, suspension or sanction. */
export const isVacant = (unit: Unit, holdsOfHead: readonly Held[]): boolean =>
  unit.head === null || leavesPost(holdsOfHead)

/**
 * Who of a unit acts on a day. A deputy who is held does not. A head on leave keeps the post: with a deputy in force the
 * deputy signs; without one the unit is led from above, as a vacant one is.
 */
export function inOffice(
  unit: Unit,
  day: CivilDate,
  holdsOf: (personId: PersonId) => readonly Held[],
): UnitInOffice {
  const deputies = unit.deputies.filter(({ personId }) => holdsOf(personId).length === 0)
  const present = { ...unit, deputies }
  if (unit.head === null) return present
  const holds = holdsOf(unit.head)
  const stays = holds.length === 0 || (!leavesPost(holds) && deputiesOn(present, day).length > 0)
  return stays ? present : { ...present, head: null, away: unit.head }
}
