import type { CivilDate } from '../../schemas/calendar.ts'
import type { PersonId } from '../../schemas/person.ts'
import type { Signer } from '../../schemas/request.ts'
import type { Role } from '../../schemas/role.ts'
import type { Unit } from '../../schemas/unit.ts'

export interface Signing {
  readonly unit: Unit
  /** The unit's parent, its parent's parent, … nearest first. */
  readonly ancestors: readonly Unit[]
  readonly callerId: PersonId
  readonly callerRoles: readonly Role[]
  readonly day: CivilDate
  /**
   * Whom the lines concern (null: nobody in the register). When given, somebody who signs for the unit's head only, and
   * whose form does not concern that head, is no signer of this unit at all (403, not one rejection a line).
   */
  readonly subjects?: readonly (PersonId | null)[]
  /** False: the form has activations, which `hr` may not file. Left out: the caller looks after it. */
  readonly deactivationsOnly?: boolean
}

export const deputiesOn = (unit: Unit, day: CivilDate): readonly PersonId[] =>
  unit.deputies.filter(deputy => deputy.from <= day && day <= deputy.until).map(deputy => deputy.personId)

/**
 * Who stands above a unit: the nearest ancestor that somebody leads that day and whose head is not the unit's own head
 * (who leads two units does not become the own superior). None: the unit is a top unit, and `authority` stands above it.
 */
export const superiorOf = (unit: Unit, ancestors: readonly Unit[], day: CivilDate): Unit | null =>
  ancestors.find(above =>
    above.head === null ? deputiesOn(above, day).length > 0 : above.head !== unit.head,
  ) ?? null

const capacities = ({
  unit,
  ancestors,
  callerId,
  callerRoles,
  day,
  deactivationsOnly,
}: Signing): Signer[] => {
  const found: Signer[] = []
  const add = (capacity: Signer['capacity'], onBehalfOf: PersonId | null = null) =>
    found.push({ personId: callerId, capacity, onBehalfOf })
  if (unit.head === callerId) add('head')
  if (deputiesOn(unit, day).includes(callerId)) add('deputy', unit.head)
  const superior = superiorOf(unit, ancestors, day)
  if (superior === null) {
    if (callerRoles.includes('authority')) add('authority')
  } else if (superior.head === callerId) add('parent-head')
  else if (deputiesOn(superior, day).includes(callerId)) add('parent-head', superior.head)
  if (callerRoles.includes('hr') && deactivationsOnly !== false) add('hr')
  return found
}

/**
 * In which capacity somebody signs for a unit on a day, if at all (R1): its head; a deputy in force; whoever stands
 * above it, for its head, and for everybody while the head's post is vacant; `hr` with deactivations only (R9).
 * Of several capacities the first that covers every subject, else the first.
 */
export const signerFor = (signing: Signing): Signer | null => {
  const { unit, ancestors, subjects, callerId } = signing
  const found = capacities(signing)
  if (subjects === undefined) return found[0] ?? null
  const others = subjects.filter(subject => subject !== callerId)
  const covers = (signer: Signer, subject: PersonId | null) => mayConcern(signer, unit, ancestors, subject)
  const able = found.filter(
    signer =>
      signer.capacity === 'head' ||
      signer.capacity === 'deputy' ||
      signer.capacity === 'hr' ||
      others.length < subjects.length ||
      others.some(subject => covers(signer, subject)),
  )
  return able.find(signer => others.every(subject => covers(signer, subject))) ?? able[0] ?? null
}

/**
 * Whether the signer may file a line about this person. Nobody for themselves, nor a deputy for the very head in whose
 * place they sign. A head's line is signed by whoever stands above (`ancestors` have been weighed by `signerFor`).
 */
export const mayConcern = (
  signer: Signer,
  unit: Unit,
  _ancestors: readonly Unit[],
  subjectPersonId: PersonId | null,
): boolean => {
  if (subjectPersonId !== null && subjectPersonId === signer.personId) return false
  switch (signer.capacity) {
    case 'hr':
      return true
    // Adoption has rules of its own; no form is ever signed in this capacity.
    case 'it':
      return false
    case 'head':
      return true
    case 'deputy':
      return subjectPersonId === null || subjectPersonId !== unit.head
    case 'parent-head':
    case 'authority':
      if (subjectPersonId !== null && subjectPersonId === signer.onBehalfOf) return false
      return unit.head === null || subjectPersonId === unit.head
  }
}
