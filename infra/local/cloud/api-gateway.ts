import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Writable } from 'node:stream'
import type { JSONWebKeySet } from 'jose'
import { openAuthorizer } from './api-authorizer.ts'
import { type Claims, eventOf, sendResult } from './api-event.ts'
import { ACCOUNT, REGION } from './aws-endpoint.ts'
import type { Functions } from './functions.ts'
import { mayInvoke, type Stack } from './template.ts'

export type LocalRoutes = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>

export interface GatewayOptions {
  stack: Stack
  invoke: Functions['invoke']
  port: number
  now: () => number
  /** One line a request, in the stage's own format. */
  accessLog: Writable
  /** The issuer's public keys. */
  keys: JSONWebKeySet
  /** Answers what is not the product's; true when it did. */
  localRoutes?: LocalRoutes
}

interface Route {
  key: string
  method: string
  segments: string[]
  functionName: string
  authorize: ((header: string | undefined) => Promise<Claims | undefined>) | undefined
}

const LARGEST_BODY = 6 * 1024 * 1024
const PATIENCE_MS = 30_000
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
    'El servicio está ocupado o tardó demasiado: inténtelo en un momento.',
  ],
} as const

const problem = (response: ServerResponse, status: keyof typeof PROBLEMS): void => {
  const [type, title, detail] = PROBLEMS[status]
  const challenge = status === 401 && { 'www-authenticate': 'Bearer' }
  response.writeHead(status, { 'content-type': 'application/problem+json', ...challenge })
  response.end(JSON.stringify({ type: `urn:llavero:problem:${type}`, title, status, detail }))
}

/** The template's HTTP API on loopback: routes, JWT authorizer, payload 2.0, limits and access log. */
export const startGateway = async (
  options: GatewayOptions,
): Promise<{ port: number; close(): Promise<void> }> => {
  const { stack, localRoutes, invoke, now } = options
  const routes = readRoutes(stack, options.keys)
  const format = accessFormat(stack)

  const answer = async (
    request: IncomingMessage,
    response: ServerResponse,
    log: Record<string, unknown>,
  ): Promise<void> => {
    if (!hosts.includes(request.headers.host ?? '')) return problem(response, 403)
    if (!URL.canParse(request.url ?? '', 'http://laptop')) return problem(response, 400)
    if (await localRoutes?.(request, response)) return
    // Read to the end even when it is too much, or the client would see a reset instead of the answer.
    const body = await bodyOf(request)
    const url = new URL(request.url ?? '', 'http://laptop')
    const found = match(routes, request.method, url.pathname)
    if (found === 'malformed') return problem(response, 400)
    if (!found) return problem(response, 404)
    const { route, parameters } = found
    log.routeKey = route.key
    const claims = await route.authorize?.(request.headers.authorization)
    if (route.authorize && !claims) return problem(response, 401)
    if (!body) return problem(response, 413)
    const event = eventOf({
      request,
      url,
      body,
      parameters,
      claims,
      routeKey: route.key,
      at: now(),
      id: `${log.requestId}`,
    })
    const late = Promise.withResolvers<'late'>()
    const timer = setTimeout(() => late.resolve('late'), PATIENCE_MS)
    try {
      const result = await Promise.race([invoke(route.functionName, event), late.promise])
      if (result === 'late') return problem(response, 503)
      log.integrationStatus = 200
      sendResult(response, result)
    } catch (error) {
      problem(response, String(error).endsWith('Rate Exceeded') ? 503 : 500)
    } finally {
      clearTimeout(timer)
    }
  }

  const server = createServer(async (request, response) => {
    const started = performance.now()
    const log: Record<string, unknown> = { requestId: randomUUID(), requestTimeEpoch: now() }
    response.once('close', () => {
      log.status = response.statusCode
      log.responseLatency = Math.round(performance.now() - started)
      log.responseLength = response.getHeader('content-length')
      const line = format.replace(VARIABLE, (_, name: string) => String(log[name] ?? '-'))
      if (log.routeKey) options.accessLog.write(`${line}\n`)
    })
    await answer(request, response, log).catch(() => {
      if (response.headersSent) response.destroy()
      else problem(response, 500)
    })
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(options.port, '127.0.0.1', done)
  })
  const { port } = server.address() as AddressInfo
  const hosts = [`localhost:${port}`, `127.0.0.1:${port}`]
  return {
    port,
    close: () =>
      new Promise(done => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

interface RouteProperties {
  ApiId: string
  RouteKey: string
  Target: string
  AuthorizationType: string
  AuthorizerId?: string
}

/** The template's routes, those with the fewest parameters first. */
const readRoutes = (stack: Stack, keys: JSONWebKeySet): Route[] => {
  const refuse = (id: string): never => {
    throw new Error(`${id} is not honoured by the laptop's cloud as it is written`)
  }
  const authorizers = new Map(
    stack
      .of<{ JwtConfiguration: { Audience: string[]; Issuer: string }; IdentitySource: string[] }>(
        'AWS::ApiGatewayV2::Authorizer',
      )
      .map(({ id, properties: { JwtConfiguration, IdentitySource } }) => {
        if (IdentitySource.join() !== '$request.header.Authorization') refuse(id)
        return [id, openAuthorizer(JwtConfiguration, keys)]
      }),
  )
  const integrations = new Map(
    stack
      .of<{ IntegrationUri: string; PayloadFormatVersion: string }>('AWS::ApiGatewayV2::Integration')
      .map(({ id, properties: { IntegrationUri, PayloadFormatVersion } }) => {
        if (PayloadFormatVersion !== '2.0') refuse(id)
        return [`integrations/${id}`, IntegrationUri]
      }),
  )
  return stack
    .of<RouteProperties>('AWS::ApiGatewayV2::Route')
    .map(({ id, properties: { ApiId, RouteKey, Target, AuthorizationType, AuthorizerId = '' } }) => {
      const [method = '', path = ''] = RouteKey.split(' ')
      const uri = integrations.get(Target) ?? refuse(id)
      if (!path || path.includes('+}')) refuse(id)
      const source = `arn:aws:execute-api:${REGION}:${ACCOUNT}:${ApiId}/*/*/*`
      if (!mayInvoke(stack, 'apigateway', uri, source))
        throw new Error(`${id}: API Gateway has no permission`)
      const authorize = authorizers.get(AuthorizerId)
      if (AuthorizationType !== (authorize ? 'JWT' : 'NONE')) refuse(id)
      return { key: RouteKey, method, segments: path.split('/'), functionName: stack.nameOf(uri), authorize }
    })
    .sort((one, other) => one.segments.filter(isParameter).length - other.segments.filter(isParameter).length)
}

const isParameter = (segment: string): boolean => segment.startsWith('{')

const match = (routes: Route[], method: string | undefined, path: string) => {
  const given = path.split('/')
  const route = routes.find(
    ({ segments, ...each }) =>
      each.method === method &&
      segments.length === given.length &&
      segments.every((segment, n) => (isParameter(segment) ? given[n] !== '' : segment === given[n])),
  )
  if (!route) return undefined
  try {
    const named = route.segments.map((segment, n) => [
      segment.slice(1, -1),
      decodeURIComponent(given[n] ?? ''),
    ])
    return {
      route,
      parameters: Object.fromEntries(named.filter((_, n) => isParameter(route.segments[n] ?? ''))),
    }
  } catch {
    return 'malformed'
  }
}

const bodyOf = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= LARGEST_BODY) chunks.push(chunk)
    else chunks.length = 0
  }
  return size <= LARGEST_BODY ? Buffer.concat(chunks) : undefined
}

const VARIABLE = /\$context\.([\w.]+)/g
const LOGGED =
  /^(requestId|requestTimeEpoch|routeKey|status|responseLength|responseLatency|integrationStatus|error\.responseType)$/

const accessFormat = (stack: Stack): string => {
  const [stage] = stack.of<{ AccessLogSettings: { Format: string } }>('AWS::ApiGatewayV2::Stage')
  const format = stage?.properties.AccessLogSettings.Format ?? ''
  for (const [, name = ''] of format.matchAll(VARIABLE)) {
    if (!LOGGED.test(name))
      throw new Error(`The access log's $context.${name} is not honoured by the laptop's cloud`)
  }
  return format
}
