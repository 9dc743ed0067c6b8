import * as z from 'zod'
import { DoorId } from './access.ts'
import { Cursor, NextCursor, PersonRef } from './api.ts'
import { CivilDate, Instant } from './calendar.ts'
import { NamedPerson, PrintableLine, WrittenNationalId } from './person.ts'
import { Passport, Visitor, VisitState } from './visit.ts'

/** What somebody wrote down in a line or several. */
const Words = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .regex(/^[^\p{Cc}\u2028\u2029]*(?:[\r\n\t][^\p{Cc}\u2028\u2029]*)*$/u, { error: 'text.unprintable' })

const SentEscort = z.strictObject({ nationalId: WrittenNationalId })
const SentEmergency = z.strictObject({
  reason: Words.meta({ description: 'Why nobody could escort; stays here, the ledger holds its hash.' }),
})

/** One visitor and one visit. */
export const SentVisit = z
  .strictObject({
    visitor: z
      .strictObject({
        givenNames: NamedPerson.shape.givenNames,
        surnames: NamedPerson.shape.surnames,
        nationalId: WrittenNationalId.optional(),
        passport: Passport.optional(),
        company: PrintableLine(120).optional(),
      })
      .refine(({ nationalId, passport }) => (nationalId === undefined) !== (passport === undefined), {
        error: 'visit.one-document',
      }),
    reason: Words,
    escort: SentEscort.optional().meta({
      description: 'An official of IT; left out: named at the entry.',
    }),
    planned: z
      .strictObject({ from: Instant, until: Instant })
      .optional()
      .meta({ description: 'Announced for these days; left out: the visitor is at the door.' }),
    emergency: SentEmergency.optional(),
  })
  .superRefine(({ planned, emergency }, issues) => {
    if (planned !== undefined && emergency !== undefined)
      issues.addIssue({ code: 'custom', path: ['emergency'], message: 'visit.emergency-announced' })
  })
  .meta({ id: 'SentVisit' })
export type SentVisit = z.infer<typeof SentVisit>

export const VisitPath = z.strictObject({ id: z.uuid() })

export const SentEntry = z
  .strictObject({
    accepted: z.literal(true, { error: 'visit.not-accepted' }).meta({
      description: 'The prohibitions were shown to the visitor, who accepted them.',
    }),
    prohibitions: z.string().max(20).optional().meta({
      description: 'Version of the text that was shown; another than the present one is refused.',
    }),
    escort: SentEscort.optional().meta({ description: 'In the place of whoever was named before.' }),
    emergency: SentEmergency.optional(),
  })
  .meta({ id: 'SentEntry' })
export type SentEntry = z.infer<typeof SentEntry>

export const SentExit = z
  .strictObject({ verified: z.literal(true, { error: 'visit.not-verified' }) })
  .meta({ id: 'SentExit' })

export const SentCorrection = z
  .strictObject({ leftAt: Instant, reason: Words })
  .meta({ id: 'SentCorrection' })
export type SentCorrection = z.infer<typeof SentCorrection>

export const SentApproval = z
  .strictObject({ decision: z.enum(['approve', 'reject']), comment: Words.optional() })
  .superRefine(({ decision, comment }, issues) => {
    if (decision === 'reject' && comment === undefined)
      issues.addIssue({ code: 'custom', path: ['comment'], message: 'decision.comment-missing' })
  })
  .meta({ id: 'SentApproval' })
export type SentApproval = z.infer<typeof SentApproval>

export const VisitsQuery = z.strictObject({
  open: z.enum(['true', 'false']).optional().meta({ description: 'True: expected or inside.' }),
  approval: z.literal('pending').optional().meta({ description: 'Emergencies that wait for the authority.' }),
  from: CivilDate.optional(),
  to: CivilDate.optional(),
  cursor: Cursor.optional(),
})
export type VisitsQuery = z.infer<typeof VisitsQuery>

export const VisitView = z
  .strictObject({
    id: z.uuid(),
    state: VisitState,
    recordedAt: Instant,
    recordedBy: PersonRef,
    planned: z.strictObject({ from: Instant, until: Instant }).nullable(),
    visitor: Visitor.nullable().meta({ description: 'Null once its time of retention is over.' }),
    reason: z.string().nullable(),
    escort: PersonRef.nullable(),
    emergency: z
      .strictObject({
        reason: z.string().nullable(),
        askedBy: PersonRef,
        askedAt: Instant,
      })
      .nullable(),
    approval: z
      .enum(['pending', 'approved', 'rejected'])
      .nullable()
      .meta({ description: 'Of an emergency; null: there is none.' }),
    decision: z
      .strictObject({ by: PersonRef, at: Instant, comment: z.string().nullable() })
      .nullable()
      .meta({ description: 'What the authority said of the emergency.' }),
    enteredAt: Instant.nullable(),
    enteredBy: PersonRef.nullable().meta({ description: 'Whoever registered the entry.' }),
    escorted: z.boolean().nullable().meta({ description: 'The escort was inside, by the doors’ log (R16).' }),
    prohibitions: z.string().nullable().meta({ description: 'Version of the text that was accepted.' }),
    leftAt: Instant.nullable(),
    exit: z
      .strictObject({
        by: PersonRef,
        recordedAt: Instant,
        corrected: z.boolean(),
        reason: z.string().nullable(),
      })
      .nullable(),
    overdue: z.boolean().meta({ description: 'Inside for longer than visits last: the exit was forgotten.' }),
  })
  .meta({ id: 'Visit' })
export type VisitView = z.infer<typeof VisitView>

export const VisitList = z
  .strictObject({ visits: z.array(VisitView), cursor: NextCursor })
  .meta({ id: 'VisitList' })
export type VisitList = z.infer<typeof VisitList>

export const ProhibitionsView = z
  .strictObject({ version: z.string(), prohibitions: z.array(z.string()) })
  .meta({ id: 'Prohibitions', description: 'What is read to a visitor and accepted before entering.' })
export type ProhibitionsView = z.infer<typeof ProhibitionsView>

/** Who is inside now, by the last that is known. */
export const PresenceView = z
  .strictObject({
    at: Instant,
    certain: z.boolean().meta({
      description: 'False: a device is silent; whoever went in or out there since is not told.',
    }),
    maximum: z.int().nullable().meta({ description: 'R17; null: no limit is set.' }),
    staff: z.array(
      z.strictObject({
        person: PersonRef.nullable().meta({ description: 'Null: a badge that nobody is known to have.' }),
        pin: z.string(),
        since: Instant,
        door: DoorId,
      }),
    ),
    visitors: z.array(
      z.strictObject({
        visit: z.uuid(),
        name: z.string().nullable(),
        company: z.string().nullable(),
        escort: PersonRef.nullable(),
        escortInside: z.boolean().meta({ description: 'By the doors’ log (R16).' }),
        since: Instant,
        overdue: z.boolean(),
      }),
    ),
    count: z
      .strictObject({ counted: z.int(), open: z.int(), differs: z.boolean() })
      .meta({ description: 'Visitors as counted for R17, and as visits without an exit: always the same.' }),
    devices: z.array(
      z.strictObject({
        serial: DoorId,
        name: z.string(),
        lastSeenAt: Instant.nullable(),
        silent: z.boolean(),
      }),
    ),
  })
  .meta({ id: 'Presence' })
export type PresenceView = z.infer<typeof PresenceView>
