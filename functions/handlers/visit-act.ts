import type * as z from 'zod'
import { NoQuery } from '../../schemas/api.ts'
import { VisitPath } from '../../schemas/api-visits.ts'
import type { VisitRow } from '../../schemas/visit.ts'
import type { Caller } from '../domain/entitlement.ts'
import type { Refusal } from '../domain/refusal.ts'
import { attend } from '../workflows/read-visits.ts'
import type { VisitDesk } from '../workflows/visit-desk.ts'
import { desk } from './compose-visits.ts'
import { ok, route } from './http.ts'

type Act<B> = (desk: VisitDesk, caller: Caller, id: string, body: B) => Promise<VisitRow | Refusal>

/** What is done with a visit of the log: `POST /visits/{id}/<what>`. */
export const act = <B>(what: string, body: z.ZodType<B>, run: Act<B>) =>
  route({
    path: VisitPath,
    query: NoQuery,
    body,
    run: async ({ caller, path: { id }, body: said, idempotencyKey: key }) => {
      const filing = { caller, route: `POST /visits/${id}/${what}`, key, body: said }
      return ok(await attend(desk, filing, () => run(desk, caller, id, said)))
    },
  })
