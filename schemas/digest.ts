import * as z from 'zod'
import { CivilDate, Instant } from './calendar.ts'
import { PersonId } from './person.ts'
import { LineId, RequestNumber } from './request.ts'

/** One thing for the digest of a unit, found by the walk of an edition. Ids only. */
export const DigestItem = z.discriminatedUnion('kind', [
  /** `ends`: instants at which something of this person ends. `round`: at the end of the year, and it may be renewed. */
  z.strictObject({
    version: z.literal(1),
    kind: z.enum(['ends', 'round']),
    personId: PersonId,
    ends: z.array(Instant).min(1),
  }),
  /** Lines that wait for the unit. `news`: worth a mail by itself. */
  z.strictObject({
    version: z.literal(1),
    kind: z.literal('observed'),
    request: RequestNumber,
    news: z.boolean(),
  }),
  z.strictObject({
    version: z.literal(1),
    kind: z.literal('contested'),
    request: RequestNumber,
    line: LineId,
    task: z.uuid(),
    news: z.boolean(),
  }),
])
export type DigestItem = z.infer<typeof DigestItem>

/** The digests of one day: how far the walk over everybody has come, and what they look back upon. */
export const Edition = z.strictObject({
  version: z.literal(1),
  edition: CivilDate,
  since: Instant,
  until: Instant,
  /** Whether it reminds of the round of renewals, and when one last did. */
  round: z.boolean(),
  remindedOn: CivilDate.nullable(),
  /** Where the next slice begins; null: at the beginning, or at the end once `walked`. */
  place: z.string().nullable(),
  walked: z.boolean(),
  /** The day on which the last of its mails was written; null: they are being made. */
  finishedOn: CivilDate.nullable(),
})
export type Edition = z.infer<typeof Edition>
