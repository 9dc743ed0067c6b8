import { ResultCodeError } from 'ldapts'
import { ConnectorError, type ConnectorFault } from '../contract.ts'

export const system = 'directory'

/** No usable connection could be had: everything else asked in the same call would wait for nothing. */
export class ConnectionError extends ConnectorError {}

export const fault = (kind: ConnectorFault, retryable: boolean, cause?: unknown): ConnectorError =>
  new ConnectorError(system, kind, retryable, cause)

/** LDAP result codes by what they mean to the engine. What is about one object parks; what is about the server waits. */
const meanings: Readonly<Record<number, readonly [ConnectorFault, boolean]>> = {
  1: ['unreachable', true], // operationsError: Active Directory's answer on a connection that lost its bind
  2: ['misconfigured', true],
  3: ['throttled', true], // time, size and administrative limits: the answer is truncated, never "empty"
  4: ['throttled', true],
  7: ['misconfigured', true],
  8: ['misconfigured', true],
  10: ['misconfigured', true], // referral: the base is not this server's
  11: ['throttled', true],
  12: ['misconfigured', true],
  13: ['misconfigured', true],
  16: ['conflict', true], // the value to be replaced is no longer there: somebody wrote in between
  17: ['misconfigured', false],
  19: ['refused', false],
  20: ['conflict', true],
  32: ['missing', true],
  49: ['misconfigured', true], // the service account's own bind; a rotated secret heals it
  50: ['refused', false],
  51: ['throttled', true],
  52: ['unreachable', true],
  53: ['refused', false],
  68: ['conflict', false],
  80: ['refused', true],
}

export const resultCode = (error: unknown): number | null =>
  error instanceof ResultCodeError ? error.code : null

const certificateFault = /^(CERT_|ERR_TLS_CERT|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH)/

/** What ldapts throws, as a value. Its timeouts and resets are plain `Error`s; a bug of ours is not, and goes on. */
export function toFault(error: unknown): ConnectorError {
  if (error instanceof ConnectorError) return error
  if (isBug(error)) throw error
  const code = resultCode(error)
  if (code !== null) {
    const [kind, retryable] = meanings[code] ?? ['refused', false]
    return fault(kind, retryable, error)
  }
  return fault('unreachable', true, error)
}

/** The same while connecting and binding: a bad address, certificate or CA is a matter of configuration. */
export function toConnectionError(error: unknown): ConnectionError {
  if (error instanceof ConnectionError) return error
  if (isBug(error)) throw error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const known = resultCode(error) !== null
  const mistaken =
    certificateFault.test(code) ||
    code.startsWith('ERR_OSSL') ||
    (error instanceof Error && error.message.includes('invalid LDAP URL'))
  const { kind } = known ? toFault(error) : fault(mistaken ? 'misconfigured' : 'unreachable', true)
  return new ConnectionError(system, kind, true, error)
}

const isBug = (error: unknown): boolean =>
  !(error instanceof Error) ||
  error instanceof TypeError ||
  error instanceof RangeError ||
  error instanceof ReferenceError ||
  error instanceof SyntaxError
