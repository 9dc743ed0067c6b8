import type { ListedAccountRow, ReadingRow } from '../../schemas/reading.ts'
import type { UploadAnswer, UploadQuery } from '../../schemas/reconciliation.ts'
import type { TargetRow } from '../../schemas/target.ts'
import { absentAccount } from '../domain/absent-account.ts'
import { asObserved } from '../domain/adoption.ts'
import { driftBetween } from '../domain/drift.ts'
import type { Caller } from '../domain/entitlement.ts'
import type { RowFault } from '../domain/read-people.ts'
import { checkUploads, uploadsOfCsv } from '../domain/read-uploads.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { say } from '../domain/texts/index.ts'
import type { ListStore } from '../stores/lists.ts'
import type { ReadingStore } from '../stores/readings.ts'
import type { TargetStore } from '../stores/targets.ts'
import { shown } from './convergence-run.ts'
import { type Engine, instantOf, targetSettings } from './engine.ts'
import type { SentPeople } from './import-people.ts'
import { inParallel } from './in-parallel.ts'
import { completeReading, isSuspicious, newReading } from './read-accounts.ts'

type Needed = Pick<Engine, 'settings' | 'clock' | 'bells' | 'log'> & {
  readonly readings: ReadingStore
  readonly lists: ListStore
  readonly targets: Pick<TargetStore, 'noteDrift'>
}

/** An uploaded list has no next day: it is read when it is sent. */
const never = '9999-12-31T00:00:00.000Z'
/** While a list is taken in nobody else does the same. */
const leaseMilliseconds = 60_000
const rowsAtOnce = 200

/**
 * Takes a list of all users of a target that only people can look at (by `it`): it becomes the last reading, and what it
 * shows of each account is what is known from then on. Where that differs from what was known it is drift: told, listed, and
 * made good by a task. An account whose task is still open is left to whoever answers it, and
 * the caller's own to a colleague's list.
 *
 * Every row is checked before anything is taken, and with any fault nothing is. A list that shows far fewer accounts than
 * the one before is refused unless it is confirmed. The same list again changes nothing more.
 */
export async function uploadAccounts(
  needed: Needed,
  caller: Caller,
  query: UploadQuery,
  sent: SentPeople,
): Promise<UploadAnswer | Refusal> {
  const { settings, readings } = needed
  const { target } = query
  const own = targetSettings(settings, target)
  if (own === undefined) return refuse('invalid', [{ pointer: '/query/target', code: 'target.unknown' }])
  if (own.kind !== 'manual')
    return refuse('conflict', [{ pointer: '/query/target', code: 'upload.readable' }])
  const list =
    sent.kind === 'csv'
      ? uploadsOfCsv(sent.text)
      : Array.isArray(sent.value)
        ? { rows: sent.value as unknown[], faults: [] }
        : { refused: [{ pointer: '', code: 'upload.not-a-list' } as const] }
  if ('refused' in list) return refuse('malformed', list.refused)
  const { accounts, faults } = checkUploads(list, own, settings)
  if (faults.length > 0) return { applied: 0, faults: told(needed, faults), reading: null, differences: 0 }
  await readings.plan(target, never)
  const row = await readings.load(target)
  if (row === null) throw new Error('a reading that was planned is gone')
  const suspicious = isSuspicious(accounts.length, [row.last, row.previous])
  if (suspicious && query.confirm !== 'true')
    return refuse('conflict', [{ pointer: '/query/confirm', code: 'upload.suspicious' }])
  const reading = await keep(needed, row, accounts)
  if (reading === null) return refuse('busy')
  const differences = await compare(needed, caller, query, reading, accounts)
  return { applied: accounts.length, faults: [], reading, differences }
}

/** The list as the last complete reading. Null: somebody else is taking one in. */
async function keep(
  { readings, clock }: Needed,
  row: ReadingRow,
  accounts: readonly ListedAccountRow[],
): Promise<string | null> {
  const now = clock()
  if (row.leaseUntil !== null && row.leaseUntil > instantOf(now)) return null
  const leaseUntil = instantOf(now + leaseMilliseconds)
  const begun = await readings.move(row, { running: newReading(row, now), leaseUntil })
  const page = begun && (await readings.keepPage(begun, accounts, { cursor: null, leaseUntil, dueAt: never }))
  const done = page && (await completeReading({ readings, clock }, page, never))
  return done?.id ?? null
}

/** What the list shows of every account that is known here, against what was known. Answers how many differ. */
async function compare(
  needed: Needed,
  caller: Caller,
  { target }: UploadQuery,
  reading: string,
  accounts: readonly ListedAccountRow[],
): Promise<number> {
  const byId = new Map(accounts.map(account => [account.accountId, account]))
  const byName = new Map(accounts.map(account => [account.name.toLowerCase(), account]))
  const at = instantOf(needed.clock())
  const different: TargetRow[] = []
  const note = async (row: TargetRow): Promise<void> => {
    // Nobody says of themselves what they have: a colleague's list tells it.
    if (row.personId === caller.personId) return
    if (row.observed === null || row.openIntent !== null) return
    const account = byId.get(row.accountId ?? '') ?? byName.get((row.observed.name ?? row.name).toLowerCase())
    const observation =
      account === undefined
        ? absentAccount
        : { ...asObserved(account), retired: row.observed.retired, profileHash: row.observed.profileHash }
    const differences = driftBetween(row.observed, observation)
    if (differences.length === 0) return
    const noted = await needed.targets.noteDrift(row, {
      entry: {
        act: 'drift-found',
        phase: 'recorded',
        at,
        asOf: at,
        subject: row.personId,
        actor: { personId: caller.personId, role: 'it', onBehalfOf: null },
        system: target,
        request: null,
        cause: { kind: 'upload', ref: reading },
        before: shown(row.observed),
        after: shown(observation),
        evidence: { differences, kind: 'manual' },
      },
      seen: { observed: observation, observedAt: at, dueAt: at },
      drift: { foundAt: at, differences, outcome: 'open' },
    })
    if (noted === null) return
    needed.log('drifted', { personId: row.personId, target, differences: differences.length })
    different.push(noted)
  }
  for (let place: string | null = null; ; ) {
    const page = await needed.lists.accounts(target, place, rowsAtOnce)
    await inParallel(page.items, note, 8)
    place = page.next
    if (place === null) break
  }
  const missed = await needed.bells.ring(
    different.map(({ personId, urgent }) => ({ personId, target, urgent })),
  )
  if (missed > 0) needed.log('doorbell-missed', { missed })
  return different.length
}

const told = ({ settings }: Needed, faults: readonly RowFault[]): UploadAnswer['faults'] =>
  [...faults]
    .sort((one, other) => one.row - other.row)
    .slice(0, 1_000)
    .map(({ row, pointer, code }) => ({ row, pointer, message: say(settings.locale, code) }))
