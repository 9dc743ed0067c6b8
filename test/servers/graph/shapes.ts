import * as z from 'zod'

/*
 * The shapes of Microsoft Graph 1.0 that are used here, written down from its published description: the OpenAPI documents in
 * github.com/microsoftgraph/msgraph-sdk-powershell (openApiDocs/v1.0/Users.yml, Users.Actions.yml) for paths, parameters and
 * types, and the reference in github.com/microsoftgraph/microsoft-graph-docs-contrib (api-reference/v1.0: resources/user.md,
 * resources/onpremisesextensionattributes.md, api/user-post-users.md, user-update.md, user-assignlicense.md,
 * user-revokesigninsessions.md; concepts/json-batching.md, throttling.md) for lengths, which properties are read-only, which
 * filters are supported, and what is said when not. Whatever is not written here is refused.
 */

const text = (longest: number) =>
  z
    .string()
    .min(1)
    .max(longest)
    .refine(value => value.trim() === value && !/\p{Cc}/u.test(value))
const cleared = (longest: number) => text(longest).nullable()

const ExtensionAttributes = z.strictObject(
  Object.fromEntries(
    Array.from({ length: 15 }, (_, at) => [`extensionAttribute${at + 1}`, cleared(1024).optional()]),
  ),
)

const PasswordProfile = z.strictObject({
  password: z.string(),
  forceChangePasswordNextSignIn: z.boolean().optional(),
  forceChangePasswordNextSignInWithMfa: z.boolean().optional(),
})

/** Writable properties of `user`, as far as a provisioning client has business with them. */
const writable = {
  accountEnabled: z.boolean(),
  displayName: text(256),
  givenName: cleared(64),
  surname: cleared(64),
  jobTitle: cleared(128),
  department: cleared(64),
  employeeId: cleared(16),
  usageLocation: z.string().regex(/^[A-Z]{2}$/),
  mailNickname: z.string().regex(/^[^@()\\[\]";:<>, ]{1,64}$/),
  userPrincipalName: z.string().regex(/^[A-Za-z0-9'._\-!#^~]{1,64}@[a-z0-9.-]{1,48}$/i),
  passwordProfile: PasswordProfile,
  onPremisesExtensionAttributes: ExtensionAttributes,
}

export const NewUser = z.strictObject(writable).partial().required({
  accountEnabled: true,
  displayName: true,
  mailNickname: true,
  passwordProfile: true,
  userPrincipalName: true,
})
export type NewUser = z.infer<typeof NewUser>

export const ChangedUser = z
  .strictObject(writable)
  .partial()
  .refine(body => Object.keys(body).length > 0)
export type ChangedUser = z.infer<typeof ChangedUser>

export const AssignLicense = z.strictObject({
  addLicenses: z.array(z.strictObject({ skuId: z.guid(), disabledPlans: z.array(z.guid()).optional() })),
  removeLicenses: z.array(z.guid()),
})

export const Batch = z.strictObject({
  requests: z
    .array(
      z
        .strictObject({
          id: z.string().min(1),
          method: z.enum(['GET', 'POST', 'PATCH']),
          url: z.string().regex(/^\/?[^/:]/),
          headers: z.record(z.string(), z.string()).optional(),
          body: z.unknown().optional(),
        })
        .refine(({ body, headers }) => body === undefined || headers?.['Content-Type'] !== undefined),
    )
    .min(1)
    .max(20)
    .refine(requests => new Set(requests.map(({ id }) => id.toLowerCase())).size === requests.length),
})

export const TokenRequest = z.strictObject({
  grant_type: z.literal('client_credentials'),
  client_id: z.string(),
  client_secret: z.string(),
  scope: z.string(),
})

/** What comes without `$select`, and what only comes with it. */
export const byDefault = [
  'id',
  'businessPhones',
  'displayName',
  'givenName',
  'jobTitle',
  'mail',
  'mobilePhone',
  'officeLocation',
  'preferredLanguage',
  'surname',
  'userPrincipalName',
]
export const onSelect = [
  'accountEnabled',
  'assignedLicenses',
  'department',
  'employeeId',
  'mailNickname',
  'onPremisesExtensionAttributes',
  'onPremisesSyncEnabled',
  'signInSessionsValidFromDateTime',
  'usageLocation',
  'userType',
]
