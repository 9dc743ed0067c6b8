import type { Verification } from '../../schemas/api.ts'
import { TargetId } from '../../schemas/settings.ts'
import { addDays } from '../domain/civil-time.ts'
import { type ChainFault, verifyChain } from '../domain/verify-chain.ts'
import type { HeadStore } from '../stores/heads.ts'
import type { chains } from '../stores/keys.ts'
import type { EntryKey, LedgerStore, SealedEntry } from '../stores/ledger.ts'
import type { VisitStore } from '../stores/visits.ts'
import { inParallel } from './in-parallel.ts'
import type { Registers } from './registers.ts'

type Needed = Pick<Registers, 'ledger' | 'identities' | 'units' | 'requests' | 'clock'> & {
  readonly heads: HeadStore
  readonly visits: Pick<VisitStore, 'ids'>
  readonly chains: typeof chains
  readonly windowShards: readonly Parameters<LedgerStore['window']>[1][]
}

const readAtOnce = 500
/** Requests of a unit listed at a time. */
const listed = 500
/** More faults than these tell nothing more. */
const mostFaults = 1_000

/**
 * Recomputes every chain of the ledger. Entries are found by their windows, chains that have lost all of theirs by the
 * aggregates that should have one. What looks wrong is read again, consistently and between two readings of its head, so
 * that work going on meanwhile is no fault. There are no anchors yet.
 */
export async function verifyLedger(registers: Needed): Promise<Verification> {
  const entries = new Map<string, SealedEntry[]>()
  const people = new Set<string>()
  const keys = await findEntries(registers)
  await inParallel(portions(keys, readAtOnce), async some => {
    for (const entry of await registers.ledger.read(some)) {
      entries.set(entry.chain, [...(entries.get(entry.chain) ?? []), entry])
      for (const id of peopleOf(entry)) people.add(id)
    }
  })
  const expected = [
    ...entries.keys(),
    registers.chains.body(),
    ...TargetId.options.map(registers.chains.system),
    ...(await recordChains(registers)),
    ...(await registers.heads.ofAlarms()),
    ...[...people].flatMap(id => [
      registers.chains.person(id),
      registers.chains.credentials(id),
      registers.chains.badge(id),
      ...TargetId.options.map(target => registers.chains.target(id, target)),
    ]),
  ]
  const heads = await registers.heads.of(expected)
  const names = [...new Set([...entries.keys(), ...heads.keys()])]
  const faults: ChainFault[] = []
  let openIntents = 0
  let counted = 0
  let chainCount = 0
  await inParallel(names, async chain => {
    let rows = (entries.get(chain) ?? []).sort((one, other) => one.sequence - other.sequence)
    const head = heads.get(chain) ?? null
    let verified = verifyChain(chain, rows, { atLeast: head, atMost: head })
    if (verified.faults.length > 0) {
      const before = (await registers.heads.of([chain])).get(chain) ?? null
      rows = await registers.ledger.chain(chain)
      const after = (await registers.heads.of([chain])).get(chain) ?? null
      verified = verifyChain(chain, rows, { atLeast: before, atMost: after })
    }
    if (rows.length > 0) chainCount += 1
    counted += rows.length
    openIntents += verified.openIntents
    faults.push(...verified.faults)
  })
  return {
    ok: faults.length === 0,
    entries: counted,
    chains: chainCount,
    anchors: 0,
    openIntents,
    faults: faults
      .sort((one, other) =>
        one.chain === other.chain ? one.sequence - other.sequence : one.chain < other.chain ? -1 : 1,
      )
      .slice(0, mostFaults),
  }
}

/** Keys of all entries, window after window, from the body's founding to tomorrow (clocks differ a little). */
async function findEntries({ ledger, identities, clock, windowShards }: Needed): Promise<EntryKey[]> {
  const founded = await identities.body()
  const now = new Date(clock()).toISOString().slice(0, 10)
  const last = addDays(now, 1)
  const windows: { day: string; shard: Needed['windowShards'][number] }[] = []
  for (let day = addDays(founded?.foundedAt.slice(0, 10) ?? now, -1); day <= last; day = addDays(day, 1))
    windows.push(...windowShards.map(shard => ({ day, shard })))
  const found: EntryKey[] = []
  await inParallel(windows, async ({ day, shard }) => {
    for (const key of await ledger.window(day, shard, { from: '0', to: '9' })) found.push(key)
  })
  return found
}

/** Chains of units, requests and visits, as the registers list them. */
async function recordChains({ units, requests, visits, chains: chainOf }: Needed): Promise<string[]> {
  const found = (await visits.ids()).map(chainOf.visit)
  await inParallel(await units.all(), async ({ unit }) => {
    found.push(chainOf.unit(unit.id))
    let before: string | null = null
    do {
      const numbers: string[] = await requests.numbersOfUnit(unit.id, before, listed)
      found.push(...numbers.map(chainOf.request))
      before = numbers.length === listed ? (numbers.at(-1) ?? null) : null
    } while (before !== null)
  })
  return found
}

/** Everybody an entry speaks of has a chain of their own, even where none of its entries is left. */
function peopleOf({ chain, text }: SealedEntry): string[] {
  const [kind, id] = chain.split('/')
  const own =
    ['person', 'target', 'credentials', 'badge'].includes(kind ?? '') && id !== undefined ? [id] : []
  return [...own, ...(text.match(/(?<="personId":"|"subject":")[0-9a-f-]{36}(?=")/g) ?? [])]
}

const portions = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
