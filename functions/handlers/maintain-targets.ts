import { NoQuery } from '../../schemas/api.ts'
import { ModeChange, TargetPath } from '../../schemas/api-operations.ts'
import { changeMode, readTargets } from '../workflows/operate-target.ts'
import { front, registers } from './compose-registers.ts'
import { http, ok, route } from './http.ts'

export const handler = http(front, {
  'GET /targets': route({
    query: NoQuery,
    run: async () => ok(await readTargets(registers)),
  }),
  'PUT /targets/{id}': route({
    path: TargetPath,
    query: NoQuery,
    body: ModeChange,
    run: async ({ caller, path, body }) => ok(await changeMode(registers, caller, path.id, body)),
  }),
})
