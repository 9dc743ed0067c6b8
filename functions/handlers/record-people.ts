import { ImportQuery } from '../../schemas/api.ts'
import { refuse } from '../domain/refusal.ts'
import { fileOnce } from '../workflows/file-once.ts'
import { importPeople } from '../workflows/import-people.ts'
import { front, registers } from './compose-registers.ts'
import { bodyRoute, http, ok } from './http.ts'

export const handler = http(front, {
  'POST /people': bodyRoute(ImportQuery, async ({ caller, query, body, idempotencyKey }) => {
    // A snapshot ends what it does not name, and that goes through the guard, which is not here yet.
    if (query.mode === 'snapshot') return refuse('later')
    const filing = { caller, route: 'POST /people', key: idempotencyKey, body }
    return ok(await fileOnce(registers, filing, () => importPeople(registers, caller, body)))
  }),
})
