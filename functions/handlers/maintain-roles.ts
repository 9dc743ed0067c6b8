import { NoQuery } from '../../schemas/api.ts'
import { RoleChangePath, SentRoleDecision, WrittenRole } from '../../schemas/role-change.ts'
import { isRefusal } from '../domain/refusal.ts'
import { changeRole } from '../workflows/change-role.ts'
import { decideRole } from '../workflows/decide-role.ts'
import { fileOnce } from '../workflows/file-once.ts'
import { readRoles } from '../workflows/read-roles.ts'
import { front } from './compose-front.ts'
import { roleRegisters as register } from './compose-roles.ts'
import { http, ok, route } from './http.ts'

export const handler = http(front, {
  'GET /roles': route({ query: NoQuery, run: async () => ok(await readRoles(register)) }),
  'PUT /roles': route({
    query: NoQuery,
    body: WrittenRole,
    run: async ({ caller, body }) => {
      const changed = await changeRole(register, caller, body)
      if (isRefusal(changed)) return changed
      return 'stands' in changed ? ok(changed.stands) : ok(changed.waits, 202)
    },
  }),
  'POST /roles/changes/{id}/decision': route({
    path: RoleChangePath,
    query: NoQuery,
    body: SentRoleDecision,
    run: async ({ caller, path, body, idempotencyKey }) => {
      const filing = { caller, route: `POST /roles/changes/${path.id}`, key: idempotencyKey, body }
      return ok(await fileOnce(register, filing, () => decideRole(register, caller, path.id, body)))
    },
  }),
})
