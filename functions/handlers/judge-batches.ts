import { NoQuery } from '../../schemas/api.ts'
import { HoldPath, HoldsQuery, SentVoice } from '../../schemas/api-holds.ts'
import { fileOnce } from '../workflows/file-once.ts'
import { judgeBatch, listBatches } from '../workflows/judge-batch.ts'
import { front, registers } from './compose-registers.ts'
import { http, ok, route } from './http.ts'

const judged = (verdict: 'release' | 'discard') =>
  route({
    path: HoldPath,
    query: NoQuery,
    body: SentVoice,
    run: async ({ caller, path: { id }, body, idempotencyKey }) => {
      const filing = { caller, route: `POST /holds/${id}/${verdict}`, key: idempotencyKey, body }
      const judgement = { caller, id, ...body, verdict }
      return ok(await fileOnce(registers, filing, () => judgeBatch(registers, judgement)))
    },
  })

export const handler = http(front, {
  'GET /holds': route({
    query: HoldsQuery,
    run: async ({ query }) => ok(await listBatches(registers, query)),
  }),
  'POST /holds/{id}/release': judged('release'),
  'POST /holds/{id}/discard': judged('discard'),
})
