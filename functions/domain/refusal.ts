import type { Code } from './texts/index.ts'

/** A fault of the input; its text is taken from the catalogue when it is told. */
export interface CodedFault {
  /** JSON pointer (RFC 6901) into the body; a query's member stands under `/query`, a header under `/headers`. */
  readonly pointer: string
  readonly code: Code
}

/**
 * Why a call is not answered as asked. `not-found` is also the answer about what exists but is none of the caller's business.
 * `key-reused`: the idempotency key came before with another body.
 * `unconditional`: the call must say what it was decided on (If-Match); `stale`: that has changed meanwhile.
 */
export type RefusalCode =
  | 'malformed'
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'not-acceptable'
  | 'conflict'
  | 'stale'
  | 'too-large'
  | 'key-reused'
  | 'password-refused'
  | 'code-refused'
  | 'unconditional'
  | 'too-many'
  | 'busy'

/** A refusal is a decision, not an exception. */
export interface Refusal {
  readonly refused: RefusalCode
  readonly faults?: readonly CodedFault[]
  /** Says it more closely than the kind does. */
  readonly detail?: Code
  /** Seconds after which it is worth trying again; `busy` and `too-many` only. */
  readonly retryAfter?: number
}

export const refuse = (refused: RefusalCode, faults?: readonly CodedFault[]): Refusal =>
  faults === undefined ? { refused } : { refused, faults }

/** A refusal in words of its own. */
export const refuseWith = (refused: RefusalCode, detail: Code, retryAfter?: number): Refusal =>
  retryAfter === undefined ? { refused, detail } : { refused, detail, retryAfter }

export const isRefusal = (answer: object): answer is Refusal => 'refused' in answer
