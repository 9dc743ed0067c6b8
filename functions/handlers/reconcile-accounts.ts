import { NoQuery } from '../../schemas/api.ts'
import { AdoptionOrder, ReadingOrder, ReconciliationQuery } from '../../schemas/reconciliation.ts'
import { createAdoptionStore } from '../stores/adoptions.ts'
import { createListStore } from '../stores/lists.ts'
import { adoptAccounts } from '../workflows/adopt-accounts.ts'
import { fileOnce } from '../workflows/file-once.ts'
import { orderReading, reconcileTarget } from '../workflows/reconcile-target.ts'
import { readings, tables } from './compose.ts'
import { front, registers } from './compose-registers.ts'
import { http, ok, route } from './http.ts'

const given = {
  ...registers,
  readings,
  adoptions: createAdoptionStore(tables),
  lists: createListStore(tables),
}

export const handler = http(front, {
  'GET /reconciliation': route({
    query: ReconciliationQuery,
    run: async ({ query }) => ok(await reconcileTarget(given, query)),
  }),
  'POST /reconciliation/readings': route({
    query: NoQuery,
    body: ReadingOrder,
    run: async ({ caller, body, idempotencyKey }) => {
      const filing = { caller, route: 'POST /reconciliation/readings', key: idempotencyKey, body }
      return ok(await fileOnce(registers, filing, () => orderReading(given, body.target)), 202)
    },
  }),
  'POST /reconciliation/adoptions': route({
    query: NoQuery,
    body: AdoptionOrder,
    run: async ({ caller, body, idempotencyKey }) => {
      const filing = { caller, route: 'POST /reconciliation/adoptions', key: idempotencyKey, body }
      return ok(await fileOnce(registers, filing, () => adoptAccounts(given, caller, body)))
    },
  }),
})
