import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { bundleFunctions } from '../../infra/bundle.ts'
import { startAwsEndpoint } from '../../infra/local/cloud/aws-endpoint.ts'
import { openDynamo } from '../../infra/local/dynamodb/index.ts'
import { Settings } from '../../schemas/settings.ts'
import { doorsTable, ledgerTable, stateTable } from '../servers/aws/tables.ts'

const functions = {
  'submit-request': ['POST /requests'],
  'renew-accesses': ['GET /renewals', 'POST /renewals'],
  'decide-lines': ['POST /requests/{number}/lines/{line}/decision'],
  'complete-lines': [
    'PUT /requests/{number}/lines/{line}',
    'POST /requests/{number}/lines/{line}/acknowledgement',
  ],
  'read-requests': ['GET /requests', 'GET /requests/{number}'],
  'read-people': ['GET /people/{nationalId}', 'GET /me'],
  'record-people': ['POST /people'],
  'record-hr-events': ['POST /hr-events'],
  'suspend-people': ['POST /people/{nationalId}/suspension', 'DELETE /people/{nationalId}/suspension'],
  'judge-batches': ['GET /holds', 'POST /holds/{id}/release', 'POST /holds/{id}/discard'],
  'maintain-units': [
    'POST /units',
    'GET /units/{id}',
    'PUT /units/{id}',
    'POST /units/{id}/deputies',
    'DELETE /units/{id}/deputies/{nationalId}',
  ],
  'link-identities': ['POST /identities'],
  'maintain-roles': ['GET /roles', 'PUT /roles', 'POST /roles/changes/{id}/decision'],
  'maintain-badges': [
    'GET /key-holders',
    'GET /people/{nationalId}/badge',
    'PUT /people/{nationalId}/badge',
    'POST /me/badge/receipt',
    'POST /people/{nationalId}/badge/loss',
    'POST /people/{nationalId}/badge/return',
  ],
  'attend-tasks': ['GET /tasks', 'POST /tasks/{id}/completion'],
  'maintain-targets': ['GET /targets', 'PUT /targets/{id}'],
  'issue-codes': ['POST /people/{nationalId}/one-time-code'],
  'set-credentials-directory': ['POST /me/credentials/directory'],
  'set-credentials-mail': ['POST /me/credentials/mail'],
  'set-credentials-erp': ['POST /me/credentials/erp'],
  'read-audit': ['GET /audit', 'GET /audit/verification'],
  'read-registers': ['GET /registers/{register}'],
  'serve-doors': ['GET /iclock/{site}/{call}', 'POST /iclock/{site}/{call}'],
  'read-doors': ['GET /doors', 'GET /door-alarms', 'POST /door-alarms/{id}/settlement', 'GET /movements'],
  'reconcile-accounts': [
    'GET /reconciliation',
    'POST /reconciliation/readings',
    'POST /reconciliation/adoptions',
    'POST /reconciliation/uploads',
  ],
  'attend-visits': [
    'POST /visits',
    'GET /visits',
    'GET /visits/prohibitions',
    'POST /visits/{id}/entry',
    'POST /visits/{id}/exit',
    'POST /visits/{id}/correction',
    'POST /visits/{id}/approval',
    'GET /presence',
  ],
  'describe-api': ['GET /openapi.json', 'GET /health'],
  'load-bootstrap': [],
  'watch-doors': [],
} as const

/** Targets whose servers nobody has started; the codes' key is a real one. */
const standing: Readonly<Record<string, string>> = {
  'llavero/codes': 'c'.repeat(64),
  'llavero/mail': JSON.stringify({ url: 'postgresql://nobody:nothing@127.0.0.1:1/mail' }),
}

type FunctionName = keyof typeof functions
type Handler = (event: unknown, context: unknown) => Promise<unknown>

export interface HttpAnswer {
  readonly status: number
  readonly headers: Record<string, string>
  // biome-ignore lint/suspicious/noExplicitAny: answers are read by shape where they are used
  readonly body: any
}

export interface Sent {
  /** The subject of the token; the issuer is the bootstrap's. Left out: no token. */
  readonly as?: string
  /** A text goes as it is. */
  readonly body?: unknown
  readonly headers?: Record<string, string>
  readonly base64?: boolean
  readonly timeEpoch?: number
  /** PEM of the client's certificate, as API Gateway tells it. */
  readonly certificate?: string
}

export type HttpApp = Awaited<ReturnType<typeof openHttpApp>>

const readSettings = () =>
  JSON.parse(readFileSync(new URL('../../infra/settings/valle-claro.json', import.meta.url), 'utf8'))

/** Routes a path as API Gateway would. */
function route(method: string, path: string) {
  const segments = path.split('/')
  for (const [name, routes] of Object.entries(functions))
    for (const key of routes) {
      const [wanted, pattern = ''] = key.split(' ')
      const parts = pattern.split('/')
      if (wanted !== method || parts.length !== segments.length) continue
      if (!parts.every((part, index) => part.startsWith('{') || part === segments[index])) continue
      const pathParameters = Object.fromEntries(
        parts.flatMap((part, index) =>
          part.startsWith('{') ? [[part.slice(1, -1), decodeURIComponent(segments[index] ?? '')]] : [],
        ),
      )
      return { name: name as FunctionName, key, pathParameters }
    }
  throw new Error(`no route for ${method} ${path}`)
}

/** The bundles behind HTTP as they are shipped, on tables in memory: everything but API Gateway and its authorizer. */
export async function openHttpApp(change: (settings: Settings) => object = settings => settings) {
  const settings = Settings.parse(change(Settings.parse(readSettings())))
  // As in the template: what people keep by hand has no function that enters it.
  const byHand = settings.targets.flatMap(({ id, kind }) => (kind === 'manual' ? [id] : []))
  const names = (Object.keys(functions) as FunctionName[]).filter(
    name => !byHand.some(id => name === `set-credentials-${id}`),
  )
  const bundles = await bundleFunctions(names, settings)
  const dynamo = await openDynamo({
    tables: [stateTable('state'), ledgerTable('ledger'), doorsTable('doors')],
  })
  const rung: string[] = []
  const secrets: Record<string, string> = { ...standing }
  const aws = await startAwsEndpoint({
    dynamo,
    queueArn: url => `arn:aws:sqs:us-east-1:000000000000:${url.split('/').at(-1)}`,
    sendMessage: (_, body) => {
      rung.push(body)
      return randomUUID()
    },
    secret: name => {
      const text = secrets[name]
      return text === undefined ? undefined : { arn: `arn:${name}`, name, text }
    },
  })
  const queue = (name: string) => `${aws.url}/000000000000/${name}`
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: aws.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    STATE_TABLE: 'state',
    LEDGER_TABLE: 'ledger',
    DOORS_TABLE: 'doors',
    POWERTOOLS_LOG_LEVEL: 'INFO',
    POWERTOOLS_METRICS_DISABLED: 'true',
    ...Object.fromEntries(
      ['DIRECTORY', 'MAIL', 'ERP', 'DATA_CENTRE'].flatMap(target => [
        [`QUEUE_${target}`, queue(target)],
        [`QUEUE_${target}_URGENT`, queue(`${target}-urgent`)],
      ]),
    ),
  })
  const logs: string[] = []
  const write = process.stdout.write
  process.stdout.write = ((text: string | Uint8Array, ...rest: never[]) => {
    if (!String(text).startsWith('{"level"')) return write.call(process.stdout, text, ...rest)
    logs.push(String(text))
    return true
  }) as typeof write
  const handlers = new Map<string, Handler>()
  for (const name of names)
    handlers.set(name, (await import(join(bundles.directory(name), 'index.mjs'))).handler)
  const issuer = settings.bootstrap[0]?.issuer ?? ''
  const context = { functionName: 'test', awsRequestId: randomUUID(), getRemainingTimeInMillis: () => 29_000 }

  const invoke = (name: FunctionName, event: unknown) => handlers.get(name)?.(event, context)

  const call = async (method: string, path: string, sent: Sent = {}): Promise<HttpAnswer> => {
    const [plain = '', query = ''] = path.split('?')
    const { name, key, pathParameters } = route(method, plain)
    const raw =
      sent.body === undefined || typeof sent.body === 'string' ? sent.body : JSON.stringify(sent.body)
    const answer = (await invoke(name, {
      version: '2.0',
      routeKey: key,
      rawPath: plain,
      rawQueryString: query,
      pathParameters,
      headers: { ...(raw === undefined ? {} : { 'content-type': 'application/json' }), ...sent.headers },
      requestContext: {
        requestId: randomUUID(),
        timeEpoch: sent.timeEpoch ?? Date.now(),
        routeKey: key,
        ...(sent.as !== undefined && { authorizer: { jwt: { claims: { iss: issuer, sub: sent.as } } } }),
        ...(sent.certificate !== undefined && {
          authentication: { clientCert: { clientCertPem: sent.certificate } },
        }),
      },
      ...(raw !== undefined && { body: sent.base64 ? Buffer.from(raw, 'latin1').toString('base64') : raw }),
      isBase64Encoded: sent.base64 === true,
    })) as { statusCode: number; headers: Record<string, string>; body: string }
    const isText = answer.headers['content-type']?.startsWith('text/')
    const body = isText ? answer.body : JSON.parse(answer.body)
    return { status: answer.statusCode, headers: answer.headers, body }
  }

  return {
    settings,
    issuer,
    rung,
    /** By their names. A function reads one once and keeps it for minutes. */
    secrets,
    /** What the functions logged, a line each. */
    logs,
    call,
    /** What a schedule would run. */
    runSchedule: (name: FunctionName): unknown =>
      invoke(name, { source: 'aws.events', time: `${new Date().toISOString().slice(0, 19)}Z` }),
    consumed: dynamo.consumed,
    snapshot: dynamo.snapshot,
    client: {
      endpoint: aws.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    },

    /** What CloudFormation would be told. */
    async bootstrap(requestType = 'Create'): Promise<{ Status: string; Reason: string }> {
      const told = Promise.withResolvers<string>()
      const server = createServer(async (request, response) => {
        const parts: Buffer[] = []
        for await (const part of request) parts.push(part as Buffer)
        told.resolve(Buffer.concat(parts).toString())
        response.end()
      })
      await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
      const { port } = server.address() as AddressInfo
      await invoke('load-bootstrap', {
        ...JSON.parse(
          readFileSync(new URL('../../events/load-bootstrap/create.json', import.meta.url), 'utf8'),
        ),
        RequestType: requestType,
        ResponseURL: `http://127.0.0.1:${port}/answer`,
      })
      const answer = JSON.parse(await told.promise)
      server.closeAllConnections()
      server.close()
      return answer
    },

    /** Operations the endpoint does not play: a good test ends with none. */
    faults: aws.faults,
    async close() {
      process.stdout.write = write
      await aws.close()
      await dynamo.close()
    },
  }
}
