import * as z from 'zod'
import { CatalogueId } from './access.ts'
import { AccountView, Cursor, NextCursor, PersonRef } from './api.ts'
import { CivilDate, Instant } from './calendar.ts'
import { ContractType, Regime } from './contract.ts'
import { LossCause } from './guard.ts'
import { HrEventType } from './hr-event.ts'
import { Role } from './role.ts'
import { TargetId } from './settings.ts'

/** What somebody wrote down in a line or several. */
const Words = z
  .string()
  .trim()
  .min(1)
  .max(1_000)
  .regex(/^[^\p{Cc}\u2028\u2029]*(?:[\r\n\t][^\p{Cc}\u2028\u2029]*)*$/u, { error: 'text.unprintable' })

// --- HR events ---

export const EventRecorded = z
  .strictObject({
    id: z.uuid(),
    status: z.enum(['recorded', 'stopped']).meta({
      description: '`stopped`: recorded, and without effect until two people release its batch.',
    }),
    hold: z.uuid().optional().meta({ description: 'The batch that it waits in.' }),
  })
  .meta({ id: 'EventRecorded' })
export type EventRecorded = z.infer<typeof EventRecorded>

/** One row of a file of events: the members of an event, person and contract spread out. */
export const HrEventRow = z
  .strictObject({
    id: z.uuid(),
    type: HrEventType,
    nationalId: z.string(),
    effectiveOn: z.string(),
    recordedAt: z.string(),
    supersedes: z.uuid().optional(),
    leave: CatalogueId.optional(),
    unit: CatalogueId.optional(),
    givenNames: z.string().optional(),
    surnames: z.string().optional(),
    position: z.string().optional(),
    contractType: ContractType.optional(),
    regime: Regime.optional(),
    startsOn: z.string().optional(),
    endsOn: z.string().optional(),
    otherType: z.string().optional(),
  })
  .meta({ id: 'HrEventRow' })

// --- the kill switch ---

export const SentSuspension = z
  .strictObject({
    reason: Words.meta({ description: 'Why; kept here, the ledger holds its hash.' }),
    kind: z.enum(['suspension', 'sanction']).optional().meta({ description: 'Default: suspension.' }),
    until: CivilDate.optional().meta({
      description: 'A sanction’s last day; without it, until it is released.',
    }),
  })
  .superRefine(({ kind, until }, issues) => {
    if (until !== undefined && kind !== 'sanction')
      issues.addIssue({ code: 'custom', path: ['until'], message: 'suspension.until' })
  })
  .meta({ id: 'SentSuspension' })
export type SentSuspension = z.infer<typeof SentSuspension>

export const SuspensionAnswer = z
  .strictObject({
    holds: z
      .array(
        z.strictObject({
          id: z.uuid(),
          kind: z.enum(['suspension', 'sanction']),
          since: Instant,
          until: Instant.nullable(),
          by: PersonRef.nullable(),
        }),
      )
      .meta({ description: 'Placed by people and in force.' }),
    targets: z
      .array(
        z.strictObject({
          system: TargetId,
          state: AccountView.shape.state,
          settled: z.boolean().meta({ description: 'Read back from the target after the call.' }),
          observedAt: Instant.nullable(),
          parked: z.boolean(),
        }),
      )
      .meta({ description: 'Each account as read by now; what is not settled yet goes on being worked on.' }),
  })
  .meta({ id: 'SuspensionAnswer' })
export type SuspensionAnswer = z.infer<typeof SuspensionAnswer>

// --- what the guard has stopped ---

export const HoldsQuery = z.strictObject({
  state: z.enum(['held', 'settled']).optional(),
  cursor: Cursor.optional(),
})
export type HoldsQuery = z.infer<typeof HoldsQuery>

export const HoldPath = z.strictObject({ id: z.uuid() })

const VoiceView = z.strictObject({ by: PersonRef, role: Role, at: Instant })

export const StoppedBatch = z
  .strictObject({
    id: z.uuid(),
    cause: z.strictObject({
      kind: LossCause,
      refs: z.array(z.string()).meta({ description: 'Events, imports or requests; a hundred at most.' }),
    }),
    at: Instant,
    limit: z.number().int().meta({ description: 'How many people might pass within the hour.' }),
    losses: z.array(
      z.strictObject({
        person: z.string().nullable().meta({ description: 'National id; null once the person was erased.' }),
        system: TargetId,
        loss: z.string().meta({ description: '`disable`, `expiry`, or `right:<id>`.' }),
      }),
    ),
    listHash: z.string(),
    releases: z.array(VoiceView),
    discards: z.array(VoiceView),
    state: z.enum(['held', 'released', 'discarded']),
    carriedOut: z.boolean().meta({ description: 'Decided, and done for every person of the list.' }),
  })
  .meta({
    id: 'StoppedBatch',
    description: 'A batch that the guard has stopped. It releases exactly its list.',
  })
export type StoppedBatch = z.infer<typeof StoppedBatch>

export const StoppedBatches = z
  .strictObject({ holds: z.array(StoppedBatch), cursor: NextCursor })
  .meta({ id: 'StoppedBatches' })
export type StoppedBatches = z.infer<typeof StoppedBatches>

export const SentVoice = z
  .strictObject({ listHash: z.string().regex(/^[0-9a-f]{64}$/) })
  .meta({ id: 'SentVoice' })
