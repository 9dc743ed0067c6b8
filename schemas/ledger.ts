import * as z from 'zod'
import { Instant } from './calendar.ts'
import { PersonId } from './person.ts'

/** The closed list of acts the ledger knows. */
export const Act = z.enum([
  'body-founded',
  'role-proposed',
  'role-granted',
  'role-ended',
  'role-rejected',
  'identity-linked',
  'unit-recorded',
  'deputy-named',
  'deputy-ended',
  'hr-event-recorded',
  'hold-placed',
  'hold-ended',
  'batch-stopped',
  'batch-voiced',
  'batch-released',
  'batch-discarded',
  'fact-released',
  'fact-discarded',
  'request-filed',
  'lines-applied',
  'account-adopted',
  'account-renamed',
  'account-converged',
  'target-mode-changed',
  'target-out-of-reach',
  'target-within-reach',
  'drift-found',
  'task-opened',
  'task-overdue',
  'task-closed',
  'task-completed',
  'code-issued',
  'code-failed',
  'code-consumed',
  'credential-set',
  'credential-delivered',
  'line-decided',
  'line-completed',
  'line-acknowledged',
  'line-contested',
  'door-alarm-raised',
  'door-alarm-settled',
  'card-handed-over',
  'card-acknowledged',
  'card-reported',
  'card-returned',
  'visit-recorded',
  'visit-entered',
  'visit-left',
  'visit-corrected',
  'visit-decided',
  'visit-overdue',
  'visit-lapsed',
  'visit-forgotten',
])
export type Act = z.infer<typeof Act>

/** `recorded` for facts; `intended` before an act in a target and exactly one of the other three after it. */
export const Phase = z.enum(['recorded', 'intended', 'succeeded', 'failed', 'unknown'])
export type Phase = z.infer<typeof Phase>

/** Who did it. `system` is the engine itself. */
export const Actor = z.strictObject({
  personId: PersonId.nullable(),
  role: z.string(),
  onBehalfOf: PersonId.nullable().default(null),
})
export type Actor = z.infer<typeof Actor>

/**
 * One entry. Opaque ids and flags only: names and national ids are joined on reading, so that a person can be erased
 * from the state while the ledger stays whole. `hash` is SHA-256 over the stored canonical text (RFC 8785) of all else.
 */
export const LedgerEntry = z.strictObject({
  version: z.literal(1),
  /** UUIDv7. */
  id: z.uuid(),
  at: Instant,
  asOf: Instant,
  act: Act,
  phase: Phase,
  subject: PersonId.nullable(),
  actor: Actor,
  system: z.string(),
  request: z.string().nullable(),
  cause: z.strictObject({ kind: z.string(), ref: z.string() }),
  before: z.unknown(),
  after: z.unknown(),
  evidence: z.unknown(),
  chain: z.string(),
  sequence: z.number().int().positive(),
  previousHash: z.string(),
})
export type LedgerEntry = z.infer<typeof LedgerEntry>
