import type { IncomingMessage, ServerResponse } from 'node:http'
import * as z from 'zod'
import { Instant } from '../../schemas/calendar.ts'
import { WrittenNationalId } from '../../schemas/person.ts'
import { TargetId } from '../../schemas/settings.ts'
import { type Bench, CLOCK_TOLERANCE_MS } from './bench.ts'
import { doorActs } from './doors.ts'

/** How long `/local/idle` and a schedule's run wait for the work to settle. */
const PATIENCE_MS = 50_000
const LONGEST_BODY = 10_000

interface Reply {
  readonly status: number
  readonly body: unknown
}

const PROBLEMS = {
  malformed: [400, 'La solicitud no se puede leer: revise el cuerpo JSON y sus miembros.'],
  'not-found': [404, 'No existe lo que se pide.'],
  'method-not-allowed': [405, 'Esta ayuda se pide con otro método.'],
  'clock-backward': [
    409,
    'El reloj solo retrocede inmediatamente después de un reinicio (POST /local/reset).',
  ],
  internal: [500, 'Falló una ayuda local; vea la consola.'],
  'not-ready': [503, 'Todavía se está instalando la municipalidad de ejemplo.'],
  unsettled: [503, 'El trabajo que esto causó aún no termina.'],
} as const

const problem = (code: keyof typeof PROBLEMS): Reply => {
  const [status, detail] = PROBLEMS[code]
  return { status, body: { type: `urn:llavero:problem:${code}`, title: code, status, detail } }
}
const ok = (body: unknown): Reply => ({ status: 200, body })

const TokenBody = z.strictObject({ nationalId: WrittenNationalId })
const ClockBody = z.strictObject({ now: Instant })
const EventBody = z.strictObject({ source: z.string(), 'detail-type': z.string(), detail: z.unknown() })
const FaultBody = z.strictObject({ kind: z.enum(['down', 'frozen', 'empty', 'slow']).nullable() })

const SwipeBody = z.strictObject({
  card: z.string().regex(/^\d{1,19}$/),
  direction: z.enum(['in', 'out']).default('in'),
})
const DoorBody = z.union([z.strictObject({ online: z.boolean() }), z.strictObject({ act: z.enum(doorActs) })])

/** What the connector of that target reads: address and service account. */
const SecretBody = z.strictObject({ secret: z.record(z.string(), z.string()).nullable() })

class Malformed extends Error {}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    throw new Malformed()
  }
}

async function bodyOf<T>(request: IncomingMessage, shape: z.ZodType<T>): Promise<T> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) if (text.length <= LONGEST_BODY) text += chunk
  try {
    return shape.parse(JSON.parse(text))
  } catch {
    throw new Malformed()
  }
}

/** Runs the sweeper until nothing is due by the clock: parked rows and later back-offs are not. */
async function untilIdle(bench: Bench): Promise<Reply> {
  const deadline = Date.now() + PATIENCE_MS
  for (let due = 0; ; ) {
    const settled = await bench.settled(deadline - Date.now())
    if (settled) due = await bench.sweep()
    const inFlight = bench.inFlight()
    if (settled && due === 0 && inFlight === 0) return ok({ idle: true })
    if (Date.now() >= deadline) return { status: 503, body: { idle: false, inFlight, due } }
  }
}

type Answerer = (bench: Bench, request: IncomingMessage, parameter: string) => Promise<Reply> | Reply

const ROUTES: Readonly<Record<string, Answerer>> = {
  'GET /local/organisation': bench => ok(bench.organisation()),
  'GET /local/mail': bench => ok(bench.mails()),
  'GET /local/idle': untilIdle,
  'GET /local/clock': bench => ok({ now: new Date(bench.now()).toISOString() }),
  'GET /local/permissions': bench => ok(bench.permissions()),
  'GET /local/consumed': bench => ok(bench.consumed()),
  'GET /local/issuer/jwks.json': bench => ok(bench.issuer.jwks),
  'GET /local/issuer/.well-known/openid-configuration': (bench, request) =>
    ok({
      issuer: bench.issuer.url,
      jwks_uri: `http://${request.headers.host}/local/issuer/jwks.json`,
      id_token_signing_alg_values_supported: ['RS256'],
      response_types_supported: ['token'],
      subject_types_supported: ['public'],
    }),
  'POST /local/token': async (bench, request) => {
    const { nationalId } = await bodyOf(request, TokenBody)
    const token = await bench.tokenOf(nationalId)
    return token === null ? problem('not-found') : ok({ access_token: token, token_type: 'Bearer' })
  },
  'PUT /local/clock': async (bench, request) => {
    const to = Date.parse((await bodyOf(request, ClockBody)).now)
    if (to < bench.now() - CLOCK_TOLERANCE_MS && !bench.isFresh()) return problem('clock-backward')
    await bench.moveClock(to)
    return ok({ now: new Date(bench.now()).toISOString() })
  },
  'POST /local/events': async (bench, request) => {
    const taken = await bench.putEvent(await bodyOf(request, EventBody))
    return taken > 0 ? ok({ taken }) : problem('not-found')
  },
  'POST /local/schedules/*/run': async (bench, _, name) => {
    if (!bench.schedules.includes(name)) return problem('not-found')
    await bench.runSchedule(name)
    return (await bench.settled(PATIENCE_MS)) ? ok({ schedule: name }) : problem('unsettled')
  },
  'POST /local/reset': async bench => ((await bench.reset()) ? ok({ reset: true }) : problem('not-ready')),
  'PUT /local/targets/*/fault': async (bench, request, id) => {
    const { kind } = await bodyOf(request, FaultBody)
    const target = TargetId.safeParse(id)
    if (!target.success) return problem('not-found')
    await bench.setFault(target.data, kind)
    return ok({ target: target.data, kind })
  },
  'GET /local/doors': ({ doors }) => ok({ doors: doors.list() }),
  'POST /local/doors/*/swipe': async ({ doors }, request, encoded) => {
    const { card, direction } = await bodyOf(request, SwipeBody)
    const swiped = doors.swipe(decoded(encoded), card, direction)
    return swiped === undefined ? problem('not-found') : ok(swiped)
  },
  'PUT /local/doors/*': async ({ doors }, request, encoded) => {
    const wanted = await bodyOf(request, DoorBody)
    const serial = decoded(encoded)
    if (!doors.has(serial)) return problem('not-found')
    if ('online' in wanted) doors.connect(serial, wanted.online)
    else doors.act(serial, wanted.act)
    return ok({ serial, ...wanted })
  },
  'PUT /local/secrets/*': async (bench, request, encoded) => {
    const { secret } = await bodyOf(request, SecretBody)
    const name = decoded(encoded)
    const written = bench.putSecret(name, secret && JSON.stringify(secret))
    return written ? ok({ secret: name }) : problem('not-found')
  },
}
const PATTERN =
  /^(\/local\/(?:schedules|targets|doors)\/)([^/]+)(\/.*)$|^(\/local\/(?:secrets|doors)\/)([^/]+)$/
const KNOWN = new Set(Object.keys(ROUTES).map(key => key.split(' ')[1]))

async function reply(bench: Bench, request: IncomingMessage, path: string): Promise<Reply> {
  const [, first, one, after = '', last, other] = PATTERN.exec(path) ?? []
  const [before, parameter] = [first ?? last ?? path, one ?? other ?? '']
  const pattern = parameter === '' ? path : `${before}*${after}`
  const answer = ROUTES[`${request.method} ${pattern}`]
  if (answer === undefined) return problem(KNOWN.has(pattern) ? 'method-not-allowed' : 'not-found')
  try {
    return await answer(bench, request, parameter)
  } catch (error) {
    if (error instanceof Malformed) return problem('malformed')
    console.error(error)
    return problem('internal')
  }
}

/**
 * Answers a `/local/*` request, and `/health` while the sample body is on its way; false for any other path, which is the
 * product's. The gateway has looked at address and Host before.
 */
export async function answerLocally(
  bench: Bench | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  const local = pathname === '/local' || pathname.startsWith('/local/')
  if (!local && (pathname !== '/health' || bench?.isReady())) {
    if (request.method !== 'GET') bench?.touch()
    return false
  }
  const { status, body } = bench && local ? await reply(bench, request, pathname) : problem('not-ready')
  const type =
    typeof body === 'object' && body !== null && 'detail' in body
      ? 'application/problem+json'
      : 'application/json'
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
  return true
}
