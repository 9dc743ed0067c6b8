import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { desiredAccess } from '../../functions/domain/desired-access.ts'
import type { PersonAggregate } from '../../functions/stores/people.ts'
import type { LedgerEntry } from '../../schemas/ledger.ts'
import type { TargetId } from '../../schemas/settings.ts'
import type { Step } from '../../schemas/target.ts'
import { type Filed, mayBeOpen } from './clerk.ts'
import { gives, shouldBeOpen } from './diary.ts'
import { serials } from './doors.ts'
import { count, type Folder, type Town, targets } from './town.ts'
import { settledState, wholeChain } from './whole.ts'

/** Why anything may be done in a target. */
const causes = ['form', 'hr-event', 'import', 'calendar', 'drift', 'hold', 'conflict', 'badge']

/** What must be true of somebody once everything has settled, whatever happened to them. */
export async function expectSettled(town: Town, folder: Folder): Promise<void> {
  const { world } = town
  const { settings } = world.engine
  await settledState(world, folder.personId)
  const person = await world.engine.people.load(folder.personId)
  if (person === null) throw new Error('the person is gone')
  const now = new Date(world.time.now).toISOString()

  const told = folder.told.map(({ id }) => id)
  const withheld = person.stopped.flatMap(({ event }) => event?.id ?? [])
  expect(new Set(person.events.map(({ id }) => id)).size).toBe(person.events.length)
  for (const { id } of person.events) {
    expect(told).toContain(id)
    expect(withheld).not.toContain(id)
  }
  const corrected = new Set(person.events.flatMap(({ supersedes }) => supersedes ?? []))
  const papers = {
    filed: await standing(town, folder, person.stopped),
    events: person.events.filter(({ id }) => !corrected.has(id)),
    suspended: folder.holds.some(({ until }) => until === null || now < until),
    leaves: town.leaves,
  }
  for (const target of targets) {
    const row = person.targets.get(target)
    const accounts = accountsOf(town, folder, target, row?.name)
    expect(accounts.length).toBeLessThanOrEqual(1)
    const isOpen = accounts.some(({ enabled }) => enabled)
    const wanted = desiredAccess(person, target, settings, now).enabled
    expect(wanted, `${target}, by the rules and by the diary`).toBe(
      shouldBeOpen(person, target, settings, now),
    )
    await expectCaused(town, folder, target)
    if (row?.stopped != null) {
      count('stopped account')
      continue
    }
    expect(isOpen, target).toBe(wanted)
    if (isOpen) expect(mayBeOpen(papers, target, town.civil(0)), target).toBe(true)
    if (row !== undefined)
      expect(row, target).toMatchObject({ state: 'converged', openIntent: null, leaseUntil: null })
    if (isOpen) count('open')
    else if (accounts.length > 0) count('closed')
    if (target === 'data-centre') expectAtTheDoors(town, folder, person, now)
  }
}

/** What a target itself shows of somebody; of the doors, what the devices hold. */
function accountsOf(
  { world, doors }: Town,
  { nationalId }: Folder,
  target: TargetId,
  name: string | undefined,
): { readonly enabled: boolean }[] {
  if (target !== 'data-centre')
    return [...world.targets[target].accounts.values()].filter(({ owner }) => owner === nationalId)
  return name === undefined ? [] : [{ enabled: serials.some(serial => doors.lets(serial, name)) }]
}

/** Each device holds somebody if and only if they may pass it (by the diary), and opens to the one card they have signed for. */
function expectAtTheDoors(
  { doors, world }: Town,
  { cards }: Folder,
  person: PersonAggregate,
  now: string,
): void {
  const name = person.targets.get('data-centre')?.name
  const { settings } = world.engine
  const card = person.badge?.card
  for (const serial of serials) {
    const may = person.grants.some(
      one => one.atom === `door:${serial}` && gives(person, one, 'data-centre', settings, now),
    )
    if (name !== undefined) {
      expect(doors.lets(serial, name), `${serial} lets them pass`).toBe(may)
      expect(doors.knows(serial, name), `${serial} knows them`).toBe(may)
    }
    for (const number of cards) {
      const opens = may && card?.number === number && card.receipt !== null
      expect(doors.device(serial).swipe(number).opened, `${serial} opens to ${number}`).toBe(opens)
      count(opens ? 'let in' : 'kept out')
    }
  }
}

/** What of the forms stands: what is withheld, or was discarded, takes nothing. */
async function standing(
  { world }: Town,
  { filed }: Folder,
  stopped: readonly { readonly lines: { readonly request: string } | null }[],
): Promise<Filed[]> {
  const counting: Filed[] = []
  for (const { line, request } of filed) {
    if (line.act === 'take') {
      if (stopped.some(({ lines }) => lines?.request === request)) {
        count('stopped form')
        continue
      }
      const kept = await world.engine.requests.load(request)
      if (kept?.lines.every(({ decision }) => decision !== 'accepted') ?? true) continue
    }
    counting.push(line)
  }
  return counting
}

/** Whatever was done to an account was meant before, and has a cause. */
async function expectCaused(
  { world }: Town,
  { personId, nationalId }: Folder,
  target: TargetId,
): Promise<void> {
  const entries = await world.entries(`target/${personId}/${target}`)
  const meant: string[] = []
  for (const { phase, cause, after } of entries) {
    if (phase === 'recorded') continue
    expect(causes, 'a cause of a known kind').toContain(cause.kind)
    expect(cause.ref).not.toBe('')
    if (phase === 'intended') meant.push(...(after as { steps: Step[] }).steps.map(({ act }) => act))
  }
  if (target === 'data-centre') return
  const own = [...world.targets[target].accounts.values()].filter(({ owner }) => owner === nationalId)
  for (const { accountId, act } of world.targets[target].changes) {
    if (!own.some(account => account.accountId === accountId)) continue
    const place = meant.indexOf(act)
    expect(place, `${act} in ${target} without an intent`).toBeGreaterThanOrEqual(0)
    meant.splice(place, 1)
  }
}

type Item = Record<string, unknown>

/** A value of DynamoDB's wire format as what it stands for. */
function plain(value: object): unknown {
  const [[type, held] = []] = Object.entries(value)
  if (type === 'M')
    return Object.fromEntries(Object.entries(held).map(([name, one]) => [name, plain(one as object)]))
  if (type === 'L') return (held as object[]).map(plain)
  if (type === 'N') return Number(held)
  return type === 'NULL' ? null : held
}

/** What must be true of a whole town: every chain unforked up to the head that its aggregate knows; every mail of a fact, and once. */
export async function expectWhole({ world }: Town): Promise<void> {
  const { state = [], ledger = [] } = await world.dynamo.snapshot()
  const rows = state.map(row => plain({ M: row }) as Item)
  const heads = new Map(
    rows.flatMap(row => {
      const head = row.head as { sequence: number; hash: string } | undefined
      return head === undefined || head === null ? [] : [[head.hash, head] as const]
    }),
  )
  const entries: LedgerEntry[] = []
  const chainNames = new Set(ledger.map(row => String((plain({ M: row }) as Item).chain)))
  for (const chain of chainNames) {
    const last = (await world.ledger.chain(chain)).at(-1)
    const head = heads.get(last?.hash ?? '')
    if (head === undefined) throw new Error(`${chain} ends where no aggregate says`)
    entries.push(...(await wholeChain(world, chain, head)))
    count(`chain of ${chain.split('/')[0]}`)
  }
  expect(entries.length).toBe(ledger.length)
  const facts = [
    ...entries.map(({ id, act }) => ({ id, act })),
    ...rows.flatMap(({ sk, id }) =>
      String(sk).startsWith('GRANT#') ? [{ id: String(id), act: 'granted' }] : [],
    ),
  ]
  const holds = new Set(entries.flatMap(({ act, cause }) => (act === 'hold-placed' ? [cause.ref] : [])))
  const isAbout = ({ request, hold, personId }: About): boolean => {
    if (request != null) return chainNames.has(`request/${request}`)
    if (hold != null) return chainNames.has(`hold/${hold}`) || holds.has(hold)
    return personId != null && chainNames.has(`person/${personId}`)
  }
  const seen = new Set<string>()
  for (const { pk, id, template, to, about } of rows) {
    if (!String(pk).startsWith('NOTICE#')) continue
    const fact = facts.find(one => noticeOf(one.id, template, to) === id)
    const happened = byEntry.has(String(template)) ? fact !== undefined : isAbout(about as About)
    expect(happened, `a mail of nothing that happened: ${JSON.stringify([template, to, about])}`).toBe(true)
    if (manyFacts.has(String(template))) continue
    // Of an overdue task people are reminded again and again, each time by an entry of its own.
    const once = JSON.stringify([template, to, about, ...(fact?.act === 'task-overdue' ? [fact.id] : [])])
    expect(seen, 'told twice of one fact').not.toContain(once)
    seen.add(once)
    count('mail')
  }
}

interface About {
  readonly request?: string | null
  readonly hold?: string | null
  readonly personId?: string | null
}

/** Mails whose fact is an entry of the ledger, or a grant; the others name what they are about. */
const byEntry: ReadonlySet<string> = new Set([
  'task-opened',
  'task-changed',
  'task-withdrawn',
  'task-overdue',
  'copy-to-head',
])

/** Mails of another outcome, or of another card, about the same thing: their fact is in their id. */
const manyFacts: ReadonlySet<string> = new Set([
  'request-settled',
  'line-decided',
  'card-receipt',
  'card-lost',
  'card-copied',
])

const noticeOf = (fact: string, template: unknown, to: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify([fact, template, to]))
    .digest('hex')
    .slice(0, 32)
