import { describe, expect, it } from 'vitest'
import type { Desired } from '../../functions/domain/desired-access.ts'
import { planSteps } from '../../functions/domain/plan.ts'
import { fitted } from '../../functions/domain/target-traits.ts'
import { ManualSettings, type TargetSettings, TrytonSettings } from '../../schemas/settings.ts'
import { valleClaro } from '../personas/body.ts'

const END = '2027-01-01T03:00:00.000Z'
const desired: Desired = {
  enabled: true,
  everWanted: true,
  expiresAt: END,
  rights: [{ id: 'tesoreria', operations: [], specific: [], until: END }],
  changesAt: END,
  grants: [],
}
const tryton = TrytonSettings.parse({
  id: 'erp',
  kind: 'tryton',
  mode: 'active',
  secret: 'llavero/erp',
  database: 'erp',
  modules: { tesoreria: { consulta: ['Accounting'] } },
})

describe('what a target can hold of what should be', () => {
  it('is all of it where an end can be armed', () => {
    const mailbox = valleClaro.targets.find((target: TargetSettings) => target.kind === 'postfixadmin')
    expect(fitted(desired, mailbox)).toEqual(desired)
  })

  it('is everything but the ends where none can be armed; the row still falls due at the end', () => {
    const held = fitted(desired, tryton)
    expect(held).toMatchObject({ enabled: true, expiresAt: null, changesAt: END })
    expect(held.rights).toEqual([{ id: 'tesoreria', operations: [], specific: [], until: null }])
    const shown = { accountId: '7', name: 'maria', expiresAt: null, retired: null, profileHash: null }
    expect(planSteps(held, { ...shown, state: 'enabled', rights: held.rights }, '')).toEqual([])
  })

  it('has no mode in which a target without a write API would be written to', () => {
    expect(ManualSettings.safeParse({ id: 'erp', kind: 'manual', mode: 'active' }).success).toBe(false)
  })
})
