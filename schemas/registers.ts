import * as z from 'zod'
import { CatalogueId, Operation, System } from './access.ts'
import { Cursor, NextCursor } from './api.ts'
import { CivilDate, Instant } from './calendar.ts'
import { PersonId } from './person.ts'
import { LineId, RequestNumber } from './request.ts'
import { TargetId } from './settings.ts'
import { Observation, Right } from './target.ts'
import { Visitor } from './visit.ts'

/** R14: what has to be producible at any moment. */
export const RegisterName = z.enum([
  'mail-addresses',
  'domain-users',
  'permissions',
  'removals',
  'changes',
  'visits',
])
export type RegisterName = z.infer<typeof RegisterName>

export const RegisterPath = z.strictObject({ register: RegisterName })

export const RegistersQuery = z.strictObject({
  asAt: CivilDate.optional().meta({
    description: 'A past day: as it was known at its end. Today, and without it: now.',
  }),
  from: CivilDate.optional().meta({
    description: 'Removals, changes and visits: the first day of the period, which ends with `asAt`.',
  }),
  to: CivilDate.optional().meta({
    description: 'Visits: the last day of the period, told as it was known at the end of `asAt`, or now.',
  }),
  cursor: Cursor.optional(),
})
export type RegistersQuery = z.infer<typeof RegistersQuery>

const UnitThen = z
  .strictObject({ id: CatalogueId, name: z.string() })
  .meta({ id: 'UnitThen', description: 'A unit, and how it was called then.' })
export type UnitThen = z.infer<typeof UnitThen>

/** A person as the register had them at that time. National id and names are null once the person was erased. */
export const PersonThen = z
  .strictObject({
    personId: PersonId,
    nationalId: z.string().nullable(),
    name: z.string().nullable(),
    position: z.string().nullable(),
    unit: UnitThen.nullable(),
  })
  .meta({ id: 'PersonThen', description: 'A person as the register of people had them at that time.' })
export type PersonThen = z.infer<typeof PersonThen>

/** What every list of accounts says of each. */
const account = {
  person: PersonThen,
  state: z.enum(['enabled', 'disabled']),
  expiresAt: Instant.nullable().meta({ description: 'First instant at which it no longer works.' }),
  open: z.boolean().meta({ description: 'Enabled, and not past its expiry: it could be used.' }),
  readAt: Instant.meta({
    description: 'When it was last seen so before that time, by an entry of the ledger.',
  }),
  pending: z.boolean().meta({ description: 'Something was being done to it, and had not been read back.' }),
}

export const MailAddress = z.strictObject({ address: z.string(), ...account }).meta({ id: 'MailAddress' })
export type MailAddress = z.infer<typeof MailAddress>

export const DomainUser = z
  .strictObject({
    user: z.string(),
    ...account,
    rights: z.array(z.string()).meta({ description: '`internet:…`, `removable-storage`, `entitlement:…`.' }),
  })
  .meta({ id: 'DomainUser' })
export type DomainUser = z.infer<typeof DomainUser>

export const Permission = z
  .strictObject({
    person: PersonThen,
    system: System,
    right: z.string().nullable().meta({
      description: 'An ERP module, a right of the directory, a door, copies to the head; null: the account.',
    }),
    type: z.enum(['consulta', 'actualizacion']).nullable(),
    operations: z.array(Operation),
    specific: z.array(z.string()),
    grantedBy: UnitThen,
    from: CivilDate,
    until: CivilDate.nullable().meta({ description: 'Last day, by what was known then; null is permanent.' }),
    request: RequestNumber,
    line: LineId,
    toCertify: z.boolean(),
  })
  .meta({ id: 'Permission' })
export type Permission = z.infer<typeof Permission>

/** What became different in an account. */
export const ChangeKind = z.enum([
  'opened',
  'closed',
  'created',
  'deleted',
  'adopted',
  'right-granted',
  'right-revoked',
  'right-changed',
  'end-later',
  'end-earlier',
])
export type ChangeKind = z.infer<typeof ChangeKind>

export const ChangeEffect = z.enum(['gain', 'loss', 'none'])
export type ChangeEffect = z.infer<typeof ChangeEffect>

export const AccessChange = z
  .strictObject({
    at: Instant.meta({ description: 'When it was found to be so.' }),
    begunAt: Instant.nullable().meta({
      description: 'When the act began; null: it was no act of this system.',
    }),
    readBackAt: Instant.nullable().meta({
      description:
        'When the target was seen to be so; null: nobody but people can look, and one attested it.',
    }),
    person: PersonThen,
    system: TargetId,
    account: z.string().nullable(),
    change: ChangeKind,
    effect: ChangeEffect.meta({ description: '`loss`: an access was taken away, in whole or in part.' }),
    right: z.string().nullable(),
    was: Right.nullable().meta({ description: 'An ERP right before, as far as it is known.' }),
    now: Right.nullable(),
    until: Instant.nullable().meta({
      description: 'The end as it stands after the change; of a closed account, the end that it had.',
    }),
    cause: z.strictObject({ kind: z.string(), ref: z.string() }).meta({
      description: '`outside`: somebody changed it in the target itself.',
    }),
    request: RequestNumber.nullable(),
    askedBy: z
      .strictObject({ person: PersonThen.nullable(), role: z.string(), onBehalfOf: PersonThen.nullable() })
      .nullable(),
    entry: z.uuid().meta({ description: 'The entry of the ledger that shows it.' }),
  })
  .meta({ id: 'AccessChange' })
export type AccessChange = z.infer<typeof AccessChange>

/** A visit that took place, as it was known then. Whoever came is null once the time of retention is over. */
export const VisitEntry = z
  .strictObject({
    visit: z.uuid(),
    enteredAt: Instant,
    leftAt: Instant.nullable().meta({ description: 'Null: inside, by what was known then.' }),
    exit: z.enum(['verified', 'corrected']).nullable(),
    visitor: Visitor.nullable(),
    reason: z.string().nullable(),
    escort: PersonThen.nullable(),
    escorted: z.boolean(),
    approval: z.enum(['pending', 'approved', 'rejected']).nullable().meta({
      description: 'Of an emergency; null: there was none.',
    }),
    enteredBy: PersonThen,
  })
  .meta({ id: 'VisitEntry' })
export type VisitEntry = z.infer<typeof VisitEntry>

const page = <N extends RegisterName, E extends z.ZodType>(register: N, entry: E) =>
  z.strictObject({
    register: z.literal(register),
    asAt: CivilDate,
    at: Instant.meta({ description: 'Everything recorded by then counts, and nothing later.' }),
    page: z.number().int().positive(),
    entries: z.array(entry),
    cursor: NextCursor,
  })
const period = { from: CivilDate }

export const RegisterPage = z
  .discriminatedUnion('register', [
    page('mail-addresses', MailAddress),
    page('domain-users', DomainUser),
    page('permissions', Permission),
    page('removals', AccessChange).extend(period),
    page('changes', AccessChange).extend(period),
    page('visits', VisitEntry).extend({ ...period, to: CivilDate }),
  ])
  .meta({ id: 'RegisterPage' })
export type RegisterPage = z.infer<typeof RegisterPage>

/** What an entry of the ledger shows of an account: `shown` of the workflows writes it. */
export const ShownAccount = z.object({
  state: Observation.shape.state,
  expiresAt: Observation.shape.expiresAt,
  rights: z.array(z.string()),
})
export type ShownAccount = z.infer<typeof ShownAccount>
