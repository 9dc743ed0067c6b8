import type { Observation, Step } from '../../schemas/target.ts'
import { afterSteps } from './after-steps.ts'
import type { Desired } from './desired-access.ts'
import { planSteps } from './plan.ts'
import { takesAway } from './task-times.ts'

const order: readonly Step['act'][] = ['disable', 'end-sessions', 'revoke']

/**
 * The plan for people, where an earlier one (`doubted`) was handed to them and nobody has said how far they came. What they
 * may have opened meanwhile and nobody wants any more is taken back, whether it was done or not: when in doubt, access
 * ends. What they were to take away and is now wanted is not given anew: they are told that it is called off.
 */
export function planByHand(
  desired: Desired,
  observed: Observation,
  doubted: readonly Step[],
  profileHash: string,
): Step[] {
  const plan = planSteps(desired, observed, profileHash)
  const mayBe = afterSteps(observed, doubted, { accountId: null, name: null })
  const unwanted = (step: Step): boolean =>
    step.act === 'revoke'
      ? !desired.enabled || desired.rights.every(({ id }) => id !== step.right)
      : !desired.enabled
  const known = new Set(plan.map(step => JSON.stringify(step)))
  const closings = [...doubted, ...planSteps(desired, mayBe, profileHash)]
    .filter(step => takesAway(step) && unwanted(step))
    .filter(step => {
      const text = JSON.stringify(step)
      return known.has(text) ? false : known.add(text)
    })
    .sort((one, other) => order.indexOf(one.act) - order.indexOf(other.act))
  return [...closings, ...plan]
}

/** Whether two plans ask for the same, in the same order. */
export const samePlan = (one: readonly Step[], other: readonly Step[]): boolean =>
  JSON.stringify(one) === JSON.stringify(other)
