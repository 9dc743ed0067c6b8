import * as z from 'zod'
import { CatalogueId } from './access.ts'
import { Cursor, ImportAnswer, NextCursor, PersonRef } from './api.ts'
import { Instant } from './calendar.ts'
import { PrintableLine, WrittenNationalId } from './person.ts'
import { RequestNumber } from './request.ts'
import { TargetId } from './settings.ts'
import { Difference, Right, Step } from './target.ts'

export const ReadingOrder = z.strictObject({ target: TargetId }).meta({ id: 'ReadingOrder' })
export type ReadingOrder = z.infer<typeof ReadingOrder>

export const ReadingOrdered = z
  .strictObject({ target: TargetId, dueAt: Instant })
  .meta({ id: 'ReadingOrdered', description: 'All accounts of the target are going to be read.' })
export type ReadingOrdered = z.infer<typeof ReadingOrdered>

export const AdoptionOrder = z
  .strictObject({
    target: TargetId,
    adoptions: z
      .array(z.strictObject({ accountId: z.string().min(1).max(500), nationalId: WrittenNationalId }))
      .min(1)
      .max(100),
  })
  .meta({ id: 'AdoptionOrder', description: 'Whose the accounts are, as a human has confirmed it.' })
export type AdoptionOrder = z.infer<typeof AdoptionOrder>

export const AdoptionAnswer = z
  .strictObject({
    target: TargetId,
    adoptions: z.array(
      z.strictObject({
        accountId: z.string(),
        nationalId: z.string(),
        adopted: z.boolean().meta({
          description:
            'False: nothing was changed, because somebody would lose access; `violations` says why.',
        }),
        request: RequestNumber.nullable().meta({
          description:
            'Where the unit’s head finds what is to be certified; null where the account gives nothing.',
        }),
        violations: z.array(
          z.strictObject({ rule: z.string(), right: z.string().nullable(), message: z.string() }),
        ),
      }),
    ),
  })
  .meta({ id: 'AdoptionAnswer' })
export type AdoptionAnswer = z.infer<typeof AdoptionAnswer>

/** One row of the list of all users of a target that only people can look at. */
export const UploadRow = z
  .strictObject({
    name: PrintableLine(200),
    state: z.enum(['enabled', 'disabled']),
    accountId: PrintableLine(200).optional(),
    nationalId: WrittenNationalId.optional(),
    shownName: PrintableLine(200).optional(),
    modules: z.string().max(4_000).optional().meta({
      description: 'ERP: `tesoreria:ingreso+modificacion;bodega`; a module without operations is a consulta.',
    }),
  })
  .meta({ id: 'UploadRow' })

export const UploadQuery = z.strictObject({
  target: TargetId,
  confirm: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: 'The list is whole, though it shows far fewer accounts than the one before.' }),
})
export type UploadQuery = z.infer<typeof UploadQuery>

export const UploadAnswer = ImportAnswer.extend({
  reading: z.uuid().nullable(),
  differences: z
    .number()
    .int()
    .meta({ description: 'Accounts that were not as known; each is in the ledger and has a task.' }),
}).meta({
  id: 'UploadAnswer',
  description: 'Rows are counted from 1. With any fault nothing was taken.',
})
export type UploadAnswer = z.infer<typeof UploadAnswer>

export const ReconciliationQuery = z.strictObject({
  target: TargetId,
  kind: z.enum(['drift', 'orphans', 'unmanaged', 'would-do']).optional(),
  compare: z.literal('previous').optional(),
  cursor: Cursor.optional(),
})
export type ReconciliationQuery = z.infer<typeof ReconciliationQuery>

const ReadAccountView = z
  .strictObject({
    accountId: z.string(),
    name: z.string(),
    state: z.enum(['enabled', 'disabled']),
    expiresAt: Instant.nullable(),
    rights: z.array(Right),
    shownName: z.string().nullable(),
    mail: z.string().nullable(),
  })
  .meta({ id: 'ReadAccount', description: 'An account as its target listed it.' })

const CandidateView = z
  .strictObject({
    person: PersonRef,
    unit: CatalogueId.nullable(),
    score: z
      .number()
      .min(0)
      .max(1)
      .meta({ description: '1: the account bears the national id. By name at most 0.99.' }),
    because: z.array(z.enum(['national-id', 'shown-name', 'login', 'mail'])),
    hasAccount: z
      .boolean()
      .meta({ description: 'Has another account there already; this one cannot be adopted too.' }),
  })
  .meta({ id: 'Candidate' })

const ReadingView = z
  .strictObject({
    id: z.uuid(),
    at: Instant,
    accounts: z.number().int(),
    complete: z.boolean(),
    suspicious: z
      .boolean()
      .meta({ description: 'It shows nobody, or far fewer accounts than the readings before.' }),
  })
  .meta({ id: 'Reading' })

const ComparedAccount = z.strictObject({ accountId: z.string(), name: z.string() })

export const Reconciliation = z
  .strictObject({
    target: TargetId,
    reading: ReadingView.nullable().meta({ description: 'The last complete one; null: none was made yet.' }),
    drift: z.array(
      z.strictObject({
        person: PersonRef,
        accountId: z.string().nullable(),
        name: z.string(),
        foundAt: Instant,
        differences: z.array(Difference),
        outcome: z.enum(['open', 'reported', 'settled']),
      }),
    ),
    orphans: z.array(
      z.strictObject({
        account: ReadAccountView,
        person: PersonRef,
        reason: z.enum(['nothing-granted', 'contract-over', 'on-hold']),
      }),
    ),
    unmanaged: z.array(
      z.strictObject({
        account: ReadAccountView,
        untouchable: z.boolean(),
        candidates: z.array(CandidateView),
      }),
    ),
    wouldDo: z.array(
      z.strictObject({
        person: PersonRef,
        name: z.string(),
        steps: z.array(Step),
        fault: z.string().nullable(),
        observedAt: Instant.nullable(),
      }),
    ),
    comparison: z
      .strictObject({
        previous: ReadingView,
        missing: z.array(ComparedAccount),
        added: z.array(ComparedAccount),
        different: z.array(
          ComparedAccount.extend({
            differences: z.array(z.enum(['state', 'end', 'rights'])),
            before: ReadAccountView,
            after: ReadAccountView,
          }),
        ),
      })
      .optional()
      .meta({ description: 'With `compare=previous`, and then alone: accounts are paired by their names.' }),
    cursor: NextCursor,
  })
  .meta({ id: 'Reconciliation' })
export type Reconciliation = z.infer<typeof Reconciliation>
