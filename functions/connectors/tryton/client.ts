import type { TrytonSettings } from '../../../schemas/settings.ts'
import { ConnectorError, type ConnectorFault } from '../contract.ts'
import { type HttpAnswer, type Line, openLine } from './line.ts'

/** How to enter a Tryton. `ca`: PEM of a private authority that signed the server's certificate. */
export interface TrytonSecret {
  readonly url: string
  readonly user: string
  readonly password: string
  readonly ca?: string
}

/**
 * Milliseconds without a log-in after a refused one. Tryton locks a user out after six bad ones within five minutes, and
 * each further one counts: a wrong password in the secret must not keep the right one out once it is there.
 */
const quiet = { refused: 10 * 60_000, throttled: 6 * 60_000 }

/** A user's error, told by its text in English; its texts quote values and never leave this room. */
export class TrytonRefusal extends ConnectorError {
  readonly text: string
  constructor(system: string, text: string) {
    super(system, 'refused', false, { code: 'UserError' })
    this.text = text
  }
}

/** Questions to one database of a Tryton, as its service account. Each fails with `ConnectorError`. */
export interface TrytonClient {
  /** `model.<name>.<method>`; the context comes last, `language` is English in all of them. */
  call(method: string, parameters: readonly unknown[], context?: object): Promise<unknown>
  /** The same for a question that changes nothing: a refusal is a right that the service account lacks, and an operator mends it. */
  read(method: string, parameters: readonly unknown[]): Promise<unknown>
  /** The service account's own id. */
  ownId(): Promise<number>
  close(): Promise<void>
}

interface Session {
  readonly uid: number
  readonly authorization: string
}

export function openClient(
  settings: TrytonSettings,
  secret: TrytonSecret,
  clock: () => number,
): TrytonClient {
  const system = settings.id
  const path = `/${encodeURIComponent(settings.database)}/`
  const fault = (kind: ConnectorFault, retryable: boolean, code: string | number) =>
    new ConnectorError(system, kind, retryable, { code })
  let line: Line | undefined
  let session: Promise<Session> | undefined
  let silence: { until: number; error: ConnectorError } | undefined
  let serial = 0

  async function post(method: string, parameters: readonly unknown[], authorization?: string) {
    line ??= openLine(system, { ...secret, port: settings.port })
    const id = ++serial
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
    return { id, answer: await line.post(path, headers, JSON.stringify({ id, method, params: parameters })) }
  }

  async function logIn(): Promise<Session> {
    if (silence !== undefined && clock() < silence.until) throw silence.error
    const { user, password } = secret
    if (!user || !password || user.includes(':')) throw fault('misconfigured', true, 'SECRET')
    const { id, answer } = await post('common.db.login', [user, { password }, 'en'])
    if (answer.status === 401 || answer.status === 429) {
      const refused = answer.status === 401
      const error = fault(refused ? 'misconfigured' : 'throttled', true, answer.status)
      silence = { until: clock() + (refused ? quiet.refused : quiet.throttled), error }
      throw error
    }
    const result = resultOf(id, answer)
    if (!Array.isArray(result) || !Number.isInteger(result[0]) || typeof result[1] !== 'string')
      throw fault('misconfigured', true, 'LOGIN')
    const [uid, key] = result as [number, string]
    return {
      uid,
      authorization: `Session ${Buffer.from(`${user}:${uid}:${key}`, 'latin1').toString('base64')}`,
    }
  }

  /** One log-in for all who wait for it. */
  function entered(): Promise<Session> {
    if (session === undefined) {
      const entering = logIn()
      session = entering
      entering.catch(() => {
        if (session === entering) session = undefined
      })
    }
    return session
  }

  async function ask(method: string, parameters: readonly unknown[], again = true): Promise<unknown> {
    const entering = entered()
    const { id, answer } = await post(method, parameters, (await entering).authorization)
    // The session ended; nothing was done under it. Whatever is refused in a new one as well is not about the session.
    if ((answer.status === 401 || answer.status === 403) && again) {
      if (session === entering) session = undefined
      return ask(method, parameters, false)
    }
    return resultOf(id, answer)
  }

  function resultOf(id: number, { status, text }: HttpAnswer): unknown {
    if (status === 429) throw fault('throttled', true, status)
    if (status === 413) throw fault('refused', false, status)
    if (status >= 500) throw fault('unreachable', true, status)
    if (status !== 200) throw fault('misconfigured', true, status)
    const answer = parse(text)
    // Another program answers here, or nobody did: an empty answer says nothing about anybody.
    if (answer?.id !== id || 'result' in answer === 'error' in answer)
      throw fault('misconfigured', true, 'ANSWER')
    if ('result' in answer) return answer.result
    throw refusalOf(answer.error)
  }

  /** `["UserError", [text, …]]`, `["ConcurrencyException", text]`, or a bare text where the server itself broke down. */
  function refusalOf(error: unknown): ConnectorError {
    const [name, details] = Array.isArray(error) ? error : []
    if (name === 'UserError')
      return new TrytonRefusal(system, String(Array.isArray(details) ? details[0] : ''))
    if (name === 'ConcurrencyException') return fault('throttled', true, name)
    if (name === 'UserWarning' || name === 'LoginException') return fault('refused', false, name)
    return fault('refused', true, 'EXCEPTION')
  }

  const inEnglish = (parameters: readonly unknown[], context = {}) => [
    ...parameters,
    { ...context, language: 'en' },
  ]
  return {
    call: (method, parameters, context) => ask(method, inEnglish(parameters, context)),
    async read(method, parameters) {
      try {
        // Without this Tryton hides what is not active.
        return await ask(method, inEnglish(parameters, { active_test: false }))
      } catch (error) {
        if (error instanceof TrytonRefusal) throw fault('misconfigured', true, 'UserError')
        throw error
      }
    },
    ownId: async () => (await entered()).uid,
    async close() {
      const open = await session?.catch(() => undefined)
      if (open !== undefined) await post('common.db.logout', [], open.authorization).catch(() => undefined)
      line?.close()
    },
  }
}

function parse(text: string): { id?: unknown; result?: unknown; error?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
