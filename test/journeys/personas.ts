import { setTimeout as pause } from 'node:timers/promises'
import type { SamplePerson } from '../../infra/local/sample/body.ts'
import type { ContractType } from '../../schemas/contract.ts'
import type { Role } from '../../schemas/role.ts'
import type { Laptop, Organisation } from '../servers/laptop.ts'

/** Somebody of the first unit who is neither its head nor its deputy. `nth` counts from 0. */
export function staff(organisation: Organisation, type: ContractType, nth = 0): SamplePerson {
  const [unit] = organisation.units
  const apart = [unit?.head.nationalId, ...(unit?.deputies ?? []).map(deputy => deputy.nationalId)]
  const found = organisation.people.filter(
    person => person.unit === unit?.id && person.contract.type === type && !apart.includes(person.nationalId),
  )[nth]
  if (found === undefined) throw new Error(`the sample body has no ${type} number ${nth} in its first unit`)
  return found
}

export function inRole(organisation: Organisation, role: Role): string {
  const found = organisation.people.find(person => person.roles.includes(role))
  if (found === undefined) throw new Error(`nobody of the sample body is ${role}`)
  return found.nationalId
}

export const headOf = (organisation: Organisation, unit: string): string =>
  organisation.units.find(({ id }) => id === unit)?.head.nationalId ?? ''

/** Line of box A for somebody of the sample body; yearly contracts ask until their end (R3). */
export function activation(person: SamplePerson, access: object, until?: string | null) {
  const { nationalId, givenNames, surnames, position, contract } = person
  const yearly = contract.type === 'contrata' || contract.type === 'plazo-fijo'
  return {
    person: { nationalId, givenNames, surnames, position },
    contract,
    access,
    until: until === undefined ? (yearly ? contract.endsOn : null) : until,
  }
}

export const form = (unit: string, activations: object[], deactivations: object[] = []) => ({
  unit,
  activations,
  deactivations,
  declaration: true,
})

/** Files a form as the head of its unit. */
export const file = (laptop: Laptop, body: ReturnType<typeof form>, headers?: Record<string, string>) =>
  laptop.as(headOf(laptop.organisation, body.unit), 'POST', '/requests', body, headers)

/** The account in one system, as `GET /people` shows it to `security`. */
export async function account(laptop: Laptop, person: SamplePerson, system: string) {
  const security = inRole(laptop.organisation, 'security')
  const answer = await laptop.as(security, 'GET', `/people/${person.nationalId}`)
  return answer.body.accounts.find((one: { system: string }) => one.system === system)
}

/** Waits until the devices have shown a badge to be so. What was lost on a busy machine is told again after a minute. */
export async function badgeBecomes(
  laptop: Laptop,
  person: SamplePerson,
  state: 'enabled' | 'disabled',
): Promise<void> {
  for (const deadline = Date.now() + 90_000; Date.now() < deadline; await pause(100)) {
    await laptop.idle()
    const badge = await account(laptop, person, 'data-centre')
    if (badge?.state === state && badge.converged) return
  }
  throw new Error(`the badge is never ${state}`)
}
