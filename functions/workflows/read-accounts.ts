import { createHash, randomUUID } from 'node:crypto'
import type { CompleteReading, ReadingRow } from '../../schemas/reading.ts'
import type { TargetId } from '../../schemas/settings.ts'
import type { Connector, ConnectorError } from '../connectors/contract.ts'
import type { ReadingStore } from '../stores/readings.ts'
import { type Engine, instantOf } from './engine.ts'

export interface Reading extends Pick<Engine, 'bells' | 'clock' | 'log'> {
  readonly target: TargetId
  readonly connector: Pick<Connector, 'list'>
  readonly readings: ReadingStore
}

/** Longer than the slowest page, and than a run of the function. */
const leaseMilliseconds = 90_000
const dayMilliseconds = 86_400_000
/** Seconds until the next try after the n-th failure in a row; after the last one, tomorrow. */
const backOffSeconds = [60, 300, 900, 1800, 3600]
/** A cursor that goes on failing may itself be the fault: from here on the reading begins anew. */
const triesWithCursor = 2
/** A reading that took longer than this shows no state of the target that ever was. */
const longestMilliseconds = 6 * 3_600_000

/** Fewer than this share of the accounts there were is not believed without a human, unless few are missing. */
const believable = 0.8
const fewMissing = 10

/** Whether a reading shows so little that the target, and not the body, has probably changed. */
export const isSuspicious = (accounts: number, earlier: readonly (CompleteReading | null)[]): boolean => {
  const most = Math.max(0, ...earlier.map(reading => reading?.accounts ?? 0))
  return accounts === 0 || (accounts < most * believable && most - accounts > fewMissing)
}

/** The next day's moment of a target: each has its own, between one and five in the morning, UTC. */
export function nextReading(target: TargetId, now: number): string {
  const spread = createHash('sha256').update(target).digest().readUInt32BE(0) % (4 * 3_600_000)
  const today = Math.floor(now / dayMilliseconds) * dayMilliseconds + 3_600_000 + spread
  return instantOf(today > now ? today : today + dayMilliseconds)
}

/**
 * Reads all accounts of a target, page by page, while there is time; what is left is read by the next run, from the kept
 * cursor. A reading that did not come to its end never takes the place of one that did. Running it twice is harmless.
 *
 * @param timeLeft milliseconds until nothing more may be begun
 */
export async function readAccounts(reading: Reading, timeLeft: () => number): Promise<void> {
  const { readings, target } = reading
  const found = await readings.load(target)
  const now = reading.clock()
  if (found === null || found.dueAt > instantOf(now)) return
  if (found.leaseUntil !== null && found.leaseUntil > instantOf(now)) return
  let row = await readings.move(found, { running: resumed(found, now), ...lease(now) })
  while (row?.running != null) {
    if (timeLeft() <= 0) {
      const free = await readings.move(row, { leaseUntil: null, dueAt: instantOf(reading.clock()) })
      if (free !== null) await reading.bells.ringReading(target)
      return
    }
    row = await readPage(reading, row)
  }
}

const lease = (now: number) => {
  const until = instantOf(now + leaseMilliseconds)
  // Due again when the lease is over: whoever dies here is followed by somebody else.
  return { leaseUntil: until, dueAt: until }
}

/** The reading under way, or a new one in the generation that neither of the last two complete ones lies in. */
function resumed({ running, last, previous }: ReadingRow, now: number): ReadingRow['running'] {
  if (running !== null && Date.parse(running.startedAt) > now - longestMilliseconds) return running
  return newReading({ last, previous }, now)
}

/** A reading that nothing has been written of, where neither of the last two complete ones lies. */
export function newReading(
  { last, previous }: Pick<ReadingRow, 'last' | 'previous'>,
  now: number,
): NonNullable<ReadingRow['running']> {
  const kept = [last?.generation, previous?.generation]
  const generation = [0, 1, 2].find(free => !kept.includes(free)) ?? 0
  return { id: randomUUID(), generation, chunks: 0, accounts: 0, startedAt: instantOf(now), cursor: null }
}

/**
 * The running reading becomes the last complete one, and what an earlier, longer one left behind it is emptied.
 * Null: there is none, or somebody else has moved the row.
 */
export async function completeReading(
  { readings, clock }: Pick<Reading, 'readings' | 'clock'>,
  row: ReadingRow,
  dueAt: string,
): Promise<CompleteReading | null> {
  if (row.running === null) return null
  const { cursor: _, ...place } = row.running
  await readings.emptyBehind(row, place)
  const standing = [...row.standing] as ReadingRow['standing']
  standing[place.generation] = place.chunks
  const suspicious = isSuspicious(place.accounts, [row.last, row.previous])
  const last = { ...place, at: instantOf(clock()), suspicious }
  const settled = { running: null, leaseUntil: null, attempts: 0, fault: null, dueAt, standing }
  return (await readings.move(row, { ...settled, last, previous: row.last })) === null ? null : last
}

/** One page more; null when there is nothing further to do now. */
async function readPage(reading: Reading, row: ReadingRow): Promise<ReadingRow | null> {
  const { connector, readings } = reading
  const page = await connector.list(row.running?.cursor ?? null)
  if (!page.ok) return fail(reading, row, page.error)
  const { accounts, next } = page.value
  const kept = await readings.keepPage(
    row,
    accounts.map(account => ({ ...account, rights: [...account.rights] })),
    { cursor: next, ...lease(reading.clock()) },
  )
  return kept === null || next !== null ? kept : complete(reading, kept)
}

async function complete(reading: Reading, row: ReadingRow): Promise<null> {
  const { target } = row
  const done = await completeReading(reading, row, nextReading(target, reading.clock()))
  if (done !== null)
    reading.log('reading-complete', {
      target,
      accounts: done.accounts,
      suspicious: done.suspicious ? 1 : 0,
    })
  return null
}

/** Tried again from the same page, then from the beginning, then tomorrow. */
async function fail(reading: Reading, row: ReadingRow, error: ConnectorError): Promise<null> {
  const attempts = row.attempts + 1
  const seconds = error.retryable ? backOffSeconds[attempts - 1] : undefined
  if (seconds === undefined) return rest(reading, row, error.kind)
  await reading.readings.move(row, {
    running: attempts > triesWithCursor ? null : row.running,
    attempts,
    fault: error.kind,
    leaseUntil: null,
    dueAt: instantOf(reading.clock() + seconds * 1000),
  })
  reading.log('reading-failed', { target: row.target, fault: error.kind })
  return null
}

async function rest(reading: Reading, row: ReadingRow, fault: string): Promise<null> {
  await reading.readings.move(row, {
    running: null,
    attempts: 0,
    fault,
    leaseUntil: null,
    dueAt: nextReading(row.target, reading.clock()),
  })
  reading.log('reading-failed', { target: row.target, fault })
  return null
}
