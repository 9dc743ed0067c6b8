import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Instant } from '../../schemas/calendar.ts'
import type { Loss, StoppedMember } from '../../schemas/guard.ts'
import type { Settings, TargetId } from '../../schemas/settings.ts'
import type { Observation, Right, Step } from '../../schemas/target.ts'
import type { Desired } from './desired-access.ts'

/** Never is later than every instant. */
const endOf = (until: Instant | null): string => until ?? '~'

/** Whether a right gives less than it gave: an operation or a part less, an earlier end. */
const holdsLess = (before: Right, after: Right): boolean =>
  before.operations.some(operation => !after.operations.includes(operation)) ||
  (before.specific.length === 0 && after.specific.length > 0) ||
  (after.specific.length > 0 && before.specific.some(part => !after.specific.includes(part))) ||
  endOf(after.until) < endOf(before.until)

const rightsLost = (before: readonly Right[], after: readonly Right[]): string[] =>
  before.flatMap(right => {
    const left = after.find(({ id }) => id === right.id)
    return left === undefined || holdsLess(right, left) ? [`right:${right.id}`] : []
  })

/** What a person would lose in one system by a new fact, seen now: an end that is only yet to come counts as moved earlier. */
export const lossesBetween = (system: TargetId, before: Desired, after: Desired): Loss[] => {
  const told = (loss: string): Loss => ({ system, loss })
  if (!before.enabled) return []
  if (!after.enabled) return [told('disable')]
  return [
    ...(endOf(after.expiresAt) < endOf(before.expiresAt) ? [told('expiry')] : []),
    ...rightsLost(before.rights, after.rights).map(told),
  ]
}

/** What a plan takes away from an account as it was seen. */
export const lossesOf = (system: TargetId, steps: readonly Step[], observed: Observation): Loss[] => {
  const told = (loss: string): Loss => ({ system, loss })
  if (steps.some(({ act }) => act === 'disable')) return [told('disable')]
  if (observed.state !== 'enabled') return []
  return steps.flatMap(step => {
    if (step.act === 'revoke') return [told(`right:${step.right}`)]
    if (step.act === 'set-expiry')
      return endOf(step.expiresAt) < endOf(observed.expiresAt) ? [told('expiry')] : []
    if (step.act !== 'grant') return []
    const before = observed.rights.find(({ id }) => id === step.right.id)
    return before !== undefined && holdsLess(before, step.right) ? [told(`right:${step.right.id}`)] : []
  })
}

/** Whoever passed within the hour stands in one item of the table. */
const mostPassed = 4_000

/**
 * How many people may lose access in an hour by one kind of cause: a share of those who have any, but never below a floor,
 * nor above 4,000.
 */
export const limitOf = ({ guard }: Pick<Settings, 'guard'>, people: number): number =>
  Math.min(mostPassed, Math.max(guard.atLeast, Math.floor((people * guard.percent) / 100)))

/** What two people release: exactly these losses. The order in which they were stopped says nothing. */
export const listHashOf = (members: readonly Pick<StoppedMember, 'personId' | 'losses'>[]): string => {
  const lines = members.flatMap(({ personId, losses }) =>
    losses.map(({ system, loss }) => `${personId} ${system} ${loss}`),
  )
  return createHash('sha256')
    .update(canonicalize([...new Set(lines)].sort()) ?? '')
    .digest('hex')
}
