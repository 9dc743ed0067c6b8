import type { Instant } from '../../schemas/calendar.ts'
import type { DomainUser, MailAddress, Permission } from '../../schemas/registers.ts'
import type { Grant } from '../../schemas/request.ts'
import type { Settings } from '../../schemas/settings.ts'
import { type AccountThen, isOpenAt } from './account-history.ts'
import { endOfAccess, lastDayWithAccess } from './civil-time.ts'
import { grantTimes, type PersonRecord, type RecordSettings, standingAt } from './standing.ts'

/**
 * The one instant of a register: what was recorded by then counts. A past day is seen at its last millisecond in the body's
 * zone; today has not ended, and is seen now.
 */
export const instantOfRegister = (day: string, today: string, now: Instant, zone: string): Instant =>
  day === today ? now : new Date(Date.parse(endOfAccess(day, zone)) - 1).toISOString()

type Unjoined<T> = Omit<T, 'person' | 'grantedBy'>

const accountRow = (account: AccountThen, readAt: Instant, at: Instant) => ({
  state: account.state === 'enabled' ? ('enabled' as const) : ('disabled' as const),
  expiresAt: account.expiresAt,
  open: isOpenAt(account, at),
  readAt,
  pending: account.pending,
})

/** Official list of mail addresses: those that were open then. */
export const mailAddressOf = (
  account: AccountThen,
  address: string,
  at: Instant,
): Unjoined<MailAddress> | null =>
  account.readAt !== null && isOpenAt(account, at)
    ? { address, ...accountRow(account, account.readAt, at) }
    : null

/** List of domain users: every account that was there, open or closed, with its groups. */
export const domainUserOf = (account: AccountThen, user: string, at: Instant): Unjoined<DomainUser> | null =>
  account.readAt !== null && account.state !== 'absent'
    ? { user, ...accountRow(account, account.readAt, at), rights: [...account.rights.keys()].sort() }
    : null

/** What a grant permits: its right, as targets call it; null where it takes something back instead. */
function permitted({
  atom,
  access,
}: Grant): Pick<Permission, 'right' | 'type' | 'operations' | 'specific'> | null {
  const plain = { type: null, operations: [], specific: [] }
  switch (access.system) {
    case 'directory':
      if (atom === 'internet')
        return { ...plain, right: `internet:${access.internetProfile ?? 'controlado'}` }
      if (atom === 'removable-storage' && access.removableStorage !== true) return null
      return { ...plain, right: atom === 'account' ? null : atom }
    case 'mail':
      return { ...plain, right: atom === 'mail' ? null : atom }
    case 'erp': {
      const { module, type, operations = [], specific = [] } = access
      return { right: module, type, operations, specific }
    }
    case 'data-centre':
      return { ...plain, right: access.doors[0] ?? null }
  }
}

const order = ({ system, right, request, line }: Unjoined<Permission>) =>
  `${system} ${right ?? ''} ${request} ${line.padStart(4)}`

/**
 * Register of permissions: every grant that was live then, and until when by what was known then. One that a hold keeps
 * back permits nothing.
 *
 * @param record as it was known at the instant
 */
export const permissionsOf = (
  record: PersonRecord,
  settings: RecordSettings & Pick<Settings, 'timeZone'>,
  at: Instant,
): (Unjoined<Permission> & { readonly unit: string })[] =>
  grantTimes(record, settings)
    .flatMap(times => {
      const { status, endsAt } = standingAt(times, settings, at)
      const { grant } = times
      const right = status === 'live' ? permitted(grant) : null
      if (right === null) return []
      return {
        system: grant.access.system,
        ...right,
        unit: grant.unit,
        from: grant.from,
        until: endsAt === null ? null : lastDayWithAccess(endsAt, settings.timeZone),
        request: grant.request,
        line: grant.line,
        toCertify: grant.origin === 'adoption',
      }
    })
    .sort((one, other) => (order(one) < order(other) ? -1 : 1))
