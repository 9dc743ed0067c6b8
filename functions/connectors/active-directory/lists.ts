import type { Outcome } from '../contract.ts'
import { ConnectionError, toFault } from './faults.ts'

/** One result each, in order, several under way at once. Without a connection nobody else need wait for one. */
export async function each<T, R>(
  items: readonly T[],
  atOnce: number,
  one: (item: T) => Promise<R>,
): Promise<Outcome<R>[]> {
  const outcomes: Outcome<R>[] = new Array(items.length)
  let next = 0
  let unconnected: ConnectionError | null = null
  const work = async () => {
    while (next < items.length) {
      const at = next++
      try {
        if (unconnected !== null) throw unconnected
        outcomes[at] = { ok: true, value: await one(items[at] as T) }
      } catch (error) {
        const problem = toFault(error)
        if (problem instanceof ConnectionError) unconnected = problem
        outcomes[at] = { ok: false, error: problem }
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(items.length, atOnce) }, work))
  return outcomes
}

/** In order, `size` at a time. */
export const chunksOf = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size))
