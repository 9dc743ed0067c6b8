import { NoQuery, PersonPath } from '../../schemas/api.ts'
import { SentSuspension } from '../../schemas/api-holds.ts'
import { fileOnce } from '../workflows/file-once.ts'
import { releasePerson, suspendPerson } from '../workflows/suspend-person.ts'
import { front, registers } from './compose-registers.ts'
import { suspension } from './compose-suspension.ts'
import { http, ok, route } from './http.ts'

export const handler = http(front, {
  'POST /people/{nationalId}/suspension': route({
    path: PersonPath,
    query: NoQuery,
    body: SentSuspension,
    run: async ({ caller, path, body, idempotencyKey }) => {
      const filing = {
        caller,
        route: 'POST /people/{nationalId}/suspension',
        key: idempotencyKey,
        body: { ...path, body },
      }
      return ok(
        await fileOnce(registers, filing, () => suspendPerson(suspension, caller, path.nationalId, body)),
      )
    },
  }),
  'DELETE /people/{nationalId}/suspension': route({
    path: PersonPath,
    query: NoQuery,
    run: async ({ caller, path }) => ok(await releasePerson(suspension, caller, path.nationalId)),
  }),
})
