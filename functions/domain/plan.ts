import type { Observation, Right, Step } from '../../schemas/target.ts'
import type { Desired } from './desired-access.ts'

const sameSet = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every(item => other.includes(item))

/** Two rights are the same whatever the order in which a target lists operations and parts. */
export const sameRight = (one: Right, other: Right): boolean =>
  one.id === other.id &&
  one.until === other.until &&
  sameSet(one.operations, other.operations) &&
  sameSet(one.specific, other.specific)

const byId = (one: { id: string }, other: { id: string }) => (one.id < other.id ? -1 : 1)

const revocations = (observed: Observation, wanted: readonly Right[]): Step[] =>
  observed.rights
    .filter(right => wanted.every(other => other.id !== right.id))
    .sort(byId)
    .map(right => ({ act: 'revoke', right: right.id }))

const grantings = (observed: Observation, wanted: readonly Right[]): Step[] =>
  wanted
    .filter(right => !observed.rights.some(other => sameRight(right, other)))
    .sort(byId)
    .map(right => ({ act: 'grant', right }))

const closing = (observed: Observation): Step[] => [
  ...(observed.state === 'enabled' ? [{ act: 'disable' } as const] : []),
  ...(observed.sessionsOpen === true ? [{ act: 'end-sessions' } as const] : []),
  ...revocations(observed, []),
  ...(observed.retired === false ? [{ act: 'retire' } as const] : []),
]

/**
 * Desired − observed, in the safe order: an account is complete before it opens, what is taken away goes before what is
 * given, and a closing disables first. Nothing is planned for what is already so: an account that is not wanted and
 * absent is never made; the expiry of a disabled account matters only when it is about to be opened; a target that
 * cannot tell the profile (`profileHash` null) is not asked to change it.
 */
export const planSteps = (desired: Desired, observed: Observation, profileHash: string): Step[] => {
  if (observed.state === 'absent') {
    if (!desired.enabled) return []
    return [
      { act: 'create' },
      ...grantings(observed, desired.rights),
      ...(desired.expiresAt === null ? [] : [{ act: 'set-expiry', expiresAt: desired.expiresAt } as const]),
      { act: 'enable' },
    ]
  }
  if (!desired.enabled) return closing(observed)
  return [
    ...(observed.unmarked === true ? [{ act: 'adopt' } as const] : []),
    ...(observed.retired === true ? [{ act: 'restore' } as const] : []),
    ...(observed.profileHash !== null && observed.profileHash !== profileHash
      ? [{ act: 'set-profile' } as const]
      : []),
    ...revocations(observed, desired.rights),
    ...grantings(observed, desired.rights),
    ...(observed.expiresAt === desired.expiresAt
      ? []
      : [{ act: 'set-expiry', expiresAt: desired.expiresAt } as const]),
    ...(observed.state === 'disabled' ? [{ act: 'enable' } as const] : []),
  ]
}

const shuts: ReadonlySet<Step['act']> = new Set(['disable', 'end-sessions'])

/** A closing in two parts: what shuts the account, and what tidies it up afterwards. Any other plan is all in the first part. */
export const inPhases = (
  steps: readonly Step[],
): { readonly now: readonly Step[]; readonly later: readonly Step[] } =>
  steps.some(({ act }) => act === 'disable')
    ? { now: steps.filter(({ act }) => shuts.has(act)), later: steps.filter(({ act }) => !shuts.has(act)) }
    : { now: steps, later: [] }

const shows = (observed: Observation, step: Step, profileHash: string | null): boolean | null => {
  if (observed.state === 'absent') return ['disable', 'end-sessions', 'revoke', 'retire'].includes(step.act)
  switch (step.act) {
    case 'create':
      return true
    case 'adopt':
      return observed.unmarked !== true
    case 'disable':
      return observed.state === 'disabled'
    case 'end-sessions':
      return observed.sessionsOpen !== true
    case 'enable':
      return observed.state === 'enabled'
    case 'restore':
      return observed.retired !== true
    case 'retire':
      return observed.retired !== false
    case 'set-profile':
      return profileHash === null || observed.profileHash === null
        ? null
        : observed.profileHash === profileHash
    case 'revoke':
      return observed.rights.every(right => right.id !== step.right)
    case 'grant':
      return observed.rights.some(right => sameRight(right, step.right))
    case 'set-expiry':
      return observed.expiresAt === step.expiresAt
  }
}

/**
 * What an observation proves of an intent whose outcome is not known. A plan holds differences only, so steps that were
 * not done show as not done. A profile counts only where it can be compared; steps that leave no trace prove nothing.
 */
export const reaches = (
  observed: Observation,
  steps: readonly Step[],
  profileHash: string | null = null,
): 'all' | 'none' | 'some' => {
  const seen = steps.map(step => shows(observed, step, profileHash)).filter(shown => shown !== null)
  if (steps.length > 0 && seen.length === 0) return 'none'
  if (seen.every(shown => shown)) return 'all'
  return seen.some(shown => shown) ? 'some' : 'none'
}
