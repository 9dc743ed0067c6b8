import * as z from 'zod'
import type { Instant } from '../../schemas/calendar.ts'
import type { LedgerEntry } from '../../schemas/ledger.ts'
import { type ChangeEffect, type ChangeKind, ShownAccount } from '../../schemas/registers.ts'
import { Difference, type Right, Step } from '../../schemas/target.ts'
import { sameRight } from './plan.ts'

/** An account as the ledger tells it at some time. A right's detail is null where no entry says what it allows. */
export interface AccountThen {
  readonly state: ShownAccount['state']
  readonly expiresAt: Instant | null
  readonly rights: ReadonlyMap<string, Right | null>
  /** When it was last seen; null: never. */
  readonly readAt: Instant | null
  /** An act had begun, or ended, without being read back. */
  readonly pending: boolean
}

/** One thing that became different, and why. */
export interface AccountChange {
  readonly change: ChangeKind
  readonly effect: ChangeEffect
  readonly right: string | null
  readonly was: Right | null
  readonly now: Right | null
  readonly until: Instant | null
  /** The entry that shows it. */
  readonly entry: Pick<LedgerEntry, 'id' | 'at'>
  readonly begunAt: Instant | null
  readonly readBackAt: Instant | null
  readonly cause: LedgerEntry['cause']
  readonly request: string | null
}

type Told = Pick<AccountChange, 'change' | 'effect' | 'right' | 'was' | 'now' | 'until'>
type Why = Omit<AccountChange, keyof Told>
type Sight = Pick<AccountThen, 'state' | 'expiresAt' | 'rights'>

const Evidence = z.object({
  intent: z.string().nullish(),
  readBack: z.boolean().optional(),
  differences: z.array(Difference).optional(),
})
const Intended = z.object({ steps: z.array(Step) })
/** What an adoption says of the account as it was found. */
const Adopted = z.object({ account: ShownAccount })

const unseen: AccountThen = {
  state: 'absent',
  expiresAt: null,
  rights: new Map(),
  readAt: null,
  pending: false,
}

const read = <T>(schema: z.ZodType<T>, value: unknown): T | null => schema.safeParse(value).data ?? null

/** No end is the latest of all. */
const endOf = (end: Instant | null) => end ?? '~'

/** What a right lost or gained; where it did both, it lost. */
function effectOf(was: Right, now: Right): ChangeEffect {
  const lost = (one: Right, other: Right) =>
    one.operations.some(operation => !other.operations.includes(operation)) ||
    (other.specific.length > 0 &&
      (one.specific.length === 0 || one.specific.some(part => !other.specific.includes(part)))) ||
    endOf(other.until) < endOf(one.until)
  if (lost(was, now)) return 'loss'
  return lost(now, was) ? 'gain' : 'none'
}

function rightTold(id: string, was: Right | null, now: Right | null): Told[] {
  const told = { right: id, was, now, until: now?.until ?? null }
  if (was === null || now === null) return [{ ...told, change: 'right-changed', effect: 'none' }]
  if (sameRight(was, now)) return []
  const effect = effectOf(was, now)
  if (!sameRight({ ...was, until: now.until }, now)) return [{ ...told, change: 'right-changed', effect }]
  return [{ ...told, change: effect === 'loss' ? 'end-earlier' : 'end-later', effect }]
}

/** `touched`: rights that are known to have been changed, whatever is known of what they allowed before. */
function rightsTold(was: Sight, now: Sight, touched: ReadonlySet<string>): Told[] {
  const told: Told[] = []
  for (const [id, right] of was.rights)
    if (!now.rights.has(id))
      told.push({ change: 'right-revoked', effect: 'loss', right: id, was: right, now: null, until: null })
  for (const [id, right] of now.rights) {
    const before = was.rights.get(id)
    if (before === undefined)
      told.push({
        change: 'right-granted',
        effect: 'gain',
        right: id,
        was: null,
        now: right,
        until: right?.until ?? null,
      })
    else if (touched.has(id)) told.push(...rightTold(id, before, right))
  }
  return told
}

/** What is different between two sights of an account. What is gone with the whole account is not told again. */
function differences(was: Sight, now: Sight, touched: ReadonlySet<string>): Told[] {
  const whole = (change: ChangeKind, effect: ChangeEffect, until: Instant | null): Told[] => [
    { change, effect, right: null, was: null, now: null, until },
  ]
  const lost = was.state === 'enabled' ? 'loss' : 'none'
  if (now.state === 'absent') return was.state === 'absent' ? [] : whole('deleted', lost, was.expiresAt)
  const stayedOpen = was.state === 'enabled' && now.state === 'enabled'
  return [
    ...(was.state === 'absent' && now.state === 'disabled' ? whole('created', 'none', now.expiresAt) : []),
    ...(was.state !== 'enabled' && now.state === 'enabled' ? whole('opened', 'gain', now.expiresAt) : []),
    ...(was.state === 'enabled' && now.state === 'disabled' ? whole('closed', 'loss', was.expiresAt) : []),
    ...(stayedOpen && endOf(now.expiresAt) < endOf(was.expiresAt)
      ? whole('end-earlier', 'loss', now.expiresAt)
      : []),
    ...(stayedOpen && endOf(was.expiresAt) < endOf(now.expiresAt)
      ? whole('end-later', 'gain', now.expiresAt)
      : []),
    ...rightsTold(was, now, touched),
  ]
}

/** What an entry shows, with what is known of each right: as it was granted by `steps`, else as it was. */
function sightOf(shown: ShownAccount, before: Sight, steps: readonly Step[], done: boolean): Sight {
  const granted = new Map(steps.flatMap(step => (step.act === 'grant' ? [[step.right.id, step.right]] : [])))
  const detail = (id: string): Right | null => {
    const right = granted.get(id)
    if (right === undefined) return before.rights.get(id) ?? null
    // One that was there before and should have become another: whether it did is not told.
    return done || !before.rights.has(id) ? right : null
  }
  const rights = shown.state === 'absent' ? [] : [...shown.rights].sort()
  return { ...shown, rights: new Map(rights.map(id => [id, detail(id)])) }
}

/**
 * One account through time, out of the ledger alone: the entries of its chain in their order, with its adoptions, which
 * stand in the person's chain. What is different between two sights of it is a change, whoever made it, so that all changes
 * together are the account as it stands.
 *
 * @param entries of the account's chain, oldest first
 * @param adoptions of this account, oldest first
 */
export function accountHistory(
  entries: readonly LedgerEntry[],
  adoptions: readonly LedgerEntry[],
): { readonly account: AccountThen; readonly changes: readonly AccountChange[] } {
  const changes: AccountChange[] = []
  const intents = new Map<string, LedgerEntry>()
  let account = unseen
  let open: LedgerEntry | null = null

  const see = (sight: Sight, why: Why, touched: ReadonlySet<string> = new Set()) => {
    changes.push(...differences(account, sight, touched).map(told => ({ ...told, ...why })))
    account = { ...sight, readAt: why.entry.at, pending: false }
  }
  /** Seen before something else was done: what is different was done outside, or by an act that nobody had read back. */
  const meet = (entry: LedgerEntry, shown: ShownAccount, touched?: ReadonlySet<string>) => {
    const steps = read(Intended, open?.after)?.steps ?? []
    see(
      sightOf(shown, account, steps, true),
      {
        entry,
        begunAt: open?.at ?? null,
        readBackAt: entry.at,
        cause: open?.cause ?? { kind: 'outside', ref: entry.id },
        request: open?.request ?? null,
      },
      touched,
    )
    open = null
  }
  const conclude = (entry: LedgerEntry) => {
    const evidence = read(Evidence, entry.evidence)
    const intent = intents.get(evidence?.intent ?? '')
    const shown = read(ShownAccount, entry.after)
    if (shown === null) {
      // Failed and read: it is as it was. Unknown: it may have been done.
      if (entry.phase === 'unknown') open = intent ?? entry
      account = { ...account, pending: entry.phase === 'unknown' }
      return
    }
    const steps = read(Intended, intent?.after)?.steps ?? []
    const done = entry.phase === 'succeeded'
    see(
      sightOf(shown, account, steps, done),
      {
        entry,
        begunAt: intent?.at ?? null,
        readBackAt: evidence?.readBack === true ? entry.at : null,
        cause: entry.cause,
        request: entry.request,
      },
      new Set(steps.flatMap(step => (step.act === 'grant' ? [step.right.id] : []))),
    )
    open = null
  }

  const adopt = (entry: LedgerEntry) => {
    const found = read(Adopted, entry.after)?.account
    if (found === undefined) return
    const { cause, request, at } = entry
    account = { ...sightOf(found, unseen, [], true), readAt: at, pending: false }
    changes.push({
      change: 'adopted',
      effect: 'none',
      right: null,
      was: null,
      now: null,
      until: found.expiresAt,
      entry,
      begunAt: null,
      readBackAt: null,
      cause,
      request,
    })
  }

  const follow = (entry: LedgerEntry) => {
    if (entry.act === 'account-adopted') return adopt(entry)
    const before = read(ShownAccount, entry.before)
    if (entry.act === 'drift-found') {
      const { differences: told = [] } = read(Evidence, entry.evidence) ?? {}
      const changed = told.flatMap(({ kind, right }) => (kind === 'right-changed' && right ? [right] : []))
      if (before !== null) meet(entry, before)
      const after = read(ShownAccount, entry.after)
      // What such a right allows now no entry says.
      account = {
        ...account,
        rights: new Map([...account.rights, ...changed.map(id => [id, null] as const)]),
      }
      if (after !== null) meet(entry, after, new Set(changed))
      return
    }
    if (entry.act !== 'account-converged') return
    if (entry.phase !== 'intended') return conclude(entry)
    if (before !== null) meet(entry, before)
    intents.set(entry.id, entry)
    account = { ...account, pending: true }
  }

  for (const entry of merged(entries, adoptions)) follow(entry)
  return { account, changes }
}

/** Adoptions at their time among the entries of the chain, whose own order stays. */
function merged(entries: readonly LedgerEntry[], adoptions: readonly LedgerEntry[]): LedgerEntry[] {
  const all: LedgerEntry[] = []
  let next = 0
  for (const entry of entries) {
    for (let one = adoptions[next]; one !== undefined && one.at <= entry.at; one = adoptions[next]) {
      all.push(one)
      next += 1
    }
    all.push(entry)
  }
  return [...all, ...adoptions.slice(next)]
}

/** Whether somebody could have used the account at that time. */
export const isOpenAt = ({ state, expiresAt }: AccountThen, at: Instant): boolean =>
  state === 'enabled' && (expiresAt === null || at < expiresAt)
