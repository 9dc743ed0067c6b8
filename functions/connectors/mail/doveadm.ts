import {
  Agent as AgentInClear,
  type ClientRequest,
  type IncomingMessage,
  request as requestInClear,
} from 'node:http'
import { Agent, request } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'
import { ConnectorError, type ConnectorFault } from '../contract.ts'

/** Dovecot's HTTP API (`service doveadm`, `doveadm_api_key`). `ca`: PEM of a private authority. */
export interface DoveadmSecret {
  readonly url: string
  readonly key: string
  readonly ca?: string
}

/** The open sessions of a mail server: IMAP, POP3 and whatever else Dovecot lets people in by. */
export interface MailSessions {
  /** Which of these addresses have a session. Fails with `ConnectorError`: silence is never "none". */
  openOf(addresses: readonly string[]): Promise<ReadonlySet<string>>
  /** Ends all sessions of these addresses, and waits a moment for them to be gone. Fails with `ConnectorError`. */
  end(addresses: readonly string[]): Promise<void>
  /** Ends the connections that are kept for a next question. */
  close(): void
}

type Command = readonly [name: string, parameters: object]
type Said = { readonly rows: readonly unknown[] } | { readonly exitCode: number }

const answerWithin = 5_000
const answerAtMost = 4_000_000
/** Dovecot starts a process for each connection: questions that follow one another share one. An older one may be dead. */
const keptFor = 3_000
/** Milliseconds between two looks while processes that were told to end do so. */
const moments = [20, 60, 150, 300, 600]

/** sysexits.h, as doveadm leaves with them. */
const nobodyThere = 68
const tryAgain = 75

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/

export function openDoveadm(system: string, secret: DoveadmSecret): MailSessions {
  const line = openLine(secret)
  const fault = (kind: ConnectorFault, code?: string | number) =>
    new ConnectorError(system, kind, true, { code })

  /** One answer for each command, in order. */
  async function run(commands: readonly Command[]): Promise<Said[]> {
    if (commands.length === 0) return []
    const body = JSON.stringify(commands.map(([name, parameters], at) => [name, parameters, String(at)]))
    const text = await post(line, secret.url, body, fault)
    const said = new Map<string, Said>()
    for (const [kind, payload, tag] of parse(text, fault)) {
      if (kind === 'doveadmResponse' && Array.isArray(payload)) said.set(tag, { rows: payload })
      else said.set(tag, { exitCode: Number((payload as { exitCode?: unknown } | null)?.exitCode ?? 0) })
    }
    return commands.map((_, at) => {
      const answer = said.get(String(at))
      // A command that was not answered at all: the answer was cut.
      if (answer === undefined) throw fault('unreachable')
      return answer
    })
  }

  const failed = (exitCode: number) =>
    fault(exitCode === tryAgain ? 'unreachable' : 'misconfigured', exitCode)

  async function openOf(addresses: readonly string[]): Promise<ReadonlySet<string>> {
    const answers = await run(addresses.map(address => ['who', { mask: [address] }]))
    const open = new Set<string>()
    for (const [at, said] of answers.entries()) {
      if ('exitCode' in said) throw failed(said.exitCode)
      const address = addresses[at] ?? ''
      if (said.rows.some(row => isOf(row, address))) open.add(address)
    }
    return open
  }

  return {
    openOf,
    close: () => line.close(),
    async end(addresses) {
      // In a mask `*` and `?` stand for anybody: what ends one session must never end another's.
      if (addresses.some(address => /[*?\\]/.test(address)))
        throw new ConnectorError(system, 'misconfigured', false)
      const answers = await run(addresses.map(address => ['kick', { mask: [address] }]))
      for (const said of answers)
        if ('exitCode' in said && said.exitCode !== nobodyThere) throw failed(said.exitCode)
      const kicked = addresses.filter((_, at) => 'rows' in (answers[at] ?? {}))
      for (const moment of moments) {
        if (kicked.length === 0 || (await openOf(kicked)).size === 0) return
        await pause(moment)
      }
    },
  }
}

const isOf = (row: unknown, address: string): boolean =>
  String((row as { username?: unknown } | null)?.username ?? '').toLowerCase() === address.toLowerCase()

type Fault = (kind: ConnectorFault, code?: string | number) => ConnectorError

function parse(text: string, fault: Fault): [kind: string, payload: unknown, tag: string][] {
  try {
    const answers: unknown = JSON.parse(text)
    if (Array.isArray(answers) && answers.every(Array.isArray))
      return answers.map(([kind, payload, tag]) => [String(kind), payload, String(tag)])
  } catch {
    // Not JSON: said below.
  }
  throw fault('misconfigured')
}

async function post(line: Line, url: string, body: string, fault: Fault): Promise<string> {
  const address = URL.parse(url)
  // The key is worth every mailbox: it is sent in clear only within this machine.
  const clear = address?.protocol === 'http:' && loopback.test(address.hostname)
  if (address === null || !(clear || address.protocol === 'https:')) throw fault('misconfigured')
  try {
    const { status, text } = await line.ask(new URL('/doveadm/v1', address), body)
    if (status === 200) return text
    throw fault(status === 429 ? 'throttled' : status >= 500 ? 'unreachable' : 'misconfigured', status)
  } catch (error) {
    if (error instanceof ConnectorError) throw error
    const code = (error as { code?: unknown }).code
    const certificate = typeof code === 'string' && /CERT|TLS|SSL|SELF_SIGNED|VERIFY/.test(code)
    throw fault(certificate ? 'misconfigured' : 'unreachable', typeof code === 'string' ? code : undefined)
  }
}

interface Line {
  ask(url: URL, body: string): Promise<{ status: number; text: string }>
  close(): void
}

function openLine({ key, ca }: DoveadmSecret): Line {
  const trusted = { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) }
  const make = () => ({
    'http:': new AgentInClear({ keepAlive: true }),
    'https:': new Agent({ keepAlive: true, ...trusted }),
  })
  let agents = make()
  let usedAt = 0
  const close = () => {
    for (const agent of Object.values(agents)) agent.destroy()
  }

  async function ask(url: URL, body: string, again = true): Promise<{ status: number; text: string }> {
    if (Date.now() - usedAt > keptFor) {
      close()
      agents = make()
    }
    const options = {
      method: 'POST',
      signal: AbortSignal.timeout(answerWithin),
      headers: {
        authorization: `X-Dovecot-API ${Buffer.from(key).toString('base64')}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
    }
    const asking =
      url.protocol === 'http:'
        ? requestInClear(url, { ...options, agent: agents['http:'] })
        : request(url, { ...options, ...trusted, agent: agents['https:'] })
    try {
      return await answerTo(asking, body)
    } catch (error) {
      // Its other end had closed the connection before it was asked.
      if (again && asking.reusedSocket && (error as { code?: unknown }).code === 'ECONNRESET')
        return ask(url, body, false)
      throw error
    } finally {
      usedAt = Date.now()
    }
  }
  return { ask: (url, body) => ask(url, body), close }
}

const answerTo = (asking: ClientRequest, body: string) =>
  new Promise<{ status: number; text: string }>((resolve, reject) => {
    asking.on('error', reject)
    asking.on('response', (answer: IncomingMessage) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('error', reject)
      answer.on('data', piece => {
        text += piece
        if (text.length > answerAtMost) answer.destroy(new Error('too long'))
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
    })
    asking.end(body)
  })
