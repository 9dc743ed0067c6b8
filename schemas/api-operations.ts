import * as z from 'zod'
import { Cursor, NextCursor, PersonRef } from './api.ts'
import { Instant } from './calendar.ts'
import { PrintableLine } from './person.ts'
import { LineId, RequestNumber } from './request.ts'
import { TaskKind, TaskOutcome } from './rows.ts'
import { TargetId, TargetMode } from './settings.ts'
import { Step } from './target.ts'

// --- credentials ---

/** No fault of it ever quotes it. What the target makes of it is the target's policy; nobody can type control characters. */
const Password = z
  .string()
  .min(1)
  .max(256)
  .regex(/^\P{Cc}*$/u, { error: 'text.unprintable' })

export const SentPassword = z
  .strictObject({
    password: Password.meta({ writeOnly: true }),
    code: z.string().min(1).max(64).optional().meta({
      description: 'The one-time code of the help desk, where it is asked for. Given, it must be right.',
    }),
  })
  .meta({ id: 'SentPassword' })

export const CredentialSet = z
  .strictObject({
    system: TargetId,
    name: z.string().meta({ description: 'What to sign in with.' }),
    credentialSetAt: Instant,
    proof: z.enum(['identity', 'code']).meta({ description: 'By what the person was known.' }),
  })
  .meta({ id: 'CredentialSet' })
export type CredentialSet = z.infer<typeof CredentialSet>

export const IssuedCode = z
  .strictObject({ code: z.string().meta({ description: 'Told this once.' }), expiresAt: Instant })
  .meta({ id: 'IssuedCode' })
export type IssuedCode = z.infer<typeof IssuedCode>

// --- targets ---

/** A target that is not the body's is unknown, whatever its name looks like. */
export const TargetPath = z.strictObject({ id: z.string().min(1).max(60) })

export const ModeChange = z
  .strictObject({
    mode: TargetMode,
    reason: PrintableLine(300).meta({ description: 'Why, in words; no personal data.' }),
  })
  .meta({ id: 'ModeChange' })
export type ModeChange = z.infer<typeof ModeChange>

export const TargetView = z
  .strictObject({
    id: TargetId,
    kind: z.string(),
    mode: TargetMode,
    since: Instant.meta({ description: 'Since when the mode is in force.' }),
    by: PersonRef.optional().meta({
      description: 'Who said so last; absent while the settings’ mode holds.',
    }),
    reason: z.string().optional(),
    quietFrom: Instant.optional().meta({
      description: 'In any other mode than active: from then on no run that began before can still act.',
    }),
    depth: z.number().int().meta({ description: 'Accounts that are due: work that waits.' }),
    urgent: z.number().int().meta({ description: 'Those of them that are urgent, above all closings.' }),
    oldestDue: Instant.nullable(),
    parked: z.number().int().meta({ description: 'Accounts that wait for a human.' }),
    accounts: z.number().int(),
    walk: z
      .strictObject({ startedAt: Instant, woken: z.number().int() })
      .nullable()
      .meta({ description: 'While a change of mode is waking every account: how many so far.' }),
    outOfReachSince: Instant.nullable().meta({
      description: 'It answers nobody since then: work waits, and is done when it answers again.',
    }),
  })
  .meta({ id: 'Target' })
export type TargetView = z.infer<typeof TargetView>

export const TargetList = z.strictObject({ targets: z.array(TargetView) }).meta({ id: 'TargetList' })
export type TargetList = z.infer<typeof TargetList>

// --- tasks ---

export const TasksQuery = z.strictObject({
  open: z.enum(['true', 'false']).optional(),
  cursor: Cursor.optional(),
})
export const TaskPath = z.strictObject({ id: z.uuid() })

export const TaskView = z
  .strictObject({
    id: z.uuid(),
    kind: TaskKind,
    person: PersonRef,
    target: TargetId.nullable(),
    request: RequestNumber.optional(),
    line: LineId.optional(),
    comment: z.string().optional().meta({ description: 'What the person concerned says is wrong.' }),
    what: z.array(z.string()).meta({ description: 'What is to be done, in order, in words.' }),
    steps: z.array(Step).meta({ description: 'The same for a program.' }),
    fault: z.string().nullable(),
    name: z.string().nullable().meta({ description: 'The account’s name in the target, as reserved.' }),
    until: Instant.nullable().meta({ description: 'First instant at which the access is no longer wanted.' }),
    urgent: z.boolean().meta({ description: 'Somebody is to lose access.' }),
    openedAt: Instant,
    dueBy: Instant,
    escalatedAt: Instant.nullable(),
    closedAt: Instant.nullable(),
    closedBy: PersonRef.nullable().meta({ description: 'Null: open, or it closed by itself.' }),
    outcome: TaskOutcome.nullable(),
    evidence: z.string().nullable(),
  })
  .meta({ id: 'Task' })
export type TaskView = z.infer<typeof TaskView>

export const TaskList = z
  .strictObject({ tasks: z.array(TaskView), cursor: NextCursor })
  .meta({ id: 'TaskList' })
export type TaskList = z.infer<typeof TaskList>

/** What somebody wrote down: printable, of several lines if need be. */
const Words = z
  .string()
  .trim()
  .min(1)
  .max(2_000)
  .regex(/^[^\p{Cc}\u2028\u2029]*(?:[\r\n\t][^\p{Cc}\u2028\u2029]*)*$/u, { error: 'text.unprintable' })

export const TaskCompletion = z
  .discriminatedUnion('done', [
    z.strictObject({
      done: z.literal(true),
      evidence: Words,
      accountId: PrintableLine(200)
        .optional()
        .meta({ description: 'Manual tasks: the target’s own key of the account.' }),
      name: PrintableLine(120)
        .optional()
        .meta({ description: 'Manual tasks: the account’s name, where it is not the reserved one.' }),
    }),
    z.strictObject({ done: z.literal(false), comment: Words }),
  ])
  .meta({ id: 'TaskCompletion' })
export type TaskCompletion = z.infer<typeof TaskCompletion>
