import type { EntryKey, LedgerStore, WindowRange } from '../stores/ledger.ts'

export type WindowShard = Parameters<LedgerStore['window']>[1]

/** The next entries of the range's first day (UTC), of all its shards together, oldest first. */
export async function entriesOfDay(
  ledger: Pick<LedgerStore, 'window'>,
  shards: readonly WindowShard[],
  range: WindowRange,
  limit: number,
): Promise<EntryKey[]> {
  const day = range.from.slice(0, 10)
  const found = await Promise.all(shards.map(shard => ledger.window(day, shard, { ...range, limit })))
  return found
    .flat()
    .sort((one, other) => (one.windowSort < other.windowSort ? -1 : 1))
    .slice(0, limit)
}
