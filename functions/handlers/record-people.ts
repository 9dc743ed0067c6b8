import { ImportQuery } from '../../schemas/api.ts'
import { fileOnce } from '../workflows/file-once.ts'
import { importPeople } from '../workflows/import-people.ts'
import { front, registers } from './compose-registers.ts'
import { bodyRoute, http, ok } from './http.ts'

export const handler = http(front, {
  'POST /people': bodyRoute(ImportQuery, async ({ caller, query, body, idempotencyKey }) => {
    const snapshot = query.mode === 'snapshot'
    const filing = { caller, route: 'POST /people', key: idempotencyKey, body: { snapshot, body } }
    return ok(await fileOnce(registers, filing, () => importPeople(registers, caller, body, snapshot)))
  }),
})
