import { NoQuery } from '../../schemas/api.ts'
import * as sent from '../../schemas/api-visits.ts'
import { presenceFile } from '../domain/presence-csv.ts'
import { isRefusal, refuse } from '../domain/refusal.ts'
import { decideVisit } from '../workflows/decide-visit.ts'
import { enterVisit } from '../workflows/enter-visit.ts'
import { correctVisit, leaveVisit } from '../workflows/leave-visit.ts'
import { readPresence } from '../workflows/read-presence.ts'
import { listVisits, readProhibitions, viewVisit } from '../workflows/read-visits.ts'
import { recordVisit } from '../workflows/record-visit.ts'
import { desk, front } from './compose-visits.ts'
import { csv, http, ok, route } from './http.ts'
import { chosenType } from './http-accept.ts'
import { act } from './visit-act.ts'

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
  'POST /visits/{id}/entry': act('entry', sent.SentEntry, enterVisit),
  'POST /visits/{id}/exit': act('exit', sent.SentExit, leaveVisit),
  'POST /visits/{id}/correction': act('correction', sent.SentCorrection, correctVisit),
  'POST /visits/{id}/approval': act('approval', sent.SentApproval, decideVisit),
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
