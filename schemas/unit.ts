import * as z from 'zod'
import { CatalogueId } from './access.ts'
import { CivilDate } from './calendar.ts'
import { PersonId, PrintableLine, WrittenNationalId } from './person.ts'

/** Signs in the head's place from `from` to `until`, both days included. */
export const Deputy = z.strictObject({ personId: PersonId, from: CivilDate, until: CivilDate })
export type Deputy = z.infer<typeof Deputy>

/** A unit as kept. `parent` null is a top unit; `head` null is a vacant post (then the parent's head signs). */
export const Unit = z.strictObject({
  id: CatalogueId,
  name: z.string(),
  parent: CatalogueId.nullable(),
  head: PersonId.nullable(),
  deputies: z.array(Deputy),
})
export type Unit = z.infer<typeof Unit>

/** A unit as written over HTTP: people by national id. */
export const WrittenUnit = z
  .strictObject({
    name: PrintableLine(120),
    parent: CatalogueId.nullable().default(null),
    head: z.strictObject({ nationalId: WrittenNationalId }).nullable().default(null),
  })
  .meta({ id: 'WrittenUnit' })
export type WrittenUnit = z.infer<typeof WrittenUnit>

/** One row of a list of units. Without `head` the unit keeps the head it has; without `parent` it is a top unit. */
export const UnitRowSent = z
  .strictObject({
    id: CatalogueId,
    name: PrintableLine(120),
    parent: CatalogueId.nullish(),
    head: WrittenNationalId.nullish(),
  })
  .meta({ id: 'UnitRow' })
export type UnitRowSent = z.infer<typeof UnitRowSent>

/** A deputy as written over HTTP; both days included. */
export const WrittenDeputy = z
  .strictObject({ nationalId: WrittenNationalId, from: CivilDate, until: CivilDate })
  .refine(deputy => deputy.from <= deputy.until, { error: 'deputy.until-before-from', path: ['until'] })
  .meta({ id: 'WrittenDeputy' })
export type WrittenDeputy = z.infer<typeof WrittenDeputy>
