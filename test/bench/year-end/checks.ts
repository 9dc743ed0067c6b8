import { nextLook } from '../../../functions/domain/daily-look.ts'
import { mustBe } from '../../../infra/local/client.ts'
import type { Clock } from './clock.ts'
import { type Member, type System, systemsOf } from './crowd.ts'
import { type Act, isRenewal } from './ledger.ts'
import type { Tally } from './logins.ts'
import { holdsOf, isGone } from './night.ts'
import { type AccountSeen, accountsOf, each, settle, type Town } from './town.ts'

/** What was found wrong, by kind, with how often. */
export type Faults = Map<string, number>

const told = 'further ones are counted, not told'
/** A machine this busy proves nothing. */
const longestGap = 10_000
const mostKinds = 40
/** How many may always lose access in an hour, by the sample settings. */
const floor = 10

export function note(faults: Faults, what: string): void {
  const key = faults.has(what) || faults.size < mostKinds ? what : told
  faults.set(key, (faults.get(key) ?? 0) + 1)
}

/** What every account should show: whether it is open, and until when. */
interface Expected {
  readonly state: 'enabled' | 'disabled'
  readonly expiresAt: number | null
}

function compare(faults: Faults, when: string, member: Member, accounts: AccountSeen[], expected: Expected) {
  for (const system of systemsOf(member)) {
    const what = `${when}: ${member.fate} in ${system}`
    const account = accounts.find(one => one.system === system)
    if (account === undefined) {
      note(faults, `${what}: no account`)
      continue
    }
    if (account.state !== expected.state) note(faults, `${what}: ${account.state}`)
    if (!account.converged) note(faults, `${what}: not converged${account.parked ? ', parked' : ''}`)
    if (expected.expiresAt !== null && Date.parse(account.expiresAt ?? '') !== expected.expiresAt)
      note(
        faults,
        `${what}: ends ${account.expiresAt} instead of ${new Date(expected.expiresAt).toISOString()}`,
      )
  }
  if (accounts.length !== systemsOf(member).length) note(faults, `${when}: ${member.fate}: other accounts`)
}

/** Each account is looked at once a day, at a time of its own: the sweeper rings for it within a minute, and it is done soon after. */
const lookedAtWithin = 3 * 60_000

/**
 * Everybody, once. An account whose daily look has just come due is not known to be as it should: it is looked at again when
 * the look is done. Any other that is not settled is shown as it is.
 */
async function lookAtAll(
  town: Town,
  clock: Clock,
  look: (member: Member, accounts: AccountSeen[]) => void,
): Promise<void> {
  let left = town.members
  for (let round = 1; left.length > 0; round++) {
    const again: Member[] = []
    await each(left, 4, async member => {
      const accounts = await accountsOf(town, member.nationalId)
      const open = accounts.filter(({ converged }) => !converged)
      const byTheDay = (account: AccountSeen) => {
        const before = clock.now() - lookedAtWithin
        const due = nextLook(`${account.personId} ${account.system}`, new Date(before).toISOString())
        return !account.parked && Date.parse(due) <= clock.now()
      }
      if (round < 4 && open.length > 0 && open.every(byTheDay)) again.push(member)
      else look(member, accounts)
    })
    if (again.length > 0) {
      town.say(`the daily look of ${again.length} people has just come due: they are looked at once more`)
      await settle(town, 'the daily looks', 1)
    }
    left = again
  }
}

/** Before the night: everybody can work, and every end is armed in the target itself. */
export async function checkOpened(town: Town, clock: Clock, faults: Faults, lasting: number): Promise<void> {
  await lookAtAll(town, clock, (member, accounts) =>
    compare(faults, 'opened', member, accounts, {
      state: 'enabled',
      expiresAt: member.fate === 'moved' ? lasting : town.midnight,
    }),
  )
}

/** Accounts of people who should be gone and are not closed and read back; looked for until a few are found. */
export function openAccounts(town: Town, stopped: ReadonlySet<string>): () => Promise<number> {
  const few = 20
  let left = town.members.filter(member => isGone(member, stopped))
  return async () => {
    const closed = new Set<Member>()
    let open = 0
    await each(left, 4, async member => {
      if (open >= few) return
      const accounts = await accountsOf(town, member.nationalId)
      const missing = accounts.filter(({ state, converged }) => state !== 'disabled' || !converged)
      if (missing.length === 0) closed.add(member)
      open += missing.length
    })
    left = left.filter(member => !closed.has(member))
    return open
  }
}

export interface After {
  readonly stopped: ReadonlySet<string>
  /** How many the guard's answer counted. */
  readonly answered: number
  /** The first instants at which a renewed one's and a stopped one's accounts no longer work. */
  readonly renewedUntil: number
  readonly lasting: number
}

/** After the night, in every account and in the guard's batches. */
export async function checkClosed(town: Town, clock: Clock, faults: Faults, after: After): Promise<void> {
  await lookAtAll(town, clock, (member, accounts) =>
    compare(faults, 'after', member, accounts, {
      state: isGone(member, after.stopped) ? 'disabled' : 'enabled',
      expiresAt: isGone(member, after.stopped)
        ? null
        : member.fate === 'renewed'
          ? after.renewedUntil
          : after.lasting,
    }),
  )
  const moved = town.members.filter(({ fate }) => fate === 'moved')
  const holds = await holdsOf(town)
  for (const { cause, state } of holds) {
    if (cause.kind !== 'import') note(faults, `guard: a batch of kind ${cause.kind}`)
    if (state !== 'held') note(faults, `guard: a batch is ${state}`)
  }
  const held = new Set(holds.flatMap(({ losses }) => losses.flatMap(({ person }) => person ?? [])))
  const crowd = new Set(moved.map(({ nationalId }) => nationalId))
  if ([...held].some(id => !crowd.has(id)) || held.size < after.answered)
    note(faults, `guard: ${held.size} people held, ${after.answered} told as stopped`)
  // Below the floor nothing is stopped, and nothing tells the limit.
  const limit = holds[0]?.limit ?? floor
  const wanted = Math.max(0, moved.length - limit)
  if (held.size !== wanted)
    note(faults, `guard: ${held.size} people held instead of ${wanted}, limit ${limit}`)
  const batches = wanted > 0 ? 1 : 0
  if (holds.length !== batches) note(faults, `guard: ${holds.length} batches instead of ${batches}`)
}

export interface Renewals {
  /** When the last end was moved and read back; null: none was. */
  readonly last: string | null
  readonly late: number
}

/** Everybody who was renewed has the new end in the target itself, read back, before the old one comes. */
export function checkRenewed(town: Town, faults: Faults, acts: readonly Act[]): Renewals {
  const done = new Map<string, string>()
  const fates = new Map(town.members.map(({ nationalId, fate }) => [nationalId, fate]))
  for (const act of acts)
    if (isRenewal(act, fates.get(act.nationalId))) done.set(`${act.nationalId} ${act.system}`, act.doneAt)
  const midnight = new Date(town.midnight).toISOString()
  const late = new Map<System, number>()
  for (const member of town.members)
    if (member.fate === 'renewed')
      for (const system of systemsOf(member))
        if ((done.get(`${member.nationalId} ${system}`) ?? '~') >= midnight)
          late.set(system, (late.get(system) ?? 0) + 1)
  for (const [system, accounts] of late)
    note(faults, `renewals: ${accounts} accounts in ${system} not carried out before midnight`)
  return {
    last: [...done.values()].sort().at(-1) ?? null,
    late: [...late.values()].reduce((sum, accounts) => sum + accounts, 0),
  }
}

/** No chain is broken, no intent is left open, and nobody who was renewed was closed for a moment. */
export async function checkLedger(town: Town, faults: Faults, acts: readonly Act[]): Promise<number | null> {
  const untouched = new Set(
    town.members.flatMap(({ fate, nationalId }) => (fate === 'renewed' ? nationalId : [])),
  )
  for (const { nationalId, system, steps } of acts)
    if (untouched.has(nationalId) && steps.some(step => /disable|revoke|retire|end-sessions/.test(step)))
      note(faults, `ledger: a renewed one lost something in ${system}`)
  // Once only: what does not fit into one call does not fit into the next one.
  const answer = await town.laptop.as(town.who.security, 'GET', '/audit/verification')
  if (answer.status !== 200) {
    note(faults, `ledger: the verification answered ${answer.status}`)
    return null
  }
  const { ok, openIntents, entries } = mustBe(answer, 200, 'GET /audit/verification')
  if (!ok) note(faults, 'ledger: the verification found faults')
  if (openIntents > 0) note(faults, `ledger: ${openIntents} intents are open`)
  return entries
}

export function checkLogins(faults: Faults, tally: Tally): void {
  for (const violation of tally.violations) note(faults, `login: ${violation}`)
  if (tally.longestGap > longestGap)
    note(faults, `login: once ${tally.longestGap} ms passed between two rounds of tries`)
}
