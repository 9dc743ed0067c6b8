import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { absentAccount } from '../../functions/domain/absent-account.ts'
import { afterSteps } from '../../functions/domain/after-steps.ts'
import type { Desired } from '../../functions/domain/desired-access.ts'
import { planSteps } from '../../functions/domain/plan.ts'
import { planByHand, samePlan } from '../../functions/domain/plan-by-hand.ts'
import type { Observation } from '../../schemas/target.ts'

const said = { accountId: null, name: 'ada.pino' }
const rights = fc
  .uniqueArray(fc.constantFrom('bodega', 'tesoreria', 'personal'), { maxLength: 3 })
  .map(ids => ids.sort().map(id => ({ id, operations: [], specific: [], until: null })))
const wish = fc.record({ enabled: fc.boolean(), rights }).map(
  ({ enabled, rights: wanted }): Desired => ({
    enabled,
    rights: enabled ? wanted : [],
    expiresAt: null,
    changesAt: null,
    everWanted: true,
    grants: [],
  }),
)
const known: Observation = { ...absentAccount, name: 'ada.pino' }

describe('a plan for people', () => {
  it('done to the word leaves nothing to do, whatever was wanted before', () => {
    fc.assert(
      fc.property(wish, wish, (before, now) => {
        const account = afterSteps(known, planSteps(before, known, ''), said)
        expect(planSteps(before, account, '')).toEqual([])
        expect(planSteps(now, afterSteps(account, planSteps(now, account, ''), said), '')).toEqual([])
      }),
    )
  })

  it('leaves nobody with access that is not wanted, whether an earlier plan was carried out or not', () => {
    fc.assert(
      fc.property(wish, wish, wish, (first, second, third) => {
        const account = afterSteps(known, planSteps(first, known, ''), said)
        const handed = planSteps(second, account, '')
        const plan = planByHand(third, account, handed, '')
        for (const meanwhile of [account, afterSteps(account, handed, said)]) {
          const after = afterSteps(meanwhile, plan, said)
          if (!third.enabled) expect(after.state).not.toBe('enabled')
          else expect(after.rights.every(({ id }) => third.rights.some(right => right.id === id))).toBe(true)
        }
      }),
    )
  })

  it('stays the same as long as nothing else is wanted', () => {
    fc.assert(
      fc.property(wish, wish, wish, (first, second, third) => {
        const account = afterSteps(known, planSteps(first, known, ''), said)
        const plan = planByHand(third, account, planSteps(second, account, ''), '')
        expect(samePlan(planByHand(third, account, plan, ''), plan)).toBe(true)
      }),
    )
  })
})
