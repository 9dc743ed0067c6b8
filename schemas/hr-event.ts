import * as z from 'zod'
import { CatalogueId } from './access.ts'
import { CivilDate, Instant } from './calendar.ts'
import { Contract } from './contract.ts'
import { NamedPerson, WrittenNationalId } from './person.ts'

export const HrEventType = z.enum([
  'hired',
  'contract-renewed',
  'contract-ended',
  'transferred',
  'terminated',
  'leave-started',
  'leave-ended',
])
export type HrEventType = z.infer<typeof HrEventType>

/**
 * One fact about a person's employment. `effectiveOn` is the first day on which the new fact holds.
 * The register is the fold of all of them by (effectiveOn, recordedAt, id), in whatever order they arrive.
 */
export const HrEvent = z
  .strictObject({
    version: z.literal(1),
    id: z.uuid(),
    type: HrEventType,
    nationalId: WrittenNationalId,
    effectiveOn: CivilDate,
    person: NamedPerson.optional(),
    contract: Contract.optional(),
    unit: CatalogueId.optional(),
    supersedes: z.uuid().optional(),
    /** `leave-started` only: which kind of leave, by the settings' list. */
    leave: CatalogueId.optional(),
    recordedAt: Instant,
  })
  .superRefine((event, issues) => {
    const need = (member: 'person' | 'contract' | 'unit') => {
      if (event[member] === undefined)
        issues.addIssue({ code: 'custom', path: [member], message: 'hr-event.member-missing' })
    }
    if (event.type === 'hired') {
      need('person')
      need('contract')
      need('unit')
    }
    if (event.type === 'contract-renewed') need('contract')
    if (event.type === 'transferred') need('unit')
    if (event.leave !== undefined && event.type !== 'leave-started')
      issues.addIssue({ code: 'custom', path: ['leave'], message: 'hr-event.leave-unexpected' })
  })
  .meta({ id: 'HrEvent' })
export type HrEvent = z.infer<typeof HrEvent>

/** An HR event as EventBridge hands it over. */
export const BusEvent = z.object({
  source: z.literal('llavero.hr'),
  'detail-type': z.literal('HrEvent'),
  detail: HrEvent,
})
export type BusEvent = z.infer<typeof BusEvent>

/** A row of `POST /people`, after CSV or JSON has been read. */
export const RegisterRow = z
  .strictObject({
    nationalId: WrittenNationalId,
    givenNames: NamedPerson.shape.givenNames,
    surnames: NamedPerson.shape.surnames,
    position: NamedPerson.shape.position,
    unit: CatalogueId,
    type: z.enum(['planta', 'contrata', 'plazo-fijo', 'otra', 'honorarios']),
    regime: z.enum(['municipal', 'educacion', 'salud']).default('municipal'),
    startsOn: CivilDate,
    endsOn: CivilDate.nullish(),
    otherType: z.string().nullish(),
  })
  .meta({ id: 'RegisterRow' })
export type RegisterRow = z.infer<typeof RegisterRow>
