import * as z from 'zod'
import { CatalogueId, DoorId, InternetProfile } from './access.ts'
import { TimeZone } from './calendar.ts'
import { NamedPerson, PrintableLine } from './person.ts'
import { Role } from './role.ts'

/** What a target is doing: report only, work, wait (R19), or hand tasks to people. */
export const TargetMode = z.enum(['observe-only', 'active', 'paused', 'manual'])
export type TargetMode = z.infer<typeof TargetMode>

const DistinguishedName = z.string().min(3).max(1000)

/** Active Directory. Connection data (url, bind DN, password, CA) is a secret named by `secret`, never a setting. */
export const DirectorySettings = z.strictObject({
  id: z.literal('directory'),
  kind: z.literal('active-directory'),
  mode: TargetMode,
  secret: z.string(),
  baseDn: DistinguishedName,
  /** Where accounts are created. No account outside `managedOus` is ever written; of groups, only members of those named below. */
  activeOu: DistinguishedName,
  /** Where deactivated accounts rest. Both lie in `managedOus`. */
  inactiveOu: DistinguishedName,
  managedOus: z.array(DistinguishedName).min(1),
  /** Members of these groups, nested or direct, are never touched. */
  protectedGroups: z.array(DistinguishedName),
  upnSuffix: z.string(),
  /** R6, R7, R22: a right is membership of one group. */
  groups: z.strictObject({
    internet: z.record(InternetProfile, DistinguishedName),
    removableStorage: DistinguishedName,
    entitlements: z.record(CatalogueId, DistinguishedName),
  }),
})
export type DirectorySettings = z.infer<typeof DirectorySettings>

/** A mail system with PostfixAdmin's tables in PostgreSQL. */
export const MailSettings = z.strictObject({
  id: z.literal('mail'),
  kind: z.literal('postfixadmin'),
  mode: TargetMode,
  secret: z.string(),
  domain: z.string(),
  /** Megabytes a new mailbox may hold; 0 = no limit. */
  quotaMegabytes: z.number().int().nonnegative(),
})
export type MailSettings = z.infer<typeof MailSettings>

const Identifier = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/)

/** An ERP whose users and permissions are SQL tables; table and column names by mapping. */
export const ErpSettings = z.strictObject({
  id: z.literal('erp'),
  kind: z.literal('sql'),
  mode: TargetMode,
  secret: z.string(),
  dialect: z.enum(['postgresql', 'sql-server']),
  mapping: z.strictObject({
    schema: Identifier.optional(),
    users: z.strictObject({
      table: Identifier,
      id: Identifier,
      login: Identifier,
      name: Identifier,
      active: Identifier,
      validUntil: Identifier,
      nationalId: Identifier.optional(),
    }),
    permissions: z.strictObject({
      table: Identifier,
      user: Identifier,
      module: Identifier,
      read: Identifier,
      insert: Identifier,
      update: Identifier,
      delete: Identifier,
      specific: Identifier,
      validUntil: Identifier,
    }),
    /** How the ERP writes yes and no. */
    flags: z.strictObject({
      yes: z.union([z.string(), z.number(), z.boolean()]),
      no: z.union([z.string(), z.number(), z.boolean()]),
    }),
    /** Our module id → the ERP's own code. A module not listed keeps its id. */
    modules: z.record(CatalogueId, z.union([z.string(), z.number()])).default({}),
  }),
})
export type ErpSettings = z.infer<typeof ErpSettings>

export const TargetSettings = z.discriminatedUnion('kind', [DirectorySettings, MailSettings, ErpSettings])
export type TargetSettings = z.infer<typeof TargetSettings>

/** The targets this version converges. */
export const TargetId = z.enum(['directory', 'mail', 'erp'])
export type TargetId = z.infer<typeof TargetId>

/** One person of `bootstrap`: loaded once, into an empty register only. */
export const BootstrapPerson = z.strictObject({
  person: NamedPerson,
  issuer: z.string().min(1),
  subject: z.string().min(1).max(255),
  roles: z.array(Role).min(1),
})

/** Everything that makes one installation this body and not another. One document per body; no secrets. */
export const Settings = z
  .strictObject({
    version: z.literal(1),
    body: z.strictObject({ id: CatalogueId, name: PrintableLine(120) }),
    /** IANA zone of civil dates: an access that ends on a day ends at the start of the next day here. */
    timeZone: TimeZone,
    locale: z.enum(['es-CL', 'es-GT']),
    nationalId: z.enum(['rut', 'cui']),
    personnelRegister: z.enum(['required', 'declared']).default('required'),
    erpModules: z
      .array(z.strictObject({ id: CatalogueId, name: PrintableLine(120), sensitive: z.boolean() }))
      .min(1),
    entitlements: z.array(z.strictObject({ id: CatalogueId, name: PrintableLine(120) })),
    doors: z.array(z.strictObject({ serial: DoorId, name: PrintableLine(120) })),
    targets: z.array(TargetSettings),
    limits: z.strictObject({
      /** Lines of one form. */
      linesPerRequest: z.number().int().min(1).max(200).default(200),
      /** Days a released account name or address rests before anybody else may get it. */
      nameQuarantineDays: z.number().int().min(1).default(365),
      /** Failed runs after which a target row is parked for a human. */
      attemptsBeforeParking: z.number().int().min(1).default(8),
    }),
    bootstrap: z.array(BootstrapPerson).min(2),
  })
  .superRefine((settings, issues) => {
    const ids = settings.targets.map(target => target.id)
    if (new Set(ids).size !== ids.length)
      issues.addIssue({ code: 'custom', path: ['targets'], message: 'settings.target-twice' })
  })
export type Settings = z.infer<typeof Settings>
