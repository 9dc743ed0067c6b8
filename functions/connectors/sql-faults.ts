import { ConnectorError, type ConnectorFault } from './contract.ts'

type Verdict = readonly [kind: ConnectorFault, retryable: boolean]

const unreachable: Verdict = ['unreachable', true]
const throttled: Verdict = ['throttled', true]
const refused: Verdict = ['refused', false]
const conflict: Verdict = ['conflict', false]
/** A secret, a database or a table that its operator mends: the row tries again for hours before it asks for a human. */
const misconfigured: Verdict = ['misconfigured', true]

/** PostgreSQL's SQLSTATE, whole or by its class of two characters; the whole code is asked first. */
const sqlStates: Readonly<Record<string, Verdict>> = {
  '08': unreachable,
  '22': refused,
  '23': refused,
  '23505': conflict,
  '25006': unreachable,
  '25P02': throttled,
  '25P03': unreachable,
  '28': misconfigured,
  '3D': misconfigured,
  '3F': misconfigured,
  '40': throttled,
  '42': misconfigured,
  '42501': refused,
  '44': refused,
  '53': throttled,
  '55': throttled,
  '57': unreachable,
  '58': unreachable,
  XX: unreachable,
}

/** SQL Server's error numbers. */
const serverNumbers: Readonly<Record<number, Verdict>> = {
  207: misconfigured,
  208: misconfigured,
  229: refused,
  230: refused,
  245: refused,
  515: refused,
  547: refused,
  1205: throttled,
  1222: throttled,
  2601: conflict,
  2627: conflict,
  2628: refused,
  3960: throttled,
  4060: misconfigured,
  8152: refused,
  10928: throttled,
  18456: misconfigured,
  40501: throttled,
}

const certificate = /^(CERT_|ERR_TLS_|ERR_SSL_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_)/

/**
 * What an error thrown by a database driver means. A missing right waits for a human; silence and a fault of the installation are tried again.
 * The cause keeps the code alone: servers quote values (`Key (username)=(…) already exists`) and those are personal data.
 */
export function describeFault(system: string, error: unknown): ConnectorError {
  if (error instanceof ConnectorError) return error
  const { code, number } = detailsOf(error)
  const [kind, retryable] = offersNoTls(error) ? misconfigured : judge(code, number)
  return new ConnectorError(system, kind, retryable, { code: number ?? code })
}

/**
 * Whether the connection broke under a statement, so that a new one may do better at once: the server was restarted, or
 * the connection died unnoticed while this process was suspended. A server that refuses or is silent is not meant.
 */
export function isLostConnection(error: unknown): boolean {
  const { code } = detailsOf(error)
  if (code === undefined)
    return (
      error instanceof Error &&
      /terminated unexpectedly|not queryable|ended by the other side/i.test(error.message)
    )
  return ['ECONNRESET', 'EPIPE', '57P01', '57P02', 'ECONNCLOSED', 'ESOCKET'].includes(code)
}

/** Whether the server itself answered: then the connection is sound, whatever it said. */
export function isServerAnswer(error: unknown): boolean {
  const { code, number } = detailsOf(error)
  return number !== undefined || (code !== undefined && /^(?!E|57P|08)[0-9A-Z]{5}$/.test(code))
}

/** pg has no code for a server that answers no to TLS. */
const offersNoTls = (error: unknown): boolean =>
  error instanceof Error && error.message === 'The server does not support SSL connections'

function judge(code: string | undefined, number: number | undefined): Verdict {
  if (number !== undefined) return serverNumbers[number] ?? refused
  if (code === undefined) return unreachable
  if (certificate.test(code)) return misconfigured
  if (code === 'ELOGIN' || code === 'ERR_INVALID_URL') return misconfigured
  if (/^(?!E)[0-9A-Z]{5}$/.test(code)) return sqlStates[code] ?? sqlStates[code.slice(0, 2)] ?? refused
  return unreachable
}

function detailsOf(error: unknown): { code: string | undefined; number: number | undefined } {
  const read = error as { code?: unknown; number?: unknown } | null | undefined
  return {
    code: typeof read?.code === 'string' ? read.code : undefined,
    number: typeof read?.number === 'number' ? read.number : undefined,
  }
}
