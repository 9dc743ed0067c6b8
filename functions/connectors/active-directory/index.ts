import { PresenceFilter } from 'ldapts'
import type { DirectorySettings } from '../../../schemas/settings.ts'
import type { Observation } from '../../../schemas/target.ts'
import { absentAccount } from '../../domain/absent-account.ts'
import type {
  AccountPage,
  AccountRef,
  Applied,
  Connector,
  Outcome,
  PasswordAnswer,
  Plan,
} from '../contract.ts'
import { type Account, accountsByGuid, isMarked, lacksMark, observationOf } from './account.ts'
import { Acting } from './acting.ts'
import { guidBytes, hashOf, profileValues } from './attributes.ts'
import { type ConnectionLimits, Connections, type DirectorySecret } from './connections.ts'
import { fault, resultCode, system } from './faults.ts'
import { Finding } from './finding.ts'
import { layoutOf } from './layout.ts'
import { listPage } from './listing.ts'
import { chunksOf, each } from './lists.ts'
import { setPassword } from './password.ts'
import { Protection } from './protection.ts'

export type { ConnectionLimits, DirectorySecret } from './connections.ts'

const usualLimits: ConnectionLimits = {
  connections: 2,
  connectTimeout: 4_000,
  operationTimeout: 8_000,
  idleTimeout: 30_000,
}
/** Searches, and people acted on, at the same time over one connection. What waits in the server's queue counts as waited. */
const depth = { looking: 4, acting: 2 }
/** Accounts that one search asks for. */
const together = 16
/** Milliseconds for which a plan may rest on what `observe` read. Every write is conditional on it besides. */
const trustFor = 10_000
const remembered = 2_000

/** Active Directory over LDAPS. How it keeps its promises is told in `docs/active-directory.md`. */
export function createDirectoryConnector(
  written: DirectorySettings,
  secret: DirectorySecret,
  options: Partial<ConnectionLimits> = {},
): Connector {
  const limits = { ...usualLimits, ...options }
  const layout = layoutOf(written)
  const { settings } = layout
  const connections = new Connections(secret, limits)
  const protection = new Protection(layout, connections)
  const finding = new Finding(connections, layout)
  /** What `observe` has just read and found ours, so that `apply` need not read it again. */
  const seen = new Map<string, { account: Account; at: number }>()

  function remember(account: Account): void {
    seen.delete(account.guid)
    seen.set(account.guid, { account, at: Date.now() })
    const [oldest] = seen.size > remembered ? seen.keys() : []
    if (oldest !== undefined) seen.delete(oldest)
  }

  /** Once only: what follows from acting on it is no longer what was read. */
  function recall(accountId: string | null): Account | null {
    const known = accountId === null ? undefined : seen.get(accountId)
    if (known === undefined || accountId === null) return null
    seen.delete(accountId)
    return Date.now() - known.at < trustFor ? known.account : null
  }

  /** The first look: by key or, without one, by name; an account of that name which is not theirs settles nothing yet. */
  async function find({ accountId, name, nationalId }: AccountRef): Promise<Account | null> {
    if (accountId !== null) return finding.byKey(accountId)
    const named = await finding.byName(name)
    return named !== null && isMarked(named, nationalId) ? named : null
  }

  /** The second: in every way there is. Null is proven. */
  async function findOrProve(ref: AccountRef): Promise<Account | null> {
    const account = ref.accountId === null ? null : await finding.byKey(ref.accountId)
    const found = account ?? (await finding.withoutKey(ref))
    if (found === null && ref.accountId !== null) await finding.proveDeleted(ref.accountId)
    return found
  }

  /** That the places where accounts live can be read with this bind: without it "there is none" proves nothing. */
  async function proveReadable(): Promise<void> {
    const places = [settings.baseDn, settings.activeOu, settings.inactiveOu]
    await Promise.all(
      places.map(async place => {
        const filter = new PresenceFilter({ attribute: 'objectClass' })
        const { searchEntries } = await connections
          .read(client =>
            client.search(place, { scope: 'base', filter, attributes: ['objectClass', 'name'] }),
          )
          .catch(error => {
            throw resultCode(error) === 32 ? fault('misconfigured', true, error) : error
          })
        const [entry] = searchEntries
        if (entry === undefined || entry.objectClass?.length === 0) throw fault('misconfigured', true)
      }),
    )
  }

  async function examine(ref: AccountRef, account: Account | null): Promise<Observation | null> {
    if (ref.accountId !== null) seen.delete(ref.accountId)
    if (account === null) return null
    const unmarked = lacksMark(account, ref)
    await protection.check(account)
    remember(account)
    return { ...observationOf(account, layout), ...(unmarked ? { unmarked } : {}) }
  }

  /** One look at each: those with a key several in a search. Null is no more than "not among the answers". */
  async function lookAt(refs: readonly AccountRef[], atOnce: number): Promise<Outcome<Observation | null>[]> {
    const isKeyed = (at: number) => guidBytes(refs[at]?.accountId ?? '') !== null
    const keyed = [...refs.keys()].filter(isKeyed)
    const size = Math.max(1, Math.min(together, Math.ceil(keyed.length / limits.connections)))
    const unkeyed = [...refs.keys()].filter(at => !isKeyed(at))
    const searches = [...chunksOf(keyed, size), ...chunksOf(unkeyed, 1)]
    const answers = await each(searches, atOnce, async group => {
      const [ref] = group.map(at => refs[at])
      if (group.length === 1 && ref !== undefined) return [await find(ref)]
      const guids = group.map(at => refs[at]?.accountId?.toLowerCase() ?? '')
      const found = await connections.read(client => accountsByGuid(client, settings.baseDn, guids))
      return guids.map(guid => found.get(guid) ?? null)
    })
    const looked: Outcome<Observation | null>[] = new Array(refs.length)
    for (const [turn, answer] of answers.entries()) {
      const group = searches[turn] ?? []
      const examined = await each([...group.entries()], group.length, async ([nth, at]) => {
        if (!answer.ok) throw answer.error
        return examine(refs[at] as AccountRef, answer.value[nth] ?? null)
      })
      for (const [nth, at] of group.entries()) looked[at] = examined[nth] as Outcome<Observation | null>
    }
    return looked
  }

  async function applyOne(plan: Plan): Promise<Applied> {
    const known = recall(plan.observed.accountId ?? plan.account.accountId)
    const account = await new Acting(connections, layout, protection, finding, plan, known).run()
    return { accountId: account.guid, name: account.name }
  }

  return {
    system,
    profileHash: profile => hashOf(profileValues(profile)),
    async observe(accounts) {
      const looking = limits.connections * depth.looking
      const looked = await lookAt(accounts, looking)
      const missed = looked.flatMap((outcome, at) => (outcome.ok && outcome.value === null ? [at] : []))
      if (missed.length > 0) {
        // `Absent` is said only after two negative answers with a positive reading of the base between them.
        const [proof] = await each([settings], 1, proveReadable)
        const again = await each(missed, looking, async at => {
          if (proof?.ok === false) throw proof.error
          const ref = accounts[at] as AccountRef
          return examine(ref, await findOrProve(ref))
        })
        for (const [index, at] of missed.entries()) looked[at] = again[index] as Outcome<Observation | null>
      }
      return looked.map(outcome =>
        outcome.ok ? { ok: true, value: outcome.value ?? absentAccount } : outcome,
      )
    },
    async list(cursor) {
      const page = async () => {
        await proveReadable()
        const atOnce = limits.connections * depth.looking
        return listPage({ connections, layout, protection, atOnce }, cursor)
      }
      const [answer] = await each([cursor], 1, page)
      return answer as Outcome<AccountPage>
    },
    async setPassword(ref, password) {
      const set = async () => {
        const account = await (ref.accountId === null
          ? finding.withoutKey(ref)
          : finding.byKey(ref.accountId))
        if (account === null) throw fault('missing', true)
        lacksMark(account, ref)
        await protection.check(account)
        return setPassword(connections, settings.baseDn, account, password)
      }
      const [answer] = await each([ref], 1, set)
      return answer as Outcome<PasswordAnswer>
    },
    apply: plans => each(plans, limits.connections * depth.acting, applyOne),
    close: () => connections.close(),
  }
}
