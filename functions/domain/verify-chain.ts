import { createHash } from 'node:crypto'
import * as z from 'zod'
import type { ChainHead } from '../../schemas/target.ts'

/** A row of the ledger as stored. */
export interface StoredEntry {
  readonly chain: string
  readonly sequence: number
  readonly text: string
  readonly hash: string
}

export interface ChainFault {
  /**
   * `altered`: the text is not what was hashed, or another than the next entry or the head knows. `missing`: a gap. `swapped`:
   * whole, but it belongs elsewhere. `forked`: it follows another entry than the one before it, or the head knows nothing
   * of it. `truncated`: the newest entries are gone.
   */
  readonly kind: 'altered' | 'missing' | 'swapped' | 'forked' | 'truncated'
  readonly chain: string
  readonly sequence: number
}

/** Of an entry's text only this is needed; what is not even this was altered. */
const Linked = z.object({
  chain: z.string(),
  sequence: z.number(),
  previousHash: z.string(),
  phase: z.string(),
})

const linkedOf = ({ text, hash }: StoredEntry): z.infer<typeof Linked> | null => {
  if (createHash('sha256').update(text).digest('hex') !== hash) return null
  try {
    return Linked.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}

/** How many missing entries of one gap are named one by one. */
const mostMissing = 100

/**
 * Recomputes a chain. `rows` in the order of their sequence; `atLeast` is the head read before them, `atMost` the head read
 * after them (null: the aggregate is no longer kept, and nobody knows where the chain ends).
 */
export function verifyChain(
  chain: string,
  rows: readonly StoredEntry[],
  heads: { readonly atLeast: ChainHead | null; readonly atMost: ChainHead | null },
): { readonly faults: ChainFault[]; readonly openIntents: number } {
  const faults: ChainFault[] = []
  const add = (kind: ChainFault['kind'], sequence: number) => faults.push({ kind, chain, sequence })
  let openIntents = 0
  let open = false
  let previous: { sequence: number; hash: string | null } = { sequence: 0, hash: '' }
  for (const row of rows) {
    const { sequence } = row
    for (let gap = previous.sequence + 1; gap < sequence && gap <= previous.sequence + mostMissing; gap += 1)
      add('missing', gap)
    const entry = linkedOf(row)
    const whole = entry !== null && entry.chain === chain && entry.sequence === sequence
    if (entry === null) add('altered', sequence)
    else if (!whole) add('swapped', sequence)
    else if (
      previous.sequence === sequence - 1 &&
      previous.hash !== null &&
      entry.previousHash !== previous.hash
    )
      add('forked', sequence)
    if (entry?.phase === 'intended') {
      if (open) openIntents += 1
      open = true
    } else if (entry !== null && entry.phase !== 'recorded') open = false
    previous = { sequence, hash: whole ? row.hash : null }
  }
  if (open) openIntents += 1
  const last = rows.at(-1)?.sequence ?? 0
  const { atLeast, atMost } = heads
  if (atLeast !== null && atLeast.sequence > last) add('truncated', last + 1)
  if (atMost !== null && atMost.sequence < last) add('forked', atMost.sequence + 1)
  for (const head of [atLeast, atMost]) {
    const ending = rows.find(({ sequence }) => sequence === head?.sequence)
    const known = faults.some(({ sequence }) => sequence === head?.sequence)
    if (head && ending && ending.hash !== head.hash && !known) add('altered', head.sequence)
  }
  return { faults, openIntents }
}
