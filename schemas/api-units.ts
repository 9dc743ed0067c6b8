import * as z from 'zod'
import { CatalogueId } from './access.ts'
import { CivilDate } from './calendar.ts'
import { WrittenNationalId } from './person.ts'

export const UnitPath = z.strictObject({ id: CatalogueId })

export const DeputyPath = z.strictObject({ id: CatalogueId, nationalId: WrittenNationalId })

export const UnitView = z
  .strictObject({
    id: CatalogueId,
    name: z.string(),
    parent: CatalogueId.nullable(),
    head: z.strictObject({ nationalId: z.string() }).nullable().meta({ description: 'As recorded.' }),
    vacant: z.boolean().meta({
      description: 'No head is recorded, or whoever is was terminated, suspended or sanctioned.',
    }),
    deputies: z.array(z.strictObject({ nationalId: z.string(), from: CivilDate, until: CivilDate })),
  })
  .meta({ id: 'UnitView' })
export type UnitView = z.infer<typeof UnitView>

export const IdentityLinks = z
  .strictObject({
    identities: z
      .array(
        z.strictObject({
          nationalId: WrittenNationalId,
          issuer: z.string().min(1).max(500),
          subject: z.string().min(1).max(255),
        }),
      )
      .min(1)
      .max(100),
  })
  .meta({ id: 'IdentityLinks' })
export type IdentityLinks = z.infer<typeof IdentityLinks>

export const IdentitiesLinked = z.strictObject({ linked: z.number().int() }).meta({ id: 'IdentitiesLinked' })

export const Health = z.strictObject({ status: z.literal('ok') }).meta({ id: 'Health' })
