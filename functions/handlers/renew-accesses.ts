import { SubmitQuery } from '../../schemas/api.ts'
import { RenewalOrder, RenewalsQuery } from '../../schemas/renewal.ts'
import { isRefusal } from '../domain/refusal.ts'
import { bodyHashOf } from '../workflows/file-once.ts'
import { listRenewals } from '../workflows/list-renewals.ts'
import { renewAccesses } from '../workflows/renew-accesses.ts'
import { tellRenewed } from '../workflows/tell-renewed.ts'
import { front } from './compose-registers.ts'
import { renewals } from './compose-renewals.ts'
import { http, ok, route } from './http.ts'

export const handler = http(front, {
  'GET /renewals': route({
    query: RenewalsQuery,
    run: async ({ caller, query }) => ok(await listRenewals(renewals, caller, query)),
  }),
  'POST /renewals': route({
    query: SubmitQuery,
    body: RenewalOrder,
    run: async ({ caller, query, body, idempotencyKey, at }) => {
      const renewed = await renewAccesses(renewals, {
        caller,
        order: body,
        idempotency: idempotencyKey === null ? null : { key: idempotencyKey, bodyHash: bodyHashOf(body) },
        dryRun: query.dryRun === 'true',
        eventAt: at,
      })
      if (isRefusal(renewed)) return renewed
      const filed = 'filed' in renewed && renewed.filed.length > 0
      return { status: filed ? 201 : 200, body: await tellRenewed(renewals, renewed) }
    },
  }),
})
