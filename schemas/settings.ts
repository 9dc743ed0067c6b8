import * as z from 'zod'
import { CatalogueId, InternetProfile, System } from './access.ts'
import { TimeZone } from './calendar.ts'
import { DataCentreSettings, DoorSettings } from './data-centre-settings.ts'
import { NoticeTemplate } from './notice-template.ts'
import { NamedPerson, PrintableLine } from './person.ts'
import { Role } from './role.ts'

/** What a target is doing: report only, work, wait (R19), or hand tasks to people. */
export const TargetMode = z.enum(['observe-only', 'active', 'paused', 'manual'])
export type TargetMode = z.infer<typeof TargetMode>

/**
 * How an account can come to differ from what it was left as, without an act of ours: opened after we closed it, closed,
 * deleted, a right more, less or otherwise, another end, another name or post, out of its place.
 */
export const DriftKind = z.enum([
  'opened',
  'closed',
  'deleted',
  'right-added',
  'right-lost',
  'right-changed',
  'end-changed',
  'profile-changed',
  'renamed',
  'moved',
])
export type DriftKind = z.infer<typeof DriftKind>

/** Kinds of drift that are only reported; every other one is corrected too. What was opened by hand is always closed again. */
const OnlyReported = z.array(DriftKind.exclude(['opened'])).optional()

const DistinguishedName = z.string().min(3).max(1000)

/** Active Directory. Connection data (url, bind DN, password, CA) is a secret named by `secret`, never a setting. */
export const DirectorySettings = z.strictObject({
  id: z.literal('directory'),
  kind: z.literal('active-directory'),
  mode: TargetMode,
  onlyReported: OnlyReported,
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
  onlyReported: OnlyReported,
  secret: z.string(),
  domain: z.string(),
  /** Megabytes a new mailbox may hold; 0 = no limit. */
  quotaMegabytes: z.number().int().nonnegative(),
  /** Addresses, in lower case, of mailboxes that are no person's (the mayor's office, the OIRS): shown, never adopted or changed. */
  untouchable: z.array(z.string().toLowerCase()).optional(),
})
export type MailSettings = z.infer<typeof MailSettings>

const Identifier = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/)

/** An ERP whose users and permissions are SQL tables; table and column names by mapping. */
export const ErpSettings = z.strictObject({
  id: z.literal('erp'),
  kind: z.literal('sql'),
  mode: TargetMode,
  onlyReported: OnlyReported,
  secret: z.string(),
  dialect: z.enum(['postgresql', 'sql-server']),
  /** Logins that are no person's (the ERP's administrator, its night jobs): shown, never adopted or changed. */
  untouchable: z.array(z.string().min(1)).default([]),
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
      mail: Identifier.optional(),
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
    modules: z
      .record(CatalogueId, z.union([z.string(), z.number()]))
      .default({})
      .superRefine((modules, issues) => {
        const ids = new Map<string, string>()
        for (const [id, code] of Object.entries(modules)) {
          if (ids.has(String(code).trim()))
            issues.addIssue({ code: 'custom', path: [id], message: 'settings.code-of-two-modules' })
          ids.set(String(code).trim(), id)
        }
      }),
  }),
})
export type ErpSettings = z.infer<typeof ErpSettings>

/** Microsoft 365 by Microsoft Graph. The secret holds tenant, client id and client secret. */
export const MicrosoftMailSettings = z.strictObject({
  id: z.literal('mail'),
  kind: z.literal('microsoft-365'),
  mode: TargetMode,
  onlyReported: OnlyReported,
  secret: z.string(),
  domain: z.string(),
  /** The licence (subscribed SKU) whose assignment makes the mailbox. */
  licence: z.uuid(),
  /** ISO 3166-1 alpha-2: Microsoft assigns no licence without it. */
  usageLocation: z.string().regex(/^[A-Z]{2}$/),
  /** Which of Exchange's fifteen custom attributes notes what has to be known to prove that a closed account's sessions ended. */
  sessionNote: z.number().int().min(1).max(15).default(15),
})
export type MicrosoftMailSettings = z.infer<typeof MicrosoftMailSettings>

/** Which groups of the ERP make up a module's permissions: reading, and each operation on top of it. */
const ModuleGroups = z.strictObject({
  consulta: z.array(z.string().min(1)).min(1),
  ingreso: z.array(z.string().min(1)).default([]),
  modificacion: z.array(z.string().min(1)).default([]),
  eliminacion: z.array(z.string().min(1)).default([]),
})
export type ModuleGroups = z.infer<typeof ModuleGroups>

/**
 * Our module id → names of groups. A group that stands here belongs to this system, every other one to the ERP. It belongs
 * to one module only: what two had in common could not be taken from the one without the other.
 */
const GroupsByModule = z.record(CatalogueId, ModuleGroups).superRefine((modules, issues) => {
  const owners = new Map<string, string>()
  for (const [id, groups] of Object.entries(modules))
    for (const group of new Set(Object.values(groups).flat())) {
      if (owners.has(group))
        issues.addIssue({ code: 'custom', path: [id], message: 'settings.group-of-two-modules' })
      owners.set(group, id)
    }
})

/** An ERP on Tryton, by JSON-RPC. The secret holds url, user, password of the service account and, if private, the CA. */
export const TrytonSettings = z.strictObject({
  id: z.literal('erp'),
  kind: z.literal('tryton'),
  mode: TargetMode,
  onlyReported: OnlyReported,
  secret: z.string(),
  /** The port in the secret's url: the way to the server is open for this one only. */
  port: z.int().min(1).max(65_535).default(443),
  database: z.string().min(1),
  /** Type of the party identifiers that hold national ids (`cl_vat`), where the ERP's users are employees. */
  nationalIdentifier: z.string().min(1).optional(),
  modules: GroupsByModule,
})
export type TrytonSettings = z.infer<typeof TrytonSettings>

/** An ERP that speaks SCIM 2.0 (RFC 7643, 7644). The secret holds url and bearer token. */
export const ScimSettings = z.strictObject({
  id: z.literal('erp'),
  kind: z.literal('scim'),
  mode: TargetMode,
  onlyReported: OnlyReported,
  secret: z.string(),
  /** Our module id → `displayName` of groups. A group that stands here belongs to this system. */
  modules: GroupsByModule,
})
export type ScimSettings = z.infer<typeof ScimSettings>

/** A target without a write API: people do what is planned, and say so with evidence. */
export const ManualSettings = z.strictObject({
  id: z.enum(['mail', 'erp', 'data-centre']),
  kind: z.literal('manual'),
  mode: z.enum(['manual', 'paused', 'observe-only']),
  onlyReported: OnlyReported,
  /** Mail only: what stands behind the @. */
  domain: z.string().optional(),
})
export type ManualSettings = z.infer<typeof ManualSettings>

/**
 * The badges of the data centre, on door controllers that speak ZKTeco's Security PUSH: each of `doors` is one of them. The
 * secret holds the paths under which devices may come, site by site. No drift is only reported here: what a device has forgotten,
 * or was told by hand, is brought back to what should be there.
 */
export const DoorsSettings = z.strictObject({
  id: z.literal('data-centre'),
  kind: z.literal('security-push'),
  mode: TargetMode.exclude(['manual']),
  secret: z.string(),
})
export type DoorsSettings = z.infer<typeof DoorsSettings>

export const TargetSettings = z.discriminatedUnion('kind', [
  DirectorySettings,
  MailSettings,
  MicrosoftMailSettings,
  ErpSettings,
  TrytonSettings,
  ScimSettings,
  DoorsSettings,
  ManualSettings,
])
export type TargetSettings = z.infer<typeof TargetSettings>
/** A target that a connector enters, with a secret; every kind but `manual`, and but the doors, which come to us. */
export type ServedTarget = Exclude<TargetSettings, { kind: 'manual' | 'security-push' }>

/** The targets this version converges. */
export const TargetId = z.enum(['directory', 'mail', 'erp', 'data-centre'])
export type TargetId = z.infer<typeof TargetId>

/** In clear only to the machine itself. */
const safely = (url: string): boolean => {
  if (!URL.canParse(url)) return false
  const { protocol, hostname } = new URL(url)
  return (
    protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname))
  )
}

/** Whom the help desk's own program is told by: one signed call for each fact. */
export const WebhookSettings = z.strictObject({
  url: z.string().max(2000).refine(safely, { error: 'settings.webhook-url' }),
  /** Name of the secret that holds the key of the signatures. */
  secret: z.string().min(1),
  /** Left out: everything that is told to `it`, and what becomes of requests. */
  events: z.array(NoticeTemplate).optional(),
})

/** Where mails come from and go to. */
export const NoticeSettings = z.strictObject({
  /** An address in a domain that the body has proven to the mail service (SES) to be its own. */
  from: z.email(),
  it: z.email(),
  /** Who is told when a task is overdue. */
  escalation: z.email(),
  /** Whoever keeps a target for the body: told of its manual tasks beside `it`. */
  vendors: z.partialRecord(TargetId, z.email()).default({}),
  /** Who is told of suspensions and stopped batches; left out: `escalation`. */
  security: z.email().optional(),
  /** From this hour of the body's day on the daily digests are sent. */
  digestHour: z.int().min(0).max(23).default(8),
  webhook: WebhookSettings.optional(),
})
export type NoticeSettings = z.infer<typeof NoticeSettings>

/**
 * A kind of leave that HR events may name, and which systems it shuts while it lasts: none for annual leave, all of them for
 * a secondment elsewhere. A leave of no kind, or of one that is not listed, shuts them all.
 */
export const LeaveKind = z.strictObject({
  id: CatalogueId,
  name: PrintableLine(120),
  shuts: z.array(System).max(4),
})
export type LeaveKind = z.infer<typeof LeaveKind>

/** One person of `bootstrap`, which is loaded once, into an empty register only, or of `rescue`. */
export const BootstrapPerson = z.strictObject({
  person: NamedPerson,
  issuer: z.string().min(1),
  subject: z.string().min(1).max(255),
  roles: z.array(Role).min(1),
})

/** A day of every year, `MM-DD`; 29 February is none. */
export const MonthDay = z
  .string()
  .refine(day => z.iso.date().safeParse(`2025-${day}`).success, { error: 'calendar.impossible-date' })

/** From when to when heads are asked who goes on after 31 December; both days included. Until that day itself it is never too late. */
const RenewalSettings = z
  .strictObject({ opensOn: MonthDay.default('11-01'), closesOn: MonthDay.default('12-01') })
  .refine(({ opensOn, closesOn }) => opensOn <= closesOn, {
    error: 'settings.round-closes-first',
    path: ['closesOn'],
  })
  .prefault({})

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
    doors: z.array(DoorSettings),
    dataCentre: DataCentreSettings,
    targets: z.array(TargetSettings),
    limits: z.strictObject({
      /** Lines of one form. */
      linesPerRequest: z.number().int().min(1).max(200).default(200),
      /** Days a released account name or address rests before anybody else may get it. */
      nameQuarantineDays: z.number().int().min(1).default(365),
      /** Failed runs after which a target row is parked for a human. */
      attemptsBeforeParking: z.number().int().min(1).default(8),
    }),
    tasks: z
      .strictObject({
        /** Days until a task is overdue, and between one reminder and the next. */
        days: z.number().int().min(1).max(90).default(3),
        /** Hours instead of days where somebody is to lose access. */
        urgentHours: z.number().int().min(1).max(240).default(4),
      })
      .prefault({}),
    notices: NoticeSettings,
    renewals: RenewalSettings,
    leaves: z.array(LeaveKind).default([]),
    /** How many people may lose access within an hour by one kind of cause before the guard stops the next. */
    guard: z
      .strictObject({
        atLeast: z.number().int().min(1).default(10),
        /** Of the people with an enabled account. */
        percent: z.number().min(0).max(100).default(5),
      })
      .prefault({}),
    /** Accounts whose HR system may put events on the body's bus; none: nobody may. */
    hrEventSources: z.array(z.string().regex(/^\d{12}$/)).default([]),
    /** How people come to set the password of an account (R11). */
    credentials: z
      .strictObject({
        /** True: the token is not proof enough, and each password needs a one-time code from the help desk. */
        codeRequired: z.boolean().default(false),
        /** Name of the generated secret under which one-time codes are kept as HMACs. */
        secret: z.string().default('llavero/codes'),
      })
      .prefault({}),
    bootstrap: z.array(BootstrapPerson).min(2),
    /** Who takes `security` or `authority` with the next deployment if by then nobody is left who could act in it. */
    rescue: z.array(BootstrapPerson).max(4).default([]),
  })
  .superRefine((settings, issues) => {
    const ids = settings.targets.map(target => target.id)
    if (new Set(ids).size !== ids.length)
      issues.addIssue({ code: 'custom', path: ['targets'], message: 'settings.target-twice' })
  })
export type Settings = z.infer<typeof Settings>
