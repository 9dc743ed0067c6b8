import * as z from 'zod'
import { Operation } from './access.ts'
import { Instant } from './calendar.ts'
import { PersonId } from './person.ts'
import { DriftKind, TargetId } from './settings.ts'

/** One right inside a target. Directory: `internet:libre`, `removable-storage`, `entitlement:vpn`; mail: `copy-to-head`; ERP: a module's id. */
export const Right = z.strictObject({
  id: z.string(),
  /** ERP only: empty is `consulta`. */
  operations: z.array(Operation).default([]),
  /** ERP only: part of a module, sorted. */
  specific: z.array(z.string()).default([]),
  /** First instant at which the right no longer works; null = the account's own end rules. */
  until: Instant.nullable().default(null),
})
export type Right = z.infer<typeof Right>

/** An account as read from its target. `expiresAt`: first instant at which it no longer works, null = never. */
export const Observation = z.strictObject({
  state: z.enum(['absent', 'disabled', 'enabled']),
  /** The target's own immutable key (directory: objectGUID in RFC 4122 text), null while absent. */
  accountId: z.string().nullable(),
  /** Directory: sAMAccountName; mail: the full address; ERP: login. */
  name: z.string().nullable(),
  expiresAt: Instant.nullable(),
  /** Sorted by id. Only rights this system manages. */
  rights: z.array(Right),
  /** Whether the account rests among the inactive; null where a target has no such place. */
  retired: z.boolean().nullable(),
  /** Names and post as the target shows them, hashed: it tells a difference and holds no personal data. */
  profileHash: z.string().nullable(),
  /** True: an adopted account that does not bear this person's mark yet. Absent otherwise. */
  unmarked: z.literal(true).optional(),
  /** Of a disabled account, where the target has sessions and tells them: whether any is still open. */
  sessionsOpen: z.boolean().optional(),
  /** Where a target fetches by itself what it is to do: since when something waits there that it has not answered yet. */
  pending: Instant.optional(),
})
export type Observation = z.infer<typeof Observation>

/** One act of a plan. The order in a plan is the safe order: nothing is open before it is complete, closing comes first. */
export const Step = z.discriminatedUnion('act', [
  z.strictObject({ act: z.literal('disable') }),
  z.strictObject({ act: z.literal('create') }),
  z.strictObject({ act: z.literal('adopt') }),
  z.strictObject({ act: z.literal('restore') }),
  z.strictObject({ act: z.literal('set-profile') }),
  z.strictObject({ act: z.literal('revoke'), right: z.string() }),
  z.strictObject({ act: z.literal('grant'), right: Right }),
  z.strictObject({ act: z.literal('set-expiry'), expiresAt: Instant.nullable() }),
  z.strictObject({ act: z.literal('enable') }),
  z.strictObject({ act: z.literal('end-sessions') }),
  z.strictObject({ act: z.literal('retire') }),
])
export type Step = z.infer<typeof Step>

/** One way in which an account was found to differ from what it was left as. `right`: which, where it is about one. */
export const Difference = z.strictObject({ kind: DriftKind, right: z.string().nullable() })
export type Difference = z.infer<typeof Difference>

/**
 * The last drift found in an account. `open`: being corrected; `reported`: left as it is, because the setting says so;
 * `settled`: corrected, gone by itself, or without consequence. `entry`: the ledger's entry about it.
 */
export const Drift = z.strictObject({
  entry: z.string(),
  foundAt: Instant,
  differences: z.array(Difference),
  outcome: z.enum(['open', 'reported', 'settled']),
})
export type Drift = z.infer<typeof Drift>

/** The chain's head of an aggregate: the last entry's sequence and hash. Sequence 0 = no entry yet. */
export const ChainHead = z.strictObject({ sequence: z.number().int().nonnegative(), hash: z.string() })
export type ChainHead = z.infer<typeof ChainHead>

/** An intent that has no outcome yet: what was going to be done, and why. */
export const OpenIntent = z.strictObject({
  entryId: z.string(),
  at: Instant,
  asOf: Instant,
  desiredVersion: z.number().int(),
  steps: z.array(Step),
  cause: z.strictObject({ kind: z.string(), ref: z.string() }),
})
export type OpenIntent = z.infer<typeof OpenIntent>

/**
 * The memory of the engine: one row per (person, target). Due while work remains; a doorbell only says "look".
 * `dueAt` null: nothing to do, ever, unless a fact changes.
 */
export const TargetRow = z.strictObject({
  version: z.literal(1),
  personId: PersonId,
  target: TargetId,
  /** The reserved account name. */
  name: z.string(),
  accountId: z.string().nullable(),
  /** Whether this system made the account or took over one that was there before; null while neither has happened. */
  origin: z.enum(['made', 'adopted']).nullable().default(null),
  desiredVersion: z.number().int(),
  appliedVersion: z.number().int(),
  dueAt: Instant.nullable(),
  urgent: z.boolean(),
  leaseUntil: Instant.nullable(),
  attempts: z.number().int(),
  state: z.enum(['pending', 'converged', 'waiting', 'parked']),
  lastAsOf: Instant.nullable(),
  /** The time of the last run that left the account as it should be; what came later may not be done yet. */
  settledAsOf: Instant.nullable().default(null),
  /** When time alone was going to change what the person should have, as the last settled run knew it. */
  changesAt: Instant.nullable().default(null),
  /** The guard has stopped what a worker was about to take away: in which batch, and what that was. */
  stopped: z
    .strictObject({ hold: z.uuid(), losses: z.array(z.string()) })
    .nullable()
    .default(null),
  /** Why the next run runs: the last fact that changed the desired state. */
  cause: z.strictObject({ kind: z.string(), ref: z.string() }),
  openIntent: OpenIntent.nullable(),
  head: ChainHead,
  observed: Observation.nullable(),
  observedAt: Instant.nullable(),
  drift: Drift.nullable().default(null),
  /** When the person last set the password of this account through us; null again when the account has to be made anew. */
  credentialSetAt: Instant.nullable().default(null),
  /** When the person was told that the account is ready; null again when it has to be made anew. */
  readyToldAt: Instant.nullable().default(null),
  /** The last failure's closed code, never a text from outside. */
  fault: z.string().nullable(),
  /** What the last run in mode `observe-only` would have done; null in any other mode, and where nothing is to do. */
  wouldDo: z.array(Step).nullable(),
  /** The one task that is open for this account. */
  openTask: z.strictObject({ id: z.uuid(), kind: z.string() }).nullable(),
  /** What a human said of the manual task of the open intent; the next run takes it in. */
  attested: z
    .strictObject({
      task: z.uuid(),
      by: PersonId,
      done: z.boolean(),
      accountId: z.string().nullable(),
    })
    .nullable(),
})
export type TargetRow = z.infer<typeof TargetRow>

/** What a queue's message carries, and nothing else: whose account to look at, or that all of them are to be read. */
export const Doorbell = z.union([
  z.strictObject({ personId: PersonId, target: TargetId }),
  z.strictObject({ reading: z.literal(true), target: TargetId }),
])
export type Doorbell = z.infer<typeof Doorbell>
