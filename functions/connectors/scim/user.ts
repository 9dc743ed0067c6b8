import * as z from 'zod'
import type { Observation } from '../../../schemas/target.ts'
import { absentAccount } from '../../domain/absent-account.ts'
import type { AccountRef, ListedAccount, Profile } from '../contract.ts'
import { type Modules, rightsOf } from '../module-groups.ts'
import { hashShownName, shownName } from '../shown-name.ts'
import { enterprise, type Provider } from './client.ts'

const core = 'urn:ietf:params:scim:schemas:core:2.0:User'
const Text = z.string().nullish()

/** `active` is optional in the standard: a service that does not tell it cannot be closed with proof. */
const UserResource = z.object({
  schemas: z.array(z.string()).refine(schemas => schemas.includes(core)),
  id: z.string().min(1),
  externalId: Text,
  userName: z.string().min(1),
  displayName: Text,
  active: z.boolean(),
  emails: z.array(z.object({ value: Text, primary: z.boolean().nullish() })).nullish(),
  meta: z.object({ version: Text }).nullish(),
  [enterprise]: z.object({ employeeNumber: Text }).nullish(),
})

export interface User {
  readonly id: string
  readonly name: string
  readonly active: boolean
  readonly shownName: string
  /** Our person's id, as the service keeps it for its client. */
  readonly externalId: string | null
  readonly nationalId: string | null
  readonly mail: string | null
  readonly version: string | null
}

const known = (text: string | null | undefined): string | null =>
  text === undefined || text === '' ? null : text

/** Null: what was answered is no user. */
export function userOf(body: unknown): User | null {
  const read = UserResource.safeParse(body)
  if (!read.success) return null
  const { id, userName, active, displayName, externalId, emails, meta } = read.data
  const mail = emails?.find(({ primary }) => primary === true) ?? emails?.[0]
  return {
    id,
    name: userName,
    active,
    shownName: displayName ?? '',
    externalId: known(externalId),
    nationalId: known(read.data[enterprise]?.employeeNumber),
    mail: known(mail?.value),
    version: known(meta?.version),
  }
}

const names = (profile: Profile) => ({
  displayName: shownName(profile),
  'name.givenName': profile.givenNames,
  'name.familyName': profile.surnames,
  title: profile.position,
})

/** The changes that make a user show this profile. What is empty is taken away: an empty text is none. */
export const profileChanges = (profile: Profile) =>
  Object.entries(names(profile)).map(([path, value]) =>
    value === '' ? ({ op: 'remove', path } as const) : ({ op: 'replace', path, value } as const),
  )

/** Inactive, without a password (nobody can enter until one is set), marked in both places that a service may have. */
export const newUser = (account: AccountRef, profile: Profile, provider: Provider) => ({
  schemas: [core, ...(provider.employeeNumbers ? [enterprise] : [])],
  userName: account.name,
  externalId: account.personId,
  active: false,
  displayName: shownName(profile),
  name: { givenName: profile.givenNames, familyName: profile.surnames },
  ...(profile.position === '' ? {} : { title: profile.position }),
  ...(provider.employeeNumbers ? { [enterprise]: { employeeNumber: account.nationalId } } : {}),
})

/** The changes that mark a user as this person's. */
export const markChanges = (account: AccountRef, user: User, provider: Provider) => [
  ...(user.externalId === account.personId
    ? []
    : [{ op: 'replace', path: 'externalId', value: account.personId } as const]),
  ...(provider.employeeNumbers && user.nationalId === null
    ? [{ op: 'replace', path: `${enterprise}:employeeNumber`, value: account.nationalId } as const]
    : []),
]

/** National ids are written with and without dots and hyphen, in both cases. */
export const sameId = (one: string, other: string): boolean => bare(one) === bare(other)

const bare = (mark: string): string => mark.replace(/[^0-9A-Za-z]/g, '').toUpperCase()

/** The ways in which somebody may have written a national id here: exact text is all that can be searched for. */
export const writtenIds = (nationalId: string): string[] => [
  ...new Set([nationalId, bare(nationalId), nationalId.replace(/\B(?=(\d{3})+-)/g, '.')]),
]

export function observationOf(
  modules: Modules<string>,
  user: User | null,
  held: ReadonlySet<string>,
  unmarked: boolean,
): Observation {
  if (user === null) return absentAccount
  return {
    state: user.active ? 'enabled' : 'disabled',
    accountId: user.id,
    name: user.name,
    expiresAt: null,
    rights: rightsOf(modules, held),
    retired: null,
    profileHash: hashShownName(user.shownName),
    ...(unmarked ? { unmarked: true as const } : {}),
  }
}

export const listedOf = (modules: Modules<string>, user: User, held: ReadonlySet<string>): ListedAccount => ({
  accountId: user.id,
  name: user.name,
  state: user.active ? 'enabled' : 'disabled',
  expiresAt: null,
  rights: rightsOf(modules, held),
  nationalId: user.nationalId,
  personId: z.uuid().safeParse(user.externalId).data ?? null,
  shownName: user.shownName === '' ? null : user.shownName,
  mail: user.mail,
  untouchable: false,
})
