import type * as z from 'zod'
import { NoQuery } from '../../schemas/api.ts'
import * as sent from '../../schemas/api-visits.ts'
import type { VisitRow } from '../../schemas/visit.ts'
import type { Caller } from '../domain/entitlement.ts'
import { presenceFile } from '../domain/presence-csv.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { decideVisit } from '../workflows/decide-visit.ts'
import { enterVisit } from '../workflows/enter-visit.ts'
import { correctVisit, leaveVisit } from '../workflows/leave-visit.ts'
import { readPresence } from '../workflows/read-presence.ts'
import { attend, listVisits, readProhibitions, viewVisit } from '../workflows/read-visits.ts'
import { recordVisit } from '../workflows/record-visit.ts'
import { desk, front } from './compose-visits.ts'
import { csv, http, ok, route } from './http.ts'
import { chosenType } from './http-accept.ts'

/** What is done with a visit of the log. */
const acting = <B>(
  what: string,
  body: z.ZodType<B>,
  run: (caller: Caller, id: string, body: B) => Promise<VisitRow | Refusal>,
) =>
  route({
    path: sent.VisitPath,
    query: NoQuery,
    body,
    run: async ({ caller, path: { id }, body: said, idempotencyKey: key }) => {
      const filing = { caller, route: `POST /visits/${id}/${what}`, key, body: said }
      return ok(await attend(desk, filing, () => run(caller, id, said)))
    },
  })

export const handler = http(front, {
  'POST /visits': route({
    query: NoQuery,
    body: sent.SentVisit,
    run: async ({ caller, body, idempotencyKey }) => {
      const visit = await recordVisit(desk, caller, body, idempotencyKey)
      return isRefusal(visit) ? visit : ok(await viewVisit(desk, visit), 201)
    },
  }),
  'GET /visits': route({
    query: sent.VisitsQuery,
    run: async ({ caller, query }) => ok(await listVisits(desk, caller, query)),
  }),
  'GET /visits/prohibitions': route({ query: NoQuery, run: async () => ok(readProhibitions(desk)) }),
  'POST /visits/{id}/entry': acting('entry', sent.SentEntry, (caller, id, body) =>
    enterVisit(desk, caller, id, body),
  ),
  'POST /visits/{id}/exit': acting('exit', sent.SentExit, (caller, id) => leaveVisit(desk, caller, id)),
  'POST /visits/{id}/correction': acting('correction', sent.SentCorrection, (caller, id, body) =>
    correctVisit(desk, caller, id, body),
  ),
  'POST /visits/{id}/approval': acting('approval', sent.SentApproval, (caller, id, body) =>
    decideVisit(desk, caller, id, body),
  ),
  'GET /presence': route({
    query: NoQuery,
    run: async ({ accept }) => {
      const type = chosenType(accept, ['application/json', 'text/csv'])
      if (type === null) return refuse('not-acceptable')
      const presence = await readPresence(desk)
      return type === 'text/csv'
        ? csv({ ...presenceFile(presence, desk.settings), next: null })
        : ok(presence)
    },
  }),
})
