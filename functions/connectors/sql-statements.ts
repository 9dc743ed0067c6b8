import { type Expression, type RawBuilder, sql } from 'kysely'
import type { Statement } from './sql-database.ts'

type Piece = Expression<unknown>

/** Rows a statement takes at most: SQL Server allows 2,100 parameters, our widest row has eight. */
const rowsAtMost = 200

/** `($1, $2, …)` */
export const list = (values: readonly unknown[]): Statement => sql`(${sql.join(values)})`

/** Equal, where null equals null. */
export const same = (column: Piece, value: unknown): Statement =>
  value === null ? sql`${column} is null` : sql`${column} = ${value}`

export const every = (conditions: readonly Piece[]): Statement => joined(conditions, sql` and `)

export const any = (conditions: readonly Piece[]): Statement => joined(conditions, sql` or `)

const joined = (pieces: readonly Piece[], by: RawBuilder<unknown>): Statement =>
  sql`(${sql.join([...pieces], by)})`

export function inChunks<T>(items: readonly T[], size = rowsAtMost): T[][] {
  const chunks: T[][] = []
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size))
  return chunks
}

/** Items that get the same treatment, so that one statement can give it to all of them. */
export function groupBy<T>(items: readonly T[], treatment: (item: T) => unknown): T[][] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = JSON.stringify(treatment(item))
    groups.set(key, [...(groups.get(key) ?? []), item])
  }
  return [...groups.values()]
}
