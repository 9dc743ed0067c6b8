import { Buffer } from 'node:buffer'
import type { Logger } from '@aws-lambda-powertools/logger'
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware'
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics'
import middy, { type MiddlewareObj } from '@middy/core'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import type * as z from 'zod'
import { type Caller, mayCall } from '../domain/entitlement.ts'
import { faultsOf } from '../domain/faults.ts'
import { type CodedFault, isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import type { RegisterFile } from '../domain/register-csv.ts'
import type { Locale } from '../domain/texts/index.ts'
import { readBody } from './http-body.ts'
import { problemOf } from './http-problem.ts'

export interface Answer {
  readonly status: number
  /** A text is sent as it is, with the content type in `headers`; everything else as JSON. */
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Call<P, Q, B> {
  readonly caller: Caller
  readonly path: P
  readonly query: Q
  readonly body: B
  /** The client's key of this filing; null without one. */
  readonly idempotencyKey: string | null
  /** What the client says it has seen (If-Match), without its quotation marks; null where it says nothing. */
  readonly ifMatch: string | null
  /** The content types that the client takes (Accept), as sent; null where it says nothing. */
  readonly accept: string | null
  /** When API Gateway took the call: it says why now, and is never later than the clock by much. */
  readonly at: string
}

/** A body as sent, for the route that takes more than one kind of it. */
export type SentBody =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'csv'; readonly text: string }

/** What a token says of who holds it. Only these two claims are ever read. */
export interface Identity {
  readonly issuer: string
  readonly subject: string
}

interface RouteShape<P, Q, B> {
  /** What is looked for under a path that does not fit is unknown (404); nothing can be put there either (400). */
  readonly path?: z.ZodType<P>
  readonly query?: z.ZodType<Q>
  /** A function: which body it is depends on the path. */
  readonly body?: z.ZodType<B> | ((path: P) => z.ZodType<B>)
  /** What else is wrong with a body that its schema has refused: all faults are told at once. */
  readonly inspect?: (sent: unknown) => readonly CodedFault[]
  readonly run: (call: Call<P, Q, B>) => Promise<Answer | Refusal>
}

interface Sent {
  readonly event: APIGatewayProxyEventV2
  readonly caller: Caller
}

export type Route = (sent: Sent) => Promise<Answer | Refusal>

/** What every answer needs, token or not. */
export interface Counter {
  readonly locale: Locale
  readonly logger: Logger
}

export interface Front extends Counter {
  /** The person linked to a token, as they may act today. Reads the register on every call. */
  readonly identify: (identity: Identity) => Promise<Caller | Refusal>
}

const metrics = new Metrics({ namespace: 'Llavero' })

/** The longest form has some 15,000 values. */
const mostValues = 30_000
/** In 6 MB there are no more people than these values make. */
const mostValuesOfList = 1_000_000

/** Query members by name. One given twice is a fault: which of them counts would be a guess. */
const readQuery = (
  event: APIGatewayProxyEventV2,
): { query: Record<string, string>; faults: CodedFault[] } => {
  const query: Record<string, string> = {}
  const faults: CodedFault[] = []
  for (const [name, value] of new URLSearchParams(event.rawQueryString ?? '')) {
    if (Object.hasOwn(query, name)) faults.push({ pointer: `/query/${name}`, code: 'body.repeated-member' })
    Object.defineProperty(query, name, { value, enumerable: true, configurable: true })
  }
  return { query, faults }
}

const readKey = (event: APIGatewayProxyEventV2): { key: string | null; faults: CodedFault[] } => {
  const key = event.headers['idempotency-key'] ?? null
  const sound = key === null || /^[\x21-\x7e]{1,255}$/.test(key)
  return {
    key,
    faults: sound ? [] : [{ pointer: '/headers/idempotency-key', code: 'problem.idempotency-key-shape' }],
  }
}

/** Under a path that is none, nobody knows which body it should be: the path's own faults are told. */
const bodyAt = <P, B>(
  choose: (path: P) => z.ZodType<B>,
  path: z.ZodSafeParseResult<P> | undefined,
): z.ZodType<B> | undefined => (path?.success ? choose(path.data) : undefined)

/** A route reads path, query, header and body, and runs only when none of them has a fault; all faults are told at once. */
export const route =
  <P = unknown, Q = unknown, B = undefined>(shape: RouteShape<P, Q, B>): Route =>
  async ({ event, caller }) => {
    const path = shape.path?.safeParse(event.pathParameters ?? {})
    const { query: given, faults } = readQuery(event)
    if (path?.success === false) {
      if (event.routeKey.startsWith('GET ')) return refuse('not-found')
      faults.push(...faultsOf(path.error, event.pathParameters, '/path'))
    }
    const { key, faults: keyFaults } = readKey(event)
    faults.push(...keyFaults)
    const query = shape.query?.safeParse(given)
    if (query?.success === false) faults.push(...faultsOf(query.error, given, '/query'))
    let body: B | undefined
    if (shape.body) {
      const sent = readBody(event, { csv: false, mostValues })
      if (sent.kind === 'too-large') return refuse('too-large')
      if (sent.kind === 'malformed') return refuse('malformed', sent.faults)
      if (sent.kind !== 'json') return refuse('malformed', [{ pointer: '', code: 'body.absent' }])
      const schema = typeof shape.body === 'function' ? bodyAt(shape.body, path) : shape.body
      const parsed = schema?.safeParse(sent.value)
      if (parsed === undefined) return refuse('invalid', faults)
      if (parsed.success) body = parsed.data
      else {
        const found = faultsOf(parsed.error, sent.value)
        const further = shape.inspect?.(sent.value) ?? []
        const told = new Set(found.map(({ pointer }) => pointer))
        faults.push(...found, ...further.filter(({ pointer }) => !told.has(pointer)))
      }
    }
    if (faults.length > 0) return refuse('invalid', faults)
    return shape.run({
      caller,
      path: path?.data as P,
      query: query?.data as Q,
      body: body as B,
      idempotencyKey: key,
      accept: event.headers.accept ?? null,
      ifMatch: event.headers['if-match']?.trim().replace(/^"(.*)"$/, '$1') ?? null,
      at: new Date(event.requestContext.timeEpoch).toISOString(),
    })
  }

/** A route that reads its body itself, as JSON or as CSV. */
export const bodyRoute =
  <Q>(query: z.ZodType<Q>, run: (call: Call<unknown, Q, SentBody>) => Promise<Answer | Refusal>): Route =>
  sent => {
    const body = readBody(sent.event, { csv: true, mostValues: mostValuesOfList })
    if (body.kind === 'too-large') return Promise.resolve(refuse('too-large'))
    if (body.kind === 'malformed') return Promise.resolve(refuse('malformed', body.faults))
    if (body.kind === 'absent')
      return Promise.resolve(refuse('malformed', [{ pointer: '', code: 'body.absent' }]))
    return route({ query, run: call => run({ ...call, body }) })(sent)
  }

const claimsOf = (event: APIGatewayProxyEventV2): Identity | null => {
  const context = event.requestContext as { authorizer?: { jwt?: { claims?: Record<string, unknown> } } }
  const { iss, sub } = context.authorizer?.jwt?.claims ?? {}
  return typeof iss === 'string' && typeof sub === 'string' ? { issuer: iss, subject: sub } : null
}

/** Store faults that pass by themselves: the client may try again. */
const passing =
  /Throttl|ThroughputExceeded|LimitExceeded|TransactionCanceled|TransactionConflict|Timeout|Unavailable|ECONN|EPIPE|ETIMEDOUT/

const correlationOf = (event: APIGatewayProxyEventV2) => {
  const given = event.headers['x-correlation-id']
  return given !== undefined && /^[A-Za-z0-9-]{8,64}$/.test(given) ? given : event.requestContext.requestId
}

/** Where a fault arose, without its message: messages of libraries may quote what a person sent. */
const placeOf = (error: unknown) =>
  error instanceof Error
    ? {
        kind: error.name,
        at: error.stack
          ?.split('\n')
          .filter(line => /^ {4}at /.test(line))
          .slice(0, 8),
      }
    : { kind: typeof error }

/** Node's own code of a fault of the network. */
const codeOf = (error: unknown) => (error as { code?: unknown } | null)?.code ?? ''

type Middleware = MiddlewareObj<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>

const answerFaults = ({ locale, logger }: Counter): Middleware => ({
  onError: request => {
    const fault = placeOf(request.error)
    const refused = passing.test(`${fault.kind} ${codeOf(request.error)}`) ? 'busy' : 'internal'
    logger.error('http.fault', { route: request.event.routeKey, fault })
    metrics.addMetric(refused === 'busy' ? 'BusyAnswers' : 'InternalFaults', MetricUnit.Count, 1)
    metrics.publishStoredMetrics()
    request.response = send(problemOf(locale, { refused }))
  },
})

type Answered = middy.Request<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>

/** The last thing that happens to every answer. The log has the route's pattern, never the path: ids stand in paths. */
const sealAnswers = ({ logger }: Counter): Middleware => {
  const seal = ({ response, event }: Answered) => {
    if (!response) return
    response.headers = {
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'strict-transport-security': 'max-age=63072000; includeSubDomains',
      'x-content-type-options': 'nosniff',
      'x-correlation-id': correlationOf(event),
      ...response.headers,
    }
    logger.info('http.answered', { route: event.routeKey, status: response.statusCode })
  }
  return { after: seal, onError: seal }
}

const send = ({ status, body, headers }: Answer): APIGatewayProxyStructuredResultV2 => ({
  statusCode: status,
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})

const stack = (counter: Counter, run: (event: APIGatewayProxyEventV2) => Promise<Answer | Refusal>) =>
  middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
    .use(injectLambdaContext(counter.logger, { resetKeys: true, logEvent: false }))
    .use(sealAnswers(counter))
    .use(answerFaults(counter))
    .before(({ event }) => counter.logger.appendKeys({ correlationId: correlationOf(event) }))
    .handler(async event => {
      const answer = await run(event)
      return send(isRefusal(answer) ? problemOf(counter.locale, answer) : answer)
    })

/**
 * A Lambda behind API Gateway's HTTP API (payload 2.0). The authorizer has verified the token; who that is, and what they
 * may do, is read from our own register on every call, before anything of the body is looked at.
 */
export const http = (front: Front, routes: Readonly<Record<string, Route>>) =>
  stack(front, async event => {
    const run = routes[event.routeKey]
    if (!run) return refuse('not-found')
    const identity = claimsOf(event)
    if (!identity) return refuse('unauthenticated')
    const caller = await front.identify(identity)
    if (isRefusal(caller)) return caller
    if (!mayCall(event.routeKey, caller)) return refuse('forbidden')
    front.logger.appendKeys({ caller: caller.personId })
    return run({ event, caller })
  })

/** The same for what anybody may read without a token. */
export const openHttp = (counter: Counter, routes: Readonly<Record<string, () => Answer>>) =>
  stack(counter, async event => routes[event.routeKey]?.() ?? refuse('not-found'))

/**
 * For machines that know neither tokens nor JSON. The hour of the answer is what they set their clocks by: it is written here,
 * whatever stands before this function.
 */
export const plainHttp = (
  counter: Counter,
  run: (event: APIGatewayProxyEventV2) => Promise<{ readonly status: number; readonly text: string }>,
) =>
  stack(counter, async event => {
    const { status, text } = await run(event)
    const headers = { 'content-type': 'text/plain; charset=utf-8', date: new Date().toUTCString() }
    return { status, body: text, headers }
  })

/** A body as text, whatever it calls itself; null: it is larger than that many bytes. */
export function textOf(event: APIGatewayProxyEventV2, mostBytes: number): string | null {
  const { body = '', isBase64Encoded } = event
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8')
  return bytes.length > mostBytes ? null : bytes.toString('utf8')
}

/** What a workflow answered, as it is; a refusal stays one. */
export const ok = <T extends object>(answer: T | Refusal, status = 200): Answer | Refusal =>
  isRefusal(answer) ? answer : { status, body: answer }

/** A table as a file; where its following part is stands in the header, for a table has no place to say it. */
export const csv = ({ name, text, next }: RegisterFile): Answer => ({
  status: 200,
  body: text,
  headers: {
    'content-type': 'text/csv; charset=utf-8; header=present',
    'content-disposition': `attachment; filename="${name}"`,
    ...(next !== null && { link: `<${next}>; rel="next"` }),
  },
})
