import * as z from 'zod'
import { ConnectorError, type ConnectorFault } from '../contract.ts'

export const system = 'mail'

export const fault = (kind: ConnectorFault, retryable: boolean, cause?: unknown): ConnectorError =>
  new ConnectorError(system, kind, retryable, cause)

/** What Graph said no to, as far as it is a code: its sentences quote values, and those are personal data. */
export interface Refusal {
  readonly status: number
  readonly code: string
  /** Codes of the details, with the property each one speaks of: `ObjectConflict`, `userPrincipalName`. */
  readonly details: readonly { readonly code: string; readonly target: string }[]
  /** The service speaks in words only of these two, so that the words have to be read. */
  readonly about: 'password' | 'on-premises' | null
}

const ErrorBody = z.object({
  error: z.object({
    code: z.string(),
    message: z.string().default(''),
    details: z.array(z.object({ code: z.string().default(''), target: z.string().default('') })).default([]),
  }),
})

export function refusalOf(status: number, body: unknown): Refusal {
  const read = ErrorBody.safeParse(body)
  if (!read.success) return { status, code: '', details: [], about: null }
  const { code, message, details } = read.data.error
  const aboutPassword = /password/i.test(message) || details.some(({ target }) => /password/i.test(target))
  const aboutPremises = /on-premises mastered|originated within an external service/i.test(message)
  const about = aboutPremises ? 'on-premises' : aboutPassword ? 'password' : null
  return { status, code, details: details.map(one => ({ code: one.code, target: one.target })), about }
}

/** Reading and writing differ in one thing: a right to read that was lost is given back, a right to write was never there. */
export function faultOf(refusal: Refusal, act: 'read' | 'write'): ConnectorError {
  const { status, details, about } = refusal
  const [kind, retryable] = verdict(status)
  if (status === 400 && about === 'on-premises') return fault('misconfigured', false, refusal)
  if (status === 400 && details.some(({ code }) => code === 'ObjectConflict'))
    return fault('conflict', false, refusal)
  if (act === 'write' && status === 403) return fault('refused', false, refusal)
  if (act === 'write' && status === 400) return fault('refused', false, refusal)
  return fault(kind, retryable, refusal)
}

function verdict(status: number): readonly [ConnectorFault, boolean] {
  if (status === 404) return ['missing', true]
  if (status === 409 || status === 412 || status === 423) return ['throttled', true]
  if (status === 429 || status === 503 || status === 509) return ['throttled', true]
  if (status >= 500) return ['unreachable', true]
  // Redirects, a token that is not taken, a query that is not understood: its operator mends that.
  return ['misconfigured', true]
}

/** The refusal under an error, if the service answered at all. */
export const refusalUnder = (error: unknown): Refusal | null =>
  error instanceof ConnectorError && typeof (error.cause as Refusal | undefined)?.status === 'number'
    ? (error.cause as Refusal)
    : null
