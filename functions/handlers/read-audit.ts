import { AuditQuery, NoQuery } from '../../schemas/api.ts'
import { readAudit } from '../workflows/read-audit.ts'
import { verifyLedger } from '../workflows/verify-ledger.ts'
import { front, registers } from './compose-registers.ts'
import { visits } from './compose-visits.ts'
import { http, ok, route } from './http.ts'

export const handler = http(front, {
  'GET /audit': route({
    query: AuditQuery,
    run: async ({ query }) => ok(await readAudit(registers, query)),
  }),
  'GET /audit/verification': route({
    query: NoQuery,
    run: async () => ok(await verifyLedger({ ...registers, visits })),
  }),
})
