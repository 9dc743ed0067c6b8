import type { Caller } from '../domain/entitlement.ts'
import { nowOf, type Registers } from './registers.ts'

/**
 * The person behind a token, with the roles in force today; null when nobody is linked to it. Both are read again on every
 * call: a role that was taken away counts for nothing from the next request on.
 */
export async function identifyCaller(
  registers: Pick<Registers, 'identities' | 'settings' | 'clock'>,
  token: { readonly issuer: string; readonly subject: string },
): Promise<Caller | null> {
  const personId = await registers.identities.personOf(token.issuer, token.subject)
  if (personId === null) return null
  const { today } = nowOf(registers)
  const roles = await registers.identities.rolesOf(personId)
  return {
    personId,
    roles: roles
      .filter(({ from, until }) => from <= today && (until === null || today <= until))
      .map(({ role }) => role),
  }
}
