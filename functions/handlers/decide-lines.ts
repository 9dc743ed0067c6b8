import { LinePath, NoQuery, SentDecision } from '../../schemas/api.ts'
import { decideLine } from '../workflows/decide-line.ts'
import { fileOnce } from '../workflows/file-once.ts'
import { front, registers } from './compose-registers.ts'
import { http, ok, route } from './http.ts'

export const handler = http(front, {
  'POST /requests/{number}/lines/{line}/decision': route({
    path: LinePath,
    query: NoQuery,
    body: SentDecision,
    run: async ({ caller, path, body, ifMatch, idempotencyKey }) => {
      const where = `POST /requests/${path.number}/lines/${path.line}/decision`
      const filing = { caller, route: where, key: idempotencyKey, body: { ...body, ifMatch } }
      const verdict = { caller, ...path, ifMatch, decision: body, repeatable: idempotencyKey !== null }
      return ok(await fileOnce(registers, filing, () => decideLine(registers, verdict)))
    },
  }),
})
