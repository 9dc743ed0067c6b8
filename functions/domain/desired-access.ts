import type { Atom, InternetProfile, Operation } from '../../schemas/access.ts'
import type { Instant } from '../../schemas/calendar.ts'
import type { Grant } from '../../schemas/request.ts'
import type { TargetId } from '../../schemas/settings.ts'
import type { Right } from '../../schemas/target.ts'
import { targetOf } from './atoms.ts'
import { laterOf } from './civil-time.ts'
import { joined, NEVER, spanAt } from './spans.ts'
import { type GrantTimes, grantTimes, type PersonRecord, type RecordSettings } from './standing.ts'

export type { PersonRecord, RecordSettings } from './standing.ts'

/** What a person should have in one target. */
export interface Desired {
  /** Whether the account should be open. */
  readonly enabled: boolean
  /** Whether anything in this target was ever granted, be it past or yet to come. */
  readonly everWanted: boolean
  /** First instant at which the account should no longer work, by all that is known now; null = never, or not enabled. */
  readonly expiresAt: Instant | null
  /** Sorted by id; empty while the account is not wanted. */
  readonly rights: Right[]
  /** The next instant at which any of the above changes by time alone. */
  readonly changesAt: Instant | null
  /** The ids of the live grants behind it, sorted. */
  readonly grants: string[]
}

const PROFILES: readonly InternetProfile[] = ['controlado', 'libre', 'superusuario']
const OPERATIONS: readonly Operation[] = ['ingreso', 'modificacion', 'eliminacion']

/** The atoms that make the account itself wanted: for an ERP, any module; for a badge, any door. */
const opens = (atom: Atom): boolean =>
  atom === 'account' || atom === 'mail' || atom.startsWith('erp:') || atom.startsWith('door:')

const plainRight = (id: string): Right => ({ id, operations: [], specific: [], until: null })

const directoryRights = (live: readonly Grant[]): Right[] => {
  let profile = 0
  const rights: Right[] = []
  for (const { atom, access } of live) {
    if (access.system !== 'directory') continue
    if (atom === 'internet')
      profile = Math.max(profile, PROFILES.indexOf(access.internetProfile ?? 'controlado'))
    else if (
      atom === 'removable-storage' ? access.removableStorage === true : atom.startsWith('entitlement:')
    )
      rights.push(plainRight(atom))
  }
  rights.push(plainRight(`internet:${PROFILES[profile] ?? 'controlado'}`))
  return [...new Map(rights.map(right => [right.id, right])).values()]
}

const operationsOf = ({ access }: Grant): readonly Operation[] =>
  access.system === 'erp' ? (access.operations ?? []) : []
const partsOf = ({ access }: Grant): readonly string[] =>
  access.system === 'erp' ? (access.specific ?? []) : []

/**
 * One module out of its live grants: the union of their operations. A permission has one list of parts for all its
 * operations, so the whole module is given only if grants without parts cover every operation of the union; otherwise
 * the parts stay, all of them: nobody may do in the whole module what was granted for a part of it.
 */
const moduleRight = (id: string, live: readonly Grant[]): Right => {
  const operations = OPERATIONS.filter(operation =>
    live.some(grant => operationsOf(grant).includes(operation)),
  )
  const whole = live.filter(grant => partsOf(grant).length === 0)
  const covered =
    whole.length > 0 &&
    operations.every(operation => whole.some(grant => operationsOf(grant).includes(operation)))
  const specific = covered ? [] : [...new Set(live.flatMap(partsOf))].sort()
  return { id, operations, specific, until: null }
}

const covers = (grant: Grant, right: Right): boolean =>
  right.operations.every(operation => operationsOf(grant).includes(operation)) &&
  (partsOf(grant).length === 0 ||
    (right.specific.length > 0 && right.specific.every(part => partsOf(grant).includes(part))))

/**
 * When the right as it is now has no justification left: the latest end of its live grants, moved on by every grant that
 * covers it and begins no later than it would end (a renewal).
 */
const rightEnd = (right: Right, module: readonly GrantTimes[], at: Instant): Instant | null => {
  let end: Instant = ''
  for (const { live } of module) end = laterOf(end, spanAt(live, at)?.end ?? '')
  const renewals = module
    .filter(({ grant }) => covers(grant, right))
    .flatMap(({ live }) => live)
    .sort((one, other) => (one.start < other.start ? -1 : 1))
  for (const span of renewals) if (span.start <= end) end = laterOf(end, span.end)
  return end === NEVER ? null : end
}

/** R5: what one unit demanded holds for the mailbox, which is one. */
const mailRights = (live: readonly Grant[]): Right[] =>
  live.some(({ atom }) => atom === 'copy-to-head') ? [plainRight('copy-to-head')] : []

const erpRights = (times: readonly GrantTimes[], at: Instant): Right[] =>
  [...new Set(times.map(({ grant }) => grant.atom))].flatMap(atom => {
    const module = times.filter(({ grant }) => grant.atom === atom)
    const live = module.filter(({ live }) => spanAt(live, at) !== null).map(({ grant }) => grant)
    if (live.length === 0) return []
    const right = moduleRight(atom.slice('erp:'.length), live)
    return { ...right, until: rightEnd(right, module, at) }
  })

/** R15: each door holds an end of its own. */
const doorRights = (times: readonly GrantTimes[], at: Instant): Right[] =>
  [...new Set(times.map(({ grant }) => grant.atom))].flatMap(atom => {
    const door = times.filter(({ grant }) => grant.atom === atom)
    if (door.every(({ live }) => spanAt(live, at) === null)) return []
    const right = plainRight(atom)
    return { ...right, until: rightEnd(right, door, at) }
  })

/** A badge as a whole ends with the last of its doors. */
export const endOfBadge = (rights: readonly Right[]): Instant | null =>
  rights.some(({ until }) => until === null)
    ? null
    : rights.reduce<Instant | null>(
        (end, { until }) => (end === null ? until : laterOf(end, until ?? end)),
        null,
      )

const rightsOf: Record<TargetId, (times: readonly GrantTimes[], at: Instant) => Right[]> = {
  directory: (times, at) => directoryRights(liveGrants(times, at)),
  mail: (times, at) => mailRights(liveGrants(times, at)),
  erp: erpRights,
  'data-centre': doorRights,
}

const liveGrants = (times: readonly GrantTimes[], at: Instant): Grant[] =>
  times.filter(({ live }) => spanAt(live, at) !== null).map(({ grant }) => grant)

type State = Pick<Desired, 'enabled' | 'expiresAt' | 'rights'>

const stateAt = (times: readonly GrantTimes[], target: TargetId, at: Instant): State => {
  const open = spanAt(joined(times.filter(({ grant }) => opens(grant.atom)).flatMap(({ live }) => live)), at)
  if (open === null) return { enabled: false, expiresAt: null, rights: [] }
  const rights = rightsOf[target](times, at).sort((one, other) => (one.id < other.id ? -1 : 1))
  const end = open.end === NEVER ? null : open.end
  return { enabled: true, expiresAt: target === 'data-centre' ? endOfBadge(rights) : end, rights }
}

/**
 * Desired access = live grants − holds (R4, R10). Across grants: the union of rights, the latest end, the highest
 * internet profile; `internet:controlado` is everybody's minimum (R6). Ends that are already known are armed ahead, and a
 * renewal that is already granted moves them on, so that nobody is shut out at midnight between two contracts.
 */
export const desiredAccess = (
  record: PersonRecord,
  target: TargetId,
  settings: RecordSettings,
  asOf: Instant,
): Desired => {
  const times = grantTimes(record, settings).filter(({ grant }) => targetOf(grant.atom) === target)
  const state = stateAt(times, target, asOf)
  const same = JSON.stringify(state)
  const moments = times.flatMap(({ live }) => live.flatMap(({ start, end }) => [start, end]))
  const later = [...new Set(moments)].filter(at => at > asOf && at !== NEVER).sort()
  return {
    ...state,
    everWanted: times.length > 0,
    changesAt: later.find(at => JSON.stringify(stateAt(times, target, at)) !== same) ?? null,
    grants: times
      .filter(({ live }) => spanAt(live, asOf) !== null)
      .map(({ grant }) => grant.id)
      .sort(),
  }
}
