import type { Caller } from '../domain/entitlement.ts'
import { holdsOn } from '../domain/holds.ts'
import { type Refusal, refuseWith } from '../domain/refusal.ts'
import { rolesOn } from '../domain/role-period.ts'
import { nowOf, type Registers } from './registers.ts'

/**
 * The person behind a token, with the roles in force today. Refused: nobody is linked to it, or whoever is is held (R23), be
 * it as head, as deputy, in a role or for themselves. All of it is read again on every call: what was taken away counts for
 * nothing from the next request on.
 */
export async function identifyCaller(
  registers: Pick<Registers, 'identities' | 'people' | 'settings' | 'clock'>,
  token: { readonly issuer: string; readonly subject: string },
): Promise<Caller | Refusal> {
  const { identities, people, settings } = registers
  const personId = await identities.personOf(token.issuer, token.subject)
  const person = personId === null ? null : await people.load(personId)
  if (person === null) return refuseWith('forbidden', 'problem.not-linked')
  const { at, today } = nowOf(registers)
  if (holdsOn(person, at, settings).length > 0) return refuseWith('forbidden', 'problem.on-hold')
  return { personId: person.row.personId, roles: rolesOn(person.roles, today) }
}
