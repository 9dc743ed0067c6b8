import * as z from 'zod'
import { Access, Atom, CatalogueId } from './access.ts'
import { Cursor, DecidedLine, DryRun, FiledRequest, NextCursor, PersonRef } from './api.ts'
import { CivilDate } from './calendar.ts'
import { Contract } from './contract.ts'
import { LineId, Reason, RequestNumber } from './request.ts'

const Year = z.number().int().min(2000).max(2999)

export const RenewalsQuery = z.strictObject({
  unit: CatalogueId.optional(),
  year: z
    .string()
    .regex(/^2\d{3}$/, { error: 'query.bad-parameter' })
    .optional(),
  cursor: Cursor.optional(),
})
export type RenewalsQuery = z.infer<typeof RenewalsQuery>

/** Which line of which request has renewed an access. */
const Renewed = z.strictObject({ request: RequestNumber, line: LineId })

export const RenewalView = z
  .strictObject({
    id: z.uuid().meta({ description: 'The grant that ends; what POST /renewals names.' }),
    unit: CatalogueId,
    person: PersonRef,
    contract: Contract.meta({ description: 'The contract that justifies it to the end, as registered.' }),
    atom: Atom,
    access: Access,
    until: CivilDate.meta({ description: 'The last day, 31 December.' }),
    next: z
      .strictObject({ from: CivilDate, until: CivilDate })
      .meta({ description: 'What a renewal would give now; without a renewed contract, what it asks for.' }),
    contractRenewed: z.boolean().meta({
      description: 'Human resources has renewed the contract: moved its end, or recorded the next one.',
    }),
    accessRenewed: z.boolean().meta({ description: 'The unit has: the access goes on in the next year.' }),
    renewedBy: Renewed.nullable().meta({
      description: 'By which line; where the access is not renewed, the line that asks for it and waits.',
    }),
    sensitive: z.boolean().meta({ description: 'It waits for the authority’s approval once more.' }),
    renewable: z
      .boolean()
      .meta({ description: 'Not renewed yet, and a line about it would be neither rejected nor observed.' }),
    reasons: z.array(Reason).meta({ description: 'What would be said of that line now.' }),
  })
  .meta({ id: 'Renewal' })
export type RenewalView = z.infer<typeof RenewalView>

export const RenewalList = z
  .strictObject({
    year: Year,
    opensOn: CivilDate,
    closesOn: CivilDate.meta({ description: 'Included. Renewing later is late, and possible to the end.' }),
    state: z.enum(['not-open', 'open', 'late', 'over']),
    units: z
      .array(CatalogueId)
      .meta({ description: 'All those looked at: the one asked for, or every one the caller signs for.' }),
    renewals: z.array(RenewalView),
    cursor: NextCursor,
  })
  .meta({ id: 'RenewalList' })
export type RenewalList = z.infer<typeof RenewalList>

export const RenewalOrder = z
  .strictObject({
    unit: CatalogueId,
    year: Year.optional(),
    grants: z
      .array(z.uuid())
      .min(1)
      .max(2_000)
      .refine(ids => new Set(ids).size === ids.length, { error: 'access.repeated' })
      .optional(),
    all: z.literal(true).optional(),
    until: CivilDate.optional(),
    declaration: z.literal(true, { error: 'form.declaration-missing' }),
  })
  .refine(({ grants, all }) => (grants === undefined) !== (all === undefined), {
    error: 'renewal.choice',
    path: ['grants'],
  })
  .meta({
    id: 'RenewalOrder',
    description:
      'Which accesses go on after 31 December of `year` (the running one): those named, or `all` that are renewable.',
  })
export type RenewalOrder = z.infer<typeof RenewalOrder>

const RenewedLine = DecidedLine.extend({
  grants: z.array(z.uuid()).meta({ description: 'The accesses that this line renews.' }),
}).meta({ id: 'RenewedLine' })

const AlreadyRenewed = z.strictObject({ id: z.uuid(), ...Renewed.shape })
export type AlreadyRenewed = z.infer<typeof AlreadyRenewed>

/** What is told beside the requests; the same in a dry run. */
const beside = {
  year: Year,
  alreadyRenewed: z.array(AlreadyRenewed).meta({
    description: 'Of those chosen, what had been renewed or asked for before: nothing was filed about it.',
  }),
  left: z
    .number()
    .int()
    .meta({ description: 'Accesses beyond what one call takes: the same call again goes on with them.' }),
}

/** What is kept under an idempotency key. */
export const RenewalsKept = z.strictObject({ ...beside, numbers: z.array(RequestNumber) })
export type RenewalsKept = z.infer<typeof RenewalsKept>

export const RenewalsFiled = z
  .strictObject({ ...beside, requests: z.array(FiledRequest.extend({ lines: z.array(RenewedLine) })) })
  .meta({ id: 'RenewalsFiled' })
export type RenewalsFiled = z.infer<typeof RenewalsFiled>

export const RenewalsTried = z
  .strictObject({ ...beside, requests: z.array(DryRun.extend({ lines: z.array(RenewedLine) })) })
  .meta({ id: 'RenewalsTried' })
export type RenewalsTried = z.infer<typeof RenewalsTried>
