import { NoQuery, RequestPath, RequestsQuery } from '../../schemas/api.ts'
import { listRequests, readRequest } from '../workflows/read-requests.ts'
import { front, registers } from './compose-registers.ts'
import { http, ok, route } from './http.ts'

export const handler = http(front, {
  'GET /requests': route({
    query: RequestsQuery,
    run: async ({ caller, query }) => ok(await listRequests(registers, caller, query)),
  }),
  'GET /requests/{number}': route({
    path: RequestPath,
    query: NoQuery,
    run: async ({ caller, path }) => ok(await readRequest(registers, caller, path.number)),
  }),
})
