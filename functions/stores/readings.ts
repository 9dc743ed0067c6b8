import { Buffer } from 'node:buffer'
import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { type ListedAccountRow, ReadingChunk, ReadingRow } from '../../schemas/reading.ts'
import type { TargetId } from '../../schemas/settings.ts'
import { dueShardOf, keys } from './keys.ts'
import { batchGet, commit, type Tables, type Write, writeOne } from './tables.ts'
import { bare } from './target-rows.ts'

/** Bytes of a chunk, with room below DynamoDB's 400 KB an item. */
const chunkBytes = 250_000
/** Chunks written beside the row in one transaction: it takes 4 MB. */
const chunksPerWrite = 12
/** Chunks read at a time: an answer of BatchGet holds 16 MB. */
const chunksPerRead = 10

/** Accounts in portions that each fit one row. */
function portionsOf(accounts: readonly ListedAccountRow[]): ListedAccountRow[][] {
  const portions: ListedAccountRow[][] = []
  let room = 0
  for (const account of accounts) {
    const size = Buffer.byteLength(JSON.stringify(account))
    if (portions.length === 0 || size > room) {
      portions.push([])
      room = chunkBytes
    }
    portions.at(-1)?.push(account)
    room -= size
  }
  return portions
}

export type ReadingStore = ReturnType<typeof createReadingStore>

/** Readings of all accounts of a target: one row that is due, and chunks of what was read. */
export function createReadingStore(tables: Tables) {
  const put = (row: ReadingRow): Write => {
    const key = keys.reading(row.target)
    const { leaseUntil, ...rest } = row
    return {
      Put: {
        TableName: tables.state,
        Item: { ...key, ...rest, dueShard: dueShardOf(key.pk), ...(leaseUntil !== null && { leaseUntil }) },
        ConditionExpression: 'revision = :was',
        ExpressionAttributeValues: { ':was': row.revision - 1 },
      },
    }
  }
  const chunkPut = (target: TargetId, generation: number, index: number, chunk: ReadingChunk): Write => ({
    Put: { TableName: tables.state, Item: { ...keys.readingChunk(target, generation, index), ...chunk } },
  })

  async function load(target: TargetId): Promise<ReadingRow | null> {
    const [item] = await batchGet(tables, tables.state, [keys.reading(target)])
    return item === undefined ? null : ReadingRow.parse({ leaseUntil: null, ...bare(item) })
  }

  return {
    load,

    /** Makes a reading due at an instant, where none was ever planned. */
    async plan(target: TargetId, dueAt: string): Promise<boolean> {
      const key = keys.reading(target)
      const row: Omit<ReadingRow, 'leaseUntil'> = {
        version: 1,
        target,
        revision: 0,
        dueAt,
        running: null,
        last: null,
        previous: null,
        standing: [0, 0, 0],
        attempts: 0,
        fault: null,
      }
      const result = await commit(tables, [
        {
          Put: {
            TableName: tables.state,
            Item: { ...key, ...row, dueShard: dueShardOf(key.pk) },
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        },
      ])
      return result.done
    },

    /** Makes the planned reading due earlier. One that is under way is the one that was asked for. */
    async hasten(target: TargetId, dueAt: string): Promise<void> {
      await writeOne(
        tables,
        new UpdateCommand({
          TableName: tables.state,
          Key: keys.reading(target),
          UpdateExpression: 'SET dueAt = :due',
          ConditionExpression: 'attribute_exists(pk) AND dueAt > :due',
          ExpressionAttributeValues: { ':due': dueAt },
        }),
      )
    },

    /** Writes the row as it becomes. Null: somebody else has moved it since it was read. */
    async move(row: ReadingRow, next: Partial<ReadingRow>): Promise<ReadingRow | null> {
      const moved = { ...row, ...next, revision: row.revision + 1 }
      return (await commit(tables, [put(moved)])).done ? moved : null
    },

    /** Adds a page to the running reading, chunks and cursor together. Null: somebody else has moved the row. */
    async keepPage(
      row: ReadingRow,
      accounts: readonly ListedAccountRow[],
      next: { cursor: string | null; leaseUntil: string; dueAt: string },
    ): Promise<ReadingRow | null> {
      let standing = row
      const portions = portionsOf(accounts)
      do {
        const { running } = standing
        if (running === null) return null
        const some = portions.splice(0, chunksPerWrite)
        const chunks = running.chunks + some.length
        const counts = [...standing.standing] as ReadingRow['standing']
        counts[running.generation] = Math.max(counts[running.generation] ?? 0, chunks)
        const moved: ReadingRow = {
          ...standing,
          revision: standing.revision + 1,
          leaseUntil: next.leaseUntil,
          dueAt: next.dueAt,
          standing: counts,
          attempts: 0,
          fault: null,
          running: {
            ...running,
            // A page that takes several writes and ends half-way is read again: some accounts then stand twice.
            cursor: portions.length === 0 ? next.cursor : running.cursor,
            chunks,
            accounts: running.accounts + some.reduce((sum, portion) => sum + portion.length, 0),
          },
        }
        const result = await commit(tables, [
          put(moved),
          ...some.map((portion, index) =>
            chunkPut(row.target, running.generation, running.chunks + index, {
              version: 1,
              readingId: running.id,
              accounts: portion,
            }),
          ),
        ])
        if (!result.done) return null
        standing = moved
      } while (portions.length > 0)
      return standing
    },

    /** Empties the chunks that an earlier, longer reading left behind in a generation: people are in them. */
    async emptyBehind(
      row: ReadingRow,
      reading: { id: string; generation: number; chunks: number },
    ): Promise<void> {
      const last = row.standing[reading.generation] ?? 0
      for (let first = reading.chunks; first < last; first += 100) {
        const indexes = Array.from({ length: Math.min(100, last - first) }, (_, index) => first + index)
        const empty: ReadingChunk = { version: 1, readingId: reading.id, accounts: [] }
        await commit(
          tables,
          indexes.map(index => chunkPut(row.target, reading.generation, index, empty)),
        )
      }
    },

    /** Accounts of some chunks of a complete reading, in order. Null: newer readings have taken its place. */
    async accounts(
      target: TargetId,
      reading: { id: string; generation: number; chunks: number },
      first = 0,
      most = Number.POSITIVE_INFINITY,
    ): Promise<ListedAccountRow[] | null> {
      const end = Math.min(reading.chunks, first + most)
      const found: ListedAccountRow[] = []
      for (let start = first; start < end; start += chunksPerRead) {
        const wanted = Array.from({ length: Math.min(chunksPerRead, end - start) }, (_, index) =>
          keys.readingChunk(target, reading.generation, start + index),
        )
        const items = await batchGet(tables, tables.state, wanted)
        items.sort((one, other) => ((one.sk as string) < (other.sk as string) ? -1 : 1))
        const chunks = items.map(item => ReadingChunk.parse(bare(item)))
        if (chunks.length < wanted.length || chunks.some(({ readingId }) => readingId !== reading.id))
          return null
        for (const { accounts } of chunks) found.push(...accounts)
      }
      return found
    },
  }
}
