import { Instant } from '../../schemas/calendar.ts'
import type { RegisterName, RegisterPage, RegistersQuery } from '../../schemas/registers.ts'
import { addDays, dayOf, endOfAccess, startOfDay } from '../domain/civil-time.ts'
import { type CodedFault, type Refusal, refuse } from '../domain/refusal.ts'
import { instantOfRegister } from '../domain/register-rows.ts'
import { openCursor, sealCursor } from './cursor.ts'
import type { Engine } from './engine.ts'
import { nowOf } from './registers.ts'
import { type Needed as NeededOfChanges, walkChanges } from './walk-changes.ts'
import {
  domainUsersAt,
  mailAddressesAt,
  type Needed as NeededOfAccesses,
  permissionsAt,
} from './walk-people.ts'
import { type Needed as NeededOfVisits, walkVisits } from './walk-visits.ts'

export type Needed = NeededOfAccesses & NeededOfChanges & NeededOfVisits & Pick<Engine, 'log'>

const usualDays = 31
const mostDays = 366
/** Registers of a period; the others tell of one day. */
const dated: readonly RegisterName[] = ['removals', 'changes', 'visits']

/** Which part of a register is asked for, of which instant. All pages of one register are of the same one. */
interface Asked {
  readonly asAt: string
  readonly at: string
  readonly from: string
  /** The last day of a period; of most registers it is `asAt`. */
  readonly to: string
  readonly page: number
  readonly place: string | null
}

/**
 * A page of a register of R14 (by `security`, `hr` or `it`). A past day is told as it was known at its end, out of the ledger
 * and of dated facts: nothing recorded later changes it.
 */
export async function readRegister(
  needed: Needed,
  register: RegisterName,
  query: RegistersQuery,
): Promise<RegisterPage | Refusal> {
  const asked = read(needed, register, query)
  if ('refused' in asked) return asked
  const page = await pageOf(needed, register, asked)
  needed.log('register-read', { register, entries: page.entries.length })
  return page
}

async function pageOf(needed: Needed, register: RegisterName, asked: Asked): Promise<RegisterPage> {
  const { asAt, at, from, to, page, place } = asked
  const head = { asAt, at, page }
  const told = <T>({ entries, place: next }: { entries: T[]; place: string | null }) => ({
    entries,
    cursor: next === null ? null : sealCursor([register, at, page + 1, next].join('|')),
  })
  switch (register) {
    case 'mail-addresses':
      return { register, ...head, ...told(await mailAddressesAt(needed, at, place)) }
    case 'domain-users':
      return { register, ...head, ...told(await domainUsersAt(needed, at, place)) }
    case 'permissions':
      return { register, ...head, ...told(await permissionsAt(needed, at, place)) }
    case 'visits': {
      const zone = needed.settings.timeZone
      const period = { from: startOfDay(from, zone), until: endOfAccess(to, zone) }
      return { register, ...head, from, to, ...told(await walkVisits(needed, period, at, place)) }
    }
    default: {
      const period = { from: startOfDay(from, needed.settings.timeZone), at }
      const wanted = ({ effect }: { effect: string }) => register === 'changes' || effect === 'loss'
      return { register, ...head, from, ...told(await walkChanges(needed, period, place, wanted)) }
    }
  }
}

/** What is wrong with the query, all at once, or what it asks for. */
function read(needed: Needed, register: RegisterName, query: RegistersQuery): Asked | Refusal {
  const zone = needed.settings.timeZone
  const { at: now, today } = nowOf(needed)
  const faults: CodedFault[] = []
  const cursor = openPlace(register, query.cursor, now)
  if (cursor === null) faults.push({ pointer: '/query/cursor', code: 'query.bad-cursor' })
  const asAt = query.asAt ?? (cursor?.at == null ? today : dayOf(cursor.at, zone))
  if (asAt > today) faults.push({ pointer: '/query/asAt', code: 'register.future-day' })
  else if (cursor?.at != null && dayOf(cursor.at, zone) !== asAt)
    faults.push({ pointer: '/query/cursor', code: 'query.bad-cursor' })
  const to = query.to ?? asAt
  if (query.to !== undefined && (register !== 'visits' || to > asAt))
    faults.push({ pointer: '/query/to', code: 'query.bad-parameter' })
  const from = query.from ?? addDays(to, 1 - usualDays)
  if (query.from !== undefined) {
    if (!dated.includes(register) || from > to)
      faults.push({ pointer: '/query/from', code: 'query.bad-parameter' })
    else if (from < addDays(to, 1 - mostDays))
      faults.push({ pointer: '/query/from', code: 'register.too-long' })
  }
  if (faults.length > 0 || cursor === null) return refuse('invalid', faults)
  return {
    asAt,
    at: cursor.at ?? instantOfRegister(asAt, today, now, zone),
    from,
    to,
    page: cursor.page,
    place: cursor.place,
  }
}

/** Places in the list of people, and among the entries of the ledger. */
const places = {
  people: /^\d#([0-9a-f-]{36})?$/,
  entries: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z#[0-9a-f-]{36}$/,
} as const

/** What a cursor stands for; null where it is none of this register's. */
function openPlace(
  register: RegisterName,
  cursor: string | undefined,
  now: string,
): { readonly at: string | null; readonly page: number; readonly place: string | null } | null {
  const opened = openCursor(cursor)
  if (opened === null) return null
  if (opened.place === null) return { at: null, page: 1, place: null }
  const [of, at = '', page = '', place = ''] = opened.place.split('|')
  const known = dated.includes(register) ? places.entries : places.people
  const sound = of === register && /^[1-9]\d{0,5}$/.test(page) && known.test(place)
  const timed = Instant.safeParse(at).success && at.length === now.length && at <= now
  return sound && timed ? { at, page: Number(page), place } : null
}
