import { NoQuery } from '../../schemas/api.ts'
import { IdentityLinks } from '../../schemas/api-units.ts'
import { fileOnce } from '../workflows/file-once.ts'
import { linkIdentities } from '../workflows/link-identity.ts'
import { front, registers } from './compose-registers.ts'
import { http, ok, route } from './http.ts'

export const handler = http(front, {
  'POST /identities': route({
    query: NoQuery,
    body: IdentityLinks,
    run: async ({ caller, body, idempotencyKey }) => {
      const filing = { caller, route: 'POST /identities', key: idempotencyKey, body }
      return ok(await fileOnce(registers, filing, () => linkIdentities(registers, caller, body)))
    },
  }),
})
