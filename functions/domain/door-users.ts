import type { Instant } from '../../schemas/calendar.ts'
import type { DoorSettings } from '../../schemas/data-centre-settings.ts'
import type { DoorSight, DoorUserRow, DoorWish } from '../../schemas/doors.ts'
import {
  acceptedLater,
  type Command,
  type DateFormat,
  decodeEnd,
  encodeEnd,
  maskOf,
  type ShownAuthorisation,
  type ShownUser,
} from './door-protocol.ts'

/** Milliseconds after which a command that was not answered is given again; what a device has accepted may take longer. */
const patience = { unanswered: 60_000, accepted: 600_000 } as const
/** Milliseconds from a refusal to the next try: doubled each time. */
const afterRefusal = { least: 60_000, most: 3_600_000 } as const
/** A device that says yes so often and shows otherwise has refused. */
const mostAttempts = 3
/** What is noted of it, for want of a code of its own. */
const saysYesAndShowsOtherwise = -1

/** How one device speaks: its zone is the body's. */
export interface DeviceWays {
  readonly door: DoorSettings
  readonly dateFormat: DateFormat
  readonly zone: string
}

const later = (at: Instant, milliseconds: number): Instant =>
  new Date(Date.parse(at) + milliseconds).toISOString()

const delayOf = (attempts: number) =>
  Math.min(afterRefusal.least * 2 ** Math.min(Math.max(attempts - 1, 0), 10), afterRefusal.most)

export const isMet = ({ wish, seen }: Pick<DoorUserRow, 'wish' | 'seen'>): boolean => {
  if (!wish.present) return seen !== null && !seen.present && !seen.authorised
  if (seen === null || !seen.present || !seen.authorised) return false
  return seen.card === wish.card && seen.until === wish.until
}

export interface Wished {
  readonly serial: string
  readonly pin: string
  readonly personId: string
  /** Empty: unknown now, and what it was before stays. */
  readonly name: string
  readonly wish: DoorWish
}

const sameWish = (one: DoorWish, other: DoorWish) =>
  one.present === other.present && (!one.present || (one.card === other.card && one.until === other.until))

/**
 * Somebody on a device as they are wished from now on. Nothing changes where nothing is new; what the device refused is
 * asked of it once more, when its time comes. Commands of an earlier wish may still be carried out, so that a new one is due whatever was seen.
 */
export function wishFor(row: DoorUserRow | null, asked: Wished, at: Instant): DoorUserRow | null {
  const { serial, pin, personId, wish } = asked
  if (row === null) {
    if (!wish.present) return null
    const none = { seen: null, seenAt: null, seenFor: 0, sent: null, refused: null, knownSince: null }
    return {
      ...{ version: 1, serial, pin, personId, name: asked.name, wish, wished: 1, wishedAt: at },
      ...{ ...none, dueSince: at, tryAt: at, attempts: 0, revision: 0 },
    }
  }
  const name = wish.present && asked.name !== '' ? asked.name : row.name
  if (sameWish(row.wish, wish)) {
    // A name alone is worth no command: it goes with the next one.
    const owned = row.personId === personId && row.name === name ? row : { ...row, personId, name }
    return row.refused === null ? owned : { ...owned, refused: null }
  }
  const known = { ...row, personId, name, wish, wished: row.wished + 1, wishedAt: at }
  return { ...known, dueSince: at, tryAt: at, sent: null, attempts: 0, refused: null }
}

/** A command, and what its answer tells: that it was done, or what the device holds. */
export interface RowCommand {
  readonly command: Command
  readonly tells: 'done' | 'user' | 'userauthorize'
}

/** What brings a device to a wish, in order, and then lets it show what it holds. */
export function commandsFor({ pin, name, wish }: DoorUserRow, ways: DeviceWays): RowCommand[] {
  const done = (command: Command): RowCommand => ({ command, tells: 'done' })
  const { deviceTimeZone: timeZone, locks } = ways.door
  const end = encodeEnd(wish.until, ways.dateFormat, ways.zone)
  const tables = ['userauthorize', 'templatev10', 'mulcarduser', 'user'] as const
  return [
    ...(wish.present
      ? [
          done({ say: 'put-user', pin, card: wish.card, name, end }),
          done({ say: 'authorise', pin, timeZone, locks }),
        ]
      : tables.map(table => done({ say: 'delete', table, pin }))),
    { command: { say: 'show', table: 'user', pin }, tells: 'user' },
    { command: { say: 'show', table: 'userauthorize', pin }, tells: 'userauthorize' },
  ]
}

/** Given to the device. A failure of the last time that nothing was shown after has become a refusal. */
export const sentTo = (row: DoorUserRow, ids: readonly number[], at: Instant): DoorUserRow => ({
  ...row,
  sent: { wished: row.wished, ids: [...ids], failed: null, at, shown: { user: null, authorised: null } },
  attempts: row.attempts + 1,
  refused: row.sent?.failed ?? row.refused,
  tryAt: later(at, patience.unanswered),
})

/** Whether there is something to tell the device about it now. */
export const isToTell = (row: DoorUserRow | null, now: Instant): row is DoorUserRow =>
  row !== null && row.dueSince !== null && row.tryAt !== null && row.tryAt <= now

/**
 * What the device said of one command. That something was done is believed when it is shown; a failure counts unless what
 * is shown is as wished. Answers to commands of before are nobody's business any more.
 */
export function answered(
  row: DoorUserRow,
  { id, code, tells }: { readonly id: number; readonly code: number; readonly tells: RowCommand['tells'] },
  ways: DeviceWays,
  at: Instant,
): DoorUserRow {
  const { sent } = row
  if (sent === null || !sent.ids.includes(id)) return row
  if (code === acceptedLater) return { ...row, tryAt: later(at, patience.accepted) }
  if (tells === 'done') {
    if (code >= 0 || sent.failed !== null) return row
    const failed = { ...row, sent: { ...sent, failed: code } }
    // Some answer everything at once, after what they show.
    return isShown(sent) ? { ...failed, refused: code } : failed
  }
  if (isShown(sent)) return row
  if (code < 0)
    return { ...row, sent: null, refused: sent.failed ?? code, tryAt: later(at, delayOf(row.attempts)) }
  // Some send no rows where there are none. Of somebody who should be there that is no answer yet.
  const silent = tells === 'user' ? sent.shown.user === null : sent.shown.authorised === null
  return code === 0 && silent && !row.wish.present
    ? shown(row, id, { table: tells, users: [], authorisations: [], last: true }, ways, at)
    : row
}

/** Rows of one packet. `last`: none follows that could hold more. */
export interface ShownRows {
  readonly table: 'user' | 'userauthorize'
  readonly users: readonly ShownUser[]
  readonly authorisations: readonly ShownAuthorisation[]
  readonly last: boolean
}

/** What the device showed to answer one question. Once both are answered it is known whether it holds what it should. */
export function shown(
  row: DoorUserRow,
  id: number,
  rows: ShownRows,
  ways: DeviceWays,
  at: Instant,
): DoorUserRow {
  const { sent } = row
  if (sent === null || !sent.ids.includes(id) || isShown(sent)) return row
  const before = sent.shown
  const now =
    rows.table === 'user'
      ? { ...before, user: before.user?.present ? before.user : (userSeen(row, rows, ways) ?? before.user) }
      : {
          ...before,
          authorised: before.authorised || (authorisationSeen(row, rows, ways) ?? before.authorised),
        }
  if (now.user === null || now.authorised === null) return { ...row, sent: { ...sent, shown: now } }
  const seen: DoorSight = { ...now.user, authorised: now.authorised }
  const sighted = sightedAs(row, seen, sent.wished, at)
  if (isMet(sighted))
    return { ...sighted, sent: null, dueSince: null, tryAt: null, attempts: 0, refused: null }
  const stubborn = row.attempts >= mostAttempts ? saysYesAndShowsOtherwise : row.refused
  return {
    ...sighted,
    sent: { ...sent, shown: now },
    refused: sent.failed ?? stubborn,
    tryAt: later(at, delayOf(row.attempts)),
  }
}

const isShown = ({ shown: { user, authorised } }: NonNullable<DoorUserRow['sent']>): boolean =>
  user !== null && authorised !== null

const sightedAs = (row: DoorUserRow, seen: DoorSight, seenFor: number, at: Instant): DoorUserRow => ({
  ...row,
  seen,
  seenAt: at,
  seenFor,
  knownSince: row.knownSince ?? (seen.present ? at : null),
})

/** Null: these rows do not tell. */
function userSeen(row: DoorUserRow, { users, last }: ShownRows, ways: DeviceWays) {
  const own = users.find(({ pin }) => pin === row.pin)
  if (own !== undefined) return { present: true, card: own.card, until: untilSeen(row, own.end, ways) }
  return last ? { present: false, card: null, until: null } : null
}

/** An end that stands there as the wish's own would is the wish's own, however coarse the device's count. */
function untilSeen({ wish }: DoorUserRow, end: string, { dateFormat, zone }: DeviceWays): Instant | null {
  const seen = decodeEnd(end, zone)
  return wish.present && seen === decodeEnd(encodeEnd(wish.until, dateFormat, zone), zone) ? wish.until : seen
}

function authorisationSeen(
  row: DoorUserRow,
  { authorisations, last }: ShownRows,
  { door }: DeviceWays,
): boolean | null {
  const own = authorisations.filter(({ pin }) => pin === row.pin)
  if (!row.wish.present) return own.length > 0 ? true : last ? false : null
  const mask = maskOf(door.locks)
  const whole = own.some(one => one.timeZone === door.deviceTimeZone && (one.mask & mask) === mask)
  return whole || (last ? false : null)
}

/** Everything a device holds, as it showed it when it was asked for all of it. */
export interface ShownDevice {
  readonly users: readonly ShownUser[]
  readonly authorisations: readonly ShownAuthorisation[]
  readonly askedAt: Instant
}

/** The daily look at somebody: what became different by itself is due again. What is under way tells by itself. */
export function compared(row: DoorUserRow, device: ShownDevice, ways: DeviceWays, at: Instant): DoorUserRow {
  const newer = row.wishedAt > device.askedAt || (row.seenAt !== null && row.seenAt > device.askedAt)
  if (row.dueSince !== null || newer) return row
  const rows = { ...device, last: true }
  const user = userSeen(row, { ...rows, table: 'user' }, ways)
  const authorised = authorisationSeen(row, { ...rows, table: 'userauthorize' }, ways)
  if (user === null || authorised === null) return row
  const seen: DoorSight = { ...user, authorised }
  if (JSON.stringify(seen) === JSON.stringify(row.seen)) return row
  const sighted = sightedAs(row, seen, row.wished, at)
  return isMet(sighted) ? sighted : { ...sighted, dueSince: at, tryAt: at, attempts: 0, refused: null }
}

/** Somebody whom only the device knows: to be taken off it. `personId`: whose number it is elsewhere. */
export const strangerRow = (
  serial: string,
  pin: string,
  personId: string | null,
  seen: DoorSight,
  at: Instant,
): DoorUserRow => ({
  ...{ version: 1, serial, pin, personId, name: '' },
  ...{ wish: { present: false, card: null, until: null }, wished: 1, wishedAt: at },
  ...{ seen, seenAt: at, seenFor: 0, knownSince: at, sent: null, refused: null },
  ...{ dueSince: at, tryAt: at, attempts: 0, revision: 0 },
})

/** Whether whoever waits for the device should look: it shows something else than before, has done all, or refused. */
export const isNews = (before: DoorUserRow | null, after: DoorUserRow): boolean =>
  JSON.stringify(before?.seen ?? null) !== JSON.stringify(after.seen) ||
  ((before?.dueSince ?? null) !== null && after.dueSince === null) ||
  ((before?.refused ?? null) === null && after.refused !== null)
