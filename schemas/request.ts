import * as z from 'zod'
import { Access, Atom, CatalogueId, EndedAccess } from './access.ts'
import { CivilDate, Instant } from './calendar.ts'
import { Contract } from './contract.ts'
import { NamedPerson, PersonId, WrittenNationalId } from './person.ts'
import { TargetId } from './settings.ts'

/** Box A of the form, one line. `until` null is permanent; `from` defaults to today. */
export const Activation = z
  .strictObject({
    person: NamedPerson,
    contract: Contract,
    access: Access,
    from: CivilDate.optional(),
    until: CivilDate.nullish().transform(day => day ?? null),
  })
  .meta({ id: 'Activation' })
export type Activation = z.infer<typeof Activation>

/** Box C of the form, one line. */
export const Deactivation = z
  .strictObject({ nationalId: WrittenNationalId, access: EndedAccess })
  .meta({ id: 'Deactivation' })
export type Deactivation = z.infer<typeof Deactivation>

/** The single form (Tomé, annex 1). `declaration` is the signer's own: renewing is the signer's responsibility. */
export const Form = z
  .strictObject({
    unit: CatalogueId,
    activations: z.array(Activation).default([]),
    deactivations: z.array(Deactivation).default([]),
    declaration: z.literal(true, { error: 'form.declaration-missing' }),
  })
  .superRefine((form, issues) => {
    const lines = form.activations.length + form.deactivations.length
    if (lines === 0) issues.addIssue({ code: 'custom', path: [], message: 'form.no-lines' })
    if (lines > 200) issues.addIssue({ code: 'custom', path: [], message: 'form.too-many-lines' })
  })
  .meta({ id: 'Form' })
export type Form = z.infer<typeof Form>

/** Number of a request, `2026-000123`: the civil year and a counter; numbers may have gaps. */
export const RequestNumber = z
  .string()
  .regex(/^\d{4}-\d{6,}$/)
  .meta({ id: 'RequestNumber' })
export type RequestNumber = z.infer<typeof RequestNumber>

/** `A1…` activations, `C1…` deactivations, in the order given. */
export const LineId = z
  .string()
  .regex(/^[AC][1-9]\d{0,2}$/)
  .meta({ id: 'LineId' })
export type LineId = z.infer<typeof LineId>

/** The rule that speaks, and what it says to the person who filed (Spanish). */
export const Reason = z.strictObject({ rule: z.string(), message: z.string() }).meta({ id: 'Reason' })
export type Reason = z.infer<typeof Reason>

/** What was decided of a line; rejected > observed > awaiting-approval > accepted. */
export const Decision = z.enum(['accepted', 'awaiting-approval', 'observed', 'rejected'])
export type Decision = z.infer<typeof Decision>

/** Where a line stands, derived from its decision and its grants' target rows. */
export const LineStatus = z.enum([
  'rejected',
  'observed',
  'awaiting-approval',
  'accepted',
  'in-progress',
  'done',
  'acknowledged',
  'contested',
  'failed',
  'ended',
])
export type LineStatus = z.infer<typeof LineStatus>

export const RequestStatus = z.enum([
  'rejected',
  'observed',
  'awaiting-approval',
  'in-progress',
  'done',
  'partly-accepted',
  'accepted',
])
export type RequestStatus = z.infer<typeof RequestStatus>

/** What an authority says of a line. */
export const LineVerdict = z.enum(['approve', 'reject', 'observe'])
export type LineVerdict = z.infer<typeof LineVerdict>

/** One decision about a line, kept beside the words that were filed. `on` and `was`: the line's hash, and how it stood. */
export const LineDecision = z.strictObject({
  verdict: LineVerdict,
  by: PersonId,
  role: z.literal('authority'),
  at: Instant,
  comment: z.string().nullable(),
  on: z.string(),
  was: z.strictObject({ decision: Decision, reasons: z.array(Reason) }),
})
export type LineDecision = z.infer<typeof LineDecision>

/** Oldest first; absent while nobody has decided anything. */
const Decisions = z.array(LineDecision).min(1).optional()

/** Who signed, in which capacity, and for whom (R1: both names where a deputy acts). `it`: adoptions only. */
export const Signer = z.strictObject({
  personId: PersonId,
  capacity: z.enum(['head', 'deputy', 'parent-head', 'authority', 'hr', 'it']),
  onBehalfOf: PersonId.nullable(),
})
export type Signer = z.infer<typeof Signer>

/**
 * One completion of an observed line (R13). `on` and `sent`: hashes of the line as it was and of what was sent; `decided`: how many
 * decisions of an authority came before; `was.filed`: the words before, where they were changed.
 */
const completionOf = <Filed extends z.ZodType>(filed: Filed) =>
  z.strictObject({
    by: Signer,
    at: Instant,
    on: z.string(),
    sent: z.string(),
    decided: z.number().int().nonnegative(),
    was: z.strictObject({ decision: Decision, reasons: z.array(Reason), filed: filed.optional() }),
  })

/** What the person concerned said of an access (R12). `task`: what a "no" has opened; the words of the "no" stand there. */
export const LineAnswer = z.strictObject({
  correct: z.boolean(),
  at: Instant,
  on: z.string(),
  sent: z.string(),
  task: z.uuid().nullable(),
})
export type LineAnswer = z.infer<typeof LineAnswer>

/** Closed codes of what was found, as the reasons say it in words. */
const Codes = z.array(z.string()).optional()

/** A line as kept: what was filed, what was decided. `personId` null: not in the register when decided. */
export const KeptLine = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('activation'),
    line: LineId,
    personId: PersonId.nullable(),
    filed: Activation,
    from: CivilDate,
    /** Of a renewal: the grants it goes on from, and of the line's access these atoms only. */
    renews: z
      .array(z.strictObject({ grant: z.uuid(), atom: Atom }))
      .min(1)
      .optional(),
    decision: Decision,
    reasons: z.array(Reason),
    codes: Codes,
    decisions: Decisions,
    completions: z.array(completionOf(Activation)).min(1).optional(),
    answers: z.array(LineAnswer).min(1).optional(),
  }),
  z.strictObject({
    kind: z.literal('deactivation'),
    line: LineId,
    personId: PersonId.nullable(),
    filed: Deactivation,
    decision: Decision,
    reasons: z.array(Reason),
    codes: Codes,
    decisions: Decisions,
    completions: z.array(completionOf(Deactivation)).min(1).optional(),
  }),
])
export type KeptLine = z.infer<typeof KeptLine>

/** A right given by an accepted line: the key is (person, unit, contract, atom); a later line with the same key supersedes it. */
export const Grant = z.strictObject({
  version: z.literal(1),
  id: z.uuid(),
  personId: PersonId,
  unit: CatalogueId,
  /** `contractKey` of domain/contract.ts. */
  contract: z.string(),
  /** The contract as the form declared it; rules use it only with `personnelRegister: "declared"`. */
  declared: Contract,
  atom: Atom,
  access: Access,
  from: CivilDate,
  /** As filed; the effective end is min(until, contract's end). */
  until: CivilDate.nullable(),
  request: RequestNumber,
  line: LineId,
  recordedAt: Instant,
  /**
   * `adoption`: what an account had when it was taken over; a later line with the same key certifies it. `renewal`: the same
   * for another year, keyed by the contract it renews and justified by that one or by the one that follows it.
   */
  origin: z.enum(['form', 'adoption', 'renewal']).default('form'),
  /** Set when a deactivation line ended it; nothing un-ends a grant. */
  ended: z.strictObject({ at: Instant, request: RequestNumber, line: LineId }).nullable(),
})
export type Grant = z.infer<typeof Grant>

/** What applying one person's lines of one request did; its presence makes applying idempotent. */
export const AppliedLines = z.strictObject({
  version: z.literal(1),
  request: RequestNumber,
  personId: PersonId,
  at: Instant,
  lines: z.array(
    z.strictObject({
      line: LineId,
      targets: z.array(TargetId),
      /** The person's version the targets must reach for this line to be done. */
      desiredVersion: z.number().int(),
      /** A deactivation's leftovers: what other units still grant. */
      stillGranted: z.array(z.strictObject({ atom: Atom, unit: CatalogueId })),
    }),
  ),
})
export type AppliedLines = z.infer<typeof AppliedLines>
