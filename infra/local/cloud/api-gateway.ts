import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Writable } from 'node:stream'
import { createLocalJWKSet, createRemoteJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { ACCOUNT, REGION } from './aws-endpoint.ts'
import type { Functions } from './functions.ts'
import type { Stack } from './template.ts'

export type LocalRoutes = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>

export interface GatewayOptions {
  stack: Stack
  invoke: Functions['invoke']
  port: number
  now: () => number
  /** One line a request, in the stage's own format. */
  accessLog: Writable
  /** The issuer's public keys; without them they are fetched from the issuer. */
  keys?: JSONWebKeySet
  /** Answers what is not the product's; true when it did. */
  localRoutes?: LocalRoutes
}

interface Route {
  key: string
  method: string
  segments: string[]
  functionName: string
  authorize: Authorize | undefined
}
type Claims = Record<string, string>
type Authorize = (header: string | undefined) => Promise<Claims | undefined>

const LARGEST_BODY = 6 * 1024 * 1024
const PATIENCE_MS = 30_000
const TEXT = /^(text\/|application\/(json|javascript|xml|[\w.-]+\+(json|xml))\b)/

const PROBLEMS = {
  400: ['bad-request', 'Solicitud incorrecta', 'La dirección pedida no se puede leer.'],
  401: [
    'unauthorized',
    'No autenticado',
    'Falta una credencial válida: inicie sesión y vuelva a intentarlo.',
  ],
  403: ['forbidden', 'Prohibido', 'Este servidor solo atiende a este mismo equipo.'],
  404: ['not-found', 'No encontrado', 'No existe lo que se pidió.'],
  413: ['too-large', 'Demasiado grande', 'El contenido supera el máximo de 6 MB.'],
  500: ['internal', 'Error interno', 'Ocurrió una falla inesperada; ya quedó registrada.'],
  503: [
    'unavailable',
    'No disponible',
    'El servicio está ocupado o tardó demasiado: vuelva a intentarlo en un momento.',
  ],
} as const

const problem = (response: ServerResponse, status: keyof typeof PROBLEMS): void => {
  const [type, title, detail] = PROBLEMS[status]
  const headers = {
    'content-type': 'application/problem+json',
    ...(status === 401 && { 'www-authenticate': 'Bearer' }),
  }
  response.writeHead(status, headers)
  response.end(JSON.stringify({ type: `urn:llavero:problem:${type}`, title, status, detail }))
}

/** The HTTP API of the template on loopback: routes, JWT authorizer, payload 2.0, limits and access log. */
export const startGateway = async (
  options: GatewayOptions,
): Promise<{ port: number; close(): Promise<void> }> => {
  const { stack } = options
  const routes = readRoutes(stack, options.keys)
  const format = accessFormat(stack)

  const answer = async (request: IncomingMessage, response: ServerResponse, log: Record<string, unknown>) => {
    const { host } = request.headers
    if (![`localhost:${port}`, `127.0.0.1:${port}`].includes(host ?? '')) return problem(response, 403)
    if (await options.localRoutes?.(request, response)) return
    // Read to the end even when it is too much, or the client would see a reset instead of the answer.
    const body = await bodyOf(request)
    const url = new URL(`http://laptop${request.url?.startsWith('/') ? request.url : '/'}`)
    const found = match(routes, request.method ?? 'GET', url.pathname)
    if (found === 'malformed') return problem(response, 400)
    if (!found) return problem(response, 404)
    const { route, parameters } = found
    log.routeKey = route.key
    const claims = await route.authorize?.(request.headers.authorization)
    if (route.authorize && !claims) return problem(response, 401)
    if (!body) return problem(response, 413)
    const event = eventOf(request, {
      route,
      parameters,
      claims,
      body,
      url,
      at: options.now(),
      id: String(log.requestId),
    })
    const late = Promise.withResolvers<'late'>()
    const timer = setTimeout(() => late.resolve('late'), PATIENCE_MS)
    try {
      const result = await Promise.race([options.invoke(route.functionName, event), late.promise])
      if (result === 'late') return problem(response, 503)
      log.integrationStatus = 200
      send(response, result)
    } catch (error) {
      problem(response, /Rate Exceeded$/.test(String(error)) ? 503 : 500)
    } finally {
      clearTimeout(timer)
    }
  }

  const server = createServer(async (request, response) => {
    const started = performance.now()
    const log: Record<string, unknown> = { requestId: randomUUID(), requestTimeEpoch: options.now() }
    response.once('close', () => {
      log.status = response.statusCode
      log.responseLatency = Math.round(performance.now() - started)
      log.responseLength = response.getHeader('content-length') ?? '-'
      if (log.routeKey)
        options.accessLog.write(
          `${format.replace(/\$context\.([\w.]+)/g, (_, name) => String(log[name] ?? '-'))}\n`,
        )
    })
    await answer(request, response, log).catch(() => {
      if (!response.headersSent) problem(response, 500)
      else response.destroy()
    })
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(options.port, '127.0.0.1', done)
  })
  const { port } = server.address() as AddressInfo
  return {
    port,
    close: () =>
      new Promise(done => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

/** Routes with the fewest parameters first. API Gateway must have been permitted to invoke each function. */
const readRoutes = (stack: Stack, keys: JSONWebKeySet | undefined): Route[] => {
  const authorizers = new Map(
    stack
      .of<{ JwtConfiguration: { Audience: string[]; Issuer: string }; IdentitySource: string[] }>(
        'AWS::ApiGatewayV2::Authorizer',
      )
      .map(({ id, properties }) => {
        if (properties.IdentitySource.join() !== '$request.header.Authorization')
          throw new Error(`${id}: its source is not honoured`)
        return [id, authorizer(properties.JwtConfiguration, keys)]
      }),
  )
  const integrations = new Map(
    stack
      .of<{ IntegrationUri: string; PayloadFormatVersion: string; IntegrationType: string }>(
        'AWS::ApiGatewayV2::Integration',
      )
      .map(({ id, properties }) => {
        if (properties.PayloadFormatVersion !== '2.0' || properties.IntegrationType !== 'AWS_PROXY')
          throw new Error(`${id} is not honoured`)
        return [`integrations/${id}`, properties.IntegrationUri]
      }),
  )
  const permissions = stack.of<{ FunctionName: string; Principal: string; SourceArn: string }>(
    'AWS::Lambda::Permission',
  )
  const routes = stack.of<{
    ApiId: string
    RouteKey: string
    Target: string
    AuthorizationType?: string
    AuthorizerId?: string
  }>('AWS::ApiGatewayV2::Route')
  return routes
    .map(({ id, properties }) => {
      const [method, path] = properties.RouteKey.split(' ')
      const arn = integrations.get(properties.Target)
      if (!method || !path || path.includes('+}') || !arn)
        throw new Error(`${id}: the route ${properties.RouteKey} is not honoured`)
      const source = `arn:aws:execute-api:${REGION}:${ACCOUNT}:${properties.ApiId}/*/*${path}`
      const permitted = permissions.some(
        ({ properties: each }) =>
          each.Principal === 'apigateway.amazonaws.com' &&
          each.FunctionName === arn &&
          each.SourceArn === source,
      )
      if (!permitted) throw new Error(`${id}: API Gateway has no permission to invoke its function`)
      const authorize = authorizers.get(properties.AuthorizerId ?? '')
      if ((properties.AuthorizationType === 'JWT') !== (authorize !== undefined))
        throw new Error(`${id}: ${properties.AuthorizationType} is not honoured`)
      return {
        key: properties.RouteKey,
        method,
        segments: path.split('/'),
        functionName: stack.nameOf(arn),
        authorize,
      }
    })
    .sort((one, other) => parametersIn(one) - parametersIn(other))
}

const isParameter = (segment: string): boolean => segment.startsWith('{')
const parametersIn = (route: Route): number => route.segments.filter(isParameter).length

const match = (routes: Route[], method: string, path: string) => {
  const segments = path.split('/')
  for (const route of routes) {
    if (route.method !== method || route.segments.length !== segments.length) continue
    const fits = route.segments.every((segment, n) =>
      isParameter(segment) ? segments[n] !== '' : segment === segments[n],
    )
    if (!fits) continue
    try {
      const named = route.segments.flatMap((segment, n) =>
        isParameter(segment) ? [[segment.slice(1, -1), decodeURIComponent(segments[n] ?? '')] as const] : [],
      )
      return { route, parameters: Object.fromEntries(named) }
    } catch {
      return 'malformed'
    }
  }
  return undefined
}

/** Checks as API Gateway does: RSA signature, issuer, audience or client id, and expiry by the real clock. */
const authorizer = (
  { Issuer, Audience }: { Issuer: string; Audience: string[] },
  keys: JSONWebKeySet | undefined,
): Authorize => {
  let keySet = keys && createLocalJWKSet(keys)
  const fetchKeys = async () => {
    const found = await fetch(`${Issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
    return createRemoteJWKSet(new URL(((await found.json()) as { jwks_uri: string }).jwks_uri))
  }
  return async header => {
    const token = header?.replace(/^Bearer +/i, '')
    if (!token) return undefined
    try {
      keySet ??= (await fetchKeys()) as never
      const algorithms = ['RS256', 'RS384', 'RS512']
      const { payload } = await jwtVerify(token, keySet as never, {
        issuer: Issuer,
        algorithms,
        requiredClaims: ['exp'],
      })
      const audiences = [payload.aud ?? (payload.client_id as string)].flat()
      if (!audiences.some(each => Audience.includes(each))) return undefined
      const shown = (value: unknown) =>
        Array.isArray(value)
          ? `[${value.join(' ')}]`
          : typeof value === 'object'
            ? JSON.stringify(value)
            : String(value)
      return Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, shown(value)]))
    } catch {
      return undefined
    }
  }
}

interface Matched {
  route: Route
  parameters: Record<string, string>
  claims: Claims | undefined
  body: Buffer
  url: URL
  at: number
  id: string
}

const eventOf = (
  request: IncomingMessage,
  { route, parameters, claims, body, url, at, id }: Matched,
): object => {
  const { cookie, ...headers } = request.headers
  const isText = TEXT.test(headers['content-type'] ?? '')
  const query: Record<string, string> = {}
  for (const [name, value] of url.searchParams)
    query[name] = name in query ? `${query[name]},${value}` : value
  return {
    version: '2.0',
    routeKey: route.key,
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    ...(cookie && { cookies: cookie.split('; ') }),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    ...(url.search.length > 1 && { queryStringParameters: query }),
    ...(Object.keys(parameters).length > 0 && { pathParameters: parameters }),
    requestContext: {
      accountId: ACCOUNT,
      apiId: 'laptop',
      ...(claims && { authorizer: { jwt: { claims, scopes: null } } }),
      domainName: 'localhost',
      domainPrefix: 'localhost',
      http: {
        method: route.method,
        path: url.pathname,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: id,
      routeKey: route.key,
      stage: '$default',
      time: clfTime(at),
      timeEpoch: at,
    },
    ...(body.length > 0 && { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  }
}

const clfTime = (at: number): string => {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(at).toUTCString()) ?? []
  return `${day}/${month}/${year}:${time} +0000`
}

interface Result {
  statusCode?: number
  headers?: Record<string, string | number | boolean>
  cookies?: string[]
  body?: string
  isBase64Encoded?: boolean
}

const send = (response: ServerResponse, result: unknown): void => {
  const given = (result ?? {}) as Result
  const { statusCode, headers, cookies, body, isBase64Encoded } = given.statusCode
    ? given
    : ({ statusCode: 200, body: JSON.stringify(result) } as Result)
  response.statusCode = statusCode ?? 200
  response.setHeader('content-type', 'application/json')
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, String(value))
  if (cookies) response.setHeader('set-cookie', cookies)
  const bytes = Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8')
  response.setHeader('content-length', bytes.length)
  response.end(bytes)
}

const bodyOf = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  let chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= LARGEST_BODY) chunks.push(chunk)
    else chunks = []
  }
  return size <= LARGEST_BODY ? Buffer.concat(chunks) : undefined
}

const LOGGED = [
  'requestId',
  'requestTimeEpoch',
  'routeKey',
  'status',
  'responseLength',
  'responseLatency',
  'integrationStatus',
  'error.responseType',
]

const accessFormat = (stack: Stack): string => {
  const format =
    stack.of<{ AccessLogSettings?: { Format: string } }>('AWS::ApiGatewayV2::Stage')[0]?.properties
      .AccessLogSettings?.Format ?? ''
  for (const [, name] of format.matchAll(/\$context\.([\w.]+)/g)) {
    if (!LOGGED.includes(name ?? ''))
      throw new Error(`The access log's $context.${name} is not honoured by the laptop's cloud`)
  }
  return format
}
