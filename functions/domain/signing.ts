import type { CivilDate } from '../../schemas/calendar.ts'
import type { PersonId } from '../../schemas/person.ts'
import type { Signer } from '../../schemas/request.ts'
import type { Role } from '../../schemas/role.ts'
import { deputiesOn, recordedHead, type UnitInOffice } from './office.ts'

export interface Signing {
  readonly unit: UnitInOffice
  /** The unit's parent, its parent's parent, … nearest first. */
  readonly ancestors: readonly UnitInOffice[]
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

/** Whether somebody leads a unit that day, and not as the head of the unit below: who leads two is not their own superior. */
export const isSuperior = (above: UnitInOffice, headBelow: PersonId | null, day: CivilDate): boolean =>
  above.head === null ? deputiesOn(above, day).length > 0 : above.head !== headBelow

/** Who stands above a unit: the nearest ancestor. None: the unit is a top unit, and `authority` stands above it. */
export const superiorOf = (
  unit: UnitInOffice,
  ancestors: readonly UnitInOffice[],
  day: CivilDate,
): UnitInOffice | null => ancestors.find(above => isSuperior(above, unit.head, day)) ?? null

/** Whether somebody stands above a unit that day: they sign for its head, and for everybody while its post is vacant. */
export const standsAbove = (
  unit: UnitInOffice,
  ancestors: readonly UnitInOffice[],
  caller: { readonly personId: PersonId; readonly roles: readonly Role[] },
  day: CivilDate,
): boolean => {
  const above = superiorOf(unit, ancestors, day)
  if (above === null) return caller.roles.includes('authority')
  return above.head === caller.personId || deputiesOn(above, day).includes(caller.personId)
}

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
  if (deputiesOn(unit, day).includes(callerId)) add('deputy', recordedHead(unit))
  const superior = superiorOf(unit, ancestors, day)
  if (superior === null) {
    if (callerRoles.includes('authority')) add('authority')
  } else if (superior.head === callerId) add('parent-head')
  else if (deputiesOn(superior, day).includes(callerId)) add('parent-head', recordedHead(superior))
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
  unit: UnitInOffice,
  _ancestors: readonly UnitInOffice[],
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
      return subjectPersonId === null || subjectPersonId !== recordedHead(unit)
    case 'parent-head':
    case 'authority':
      if (subjectPersonId !== null && subjectPersonId === signer.onBehalfOf) return false
      return unit.head === null || subjectPersonId === unit.head
  }
}
