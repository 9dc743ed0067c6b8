import * as z from 'zod'
import { Instant } from './calendar.ts'
import { PersonId } from './person.ts'
import { Role } from './role.ts'

/** `retención`: why a person may use nothing, whatever was granted. Termination and leave also follow from HR events. */
export const HoldKind = z.enum(['termination', 'leave', 'sanction', 'suspension'])
export type HoldKind = z.infer<typeof HoldKind>

/** Who placed or ended a hold, as what: by a role, or as the unit's head or deputy. */
export const HoldActor = z.strictObject({
  personId: PersonId,
  role: z.enum([...Role.options, 'head', 'deputy']),
  onBehalfOf: PersonId.nullable(),
})
export type HoldActor = z.infer<typeof HoldActor>

/** A hold on a person; stronger than any grant (R23). In force from `since` until `until`, or until it was ended. */
export const Hold = z.strictObject({
  version: z.literal(1),
  id: z.uuid(),
  personId: PersonId,
  kind: HoldKind,
  since: Instant,
  /** First instant at which it no longer holds; null = until somebody ends it. */
  until: Instant.nullable(),
  /** Null: not told. */
  by: HoldActor.nullable().default(null),
  /** In the words of whoever placed it. Stays here; the ledger holds its hash. */
  reason: z.string().nullable().default(null),
  ended: z.strictObject({ at: Instant, by: HoldActor.nullable().default(null) }).nullable(),
})
export type Hold = z.infer<typeof Hold>
