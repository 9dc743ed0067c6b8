import { NoQuery } from '../../schemas/api.ts'
import { DeputyPath, UnitPath } from '../../schemas/api-units.ts'
import { WrittenDeputy, WrittenUnit } from '../../schemas/unit.ts'
import { isRefusal } from '../domain/refusal.ts'
import { fileOnce } from '../workflows/file-once.ts'
import { importUnits } from '../workflows/import-units.ts'
import { endDeputy, mayNameDeputy, nameDeputy, readUnit, recordUnit } from '../workflows/maintain-unit.ts'
import { front, registers } from './compose-registers.ts'
import { bodyRoute, http, ok, route } from './http.ts'

export const handler = http(front, {
  'POST /units': bodyRoute(NoQuery, async ({ caller, body, idempotencyKey }) => {
    const filing = { caller, route: 'POST /units', key: idempotencyKey, body }
    return ok(await fileOnce(registers, filing, () => importUnits(registers, caller, body)))
  }),
  'GET /units/{id}': route({
    path: UnitPath,
    query: NoQuery,
    run: async ({ caller, path }) => ok(await readUnit(registers, caller, path.id)),
  }),
  'PUT /units/{id}': route({
    path: UnitPath,
    query: NoQuery,
    body: WrittenUnit,
    run: async ({ caller, path, body }) => {
      const recorded = await recordUnit(registers, caller, path.id, body)
      return isRefusal(recorded) ? recorded : ok(recorded.unit, recorded.created ? 201 : 200)
    },
  }),
  'POST /units/{id}/deputies': route({
    path: UnitPath,
    query: NoQuery,
    body: WrittenDeputy,
    run: async ({ caller, path, body, idempotencyKey }) => {
      const filing = { caller, route: `POST /units/${path.id}/deputies`, key: idempotencyKey, body }
      const name = () => nameDeputy(registers, caller, path.id, body)
      return ok(await fileOnce(registers, filing, name, () => mayNameDeputy(registers, caller, path.id)), 201)
    },
  }),
  'DELETE /units/{id}/deputies/{nationalId}': route({
    path: DeputyPath,
    query: NoQuery,
    run: async ({ caller, path }) => ok(await endDeputy(registers, caller, path.id, path.nationalId)),
  }),
})
