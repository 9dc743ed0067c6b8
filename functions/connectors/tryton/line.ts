import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { ConnectorError } from '../contract.ts'
import { LostConnection } from '../lost-connection.ts'

/** Milliseconds for one question and its whole answer, and the most that an answer may hold. */
const limits = { connect: 5_000, answer: 8_000, bytes: 16 * 1024 * 1024 }

/** Lets the questions to a server that knows nothing of TLS stay on this machine. */
const loopback = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/

export interface HttpAnswer {
  readonly status: number
  readonly text: string
}

/** Connections to one HTTP server, kept open between questions. Fails with `ConnectorError`; redirects are not followed. */
export interface Line {
  post(path: string, headers: Readonly<Record<string, string>>, body: string): Promise<HttpAnswer>
  close(): void
}

/**
 * Only over verified TLS, except to this machine itself. `ca`: PEM of a private authority that signed the server's
 * certificate. `port`: the one that the way to this target is open for.
 */
export function openLine(
  system: string,
  entry: { readonly url: string; readonly ca?: string; readonly port: number },
): Line {
  const url = URL.parse(entry.url)
  const secure = url?.protocol === 'https:'
  const clear = url?.protocol === 'http:' && loopback.test(url.hostname)
  if (url === null || !(secure || clear) || portOf(url) !== entry.port)
    throw new ConnectorError(system, 'misconfigured', true, { code: 'URL' })
  const options = { keepAlive: true, maxSockets: 4 }
  const agent = secure
    ? new HttpsAgent({
        ...options,
        minVersion: 'TLSv1.2',
        ...(entry.ca === undefined ? {} : { ca: entry.ca }),
      })
    : new HttpAgent(options)

  return {
    post: (path, headers, body) =>
      new Promise((resolve, reject) => {
        const sent = (secure ? httpsRequest : httpRequest)(new URL(path, url), {
          agent,
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: 'application/json',
            'content-length': Buffer.byteLength(body),
            ...headers,
          },
        })
        const fail = (error: unknown) => {
          clearTimeout(timer)
          sent.destroy()
          reject(faultOf(system, error, sent.reusedSocket))
        }
        const timer = setTimeout(() => fail(coded('ETIMEDOUT')), limits.answer)
        sent.setTimeout(limits.connect + limits.answer, () => fail(coded('ETIMEDOUT')))
        sent.once('error', fail)
        sent.once('response', answer => {
          read(answer).then(text => {
            clearTimeout(timer)
            resolve({ status: answer.statusCode ?? 0, text })
          }, fail)
        })
        sent.end(body)
      }),
    close: () => agent.destroy(),
  }
}

const portOf = (url: URL): number => Number(url.port) || (url.protocol === 'https:' ? 443 : 80)

const coded = (code: string) => Object.assign(new Error(code), { code })

/** An answer that is cut short fails: its length is announced, or its last chunk is missing. */
async function read(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of answer as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > limits.bytes) throw coded('ETOOBIG')
    pieces.push(piece)
  }
  if (!answer.complete) throw coded('ECUTSHORT')
  return Buffer.concat(pieces).toString('utf8')
}

const certificate = /^(CERT_|ERR_TLS_|ERR_SSL_|EPROTO|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH)/

/** A connection that was kept may have died unnoticed: asking again on a new one is worth it. */
function faultOf(system: string, error: unknown, reused: boolean): ConnectorError {
  const code = String((error as { code?: unknown }).code ?? 'UNKNOWN')
  const cause = { code }
  if (certificate.test(code)) return new ConnectorError(system, 'misconfigured', true, cause)
  if (code === 'ETOOBIG') return new ConnectorError(system, 'refused', false, cause)
  if (reused && (code === 'ECONNRESET' || code === 'EPIPE')) return new LostConnection(system, cause)
  return new ConnectorError(system, 'unreachable', true, cause)
}
