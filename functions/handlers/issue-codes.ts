import { NoQuery, PersonPath } from '../../schemas/api.ts'
import { issueCode } from '../workflows/issue-code.ts'
import { base } from './compose-base.ts'
import { codesKey } from './compose-codes.ts'
import { credentials } from './compose-credentials.ts'
import { front } from './compose-front.ts'
import { http, ok, route } from './http.ts'

export const handler = http(front, {
  'POST /people/{nationalId}/one-time-code': route({
    path: PersonPath,
    query: NoQuery,
    run: async ({ caller, path }) =>
      ok(await issueCode({ ...base, credentials, codesKey }, caller, path.nationalId), 201),
  }),
})
