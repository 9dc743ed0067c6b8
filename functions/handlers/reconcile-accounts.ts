import { NoQuery } from '../../schemas/api.ts'
import {
  AdoptionOrder,
  ReadingOrder,
  ReconciliationQuery,
  UploadQuery,
} from '../../schemas/reconciliation.ts'
import { adoptAccounts } from '../workflows/adopt-accounts.ts'
import { fileOnce } from '../workflows/file-once.ts'
import { orderReading, reconcileTarget } from '../workflows/reconcile-target.ts'
import { uploadAccounts } from '../workflows/upload-accounts.ts'
import { reconciliation } from './compose-reconciliation.ts'
import { front, registers } from './compose-registers.ts'
import { bodyRoute, http, ok, route } from './http.ts'

export const handler = http(front, {
  'GET /reconciliation': route({
    query: ReconciliationQuery,
    run: async ({ query }) => ok(await reconcileTarget(reconciliation, query)),
  }),
  'POST /reconciliation/readings': route({
    query: NoQuery,
    body: ReadingOrder,
    run: async ({ caller, body, idempotencyKey }) => {
      const filing = { caller, route: 'POST /reconciliation/readings', key: idempotencyKey, body }
      return ok(await fileOnce(registers, filing, () => orderReading(reconciliation, body.target)), 202)
    },
  }),
  'POST /reconciliation/uploads': bodyRoute(UploadQuery, async ({ caller, query, body, idempotencyKey }) => {
    const filing = {
      caller,
      route: 'POST /reconciliation/uploads',
      key: idempotencyKey,
      body: { query, body },
    }
    return ok(await fileOnce(registers, filing, () => uploadAccounts(reconciliation, caller, query, body)))
  }),
  'POST /reconciliation/adoptions': route({
    query: NoQuery,
    body: AdoptionOrder,
    run: async ({ caller, body, idempotencyKey }) => {
      const filing = { caller, route: 'POST /reconciliation/adoptions', key: idempotencyKey, body }
      return ok(await fileOnce(registers, filing, () => adoptAccounts(reconciliation, caller, body)))
    },
  }),
})
