import { createHash } from 'node:crypto'
import * as z from 'zod'
import type { MicrosoftMailSettings } from '../../../schemas/settings.ts'
import type { Observation } from '../../../schemas/target.ts'
import { absentAccount } from '../../domain/absent-account.ts'
import type { ListedAccount, Profile } from '../contract.ts'
import { shownName } from '../shown-name.ts'
import { fault } from './faults.ts'

/** What of Graph's `user` is read. Properties that are not asked for by name do not come. */
export const selected = [
  'id',
  'userPrincipalName',
  'accountEnabled',
  'displayName',
  'givenName',
  'surname',
  'jobTitle',
  'department',
  'employeeId',
  'mail',
  'userType',
  'usageLocation',
  'assignedLicenses',
  'onPremisesSyncEnabled',
  'onPremisesExtensionAttributes',
  'signInSessionsValidFromDateTime',
] as const

const Text = z.string().nullable()

/** Every member has to be there: one that is missing was not asked for, or may not be read, and proves nothing. */
const GraphUser = z.object({
  id: z.guid(),
  userPrincipalName: z.string().min(1),
  accountEnabled: z.boolean(),
  displayName: Text,
  givenName: Text,
  surname: Text,
  jobTitle: Text,
  department: Text,
  employeeId: Text,
  mail: Text,
  userType: Text,
  usageLocation: Text,
  assignedLicenses: z.array(z.object({ skuId: z.guid() })),
  onPremisesSyncEnabled: z.boolean().nullable(),
  onPremisesExtensionAttributes: z.record(z.string(), z.unknown()).nullable(),
  signInSessionsValidFromDateTime: z.iso.datetime({ offset: true }).nullable(),
})

/** A user as it stands in the tenant, with the person's mark, the licence and the note about sessions picked out. */
export interface User {
  readonly id: string
  readonly name: string
  readonly enabled: boolean
  readonly profile: ProfileValues
  /** `employeeId`: the national id. */
  readonly mark: string | null
  readonly mail: string | null
  readonly guest: boolean
  readonly located: boolean
  readonly licensed: boolean
  /** Kept by the body's own directory: most of it is read-only here. */
  readonly synchronised: boolean
  /** Instants: from when on sessions are valid, and what that was when the account was closed. */
  readonly sessionsFrom: string
  readonly closedAt: string | null
}

/** What a profile is in Graph; null where there is nothing (an empty text is refused). */
export interface ProfileValues {
  readonly displayName: string
  readonly givenName: string | null
  readonly surname: string | null
  readonly jobTitle: string | null
  readonly department: string | null
}

/** Characters (UTF-16 units) that Graph keeps. */
const longest = { displayName: 256, givenName: 64, surname: 64, jobTitle: 128, department: 64 }

/** Before any session there could have been. */
export const beforeAll = '0001-01-01T00:00:00Z'

export function profileValues(profile: Profile): ProfileValues {
  return {
    displayName: cut(shownName(profile), longest.displayName) ?? '',
    givenName: cut(profile.givenNames, longest.givenName),
    surname: cut(profile.surnames, longest.surname),
    jobTitle: cut(profile.position, longest.jobTitle),
    department: cut(profile.unit, longest.department),
  }
}

/** Whole characters only: half a pair of UTF-16 is not text. */
function cut(text: string, units: number): string | null {
  let kept = ''
  for (const character of text.normalize('NFC').trim()) {
    if (kept.length + character.length > units) break
    kept += character
  }
  return kept.trimEnd() === '' ? null : kept.trimEnd()
}

/** Without its licence a user has no mailbox, whatever they are called: it is part of what has to be made good. */
export const hashOf = (values: ProfileValues, licensed: boolean): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        values.displayName,
        values.givenName,
        values.surname,
        values.jobTitle,
        values.department,
        licensed,
      ]),
    )
    .digest('hex')

/** The name of the attribute that holds `closedAt`. */
export const noteOf = ({ sessionNote }: MicrosoftMailSettings): string => `extensionAttribute${sessionNote}`

export function userOf(settings: MicrosoftMailSettings, body: unknown): User {
  const read = GraphUser.safeParse(body)
  if (!read.success) throw fault('misconfigured', true)
  const user = read.data
  const note = user.onPremisesExtensionAttributes?.[noteOf(settings)]
  return {
    id: user.id.toLowerCase(),
    name: user.userPrincipalName.toLowerCase(),
    enabled: user.accountEnabled,
    profile: {
      displayName: user.displayName ?? '',
      givenName: user.givenName,
      surname: user.surname,
      jobTitle: user.jobTitle,
      department: user.department,
    },
    mark: user.employeeId === '' ? null : user.employeeId,
    mail: user.mail,
    guest: user.userType === 'Guest',
    located: user.usageLocation !== null,
    licensed: user.assignedLicenses.some(
      ({ skuId }) => skuId.toLowerCase() === settings.licence.toLowerCase(),
    ),
    synchronised: user.onPremisesSyncEnabled === true,
    sessionsFrom: user.signInSessionsValidFromDateTime ?? beforeAll,
    closedAt: typeof note === 'string' && !Number.isNaN(Date.parse(note)) ? note : null,
  }
}

/**
 * Whether sessions of a closed account may still be valid: they end when the moment from which on they are valid moves past
 * what it was at the closing. Both are the service's own, so that no two clocks are compared.
 */
export const mayHaveSessions = (user: User): boolean =>
  user.closedAt === null || Date.parse(user.sessionsFrom) <= Date.parse(user.closedAt)

/** `unmarked`: it is a human's word that it is this person's. */
export function observationOf(user: User | null, unmarked: boolean): Observation {
  if (user === null) return absentAccount
  return {
    state: user.enabled ? 'enabled' : 'disabled',
    accountId: user.id,
    name: user.name,
    expiresAt: null,
    rights: [],
    retired: null,
    // Names that the body's own directory keeps are not ours to compare.
    profileHash: user.synchronised ? null : hashOf(user.profile, user.licensed),
    ...(unmarked ? { unmarked: true as const } : {}),
    ...(user.enabled || user.synchronised ? {} : { sessionsOpen: mayHaveSessions(user) }),
  }
}

export const listedOf = (settings: MicrosoftMailSettings, user: User): ListedAccount => ({
  accountId: user.id,
  name: user.name,
  state: user.enabled ? 'enabled' : 'disabled',
  expiresAt: null,
  rights: [],
  nationalId: user.mark,
  personId: null,
  shownName: user.profile.displayName === '' ? null : user.profile.displayName,
  mail: user.mail,
  untouchable: user.synchronised || user.guest || !isOfDomain(settings, user.name),
})

export const isOfDomain = ({ domain }: MicrosoftMailSettings, name: string): boolean =>
  name.toLowerCase().endsWith(`@${domain.toLowerCase()}`)

/** National ids are written with and without dots and hyphen, in both cases. */
export const sameMark = (one: string, other: string): boolean => bare(one) === bare(other)

const bare = (mark: string): string => mark.replace(/[^0-9A-Za-z]/g, '').toUpperCase()

/** The ways in which somebody may have written a national id here: exact text is all that can be searched for. */
export const marksOf = (nationalId: string): string[] => [
  ...new Set([nationalId, bare(nationalId), nationalId.replace(/\B(?=(\d{3})+-)/g, '.')]),
]
