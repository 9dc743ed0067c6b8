import type { DriftKind } from '../../schemas/settings.ts'
import type { Difference, Observation, Right, Step } from '../../schemas/target.ts'
import { sameRight } from './plan.ts'

const found = (kind: DriftKind, right: string | null = null): Difference => ({ kind, right })

/** What is said of a badge's right because of an act of ours, a new card or a command that is under way, is no drift. */
const ofOurs: ReadonlySet<string> = new Set(['card', 'unconfirmed'])

const asFound = (right: Right): Right =>
  right.id.startsWith('door:')
    ? { ...right, specific: right.specific.filter(part => !ofOurs.has(part)) }
    : right

const rightsChanged = (before: Observation, now: Observation): Difference[] => [
  ...now.rights
    .filter(right => !before.rights.some(({ id }) => id === right.id))
    .map(right => found('right-added', right.id)),
  ...before.rights
    .filter(right => !now.rights.some(({ id }) => id === right.id))
    .map(right => found('right-lost', right.id)),
  ...now.rights
    .filter(right =>
      before.rights.some(other => other.id === right.id && !sameRight(asFound(other), asFound(right))),
    )
    .map(right => found('right-changed', right.id)),
]

/** What became different in an account between two looks with no act of ours between them. */
export const driftBetween = (before: Observation, now: Observation): Difference[] => {
  if (now.state === 'absent') return before.state === 'absent' ? [] : [found('deleted')]
  if (before.state === 'absent') return now.state === 'enabled' ? [found('opened')] : []
  return [
    ...(before.state === 'disabled' && now.state === 'enabled' ? [found('opened')] : []),
    ...(before.state === 'enabled' && now.state === 'disabled' ? [found('closed')] : []),
    ...rightsChanged(before, now),
    ...(before.expiresAt === now.expiresAt ? [] : [found('end-changed')]),
    ...(before.profileHash === now.profileHash ? [] : [found('profile-changed')]),
    ...(before.name === now.name ? [] : [found('renamed')]),
    ...(before.retired === now.retired ? [] : [found('moved')]),
  ]
}

/** The drift that a step undoes; null: the step is never left out. */
const undone = (step: Step, observed: Observation): DriftKind | null => {
  switch (step.act) {
    case 'create':
      return 'deleted'
    case 'enable':
      return 'closed'
    case 'grant':
      return observed.rights.some(({ id }) => id === step.right.id) ? 'right-changed' : 'right-lost'
    case 'revoke':
      return 'right-added'
    case 'set-expiry':
      return 'end-changed'
    case 'set-profile':
      return 'profile-changed'
    case 'restore':
    case 'retire':
      return 'moved'
    case 'adopt':
    case 'disable':
    case 'end-sessions':
      return null
  }
}

/** A plan without what would undo a drift that is only reported. An account that is not made again needs no other step. */
export const withoutReported = (
  steps: readonly Step[],
  observed: Observation,
  onlyReported: ReadonlySet<DriftKind>,
): readonly Step[] => {
  if (onlyReported.size === 0) return steps
  if (observed.state === 'absent' && onlyReported.has('deleted')) return []
  return steps.filter(step => {
    const kind = undone(step, observed)
    return kind === null || !onlyReported.has(kind)
  })
}
