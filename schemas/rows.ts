import * as z from 'zod'
import { CatalogueId, EndedAccess } from './access.ts'
import { CardTaskKind } from './badges.ts'
import { CivilDate, Instant } from './calendar.ts'
import { NamedPerson, PersonId } from './person.ts'
import { KeptLine, LineId, RequestNumber, Signer } from './request.ts'
import { Role } from './role.ts'
import { TargetId, TargetMode } from './settings.ts'
import { ChainHead, Drift, Step } from './target.ts'
import { Unit } from './unit.ts'

/** A person's own row: the only place where the national id meets the opaque key, and the head of the person's chain. */
export const PersonRow = z.strictObject({
  version: z.literal(1),
  personId: PersonId,
  /** Normalised. */
  nationalId: z.string(),
  /** Counts the facts recorded; a target row's `desiredVersion` is the value it must answer for. */
  facts: z.number().int().nonnegative(),
  head: ChainHead,
  /** With `personnelRegister: "declared"`: names and unit as the last form gave them; the register prevails. */
  declared: z.strictObject({ person: NamedPerson, unit: CatalogueId }).nullable(),
})
export type PersonRow = z.infer<typeof PersonRow>

/** What one deactivation line ended: every grant that matches and was recorded up to fact number `facts`. */
export const Ending = z.strictObject({
  version: z.literal(1),
  personId: PersonId,
  request: RequestNumber,
  line: LineId,
  /** Null: human resources ends what any unit granted (R9). */
  unit: CatalogueId.nullable(),
  access: EndedAccess,
  /** True: adopted grants end whatever unit they stand under, for this is the person's present one. */
  adopted: z.boolean().default(false),
  at: Instant,
  facts: z.number().int(),
})
export type Ending = z.infer<typeof Ending>

/** A request's own row; its lines stand beside it in rows of `linesPerRow`. */
export const RequestRow = z.strictObject({
  version: z.literal(1),
  number: RequestNumber,
  /**
   * `adoption`: no form was signed; its lines say what an account had when it was taken over. `renewal`: the signer chose
   * among what ends with the year.
   */
  kind: z.enum(['form', 'adoption', 'renewal']).default('form'),
  unit: CatalogueId,
  signer: Signer,
  filedAt: Instant,
  lineCount: z.number().int(),
  /** False until every accepted line is applied; the row is due as long, and then from time to time until it is settled. */
  applied: z.boolean(),
  /** How often it was looked at since its lines were applied. */
  followed: z.int().nonnegative().default(0),
  /** How every line stood when the unit was told the outcome; null: it was not told yet (R8). */
  toldOutcome: z.string().nullable().default(null),
  head: ChainHead,
})
export type RequestRow = z.infer<typeof RequestRow>

export const LinesRow = z.strictObject({ version: z.literal(1), lines: z.array(KeptLine) })
export type LinesRow = z.infer<typeof LinesRow>

/** Keyed by (caller, route, key): holds the body's hash and where the answer is. */
export const IdempotencyRow = z.strictObject({ version: z.literal(1), bodyHash: z.string(), ref: z.string() })
export type IdempotencyRow = z.infer<typeof IdempotencyRow>

/** Who bears an account name or address in a target; a released one rests for the quarantine. */
export const NameRow = z.strictObject({
  version: z.literal(1),
  personId: PersonId,
  releasedAt: Instant.nullable(),
})
export type NameRow = z.infer<typeof NameRow>

/** (issuer, subject) → person. */
export const IdentityRow = z.strictObject({ version: z.literal(1), personId: PersonId, linkedAt: Instant })
export type IdentityRow = z.infer<typeof IdentityRow>

/** A dated role of a person; both days included, `until` null is open. */
export const RoleRow = z.strictObject({
  version: z.literal(1),
  role: Role,
  from: CivilDate,
  until: CivilDate.nullable(),
})
export type RoleRow = z.infer<typeof RoleRow>

/** A password is being set: what was recorded before, and where. One at a time for each person. */
export const CredentialIntent = z.strictObject({ entryId: z.string(), at: Instant, target: TargetId })
export type CredentialIntent = z.infer<typeof CredentialIntent>

/** A one-time code as kept: its HMAC, never the code. */
export const OneTimeCode = z.strictObject({
  mac: z.string(),
  issuedAt: Instant,
  expiresAt: Instant,
  /** Wrong answers so far. */
  failures: z.number().int().nonnegative(),
})
export type OneTimeCode = z.infer<typeof OneTimeCode>

/** How a person came to set passwords: one chain a person, for codes and for every system. No password is ever in it. */
export const CredentialsRow = z.strictObject({
  version: z.literal(1),
  personId: PersonId,
  head: ChainHead,
  /** The code that may still be used; null once it was consumed. */
  code: OneTimeCode.nullable().default(null),
  openIntent: CredentialIntent.nullable().default(null),
  /** Calls counted since an instant: each of them goes to a target. */
  callsSince: Instant.nullable().default(null),
  calls: z.number().int().nonnegative().default(0),
})
export type CredentialsRow = z.infer<typeof CredentialsRow>

/** A unit's row with the head of its chain. */
export const UnitRow = z.strictObject({ version: z.literal(1), unit: Unit, head: ChainHead })
export type UnitRow = z.infer<typeof UnitRow>

/** A walk over all accounts of a target, a slice at a time: it wakes them after a change of mode. */
export const Walk = z.strictObject({
  /** Tells one walk from another. */
  startedAt: Instant,
  /** Where the next slice begins; null: at the beginning. */
  place: z.string().nullable(),
  woken: z.number().int().nonnegative(),
})
export type Walk = z.infer<typeof Walk>

/** A target that answers nobody, as a whole. */
export const Outage = z.strictObject({
  /** Tells one outage from another. */
  since: Instant,
  /** From then on the next run may look whether it answers again. */
  nextProbe: Instant,
})
export type Outage = z.infer<typeof Outage>

/**
 * What a target is doing, once an operator has said so or it did not answer. While `mode`, `since`, `by` and `reason` are null
 * the settings' mode holds.
 */
export const SystemRow = z.strictObject({
  version: z.literal(1),
  target: TargetId,
  mode: TargetMode.nullable(),
  /** Since when this mode is in force. */
  since: Instant.nullable(),
  by: PersonId.nullable(),
  reason: z.string().nullable(),
  outage: Outage.nullable().default(null),
  /** Whom it did not answer since it last answered anybody; a few of them make an outage. */
  unanswered: z.array(PersonId).default([]),
  /** Null: every account has been woken since. */
  walk: Walk.nullable(),
  head: ChainHead,
})
export type SystemRow = z.infer<typeof SystemRow>

/** How far the sweeper has rung a target's due rows, by shard, since `begunAt`. */
export const Round = z.strictObject({
  version: z.literal(1),
  /** Of the urgent queue and of the other one. */
  begunAt: z.strictObject({ normal: Instant, urgent: Instant }),
  /** Behind the last row rung; a shard that is not named begins with its oldest. */
  places: z.record(z.string(), z.strictObject({ dueAt: Instant, pk: z.string(), sk: z.string() })),
})
export type Round = z.infer<typeof Round>

/** The body's own row: the head of the chain whose first entry names the body. */
export const BodyRow = z.strictObject({
  version: z.literal(1),
  bodyId: CatalogueId,
  foundedAt: Instant,
  head: ChainHead,
})
export type BodyRow = z.infer<typeof BodyRow>

/** A drift that is not settled, to be found by its target. It lies beside the person's rows; the target row holds the same. */
export const DriftRow = z.strictObject({
  version: z.literal(1),
  personId: PersonId,
  target: TargetId,
  drift: Drift,
})
export type DriftRow = z.infer<typeof DriftRow>

/**
 * What a human is asked to do. `parked`: an account the target refused again and again; `unadopted`: one that was there
 * before; `manual`: a plan for a target that nobody but people can write to; `contested`: an access its bearer calls wrong;
 * `card-handover`, `card-return`: a card to be given to somebody who may pass a door, or taken back from who may no more.
 */
export const TaskKind = z.enum(['parked', 'manual', 'unadopted', 'contested', ...CardTaskKind.options])
export type TaskKind = z.infer<typeof TaskKind>

/**
 * How a task ended. By people: `done`, `not-done`. By itself: `settled` (the target was found as it should be), `withdrawn`
 * (it is no longer wanted, or the system does it itself), `superseded` (another task asks for it now).
 */
export const TaskOutcome = z.enum(['done', 'not-done', 'settled', 'withdrawn', 'superseded'])
export type TaskOutcome = z.infer<typeof TaskOutcome>

/** Something a human has to do: an aggregate of its own, with its own chain. At most one is open for an account, beside contested lines. */
export const TaskRow = z.strictObject({
  version: z.literal(1),
  id: z.uuid(),
  kind: TaskKind,
  personId: PersonId,
  target: TargetId.nullable(),
  /** The line that is contested, or that caused it. */
  request: RequestNumber.nullable(),
  line: LineId.nullable(),
  /** Contested lines: what the person says is wrong. Stays here; the ledger holds its hash. */
  comment: z.string().optional(),
  /** The ledger's id of the intent it carries out. */
  intent: z.string().nullable(),
  /** What is to be done, in the safe order; put into words when it is read. */
  steps: z.array(Step),
  /** The closed code of what went wrong. */
  fault: z.string().nullable(),
  /** The account's reserved name. */
  name: z.string().nullable(),
  /** First instant at which what is opened is no longer wanted; null: no end is known. */
  until: Instant.nullable(),
  urgent: z.boolean(),
  openedAt: Instant,
  dueBy: Instant,
  /** How often a second address was told that it is overdue, and when last. */
  escalations: z.number().int().nonnegative(),
  escalatedAt: Instant.nullable(),
  closedAt: Instant.nullable(),
  /** Null: it closed by itself. */
  closedBy: PersonId.nullable(),
  outcome: TaskOutcome.nullable(),
  /** In the words of whoever closed it. Stays here; the ledger holds its hash. */
  evidence: z.string().nullable(),
  /** When the sweeper looks at it next; null once it is closed. */
  dueAt: Instant.nullable(),
  head: ChainHead,
})
export type TaskRow = z.infer<typeof TaskRow>
