import type { DoorSettings } from '../../../schemas/data-centre-settings.ts'
import type { CardNumber, DoorUserRow } from '../../../schemas/doors.ts'
import type { Observation, Right } from '../../../schemas/target.ts'
import { absentAccount } from '../../domain/absent-account.ts'
import { afterSteps } from '../../domain/after-steps.ts'
import { endOfBadge } from '../../domain/desired-access.ts'
import { type Wished, wishFor } from '../../domain/door-users.ts'
import {
  type AccountPage,
  type AccountRef,
  type Applied,
  type Connector,
  ConnectorError,
  type ListedAccount,
  type Outcome,
  type Plan,
} from '../contract.ts'
import { inTurns } from '../in-turns.ts'

/** Where what devices should hold, and what they have shown, is kept: the connector leaves wishes there and reads sights. */
export interface BadgeRows {
  /** One badge on all devices, and its card. */
  badge(pin: string): Promise<{ readonly rows: readonly DoorUserRow[]; readonly card: CardNumber | null }>
  /** Changes a row on what it is at that moment. */
  change(
    serial: string,
    pin: string,
    next: (row: DoorUserRow | null) => DoorUserRow | null,
  ): Promise<{ readonly before: DoorUserRow | null; readonly after: DoorUserRow | null }>
  /** Everybody on a device. */
  ofDevice(serial: string): Promise<readonly DoorUserRow[]>
}

export interface BadgeParts {
  readonly doors: readonly DoorSettings[]
  readonly rows: BadgeRows
  /** Milliseconds. */
  readonly clock: () => number
}

const doorOf = (right: string) => `door:${right}`

/**
 * Badges on door controllers, which open every connection themselves: this connector never speaks to one. What it leaves as a
 * wish is fetched by the device, and what it observes is what the device has shown. The number of the badge is the account.
 */
export function createBadgesConnector(
  { id }: { readonly id: string },
  { doors, rows, clock }: BadgeParts,
): Connector {
  const fail = (kind: 'conflict' | 'refused' | 'unreachable', retryable: boolean, cause?: unknown) =>
    new ConnectorError(id, kind, retryable, cause)
  const isDoor = ({ serial }: { readonly serial: string }) => doors.some(door => door.serial === serial)

  /** What the table does not answer is an outside failure; what our own code gets wrong is not. */
  const asked = async <T>(question: () => Promise<T>): Promise<T> => {
    try {
      return await question()
    } catch (error) {
      if (error instanceof ConnectorError || isBug(error)) throw error
      throw fail('unreachable', true, error)
    }
  }

  /** The person's own rows. A number that only somebody else bears on a device is not theirs. */
  async function ownRows({ personId, accountId, name }: AccountRef) {
    const pin = accountId ?? name
    const badge = await asked(() => rows.badge(pin))
    const mine = badge.rows.filter(row => row.personId === personId)
    const others = badge.rows.filter(row => row.personId !== personId)
    const taken = others.some(row => row.personId !== null || (mine.length === 0 && row.seen?.present))
    if (taken) throw fail('conflict', false)
    return { pin, mine, card: badge.card }
  }

  async function observeOne(account: AccountRef): Promise<Observation> {
    const { pin, mine, card } = await ownRows(account)
    return observationOf(pin, mine.filter(isDoor), card)
  }

  async function applyOne({ account, profile, observed, steps }: Plan): Promise<Applied> {
    const { pin, mine, card } = await ownRows(account)
    const wanted = afterSteps(observed, steps, { accountId: pin, name: pin })
    const rights = wanted.state === 'enabled' ? wanted.rights : []
    const at = new Date(clock()).toISOString()
    const name = `${profile.givenNames} ${profile.surnames}`.trim()
    const serials = new Set([...doors, ...mine].map(({ serial }) => serial))
    let refused = false
    for (const serial of serials) {
      const right = doors.some(door => door.serial === serial)
        ? rights.find(one => one.id === doorOf(serial))
        : undefined
      const wish = { present: right !== undefined, card: right ? card : null, until: right?.until ?? null }
      const order: Wished = { serial, pin, personId: account.personId, name, wish }
      const { before, after } = await asked(() => rows.change(serial, pin, row => wishFor(row, order, at)))
      const again = before !== null && before.refused !== null && before.wished === after?.wished
      refused ||= again && isDoor({ serial })
    }
    if (refused) throw fail('refused', true)
    return { accountId: pin, name: pin }
  }

  async function listAll(): Promise<AccountPage> {
    const found = new Map<string, DoorUserRow[]>()
    for (const { serial } of doors)
      for (const row of await asked(() => rows.ofDevice(serial)))
        found.set(row.pin, [...(found.get(row.pin) ?? []), row])
    return { accounts: [...found].flatMap(([pin, of]) => listed(pin, of)), next: null }
  }

  return {
    system: id,
    // A name on a display is no part of the badge.
    profileHash: () => '',
    observe: accounts => inTurns(accounts, observeOne),
    apply: plans => inTurns(plans, applyOne),
    list: async () => (await inTurns([null], listAll))[0] as Outcome<AccountPage>,
    close: async () => {},
  }
}

const isBug = (error: unknown) =>
  ['TypeError', 'RangeError', 'ReferenceError', 'ZodError', '$ZodError'].includes((error as Error).name)

/** R15: what a device has shown; of a right that is to become another one, in which way it is not yet as it should be. */
const rightOf = (row: DoorUserRow, card: CardNumber | null): Right[] => {
  const { serial, seen, seenFor, wish, wished, dueSince } = row
  if (seen === null || !seen.present || !seen.authorised) return []
  // As long as something is under way the device may change it still: also to what was wished in between.
  const differs = [
    ...(seen.card === card ? [] : ['card']),
    ...(dueSince === null ? [] : ['unconfirmed']),
    ...(wish.present && seenFor === wished && seen.card !== wish.card ? ['by-hand'] : []),
  ]
  return [{ id: doorOf(serial), operations: [], specific: differs, until: seen.until }]
}

/**
 * A badge that no device shows, but which one was told of or may have been, counts as closed with an open session: somebody
 * may still get in by it, and a withdrawal has something to do.
 */
function observationOf(pin: string, rows: readonly DoorUserRow[], card: CardNumber | null): Observation {
  const rights = rows.flatMap(row => rightOf(row, card)).sort((one, other) => (one.id < other.id ? -1 : 1))
  const shown = rows.some(({ seen }) => seen?.present || seen?.authorised)
  const mayHold = rows.some(({ dueSince }) => dueSince !== null)
  const known = rows.some(({ knownSince }) => knownSince !== null)
  const waiting = rows
    .filter(({ refused }) => refused === null)
    .flatMap(({ dueSince }) => dueSince ?? [])
    .sort()
  // Of a card that is another one by now nothing is to be waited for: it has to be wished anew.
  const outdated = rows.some(({ wish, dueSince }) => dueSince !== null && wish.present && wish.card !== card)
  const pending = waiting[0] === undefined || outdated ? {} : { pending: waiting[0] }
  if (!shown && !mayHold && !known) return absentAccount
  return {
    state: shown ? 'enabled' : 'disabled',
    accountId: pin,
    name: pin,
    expiresAt: endOf(rows),
    rights,
    retired: null,
    profileHash: null,
    ...(shown ? {} : { sessionsOpen: mayHold }),
    ...pending,
  }
}

/** An end is never told to a device by itself: of what it was not shown to hold yet, the wish's own counts. */
const endOf = (rows: readonly DoorUserRow[]) =>
  endOfBadge(
    rows.flatMap(({ serial, seen, wish, dueSince }) => {
      const told = wish.present && dueSince !== null ? wish : seen?.present && seen.authorised ? seen : null
      return told === null ? [] : [{ id: doorOf(serial), operations: [], specific: [], until: told.until }]
    }),
  )

/** Strangers can never be adopted: they are taken off the device. */
function listed(pin: string, rows: readonly DoorUserRow[]): ListedAccount[] {
  const owner = rows.find(({ personId }) => personId !== null)
  const present = rows.some(({ seen }) => seen?.present || seen?.authorised)
  const known = owner !== undefined && rows.some(({ knownSince }) => knownSince !== null)
  if (!present && !known) return []
  const rights = rows
    .flatMap(row => rightOf(row, row.seen?.card ?? null))
    .map(right => ({ ...right, specific: [] }))
    .sort((one, other) => (one.id < other.id ? -1 : 1))
  return [
    {
      ...{ accountId: pin, name: pin, state: present ? 'enabled' : 'disabled' },
      ...{ expiresAt: endOfBadge(rights), rights, nationalId: null, personId: owner?.personId ?? null },
      ...{ shownName: owner?.name || null, mail: null, untouchable: owner === undefined },
    },
  ]
}
