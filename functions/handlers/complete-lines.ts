import type * as z from 'zod'
import { LinePath, NoQuery } from '../../schemas/api.ts'
import { CompletedActivation, CompletedDeactivation, SentAcknowledgement } from '../../schemas/api-lines.ts'
import { acknowledgeLine, mayAcknowledge } from '../workflows/acknowledge-line.ts'
import { completeLine, mayComplete, type SentCompletion } from '../workflows/complete-line.ts'
import { fileOnce } from '../workflows/file-once.ts'
import { front, lines } from './compose-lines.ts'
import { http, ok, route } from './http.ts'

const activation = CompletedActivation.transform(sent => ({ kind: 'activation' as const, ...sent }))
const deactivation = CompletedDeactivation.transform(sent => ({ kind: 'deactivation' as const, ...sent }))

export const handler = http(front, {
  'PUT /requests/{number}/lines/{line}': route({
    path: LinePath,
    query: NoQuery,
    body: ({ line }): z.ZodType<SentCompletion> => (line.startsWith('A') ? activation : deactivation),
    run: async ({ caller, path, body, ifMatch, idempotencyKey }) => {
      const where = `PUT /requests/${path.number}/lines/${path.line}`
      const filing = { caller, route: where, key: idempotencyKey, body: { ...body, ifMatch } }
      const sent = { caller, ...path, ifMatch, sent: body, repeatable: idempotencyKey !== null }
      const may = () => mayComplete(lines, sent)
      return ok(await fileOnce(lines, filing, () => completeLine(lines, sent), may))
    },
  }),
  'POST /requests/{number}/lines/{line}/acknowledgement': route({
    path: LinePath,
    query: NoQuery,
    body: SentAcknowledgement,
    run: async ({ caller, path, body, ifMatch, idempotencyKey }) => {
      const where = `POST /requests/${path.number}/lines/${path.line}/acknowledgement`
      const filing = { caller, route: where, key: idempotencyKey, body: { ...body, ifMatch } }
      const said = { caller, ...path, ifMatch, sent: body, repeatable: idempotencyKey !== null }
      const may = () => mayAcknowledge(lines, said)
      return ok(await fileOnce(lines, filing, () => acknowledgeLine(lines, said), may))
    },
  }),
})
