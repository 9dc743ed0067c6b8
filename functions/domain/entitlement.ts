import type { Role } from '../../schemas/role.ts'

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
  'POST /people': ['hr'],
  'PUT /units/{id}': ['hr'],
  'POST /identities': ['security', 'hr'],
  'GET /audit': ['security'],
  'GET /audit/verification': ['security'],
}

export const mayCall = (operation: string, caller: Caller): boolean => {
  const roles = openTo[operation]
  return roles === undefined || holdsAny(caller, roles)
}

export const holdsAny = (caller: Caller, roles: readonly Role[]): boolean =>
  roles.some(role => caller.roles.includes(role))

/** Roles that may look at every person and every request (R21). */
export const readersOfAll: readonly Role[] = ['hr', 'it', 'security']
