import * as z from 'zod'
import { Instant } from './calendar.ts'
import { PersonId } from './person.ts'
import { Role } from './role.ts'
import { TargetId } from './settings.ts'
import { ChainHead } from './target.ts'

/** What can make many people lose access at once; each kind is counted for itself. */
export const LossCause = z.enum(['hr-event', 'import', 'calendar', 'drift', 'form'])
export type LossCause = z.infer<typeof LossCause>

/**
 * One way in which a person would lose access in a system: `disable`, `expiry` (the end moved earlier), `right:<id>` (a right
 * goes, or holds less than before).
 */
export const Loss = z.strictObject({ system: TargetId, loss: z.string() })
export type Loss = z.infer<typeof Loss>

/** Who passed a kind of cause within the last hour, and which batch takes in whoever does not. One row a kind. */
export const GuardRow = z.strictObject({
  version: z.literal(1),
  kind: LossCause,
  /** Counts every change, so that two admissions at once never both take the last place. */
  revision: z.number().int(),
  passed: z.array(z.strictObject({ personId: PersonId, at: Instant })),
  /** People with an enabled account, as counted last: the share that may pass follows from it. */
  population: z.strictObject({ people: z.number().int(), at: Instant }).nullable(),
  open: z.strictObject({ hold: z.uuid(), at: Instant }).nullable(),
})
export type GuardRow = z.infer<typeof GuardRow>

/** One voice of a role, for exactly one list. */
export const Voice = z.strictObject({ by: PersonId, role: Role, at: Instant })
export type Voice = z.infer<typeof Voice>

/**
 * Changes that the guard has stopped: recorded, and counting for nothing until two people release them for exactly their
 * list. Its members lie beside it. From the first voice on nobody joins it any more.
 */
export const StoppedBatchRow = z.strictObject({
  version: z.literal(1),
  id: z.uuid(),
  kind: LossCause,
  at: Instant,
  /** How many people might pass in an hour when it was opened. */
  limit: z.number().int(),
  state: z.enum(['held', 'released', 'discarded']),
  /** The list that the voices are about; null: nobody has said anything. */
  listHash: z.string().nullable(),
  releases: z.array(Voice),
  discards: z.array(Voice),
  settledAt: Instant.nullable(),
  /** Decided, but not carried out for all members yet: behind whom to go on. Null: at the beginning. */
  place: z.string().nullable(),
  /** Whether what was decided has been carried out for every member. */
  carriedOut: z.boolean(),
  head: ChainHead,
})
export type StoppedBatchRow = z.infer<typeof StoppedBatchRow>

/**
 * One person's stopped change. `fact`: something recorded that is withheld, an HR event or lines of a form; `account`: what a
 * worker was about to take away in one target.
 */
export const StoppedMember = z.strictObject({
  version: z.literal(1),
  hold: z.uuid(),
  personId: PersonId,
  of: z.enum(['fact', 'account']),
  cause: z.strictObject({ kind: z.string(), ref: z.string() }),
  at: Instant,
  losses: z.array(Loss),
})
export type StoppedMember = z.infer<typeof StoppedMember>
