import { NoQuery, PersonPath } from '../../schemas/api.ts'
import { SentSuspension } from '../../schemas/api-holds.ts'
import { createHoldStore } from '../stores/holds.ts'
import { fileOnce } from '../workflows/file-once.ts'
import { releasePerson, suspendPerson } from '../workflows/suspend-person.ts'
import { tables } from './compose.ts'
import { front, registers } from './compose-registers.ts'
import { http, ok, route } from './http.ts'

/** Milliseconds: a directory and a mail system close within a second or two; whoever asks should see it. */
const needed = { ...registers, holds: createHoldStore(tables), patience: 4_000 }

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
      return ok(await fileOnce(registers, filing, () => suspendPerson(needed, caller, path.nationalId, body)))
    },
  }),
  'DELETE /people/{nationalId}/suspension': route({
    path: PersonPath,
    query: NoQuery,
    run: async ({ caller, path }) => ok(await releasePerson(needed, caller, path.nationalId)),
  }),
})
