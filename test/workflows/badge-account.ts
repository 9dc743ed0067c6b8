import type { Tables } from '../../functions/stores/tables.ts'
import { newTargetWrite } from '../../functions/stores/target-rows.ts'

/** The row of somebody's account at the doors, as it is written first, and then settled for good. */
export const badgeAccount = (tables: Tables, personId: string, pin: string) => {
  const first = newTargetWrite(tables, {
    ...{ personId, target: 'data-centre', name: pin, accountId: pin, desiredVersion: 1, urgent: false },
    dueAt: '2099-12-31T00:00:00.000Z',
    cause: { kind: 'form', ref: '2026-000001' },
  })
  return { ...first.Put?.Item, appliedVersion: 1, state: 'converged' }
}
