import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Caller } from '../domain/entitlement.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import type { Registers } from './registers.ts'

/** What a client filed, and under which key of its own. */
export interface Filing {
  readonly caller: Caller
  readonly route: string
  /** Null: the client gave none. */
  readonly key: string | null
  readonly body: unknown
}

/** SHA-256 over the canonical text (RFC 8785): the same body in other spacing or order is the same body. */
export const bodyHashOf = (body: unknown): string =>
  createHash('sha256')
    .update(canonicalize(body) ?? '')
    .digest('hex')

/**
 * Runs a filing once under its key and keeps the answer: the same caller, key and body get it again, another body is refused.
 * `run` must be idempotent by itself: after a crash before the answer was kept, it runs again. A refusal is not kept.
 * `mayFile`: rights that do not follow from a role alone; they are checked before an answer is given again.
 */
export async function fileOnce<T extends object>(
  registers: Pick<Registers, 'requests' | 'replays'>,
  filing: Filing,
  run: () => Promise<T | Refusal>,
  mayFile: () => Promise<Refusal | null> = async () => null,
): Promise<T | Refusal> {
  const refusal = await mayFile()
  if (refusal !== null) return refusal
  if (filing.key === null) return run()
  const key = {
    callerId: filing.caller.personId,
    route: filing.route,
    key: filing.key,
    bodyHash: bodyHashOf(filing.body),
  }
  const before = await registers.requests.replayOf(key)
  if (before !== null)
    return before.bodyHash === key.bodyHash ? (JSON.parse(before.ref) as T) : refuse('key-reused')
  const answer = await run()
  if (!isRefusal(answer)) await registers.replays.remember(key, JSON.stringify(answer))
  return answer
}
