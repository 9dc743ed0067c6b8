import * as z from 'zod'
import { Instant } from './calendar.ts'
import { PersonId } from './person.ts'

/** `retención`: why a person may use nothing, whatever was granted. Termination and leave also follow from HR events. */
export const HoldKind = z.enum(['termination', 'leave', 'sanction', 'suspension'])
export type HoldKind = z.infer<typeof HoldKind>

/** A hold on a person; stronger than any grant (R23). In force from `since` until `until`, or until it was ended. */
export const Hold = z.strictObject({
  version: z.literal(1),
  id: z.uuid(),
  personId: PersonId,
  kind: HoldKind,
  since: Instant,
  /** First instant at which it no longer holds; null = until somebody ends it. */
  until: Instant.nullable(),
  ended: z.strictObject({ at: Instant }).nullable(),
})
export type Hold = z.infer<typeof Hold>
