import { LedgerEntry } from '../../schemas/ledger.ts'
import type { AccessChange } from '../../schemas/registers.ts'
import { TargetId } from '../../schemas/settings.ts'
import { type AccountChange, accountHistory } from '../domain/account-history.ts'
import { addDays, laterOf } from '../domain/civil-time.ts'
import type { IdentityStore } from '../stores/identities.ts'
import type { EntryKey, LedgerStore } from '../stores/ledger.ts'
import { entriesOfDay, type WindowShard } from './entries-of-day.ts'
import { once } from './once.ts'
import { parsedChain } from './parsed-chain.ts'
import { type Needed as NeededOfPeople, type PeopleThen, peopleThen } from './people-then.ts'
import type { PageLimits, Walked } from './walk-people.ts'

export type Needed = NeededOfPeople & {
  readonly ledger: LedgerStore
  readonly identities: Pick<IdentityStore, 'body'>
  readonly windowShards: readonly WindowShard[]
  readonly limits: PageLimits
}

/** Entries taken from the windows at a time. */
const portion = 100
/** Looked at for one page, whatever they are about. */
const mostLookedAt = 5_000
/** Days asked for at once, where there was nothing before. */
const mostDays = 16

export interface Period {
  /** The first instant of it. */
  readonly from: string
  /** The last: what is known is what was known then. */
  readonly at: string
}

/** An entry that may show a change of an account. */
interface Candidate {
  readonly key: EntryKey
  readonly personId: string
  readonly target: TargetId
}

/**
 * What was changed in people's accounts in a period, oldest first, as entry by entry of the ledger shows it.
 *
 * @param start where the page before ended, an entry's instant and id
 */
export async function walkChanges(
  needed: Needed,
  { from, at }: Period,
  start: string | null,
  wanted: (change: AccountChange) => boolean,
): Promise<Walked<AccessChange>> {
  const accounts = openAccounts(needed, at)
  const entries: AccessChange[] = []
  let [looked, acts, bytes] = [0, 0, 0]
  // Before the body was founded there are none; clocks differ a little.
  const founded = (await needed.identities.body())?.foundedAt ?? from
  const first = laterOf(from, addDays(founded.slice(0, 10), -1))
  // One character after the last entry seen: both bounds of a range are included.
  let next = start === null ? first : `${start}!`
  const end = `${at}~`
  // Quiet weeks are leapt over: after a day without entries twice as many are asked for at once.
  let days = 1
  while (next <= end) {
    const keys = await entriesOfDays(needed, { from: next, to: end }, days)
    const candidates = await candidatesOf(needed, keys)
    const rows = await Promise.all(candidates.map(candidate => accounts.changesOf(candidate, wanted)))
    for (const [index, changes] of rows.entries()) {
      entries.push(...changes)
      bytes += JSON.stringify(changes).length
      if (bytes >= needed.limits.bytes) return { entries, place: candidates[index]?.key.windowSort ?? null }
    }
    looked += keys.length
    acts += candidates.length
    const last = keys.at(-1)
    if (keys.length === portion && last !== undefined) {
      if (looked >= mostLookedAt || acts >= needed.limits.acts) return { entries, place: last.windowSort }
      next = `${last.windowSort}!`
    } else next = addDays(next.slice(0, 10), days)
    days = keys.length === 0 ? Math.min(days * 2, mostDays) : 1
  }
  return { entries, place: null }
}

/** The next entries of the range's first days, oldest first. */
async function entriesOfDays(
  { ledger, windowShards }: Needed,
  range: { readonly from: string; readonly to: string },
  days: number,
): Promise<EntryKey[]> {
  const starts = [range.from]
  while (starts.length < days) starts.push(addDays(range.from.slice(0, 10), starts.length))
  const found = await Promise.all(
    starts
      .filter(from => from <= range.to)
      .map(from => entriesOfDay(ledger, windowShards, { ...range, from }, portion)),
  )
  return found.flat().slice(0, portion)
}

/** Entries of accounts' own chains, and adoptions among those of people's. */
async function candidatesOf({ ledger }: Needed, keys: readonly EntryKey[]): Promise<Candidate[]> {
  const ofPeople = keys.filter(({ chain }) => chain.startsWith('person/'))
  const adoptions = new Map<string, TargetId>()
  for (const { chain, sequence, text } of await ledger.read(ofPeople)) {
    const { act, system } = LedgerEntry.parse(JSON.parse(text))
    const target = TargetId.safeParse(system)
    if (act === 'account-adopted' && target.success) adoptions.set(`${chain}#${sequence}`, target.data)
  }
  return keys.flatMap((key): Candidate[] => {
    const [kind, personId = '', name] = key.chain.split('/')
    const target =
      kind === 'target' ? TargetId.safeParse(name).data : adoptions.get(`${key.chain}#${key.sequence}`)
    return target === undefined ? [] : [{ key, personId, target }]
  })
}

/** The histories of the accounts of one page, each read once. */
function openAccounts(needed: Needed, at: string) {
  const people = peopleThen(needed, at)
  const ownChain = once(personId => parsedChain(needed.ledger, needed.chains.person(personId), at))
  const history = once(async id => {
    const [personId = '', target = ''] = id.split('/')
    const [entries, own] = await Promise.all([
      parsedChain(needed.ledger, needed.chains.target(personId, target), at),
      ownChain(personId),
    ])
    const adoptions = own.filter(({ act, system }) => act === 'account-adopted' && system === target)
    return accountHistory(entries, adoptions).changes
  })

  return {
    async changesOf(
      { key, personId, target }: Candidate,
      wanted: (change: AccountChange) => boolean,
    ): Promise<AccessChange[]> {
      const id = key.windowSort.slice(key.windowSort.indexOf('#') + 1)
      const changes = (await history(`${personId}/${target}`)).filter(
        change => change.entry.id === id && wanted(change),
      )
      if (changes.length === 0) return []
      const [person, kept, own] = await Promise.all([
        people.ref(personId),
        people.person(personId),
        ownChain(personId),
      ])
      return Promise.all(
        changes.map(async ({ entry, ...change }) => ({
          at: entry.at,
          ...change,
          person,
          system: target,
          account: kept?.targets.get(target)?.name ?? null,
          askedBy: await askedBy(people, own, { ...change, entry }),
          entry: entry.id,
        })),
      )
    },
  }
}

/** Whoever caused it, by the entry of the person's own chain that has the same cause; null: nobody, or time. */
async function askedBy(
  people: PeopleThen,
  own: readonly LedgerEntry[],
  { cause, entry }: AccountChange,
): Promise<AccessChange['askedBy']> {
  const asked = own.findLast(
    other => other.cause.kind === cause.kind && other.cause.ref === cause.ref && other.at <= entry.at,
  )
  if (asked === undefined || asked.actor.role === 'system') return null
  const { personId, role, onBehalfOf } = asked.actor
  return {
    person: personId === null ? null : await people.ref(personId),
    role,
    onBehalfOf: onBehalfOf === null ? null : await people.ref(onBehalfOf),
  }
}
