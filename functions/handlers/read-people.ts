import { NoQuery, PersonPath } from '../../schemas/api.ts'
import { readMe, readPerson } from '../workflows/read-person.ts'
import { front, registers } from './compose-registers.ts'
import { http, ok, route } from './http.ts'

export const handler = http(front, {
  'GET /people/{nationalId}': route({
    path: PersonPath,
    query: NoQuery,
    run: async ({ caller, path }) => ok(await readPerson(registers, caller, path.nationalId)),
  }),
  'GET /me': route({
    query: NoQuery,
    run: async ({ caller }) => ok(await readMe(registers, caller)),
  }),
})
