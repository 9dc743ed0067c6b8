import type { IncomingMessage, ServerResponse } from 'node:http'
import * as z from 'zod'
import { Instant } from '../../schemas/calendar.ts'
import { WrittenNationalId } from '../../schemas/person.ts'
import { TargetId } from '../../schemas/settings.ts'

export const Fault = z.enum(['down', 'frozen', 'empty', 'slow'])
export type Fault = z.infer<typeof Fault>

/** How long `/local/idle` and a schedule's run wait for the work to settle. */
const PATIENCE_MS = 50_000
/** A clock set to "now" by a client arrives a little late: that much backward is no journey into the past. */
const CLOCK_TOLERANCE_MS = 1_000
const LONGEST_BODY = 10_000

/** What the `/local/*` helpers move. */
export interface Workbench {
  readonly organisation: object
  readonly issuer: { readonly url: string; readonly jwks: object }
  /** Null for somebody who is not in the register. */
  tokenOf(nationalId: string): Promise<string | null>
  now(): number
  /** Sets the offset. Forward, every schedule passed fires once. */
  moveClock(now: number): Promise<void>
  readonly schedules: readonly string[]
  runSchedule(name: string): Promise<void>
  /** Resolves once no function runs and no queue holds a message; false after `patience` milliseconds. */
  settled(patience: number): Promise<boolean>
  /** Rows due by the clock, and messages or invocations under way. */
  workLeft(): Promise<{ inFlight: number; due: number }>
  setFault(target: TargetId, kind: Fault | null): Promise<void>
  reset(): Promise<void>
  /** Whether nobody has changed anything since the last reset. */
  fresh(): boolean
}

interface Reply {
  readonly status: number
  readonly body: unknown
}

const PROBLEMS = {
  malformed: [400, 'La solicitud no se puede leer: revise el cuerpo JSON y sus miembros.'],
  forbidden: [403, 'Estas ayudas responden solo a este mismo computador.'],
  'not-found': [404, 'No existe lo que se pide.'],
  'method-not-allowed': [405, 'Esta ayuda se pide con otro método.'],
  'clock-backward': [
    409,
    'El reloj solo retrocede inmediatamente después de un reinicio (POST /local/reset).',
  ],
  internal: [500, 'Falló una ayuda local; vea la consola.'],
  unsettled: [503, 'El trabajo que esto causó aún no termina.'],
} as const

const problem = (code: keyof typeof PROBLEMS): Reply => {
  const [status, detail] = PROBLEMS[code]
  return { status, body: { type: `urn:llavero:problem:${code}`, title: code, status, detail } }
}
const ok = (body: unknown): Reply => ({ status: 200, body })

const TokenBody = z.strictObject({ nationalId: WrittenNationalId })
const ClockBody = z.strictObject({ now: Instant })
const FaultBody = z.strictObject({ kind: Fault.nullable() })

class Malformed extends Error {}

async function bodyOf<T>(request: IncomingMessage, shape: z.ZodType<T>): Promise<T> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk
    if (text.length > LONGEST_BODY) throw new Malformed()
  }
  try {
    return shape.parse(JSON.parse(text))
  } catch {
    throw new Malformed()
  }
}

/** Only this machine, and only by a name of this machine: a page that rebinds its name to 127.0.0.1 is refused. */
export function fromThisMachine(request: IncomingMessage): boolean {
  const address = request.socket.remoteAddress ?? ''
  const host = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
  return /^(::ffff:)?127\.|^::1$/.test(address) && ['localhost', '127.0.0.1', '[::1]'].includes(host)
}

/** Runs the sweeper until nothing is due by the clock: parked rows and later back-offs are not. */
async function untilIdle(bench: Workbench): Promise<Reply> {
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    const left = await bench.workLeft()
    if (left.inFlight === 0 && left.due === 0) return ok({ idle: true })
    const patience = deadline - Date.now()
    if (patience <= 0) return { status: 503, body: { idle: false, ...left } }
    if (left.inFlight === 0) await bench.runSchedule('sweep-due')
    await bench.settled(patience)
  }
}

type Answerer = (bench: Workbench, request: IncomingMessage, parameter: string) => Promise<Reply> | Reply

const ROUTES: readonly (readonly [method: string, path: RegExp, answer: Answerer])[] = [
  ['GET', /^\/local\/organisation$/, bench => ok(bench.organisation)],
  ['GET', /^\/local\/mail$/, () => ok([])],
  ['GET', /^\/local\/idle$/, untilIdle],
  ['GET', /^\/local\/issuer\/jwks\.json$/, bench => ok(bench.issuer.jwks)],
  [
    'GET',
    /^\/local\/issuer\/\.well-known\/openid-configuration$/,
    (bench, request) =>
      ok({
        issuer: bench.issuer.url,
        jwks_uri: `http://${request.headers.host}/local/issuer/jwks.json`,
        id_token_signing_alg_values_supported: ['RS256'],
        response_types_supported: ['token'],
        subject_types_supported: ['public'],
      }),
  ],
  [
    'POST',
    /^\/local\/token$/,
    async (bench, request) => {
      const { nationalId } = await bodyOf(request, TokenBody)
      const token = await bench.tokenOf(nationalId)
      return token === null
        ? problem('not-found')
        : ok({ access_token: token, token_type: 'Bearer', expires_in: 86_400 })
    },
  ],
  ['GET', /^\/local\/clock$/, bench => ok({ now: new Date(bench.now()).toISOString() })],
  [
    'PUT',
    /^\/local\/clock$/,
    async (bench, request) => {
      const now = Date.parse((await bodyOf(request, ClockBody)).now)
      if (now < bench.now() - CLOCK_TOLERANCE_MS && !bench.fresh()) return problem('clock-backward')
      await bench.moveClock(now)
      return ok({ now: new Date(bench.now()).toISOString() })
    },
  ],
  [
    'POST',
    /^\/local\/schedules\/([^/]+)\/run$/,
    async (bench, _, name) => {
      if (!bench.schedules.includes(name)) return problem('not-found')
      await bench.runSchedule(name)
      return (await bench.settled(PATIENCE_MS)) ? ok({ schedule: name }) : problem('unsettled')
    },
  ],
  [
    'POST',
    /^\/local\/reset$/,
    async bench => {
      await bench.reset()
      return ok({ reset: true })
    },
  ],
  [
    'PUT',
    /^\/local\/targets\/([^/]+)\/fault$/,
    async (bench, request, id) => {
      const { kind } = await bodyOf(request, FaultBody)
      const target = TargetId.safeParse(id)
      if (!target.success) return problem('not-found')
      await bench.setFault(target.data, kind)
      return ok({ target: target.data, kind })
    },
  ],
]

async function reply(bench: Workbench, request: IncomingMessage, path: string): Promise<Reply> {
  if (!fromThisMachine(request)) return problem('forbidden')
  const matching = ROUTES.flatMap(([method, pattern, answer]) => {
    const found = pattern.exec(path)
    return found ? [{ method, answer, parameter: found[1] ?? '' }] : []
  })
  const route = matching.find(({ method }) => method === request.method)
  if (route === undefined) return problem(matching.length > 0 ? 'method-not-allowed' : 'not-found')
  try {
    return await route.answer(bench, request, route.parameter)
  } catch (error) {
    if (error instanceof Malformed) return problem('malformed')
    console.error(error)
    return problem('internal')
  }
}

/** Answers a `/local/*` request; false for any other path, which is the product's. */
export async function answerLocally(
  bench: Workbench,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  if (pathname !== '/local' && !pathname.startsWith('/local/')) return false
  const { status, body } = await reply(bench, request, pathname)
  const type = status >= 400 && status !== 503 ? 'application/problem+json' : 'application/json'
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
  return true
}
