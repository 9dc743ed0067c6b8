import type { CompleteReading, ListedAccountRow, ReadingRow } from '../../schemas/reading.ts'
import type { ReadingOrdered, Reconciliation, ReconciliationQuery } from '../../schemas/reconciliation.ts'
import type { TargetId } from '../../schemas/settings.ts'
import { compareReadings } from '../domain/comparison.ts'
import { correlator } from '../domain/correlation.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { AdoptionStore } from '../stores/adoptions.ts'
import type { ListStore } from '../stores/lists.ts'
import type { ReadingStore } from '../stores/readings.ts'
import { openCursor, sealCursor } from './cursor.ts'
import { type Engine, instantOf, targetSettings } from './engine.ts'
import { accountView, type Judging, judgeAccounts } from './judge-accounts.ts'
import { knownPeople } from './known-people.ts'

type Needed = Pick<Engine, 'people' | 'settings' | 'clock' | 'bells'> & {
  readonly adoptions: AdoptionStore
  readonly readings: ReadingStore
  readonly lists: ListStore
}

/** Things told on one page, and accounts or rows looked at for it: each costs a read or two. */
const toldAtOnce = 100
const lookedAtOnce = 500
const portion = 50
const comparedAtOnce = 200
/** After this time a page ends where it is; API Gateway waits 29 s. */
const patience = 12_000

const sections = ['accounts', 'drift', 'would-do'] as const
type Section = (typeof sections)[number]

/** What of the answer a question asks for, and in which section it is found. */
const sectionOf = {
  drift: 'drift',
  orphans: 'accounts',
  unmanaged: 'accounts',
  'would-do': 'would-do',
} as const satisfies Record<string, Section>

/** How far a page has come, and what it may still take. */
interface Page {
  readonly answer: Reconciliation
  readonly query: ReconciliationQuery
  readonly isLate: () => boolean
  looked: number
}

const lateAfter = ({ clock }: Needed) => {
  const until = clock() + patience
  return () => clock() > until
}

const told = ({ answer }: Page) =>
  answer.drift.length + answer.orphans.length + answer.unmanaged.length + answer.wouldDo.length
const isFull = (page: Page) => told(page) >= toldAtOnce || page.looked >= lookedAtOnce || page.isLate()

/** All accounts of a target are to be read now, or after the reading that is under way. */
export async function orderReading(needed: Needed, target: TargetId): Promise<ReadingOrdered | Refusal> {
  const kind = targetSettings(needed.settings, target)?.kind
  if (kind === undefined) return refuse('invalid', [{ pointer: '/target', code: 'target.unknown' }])
  if (kind === 'manual') return refuse('conflict', [{ pointer: '/target', code: 'reading.manual' }])
  const dueAt = instantOf(needed.clock())
  if (!(await needed.readings.plan(target, dueAt))) await needed.readings.hasten(target, dueAt)
  await needed.bells.ringReading(target)
  return { target, dueAt }
}

/**
 * A target against what is known here: its last reading account by account, the drift that is not settled, and what would be
 * done where it is only observed. A page is short where little is to be told of many accounts; the cursor goes on.
 */
export async function reconcileTarget(
  needed: Needed,
  query: ReconciliationQuery,
): Promise<Reconciliation | Refusal> {
  const { target } = query
  if (targetSettings(needed.settings, target) === undefined)
    return refuse('invalid', [{ pointer: '/query/target', code: 'target.unknown' }])
  const opened = openCursor(query.cursor)
  if (opened === null) return badCursor()
  const row = await needed.readings.load(target)
  const answer: Reconciliation = {
    target,
    reading: readingOf(row),
    drift: [],
    orphans: [],
    unmanaged: [],
    wouldDo: [],
    cursor: null,
  }
  if (query.compare === 'previous') return compare(needed, row, answer, opened.place)
  const page: Page = { answer, query, isLate: lateAfter(needed), looked: 0 }
  const wanted: readonly Section[] = query.kind === undefined ? sections : [sectionOf[query.kind]]
  // Before the first page nothing has been told; afterwards `<section>`, or `<section>~<place in it>`.
  const [named, ...within] = opened.place?.split('~') ?? [wanted[0]]
  let place = within.length === 0 ? null : within.join('~')
  let index = wanted.indexOf(named as Section)
  if (index < 0) return badCursor()
  for (; index < wanted.length; index++) {
    const section = wanted[index] ?? 'accounts'
    const next = await fill(needed, row, page, section, place)
    if (next === 'bad-cursor') return badCursor()
    if (next !== null) return { ...answer, cursor: sealCursor(`${section}~${next}`) }
    place = null
    const following = wanted[index + 1]
    if (isFull(page) && following !== undefined) return { ...answer, cursor: sealCursor(following) }
  }
  return answer
}

const badCursor = () => refuse('invalid', [{ pointer: '/query/cursor', code: 'query.bad-cursor' }])

const viewOf = ({ id, at, accounts, suspicious }: CompleteReading) => ({
  id,
  at,
  accounts,
  complete: true,
  suspicious,
})

/** The last complete reading; while there is none, the one under way. */
function readingOf(row: ReadingRow | null): Reconciliation['reading'] {
  if (row?.last != null) return viewOf(row.last)
  if (row?.running == null) return null
  const { id, startedAt, accounts } = row.running
  return { id, at: startedAt, accounts, complete: false, suspicious: false }
}

const fill = (
  needed: Needed,
  row: ReadingRow | null,
  page: Page,
  section: Section,
  place: string | null,
): Promise<string | null> => {
  if (section === 'accounts') return fillAccounts(needed, row, page, place)
  return section === 'drift' ? fillDrift(needed, page, place) : fillWouldDo(needed, page, place)
}

/** A place among the accounts of a reading: `<reading>~<chunk>~<account>`. */
async function fillAccounts(
  needed: Needed,
  row: ReadingRow | null,
  page: Page,
  place: string | null,
): Promise<string | null> {
  const reading = row?.last ?? null
  if (reading === null) return null
  const [id = reading.id, first = '0', skipped = '0'] = place?.split('~') ?? []
  if (id !== reading.id || !/^\d{1,5}$/.test(first) || !/^\d{1,7}$/.test(skipped)) return 'bad-cursor'
  const judging = judgingOf(needed, page.query.target)
  let offset = Number(skipped)
  for (let chunk = Number(first); chunk < reading.chunks; chunk++) {
    const accounts = await needed.readings.accounts(page.query.target, reading, chunk, 1)
    if (accounts === null) return 'bad-cursor'
    for (; offset < accounts.length; offset += portion) {
      if (isFull(page)) return `${id}~${chunk}~${offset}`
      await judgeSome(judging, page, accounts.slice(offset, offset + portion))
    }
    offset = 0
  }
  return null
}

async function judgeSome(judging: Judging, page: Page, accounts: readonly ListedAccountRow[]) {
  const { kind } = page.query
  page.looked += accounts.length
  for (const judgement of await judgeAccounts(judging, accounts)) {
    if (judgement === null) continue
    if ('orphan' in judgement) {
      if (kind !== 'unmanaged') page.answer.orphans.push(judgement.orphan)
    } else if (kind !== 'orphans') page.answer.unmanaged.push(judgement.unmanaged)
  }
}

function judgingOf(needed: Needed, target: TargetId): Judging {
  let everybody: ReturnType<Judging['correlate']> | undefined
  return {
    target,
    engine: needed,
    adoptions: needed.adoptions,
    people: knownPeople(needed),
    correlate: () => {
      everybody ??= needed.adoptions.names().then(correlator)
      return everybody
    },
  }
}

async function fillDrift(needed: Needed, page: Page, place: string | null): Promise<string | null> {
  const people = knownPeople(needed)
  for (let next = place; ; ) {
    if (isFull(page)) return next ?? ''
    const found = await needed.lists.drift(page.query.target, next === '' ? null : next, portion)
    page.looked += found.items.length
    for (const { personId, target, drift } of found.items) {
      const row = (await people.person(personId))?.targets.get(target)
      page.answer.drift.push({
        person: await people.ref(personId),
        accountId: row?.accountId ?? null,
        name: row?.name ?? '',
        foundAt: drift.foundAt,
        differences: drift.differences,
        outcome: drift.outcome,
      })
    }
    if (found.next === null) return null
    next = found.next
  }
}

async function fillWouldDo(needed: Needed, page: Page, place: string | null): Promise<string | null> {
  const people = knownPeople(needed)
  for (let next = place; ; ) {
    if (isFull(page)) return next ?? ''
    const found = await needed.lists.accounts(page.query.target, next === '' ? null : next, portion)
    page.looked += found.items.length
    for (const { personId, name, wouldDo, fault, observedAt } of found.items)
      if (wouldDo !== null)
        page.answer.wouldDo.push({
          person: await people.ref(personId),
          name,
          steps: wouldDo,
          fault,
          observedAt,
        })
    if (found.next === null) return null
    next = found.next
  }
}

/** The last two readings against each other (R19). Both are read whole for every page: 20,000 accounts are some 16 MB. */
async function compare(
  { readings }: Needed,
  row: ReadingRow | null,
  answer: Reconciliation,
  place: string | null,
): Promise<Reconciliation | Refusal> {
  const { last, previous } = row ?? { last: null, previous: null }
  if (last === null || previous === null)
    return refuse('conflict', [{ pointer: '/query/compare', code: 'adoption.no-previous' }])
  const [id = '', skipped = '0'] = place?.split('~') ?? [last.id]
  if (id !== last.id || !/^\d{1,7}$/.test(skipped)) return badCursor()
  const after = await readings.accounts(answer.target, last)
  const before = await readings.accounts(answer.target, previous)
  if (before === null || after === null) return badCursor()
  const all = compareReadings(before, after)
  const first = Number(skipped)
  const some = all.slice(first, first + comparedAtOnce)
  const named = ({ accountId, name }: ListedAccountRow) => ({ accountId, name })
  const comparison: NonNullable<Reconciliation['comparison']> = {
    previous: viewOf(previous),
    missing: [],
    added: [],
    different: [],
  }
  for (const one of some)
    if (one.kind === 'different')
      comparison.different.push({
        ...named(one.after),
        differences: [...one.differences],
        before: accountView(one.before),
        after: accountView(one.after),
      })
    else comparison[one.kind].push(named(one.account))
  const end = first + some.length
  return { ...answer, comparison, cursor: end < all.length ? sealCursor(`${last.id}~${end}`) : null }
}
