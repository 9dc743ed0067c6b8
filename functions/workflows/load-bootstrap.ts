import type { RoleRow } from '../../schemas/rows.ts'
import { parseNationalId } from '../domain/national-id.ts'
import type { Founder } from '../stores/identities.ts'
import type { ReadingStore } from '../stores/readings.ts'
import { deploymentEntry, fillVacantRoles, type VacantRoles } from './fill-vacant-roles.ts'
import { nextReading } from './read-accounts.ts'
import { nowOf } from './registers.ts'

/** `loaded` now, or `standing`: the register was not empty, and nothing of it was touched. */
export type Bootstrapped =
  | { readonly done: 'loaded' | 'standing' }
  | { readonly done: null; readonly why: string }

/**
 * Enters the settings' first people into an empty register: who they are, how they sign in, which roles they hold. It is one
 * transaction, and the first entries of the ledger. Loading again does nothing of it, whatever the settings say by then; only
 * a role of two that nobody is left in is filled. Every target's daily reading is planned here.
 */
export async function loadBootstrap(
  registers: VacantRoles & {
    readonly newId: (now: number) => string
    readonly readings: Pick<ReadingStore, 'plan'>
  },
): Promise<Bootstrapped> {
  const { settings, identities, clock, newId, readings } = registers
  // Also in a register that stands: the settings may have a target that it did not know.
  for (const { id, kind } of settings.targets)
    if (kind !== 'manual') await readings.plan(id, nextReading(id, clock()))
  if ((await identities.body()) !== null) {
    const why = await fillVacantRoles(registers)
    return why === null ? { done: 'standing' } : { done: null, why }
  }
  const { today } = nowOf(registers)
  const entry = deploymentEntry(registers)
  const founders = new Map<string, Founder>()
  for (const [index, { person, issuer, subject, roles: held }] of settings.bootstrap.entries()) {
    const parsed = parseNationalId(settings.nationalId, person.nationalId)
    if (!parsed.ok) return { done: null, why: `bootstrap ${index}: ${parsed.code}` }
    if (founders.has(parsed.value)) return { done: null, why: `bootstrap ${index}: the same person twice` }
    const personId = newId(clock())
    const roles = [...new Set(held)].map((role): RoleRow => ({ version: 1, role, from: today, until: null }))
    founders.set(parsed.value, {
      personId,
      nationalId: parsed.value,
      issuer,
      subject,
      roles,
      roleEntry: entry({ act: 'role-granted', subject: personId, after: { roles } }),
      identityEntry: entry({ act: 'identity-linked', subject: personId }),
    })
  }
  const founded = await identities.found(
    settings.body.id,
    entry({ act: 'body-founded', subject: null, after: { bodyId: settings.body.id } }),
    [...founders.values()],
  )
  if (founded === 'too-many')
    return { done: null, why: 'bootstrap: more people than one transaction holds; ten always fit' }
  return { done: founded === 'founded' ? 'loaded' : 'standing' }
}
