import * as z from 'zod'
import { PrintableLine } from './person.ts'

/** The four systems a line of the form may name. `all` exists in deactivations only. */
export const System = z.enum(['directory', 'mail', 'erp', 'data-centre'])
export type System = z.infer<typeof System>

/** R6, in rising order: everybody's minimum, free, administrators. Kept as directory groups that the firewall reads. */
export const InternetProfile = z.enum(['controlado', 'libre', 'superusuario'])
export type InternetProfile = z.infer<typeof InternetProfile>

/** The operations of an `actualizacion` (R4). A `consulta` has none. */
export const Operation = z.enum(['ingreso', 'modificacion', 'eliminacion'])
export type Operation = z.infer<typeof Operation>

/** Key of an entry of the body's catalogues: lower-case words joined by hyphens. */
export const CatalogueId = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, { error: 'catalogue.id-shape' })
  .max(60)
  .meta({ id: 'CatalogueId' })

/** A door is named by its controller's serial number, as printed on the device. */
export const DoorId = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,32}$/, { error: 'catalogue.id-shape' })
  .meta({ id: 'DoorId' })

/** Box B of the form: part of a module only, in words or by code. */
const Specific = z.array(PrintableLine(200)).min(1).max(10)

const unique = <T>(values: readonly T[]) => new Set(values).size === values.length

const DirectoryAccess = z.strictObject({
  system: z.literal('directory'),
  internetProfile: InternetProfile.optional(),
  removableStorage: z.boolean().optional(),
  entitlements: z.array(CatalogueId).max(50).refine(unique, { error: 'access.repeated' }).optional(),
})
/** R5: `copyToHead` copies outgoing mail to the head of the unit; where the mailbox is held already, it stays as it is. */
const MailAccess = z.strictObject({ system: z.literal('mail'), copyToHead: z.literal(true).optional() })
const ErpAccess = z
  .strictObject({
    system: z.literal('erp'),
    module: CatalogueId,
    type: z.enum(['consulta', 'actualizacion']),
    operations: z.array(Operation).max(3).refine(unique, { error: 'access.repeated' }).optional(),
    specific: Specific.optional(),
  })
  .superRefine((access, issues) => {
    const operations = access.operations?.length ?? 0
    if (access.type === 'consulta' && operations > 0)
      issues.addIssue({ code: 'custom', path: ['operations'], message: 'access.consulta-with-operations' })
    if (access.type === 'actualizacion' && operations === 0)
      issues.addIssue({
        code: 'custom',
        path: ['operations'],
        message: 'access.actualizacion-without-operations',
      })
  })
const DataCentreAccess = z.strictObject({
  system: z.literal('data-centre'),
  doors: z.array(DoorId).min(1).max(20).refine(unique, { error: 'access.repeated' }),
})

/** What an activation line asks for. */
export const Access = z
  .discriminatedUnion('system', [DirectoryAccess, MailAccess, ErpAccess, DataCentreAccess])
  .meta({ id: 'Access' })
export type Access = z.infer<typeof Access>

/** What a deactivation line ends: one access (of mail: the copies), one system, or `all`. Without detail it is the whole system. */
export const EndedAccess = z
  .discriminatedUnion('system', [
    z.strictObject({
      system: z.literal('directory'),
      entitlements: z
        .array(CatalogueId)
        .min(1)
        .max(50)
        .refine(unique, { error: 'access.repeated' })
        .optional(),
    }),
    MailAccess,
    z.strictObject({ system: z.literal('erp'), module: CatalogueId.optional() }),
    z.strictObject({ system: z.literal('data-centre'), doors: z.array(DoorId).min(1).max(20).optional() }),
    z.strictObject({ system: z.literal('all') }),
  ])
  .meta({ id: 'EndedAccess' })
export type EndedAccess = z.infer<typeof EndedAccess>

/**
 * The smallest thing that is granted: `account`, `internet`, `removable-storage`, `entitlement:<id>`, `mail`,
 * `copy-to-head`, `erp:<module>`, `door:<id>`. A grant is keyed by (person, unit, contract, atom).
 */
export const Atom = z
  .string()
  .regex(/^(account|internet|removable-storage|mail|copy-to-head|(entitlement|erp|door):[A-Za-z0-9-]+)$/)
  .meta({ id: 'Atom' })
export type Atom = z.infer<typeof Atom>
