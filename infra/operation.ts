import type * as z from 'zod'

/** One call of the contract. */
export interface Operation {
  readonly id: string
  readonly summary: string
  readonly path?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  readonly csv?: boolean
  /** Answers as CSV too, where the client takes it. */
  readonly csvAnswer?: boolean
  /** Takes an `Idempotency-Key`. */
  readonly files?: boolean
  /** Needs `If-Match`. */
  readonly conditional?: boolean
  readonly open?: boolean
  readonly answers: Readonly<Record<number, readonly [string, z.ZodType]>>
  /** Problems besides 400, 401, 403 and 500. */
  readonly problems?: readonly number[]
}
