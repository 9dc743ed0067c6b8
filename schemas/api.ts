import * as z from 'zod'
import { Access, Atom, CatalogueId, System } from './access.ts'
import { CivilDate, Instant } from './calendar.ts'
import { ContractType, Regime } from './contract.ts'
import { HoldKind } from './hold.ts'
import { Act, Phase } from './ledger.ts'
import { PersonId, WrittenNationalId } from './person.ts'
import { Decision, LineId, LineStatus, LineVerdict, Reason, RequestNumber, RequestStatus } from './request.ts'
import { Role } from './role.ts'
import { Step } from './target.ts'

/** Where the next page begins; opaque. Null: this is the last page. */
export const Cursor = z
  .string()
  .max(2_000)
  .meta({ id: 'Cursor', description: 'Opaque place where the next page begins.' })
export const NextCursor = Cursor.nullable()

/** SHA-256, hexadecimal. */
const Hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ id: 'Hash' })

/** A query without members: an unknown member is a fault, also here. */
export const NoQuery = z.strictObject({})

// --- requests ---

export const SubmitQuery = z.strictObject({ dryRun: z.enum(['true', 'false']).optional() })

/** What a deactivation leaves, because other units grant it. */
const StillGranted = z
  .array(z.strictObject({ atom: Atom, unit: CatalogueId }))
  .meta({ description: 'Deactivations: what other units still grant, and therefore stays.' })

export const DecidedLine = z
  .strictObject({
    line: LineId,
    status: LineStatus,
    reasons: z.array(Reason),
    hash: Hash,
    stillGranted: StillGranted.optional(),
  })
  .meta({ id: 'DecidedLine' })
export type DecidedLine = z.infer<typeof DecidedLine>

export const FiledRequest = z
  .strictObject({ number: RequestNumber, status: RequestStatus, lines: z.array(DecidedLine) })
  .meta({ id: 'FiledRequest', description: 'What was decided of each line. Nothing of it is done yet.' })
export type FiledRequest = z.infer<typeof FiledRequest>

export const DryRun = z
  .strictObject({
    status: RequestStatus,
    lines: z.array(DecidedLine),
    plan: z.array(
      z.strictObject({
        line: LineId,
        person: z.string().meta({ description: 'National id.' }),
        system: z.string(),
        steps: z.array(Step),
      }),
    ),
  })
  .meta({ id: 'DryRun', description: 'What filing the form would decide and do. Nothing was filed.' })
export type DryRun = z.infer<typeof DryRun>

export const RequestPath = z.strictObject({ number: RequestNumber })

export const LinePath = z.strictObject({ number: RequestNumber, line: LineId })

export const SentDecision = z
  .strictObject({
    decision: LineVerdict,
    comment: z
      .string()
      .trim()
      .max(1_000)
      .regex(/^[^\p{Cc}]*(?:\n[^\p{Cc}]*)*$/u, { error: 'text.unprintable' })
      .optional()
      .meta({ description: 'For the unit that asked; needed to reject and to observe.' }),
  })
  .superRefine(({ decision, comment }, issues) => {
    if (decision !== 'approve' && (comment ?? '') === '')
      issues.addIssue({ code: 'custom', path: ['comment'], message: 'decision.comment-missing' })
  })
  .meta({ id: 'SentDecision' })
export type SentDecision = z.infer<typeof SentDecision>

export const RequestsQuery = z.strictObject({
  unit: CatalogueId.optional(),
  status: RequestStatus.optional(),
  cursor: Cursor.optional(),
})
export type RequestsQuery = z.infer<typeof RequestsQuery>

/** A person as named in an answer. National id and names are null once the person was erased. */
export const PersonRef = z
  .strictObject({ personId: PersonId, nationalId: z.string().nullable(), name: z.string().nullable() })
  .meta({ id: 'PersonRef' })
export type PersonRef = z.infer<typeof PersonRef>

export const SignerView = z
  .strictObject({
    person: PersonRef,
    capacity: z.enum(['head', 'deputy', 'parent-head', 'authority', 'hr', 'it']),
    onBehalfOf: PersonRef.nullable(),
  })
  .meta({ id: 'Signer', description: 'Who signed, in which capacity, and in whose place.' })

const RequestKind = z.enum(['form', 'adoption', 'renewal']).meta({
  description:
    '`adoption`: accounts that were there before, to be certified by the unit. `renewal`: accesses that end with the year, for the next one.',
})

export const RequestSummary = z
  .strictObject({
    number: RequestNumber,
    kind: RequestKind,
    unit: CatalogueId,
    status: RequestStatus,
    filedAt: Instant,
    signer: SignerView,
    lines: z.array(DecidedLine),
  })
  .meta({ id: 'RequestSummary' })

export const RequestList = z
  .strictObject({ requests: z.array(RequestSummary), cursor: NextCursor })
  .meta({ id: 'RequestList' })
export type RequestList = z.infer<typeof RequestList>

export const Progress = z
  .strictObject({
    target: z.string(),
    state: z.enum(['pending', 'converged', 'waiting', 'parked']),
    observedAt: Instant.nullable(),
  })
  .meta({ id: 'Progress', description: 'How far one target has come with a line.' })

export const WholeLine = z
  .strictObject({
    line: LineId,
    kind: z.enum(['activation', 'deactivation']),
    filed: z.unknown().meta({ description: 'The line as filed.' }),
    decision: Decision,
    status: LineStatus,
    reasons: z.array(Reason),
    progress: z.array(Progress),
    stillGranted: StillGranted.optional(),
    decisions: z
      .array(
        z.strictObject({
          decision: LineVerdict,
          by: PersonRef,
          at: Instant,
          comment: z.string().nullable(),
        }),
      )
      .optional()
      .meta({ description: 'What an authority has said of it, oldest first.' }),
    completions: z
      .array(
        z.strictObject({
          by: SignerView,
          at: Instant,
          was: z.strictObject({ decision: Decision, filed: z.unknown().optional() }),
        }),
      )
      .optional()
      .meta({
        description: 'Who completed it while it was observed, oldest first; `filed` where it changed.',
      }),
    answers: z
      .array(z.strictObject({ correct: z.boolean(), at: Instant }))
      .optional()
      .meta({ description: 'What the person concerned said of the access, oldest first.' }),
    hash: Hash,
  })
  .meta({ id: 'WholeLine' })
export type WholeLine = z.infer<typeof WholeLine>

// --- the ledger ---

export const AuditEntry = z
  .strictObject({
    id: z.uuid(),
    at: Instant,
    asOf: Instant,
    act: Act,
    phase: Phase,
    subject: z
      .strictObject({
        personId: PersonId.nullable(),
        nationalId: z.string().optional(),
        name: z.string().optional(),
      })
      .meta({ description: 'Whom it concerns; national id and name are joined on reading.' }),
    actor: z.strictObject({
      personId: PersonId.nullable(),
      nationalId: z.string().optional(),
      role: z.string(),
      onBehalfOf: PersonId.optional(),
    }),
    system: z.string(),
    request: RequestNumber.optional(),
    cause: z.strictObject({ kind: z.string(), ref: z.string() }),
    before: z.unknown(),
    after: z.unknown(),
    evidence: z.unknown(),
    chain: z.string(),
    sequence: z.number().int().positive(),
    previousHash: z.string().meta({ description: 'Empty for the first entry of a chain.' }),
    hash: Hash,
  })
  .meta({ id: 'AuditEntry' })
export type AuditEntry = z.infer<typeof AuditEntry>

export const AuditQuery = z
  .strictObject({
    subject: z.string().trim().min(1).max(40).optional(),
    actor: z.string().trim().min(1).max(40).optional(),
    request: RequestNumber.optional(),
    from: z.union([Instant, CivilDate], { error: 'calendar.bad-instant' }).optional(),
    to: z.union([Instant, CivilDate], { error: 'calendar.bad-instant' }).optional(),
    act: Act.optional(),
    system: z.string().max(60).optional(),
    cursor: Cursor.optional(),
  })
  .meta({ id: 'AuditQuery' })
export type AuditQuery = z.infer<typeof AuditQuery>

export const AuditPage = z
  .strictObject({ entries: z.array(AuditEntry), cursor: NextCursor })
  .meta({ id: 'AuditPage' })
export type AuditPage = z.infer<typeof AuditPage>

export const Verification = z
  .strictObject({
    ok: z.boolean(),
    entries: z.number().int(),
    chains: z.number().int(),
    anchors: z.number().int(),
    openIntents: z.number().int(),
    faults: z.array(
      z.strictObject({
        kind: z.enum(['altered', 'missing', 'swapped', 'forked', 'truncated']),
        chain: z.string(),
        sequence: z.number().int(),
      }),
    ),
  })
  .meta({ id: 'Verification', description: 'Every chain recomputed from its stored text.' })
export type Verification = z.infer<typeof Verification>

export const WholeRequest = z
  .strictObject({
    number: RequestNumber,
    kind: RequestKind,
    unit: CatalogueId,
    status: RequestStatus,
    filedAt: Instant,
    signer: SignerView,
    lines: z.array(WholeLine),
    history: z.array(AuditEntry),
  })
  .meta({ id: 'WholeRequest' })
export type WholeRequest = z.infer<typeof WholeRequest>

// --- people ---

export const PersonPath = z.strictObject({ nationalId: WrittenNationalId })

export const GrantView = z
  .strictObject({
    id: z.uuid(),
    atom: Atom,
    access: Access,
    unit: CatalogueId,
    from: CivilDate,
    until: CivilDate.nullable().meta({
      description: 'Effective: min(as filed, end of the contract); null is permanent.',
    }),
    request: RequestNumber,
    line: LineId,
    status: z.enum(['scheduled', 'live', 'held', 'ended']),
    toCertify: z.boolean().meta({
      description:
        'Taken over from an account that was there before; a line of a form with the same key certifies it.',
    }),
  })
  .meta({ id: 'Grant' })

export const AccountView = z
  .strictObject({
    system: System,
    accountId: z.string().nullable(),
    name: z.string(),
    state: z.enum(['enabled', 'disabled', 'absent']),
    expiresAt: Instant.nullable().meta({
      description: 'First instant at which the account no longer works; null is never.',
    }),
    observedAt: Instant.nullable(),
    converged: z.boolean(),
    parked: z.boolean(),
    credentialSetAt: Instant.nullable().meta({
      description: 'When the person last set this password through us; null while nobody knows it.',
    }),
  })
  .meta({ id: 'Account' })
export type AccountView = z.infer<typeof AccountView>

export const ContractView = z
  .strictObject({
    type: ContractType,
    otherType: z.string().optional(),
    regime: Regime,
    startsOn: CivilDate,
    endsOn: CivilDate.nullable(),
    unit: CatalogueId.nullable(),
    endedOn: CivilDate.nullable().meta({ description: 'First day on which an event has ended it early.' }),
  })
  .meta({ id: 'RegisteredContract' })

export const PersonView = z
  .strictObject({
    person: z.strictObject({
      personId: PersonId,
      nationalId: z.string(),
      givenNames: z.string(),
      surnames: z.string(),
      position: z.string(),
      unit: CatalogueId.nullable(),
      roles: z.array(Role),
    }),
    contracts: z.array(ContractView).meta({ description: 'Contracts of the register, by their start.' }),
    holds: z.array(
      z.strictObject({
        kind: HoldKind,
        since: z.union([CivilDate, Instant]),
        until: Instant.nullable(),
      }),
    ),
    grants: z.array(GrantView),
    accounts: z.array(AccountView),
  })
  .meta({ id: 'PersonView' })
export type PersonView = z.infer<typeof PersonView>

export const ImportQuery = z.strictObject({ mode: z.enum(['merge', 'snapshot']).optional() })

export const ImportAnswer = z
  .strictObject({
    applied: z.number().int(),
    stopped: z
      .number()
      .int()
      .optional()
      .meta({ description: 'Of them: recorded, and stopped by the guard until two people release them.' }),
    holds: z.array(z.uuid()).optional().meta({ description: 'The batches that they wait in.' }),
    faults: z.array(
      z.strictObject({ row: z.number().int().positive(), pointer: z.string(), message: z.string() }),
    ),
  })
  .meta({ id: 'ImportAnswer', description: 'Rows are counted from 1. With any fault nothing was applied.' })
export type ImportAnswer = z.infer<typeof ImportAnswer>
