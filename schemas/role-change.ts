import * as z from 'zod'
import { PersonRef, SentDecision } from './api.ts'
import { CivilDate, Instant } from './calendar.ts'
import { PersonId, WrittenNationalId } from './person.ts'
import { Role } from './role.ts'

/** When somebody has a role, both days included; `until` null is open. One that ends before it begins was withdrawn. */
export const RolePeriod = z.strictObject({ from: CivilDate, until: CivilDate.nullable() })
export type RolePeriod = z.infer<typeof RolePeriod>

/** A role as written over HTTP: the whole of what holds from now on. */
export const WrittenRole = z
  .strictObject({
    nationalId: WrittenNationalId,
    role: Role,
    from: CivilDate.optional().meta({
      description: 'Never in the past. Left out: since when it stands, else today.',
    }),
    until: CivilDate.nullish()
      .transform(day => day ?? null)
      .meta({ description: 'Last day; null or left out is open. Yesterday takes the role away at once.' }),
  })
  .meta({ id: 'WrittenRole' })
export type WrittenRole = z.infer<typeof WrittenRole>

export const SentRoleDecision = z
  .strictObject({
    decision: z.enum(['approve', 'reject']),
    comment: SentDecision.shape.comment.meta({ description: 'Needed to reject.' }),
  })
  .superRefine(({ decision, comment }, issues) => {
    if (decision === 'reject' && (comment ?? '') === '')
      issues.addIssue({ code: 'custom', path: ['comment'], message: 'decision.comment-missing' })
  })
  .meta({ id: 'SentRoleDecision' })
export type SentRoleDecision = z.infer<typeof SentRoleDecision>

const RoleChangeState = z.enum(['pending', 'approved', 'rejected'])

/** A change of a role that needs two people. Whether it has lapsed follows from `lapsesAt`. */
export const RoleChange = z.strictObject({
  version: z.literal(1),
  id: z.uuid(),
  personId: PersonId,
  role: Role,
  ...RolePeriod.shape,
  /** What stood when it was proposed; null: the person never had the role. */
  standing: RolePeriod.nullable(),
  proposedBy: PersonId,
  proposedAt: Instant,
  lapsesAt: Instant,
  state: RoleChangeState,
  decidedBy: PersonId.nullable(),
  decidedAt: Instant.nullable(),
  /** In the words of whoever decided. Stays here; the ledger holds its hash. */
  comment: z.string().nullable(),
})
export type RoleChange = z.infer<typeof RoleChange>

export const RoleView = z
  .strictObject({ person: PersonRef, role: Role, ...RolePeriod.shape })
  .meta({ id: 'RoleHeld' })
export type RoleView = z.infer<typeof RoleView>

export const RoleChangeView = z
  .strictObject({
    id: z.uuid(),
    person: PersonRef,
    role: Role,
    ...RolePeriod.shape,
    standing: RolePeriod.nullable().meta({ description: 'What stood when it was proposed.' }),
    proposedBy: PersonRef,
    proposedAt: Instant,
    lapsesAt: Instant.meta({ description: 'From then on nobody can approve it.' }),
    state: RoleChangeState,
    decidedBy: PersonRef.nullable(),
    decidedAt: Instant.nullable(),
    comment: z.string().nullable(),
  })
  .meta({ id: 'RoleChange' })
export type RoleChangeView = z.infer<typeof RoleChangeView>

export const RoleRegister = z
  .strictObject({
    roles: z
      .array(RoleView)
      .meta({ description: 'In force or to come; what is over stands in the ledger only.' }),
    changes: z.array(RoleChangeView).meta({ description: 'What waits for a second person, oldest first.' }),
  })
  .meta({ id: 'RoleRegister' })
export type RoleRegister = z.infer<typeof RoleRegister>

export const RoleChangePath = z.strictObject({ id: z.uuid() })
