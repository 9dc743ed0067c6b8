import type { Role } from '../../schemas/role.ts'
import type { Unit } from '../../schemas/unit.ts'

/** The person behind a token, with the roles in force today. */
export interface Caller {
  readonly personId: string
  readonly roles: readonly Role[]
}

/**
 * Who may call what (the contract's table), for the operations that a role alone opens. An operation that is not listed is
 * decided on its object: the unit, the request or the person asked about.
 */
const openTo: Readonly<Record<string, readonly Role[]>> = {
  'POST /requests/{number}/lines/{line}/decision': ['authority'],
  'POST /people': ['hr'],
  'POST /hr-events': ['hr'],
  'GET /holds': ['security', 'authority'],
  'POST /holds/{id}/release': ['security', 'authority'],
  'POST /holds/{id}/discard': ['security', 'authority'],
  'POST /units': ['hr'],
  'PUT /units/{id}': ['hr'],
  'POST /people/{nationalId}/one-time-code': ['it'],
  'PUT /people/{nationalId}/badge': ['it'],
  'POST /people/{nationalId}/badge/return': ['it'],
  'GET /key-holders': ['it', 'security', 'authority'],
  'POST /identities': ['security', 'hr'],
  'GET /roles': ['security', 'authority', 'hr', 'it'],
  'PUT /roles': ['security', 'authority'],
  'POST /roles/changes/{id}/decision': ['security', 'authority'],
  'GET /tasks': ['it'],
  'POST /tasks/{id}/completion': ['it'],
  'GET /targets': ['it'],
  'PUT /targets/{id}': ['it'],
  'GET /reconciliation': ['it'],
  'POST /reconciliation/readings': ['it'],
  'POST /reconciliation/adoptions': ['it'],
  'POST /reconciliation/uploads': ['it'],
  'GET /audit': ['security'],
  'GET /audit/verification': ['security'],
  'POST /visits/{id}/entry': ['it', 'authority'],
  'POST /visits/{id}/exit': ['it'],
  'POST /visits/{id}/correction': ['it', 'security'],
  'POST /visits/{id}/approval': ['authority'],
  'GET /presence': ['it', 'security', 'authority'],
  'GET /registers/{register}': ['security', 'hr', 'it'],
  // R21: who was where is nobody else's to read.
  'GET /doors': ['security', 'authority'],
  'GET /door-alarms': ['security', 'authority'],
  'POST /door-alarms/{id}/settlement': ['security', 'authority'],
  'GET /movements': ['security', 'authority'],
}

export const mayCall = (operation: string, caller: Caller): boolean => {
  const roles = openTo[operation]
  return roles === undefined || holdsAny(caller, roles)
}

export const holdsAny = (caller: Caller, roles: readonly Role[]): boolean =>
  roles.some(role => caller.roles.includes(role))

/** Roles that may look at every person and every request (R21). */
export const readersOfAll: readonly Role[] = ['hr', 'it', 'security']

/** Whether somebody leads a unit on a day: its head, or a deputy in force. */
export const leads = (unit: Unit, personId: string, day: string): boolean =>
  unit.head === personId ||
  unit.deputies.some(deputy => deputy.personId === personId && deputy.from <= day && day <= deputy.until)

/** Whether the caller may see all of what concerns a unit's people: `units` are those it concerns (R21). */
export const mayReadUnits = (caller: Caller, units: readonly Unit[], day: string): boolean =>
  holdsAny(caller, readersOfAll) || units.some(unit => leads(unit, caller.personId, day))

/** How much of a request the caller may see: all of it, the lines about themselves, or not that it exists. */
export const requestSight = (
  caller: Caller,
  request: {
    readonly unit: Unit | null
    readonly signerId: string
    readonly subjects: readonly (string | null)[]
    /** Whether any of its lines waits for an authority, or was decided by one. */
    readonly forAuthority: boolean
    /** Whether the caller stands above the unit today, and the request is theirs to sign: a head's own, or a vacant post's. */
    readonly forSuperior: boolean
  },
  day: string,
): 'whole' | 'own-lines' | 'nothing' => {
  const { unit, signerId, subjects, forAuthority, forSuperior } = request
  // Whoever decides a line has to see what they decide.
  if (forAuthority && holdsAny(caller, ['authority'])) return 'whole'
  if (forSuperior || signerId === caller.personId || mayReadUnits(caller, unit === null ? [] : [unit], day))
    return 'whole'
  return subjects.includes(caller.personId) ? 'own-lines' : 'nothing'
}
