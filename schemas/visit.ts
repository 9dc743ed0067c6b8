import * as z from 'zod'
import { Instant } from './calendar.ts'
import { NamedPerson, PersonId, PrintableLine } from './person.ts'
import { ChainHead } from './target.ts'

/** A passport: who issued it (ISO 3166, two or three letters) and its number, without spaces or hyphens. */
export const Passport = z
  .strictObject({
    country: z
      .string()
      .trim()
      .toUpperCase()
      .regex(/^[A-Z]{2,3}$/, { error: 'visit.country-shape' }),
    number: z
      .string()
      .trim()
      .toUpperCase()
      .regex(/^[A-Z0-9]{4,20}$/, { error: 'visit.passport-shape' }),
  })
  .meta({ id: 'Passport' })
export type Passport = z.infer<typeof Passport>

/** Who visits. Exactly one of the two documents; the national id normalised. Personal data: it stands in the visit's row only. */
export const Visitor = z.strictObject({
  givenNames: NamedPerson.shape.givenNames,
  surnames: NamedPerson.shape.surnames,
  nationalId: z.string().nullable(),
  passport: Passport.nullable(),
  company: PrintableLine(120).nullable(),
})
export type Visitor = z.infer<typeof Visitor>

/** From when to when a visit was announced for; null: it came on the spot. */
export const VisitPlan = z.strictObject({ from: Instant, until: Instant })
export type VisitPlan = z.infer<typeof VisitPlan>

/** `lapsed`: announced, and nobody came. */
export const VisitState = z.enum(['expected', 'inside', 'left', 'lapsed'])
export type VisitState = z.infer<typeof VisitState>

/** R16: somebody is let in without an escort, by the authority or on its word. */
export const VisitEmergency = z.strictObject({
  reason: z.string().nullable(),
  /** Whoever wrote it down, and in which role. */
  askedBy: PersonId,
  role: z.enum(['it', 'authority']),
  askedAt: Instant,
})

/** What the authority says of an emergency; approved at once where the authority itself wrote it down. */
export const VisitApproval = z.strictObject({
  state: z.enum(['pending', 'approved', 'rejected']),
  decidedBy: PersonId.nullable(),
  decidedAt: Instant.nullable(),
  comment: z.string().nullable(),
})
export type VisitApproval = z.infer<typeof VisitApproval>

/** When somebody left, as it was said at `recordedAt`. */
export const VisitExit = z.strictObject({
  leftAt: Instant,
  recordedAt: Instant,
  by: PersonId,
  /** False: seen and verified as it happened; true: said afterwards, with a reason. */
  corrected: z.boolean(),
  reason: z.string().nullable(),
})
export type VisitExit = z.infer<typeof VisitExit>

/**
 * One visitor, once: an aggregate with a chain of its own, which holds no names. What is here of the visitor, and everything
 * written in words, is blanked when the settings' time is over.
 */
export const VisitRow = z.strictObject({
  version: z.literal(1),
  id: z.uuid(),
  state: VisitState,
  recordedAt: Instant,
  recordedBy: PersonId,
  planned: VisitPlan.nullable(),
  visitor: Visitor.nullable(),
  reason: z.string().nullable(),
  /** Null: to be named at the entry, or nobody was inside in an emergency. */
  escort: PersonId.nullable(),
  emergency: VisitEmergency.nullable(),
  approval: VisitApproval.nullable(),
  entry: z
    .strictObject({
      at: Instant,
      by: PersonId,
      /** Whether the escort was inside (R16); false: let in by an emergency. */
      escorted: z.boolean(),
      /** Which text of the prohibitions the visitor accepted. */
      prohibitions: z.string(),
    })
    .nullable(),
  /** The last one counts; those before it were corrected. */
  exits: z.array(VisitExit),
  /** When it was found that the exit was forgotten. */
  overdueAt: Instant.nullable(),
  forgottenAt: Instant.nullable(),
  head: ChainHead,
})
export type VisitRow = z.infer<typeof VisitRow>

/** R17: how many visitors are inside. Moved in the transaction of each entry and exit, and nowhere else. */
export const RoomRow = z.object({ visitors: z.int() })
