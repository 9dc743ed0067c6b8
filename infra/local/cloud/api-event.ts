import type { IncomingMessage, ServerResponse } from 'node:http'
import { ACCOUNT } from './aws-endpoint.ts'

export type Claims = Record<string, string>

export interface Asked {
  request: IncomingMessage
  url: URL
  body: Buffer
  parameters: Record<string, string>
  claims: Claims | undefined
  routeKey: string
  /** Milliseconds of the moved clock. */
  at: number
  id: string
}

const TEXT = /^(text\/|application\/(json|javascript|xml|[\w.-]+\+(json|xml))\b)/

/** The event of an HTTP API, payload 2.0. A body that is not declared as text comes in base64. */
export const eventOf = ({ request, url, body, parameters, claims, routeKey, at, id }: Asked): object => {
  const { cookie, ...headers } = request.headers
  const isText = TEXT.test(headers['content-type'] ?? '')
  const query = [...new Set(url.searchParams.keys())].map(name => [
    name,
    url.searchParams.getAll(name).join(),
  ])
  const http = {
    method: request.method,
    path: url.pathname,
    protocol: `HTTP/${request.httpVersion}`,
    sourceIp: '127.0.0.1',
    userAgent: headers['user-agent'] ?? '',
  }
  return {
    version: '2.0',
    routeKey,
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    ...(cookie && { cookies: cookie.split('; ') }),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    ...(query.length > 0 && { queryStringParameters: Object.fromEntries(query) }),
    ...(Object.keys(parameters).length > 0 && { pathParameters: parameters }),
    requestContext: {
      ...{ accountId: ACCOUNT, apiId: 'laptop', domainName: 'localhost', domainPrefix: 'localhost' },
      ...(claims && { authorizer: { jwt: { claims, scopes: null } } }),
      ...{ http, requestId: id, routeKey, stage: '$default', time: commonLogTime(at), timeEpoch: at },
    },
    ...(body.length > 0 && { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  }
}

/** As `20/Nov/2026:17:46:46 +0000`. */
const commonLogTime = (at: number): string => {
  const [, day, month, year, time] = new Date(at).toUTCString().split(' ')
  return `${day}/${month}/${year}:${time} +0000`
}

interface Result {
  statusCode?: number
  headers?: Record<string, string | number | boolean>
  cookies?: string[]
  body?: string
  isBase64Encoded?: boolean
}

/** Sends what a function returned; without a status code all of it is the JSON body, as payload 2.0 has it. */
export const sendResult = (response: ServerResponse, result: unknown): void => {
  const whole: Result = { statusCode: 200, body: JSON.stringify(result) }
  const {
    statusCode,
    headers = {},
    cookies,
    body = '',
    isBase64Encoded,
  } = (result as Result)?.statusCode ? (result as Result) : whole
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8')
  const given = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)])
  response.writeHead(statusCode ?? 200, {
    'content-type': 'application/json',
    ...Object.fromEntries(given),
    ...(cookies && { 'set-cookie': cookies }),
    'content-length': bytes.length,
  })
  response.end(bytes)
}
