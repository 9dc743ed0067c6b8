import * as z from 'zod'
import * as api from '../schemas/api.ts'
import { RegisterRow } from '../schemas/hr-event.ts'
import { Problem } from '../schemas/problem.ts'
import {
  AdoptionAnswer,
  AdoptionOrder,
  ReadingOrder,
  ReadingOrdered,
  Reconciliation,
  ReconciliationQuery,
} from '../schemas/reconciliation.ts'
import { Form } from '../schemas/request.ts'
import { UnitRowSent, WrittenDeputy, WrittenUnit } from '../schemas/unit.ts'

type Json = Record<string, unknown>

interface Operation {
  readonly id: string
  readonly summary: string
  readonly path?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  readonly csv?: boolean
  /** Takes an `Idempotency-Key`. */
  readonly files?: boolean
  /** Needs `If-Match`. */
  readonly conditional?: boolean
  readonly open?: boolean
  readonly answers: Readonly<Record<number, readonly [string, z.ZodType]>>
  /** Problems besides 400, 401, 403 and 500. */
  readonly problems?: readonly number[]
}

const setCredential = (system: 'directory' | 'mail' | 'erp'): Operation => ({
  id: `setCredential${system.charAt(0).toUpperCase()}${system.slice(1)}`,
  summary: `Set the password of one's own account in the ${system === 'erp' ? 'ERP' : system} system, at once. It is not kept, and neither is the answer: there is no Idempotency-Key.`,
  query: api.NoQuery,
  body: api.SentPassword,
  answers: { 200: ['Set, and its delivery acknowledged', api.CredentialSet] },
  problems: [409, 413, 422, 429],
})

const anyDocument = z.record(z.string(), z.unknown())

/** Every operation of the contract that stands, in the contract's words. */
const operations: Readonly<Record<string, Operation>> = {
  'POST /requests': {
    id: 'submitRequest',
    summary: 'File the single form; with `dryRun=true` only say what would be decided and done.',
    query: api.SubmitQuery,
    body: Form,
    files: true,
    answers: {
      201: ['Filed and decided', api.FiledRequest],
      200: ['Dry run: nothing was filed', api.DryRun],
    },
    problems: [413, 422],
  },
  'GET /requests': {
    id: 'listRequests',
    summary: 'Requests the caller may see, newest first.',
    query: api.RequestsQuery,
    answers: { 200: ['A page', api.RequestList] },
  },
  'GET /requests/{number}': {
    id: 'readRequest',
    summary: 'One request, whole: lines as filed, decisions, progress per target, history.',
    path: api.RequestPath,
    query: api.NoQuery,
    answers: { 200: ['The request', api.WholeRequest] },
    problems: [404],
  },
  'POST /requests/{number}/lines/{line}/decision': {
    id: 'decideLine',
    summary:
      'An authority approves, rejects or observes a line that waits for approval. `If-Match` carries its hash.',
    path: api.LinePath,
    query: api.NoQuery,
    body: api.SentDecision,
    files: true,
    conditional: true,
    answers: { 200: ['The line as it stands now', api.DecidedLine] },
    problems: [404, 409, 412, 413, 422, 428],
  },
  'GET /people/{nationalId}': {
    id: 'readPerson',
    summary: 'A person: contracts, holds, grants, accounts.',
    path: api.PersonPath,
    query: api.NoQuery,
    answers: { 200: ['The person', api.PersonView] },
    problems: [404],
  },
  'GET /me': {
    id: 'readMe',
    summary: 'The caller as a person.',
    query: api.NoQuery,
    answers: { 200: ['The caller', api.PersonView] },
  },
  'POST /people': {
    id: 'recordPeople',
    summary: 'Bring the register of people up to date; each row that says something new becomes an HR event.',
    query: api.ImportQuery,
    body: z.array(RegisterRow),
    csv: true,
    files: true,
    answers: { 200: ['What was applied, or every fault', api.ImportAnswer] },
    problems: [413, 422, 501],
  },
  'POST /me/credentials/directory': setCredential('directory'),
  'POST /me/credentials/mail': setCredential('mail'),
  'POST /me/credentials/erp': setCredential('erp'),
  'POST /people/{nationalId}/one-time-code': {
    id: 'issueCode',
    summary:
      'A one-time code for somebody else, who proves with it who they are. It is told this once (no Idempotency-Key: it could not be told again) and voids the one before.',
    path: api.PersonPath,
    query: api.NoQuery,
    answers: { 201: ['Issued', api.IssuedCode] },
    problems: [404],
  },
  'POST /units': {
    id: 'recordUnits',
    summary:
      'Bring the register of units up to date from a list, in any order; a row without head keeps the head.',
    query: api.NoQuery,
    body: z.array(UnitRowSent),
    csv: true,
    files: true,
    answers: { 200: ['What was applied, or every fault', api.ImportAnswer] },
    problems: [409, 413, 422],
  },
  'GET /units/{id}': {
    id: 'readUnit',
    summary: 'A unit with its head and deputies.',
    path: api.UnitPath,
    query: api.NoQuery,
    answers: { 200: ['The unit', api.UnitView] },
    problems: [404],
  },
  'PUT /units/{id}': {
    id: 'recordUnit',
    summary: 'Record a unit: name, parent, head.',
    path: api.UnitPath,
    query: api.NoQuery,
    body: WrittenUnit,
    answers: { 200: ['Changed', api.UnitView], 201: ['Recorded for the first time', api.UnitView] },
    problems: [409, 413],
  },
  'POST /units/{id}/deputies': {
    id: 'nameDeputy',
    summary: 'Name who signs in the head’s place between two dates, both included.',
    path: api.UnitPath,
    query: api.NoQuery,
    body: WrittenDeputy,
    files: true,
    answers: { 201: ['Named', api.UnitView] },
    problems: [404, 409, 413, 422],
  },
  'POST /identities': {
    id: 'linkIdentities',
    summary: 'Link tokens (issuer, subject) to people.',
    query: api.NoQuery,
    body: api.IdentityLinks,
    files: true,
    answers: { 200: ['Linked', api.IdentitiesLinked] },
    problems: [409, 413, 422],
  },
  'GET /tasks': {
    id: 'listTasks',
    summary: 'What people have to do by hand: the open ones by the time they are due, then the closed ones.',
    query: api.TasksQuery,
    answers: { 200: ['A page', api.TaskList] },
  },
  'POST /tasks/{id}/completion': {
    id: 'completeTask',
    summary: 'Say that a task is done, with evidence, or that it cannot be done.',
    path: api.TaskPath,
    query: api.NoQuery,
    body: api.TaskCompletion,
    files: true,
    answers: { 200: ['The task, closed', api.TaskView] },
    problems: [404, 409, 413, 422],
  },
  'GET /reconciliation': {
    id: 'reconcile',
    summary:
      'What a target holds against what is known here: drift, orphans, unmanaged accounts, what would be done.',
    query: ReconciliationQuery,
    answers: { 200: ['A page', Reconciliation] },
    problems: [409],
  },
  'POST /reconciliation/readings': {
    id: 'orderReading',
    summary: 'Have all accounts of a target read now.',
    query: api.NoQuery,
    body: ReadingOrder,
    files: true,
    answers: { 202: ['Going to be read', ReadingOrdered] },
    problems: [409, 413, 422],
  },
  'POST /reconciliation/adoptions': {
    id: 'adoptAccounts',
    summary: 'Take over accounts that were there before, each for the person a human says it belongs to.',
    query: api.NoQuery,
    body: AdoptionOrder,
    files: true,
    answers: { 200: ['What was adopted, and what was left as it is and why', AdoptionAnswer] },
    problems: [409, 413, 422],
  },
  'GET /audit': {
    id: 'readAudit',
    summary: 'Entries of the ledger, oldest first: by subject, actor, request, or at most 31 days.',
    query: api.AuditQuery,
    answers: { 200: ['A page', api.AuditPage] },
  },
  'GET /audit/verification': {
    id: 'verifyLedger',
    summary: 'Recompute every chain of the ledger.',
    query: api.NoQuery,
    answers: { 200: ['What was found', api.Verification] },
  },
  'GET /targets': {
    id: 'listTargets',
    summary: 'Targets: mode, since when, by whom; work that waits, urgent, parked, accounts.',
    query: api.NoQuery,
    answers: { 200: ['Every target', api.TargetList] },
  },
  'PUT /targets/{id}': {
    id: 'changeMode',
    summary:
      'Say what a target does from now on: report, work, wait, or hand tasks to people. What is asked for meanwhile waits.',
    path: api.TargetPath,
    query: api.NoQuery,
    body: api.ModeChange,
    answers: { 200: ['The target as it stands now', api.TargetView] },
    problems: [404, 409, 413],
  },
  'GET /openapi.json': {
    id: 'describeApi',
    summary: 'This document.',
    open: true,
    answers: { 200: ['OpenAPI 3.1', anyDocument] },
  },
  'GET /health': {
    id: 'readHealth',
    summary: 'Liveness without detail.',
    open: true,
    answers: { 200: ['Alive', api.Health] },
  },
}

const problemTexts: Readonly<Record<number, string>> = {
  400: 'Faults of the input, each with its pointer',
  401: 'No valid token',
  403: 'A role, or the link between token and person, is missing',
  404: 'Unknown, or none of the caller’s business',
  409: 'In conflict with what is recorded',
  412: 'It has changed since it was read',
  413: 'The body is larger than 6 MB',
  422: 'The idempotency key came before with another body; or a password or code is refused',
  428: 'If-Match is missing',
  429: 'Too many calls; see Retry-After',
  500: 'An internal fault',
  501: 'Not offered yet',
  503: 'Try again',
}

const reference = (id: string) => `#/components/schemas/${id}`

/** What is taken in: a text that is trimmed or normalised on the way keeps the rules of what it becomes. */
function inputSchema({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: Json }) {
  const { def } = zodSchema._zod
  if (def.type !== 'pipe') return
  const outs = [def.out, (def.in._zod.def as { out?: z.core.$ZodType }).out]
  const text = outs.find(out => out?._zod.def.type === 'string')
  if (!text) return
  const { $schema: _, ...rules } = z.toJSONSchema(text)
  Object.assign(jsonSchema, rules)
}

const options = { io: 'input', unrepresentable: 'any', override: inputSchema } as const

function schemaOf(schema: z.ZodType): Json {
  const id = z.globalRegistry.get(schema)?.id
  if (typeof id === 'string') return { $ref: reference(id) }
  if (schema instanceof z.ZodArray) return { type: 'array', items: schemaOf(schema.element as z.ZodType) }
  const { $schema: _, $defs: __, ...plain } = z.toJSONSchema(schema, options) as Json
  return JSON.parse(JSON.stringify(plain).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json
}

function* referencesIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, member] of Object.entries(value))
    if (key === '$ref') yield String(member)
    else yield* referencesIn(member)
}

/** The schemas that the paths refer to, directly or through others; the vocabulary has more. */
function components(paths: Json): Json {
  const { schemas } = z.toJSONSchema(z.globalRegistry, { ...options, uri: reference })
  const needed = new Set<string>()
  const follow = (value: unknown): void => {
    for (const found of referencesIn(value)) {
      const id = found.slice(reference('').length)
      if (needed.has(id)) continue
      needed.add(id)
      follow((schemas as Record<string, Json>)[id])
    }
  }
  follow(paths)
  return Object.fromEntries(
    Object.entries(schemas as Record<string, Json>)
      .filter(([id]) => needed.has(id))
      .map(([id, { $schema: _, $id: __, id: ___, ...schema }]) => [id, schema] as const)
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  )
}

const parametersOf = (place: 'path' | 'query', shape: z.ZodObject | undefined): Json[] =>
  Object.entries(shape?.shape ?? {}).map(([name, member]) => ({
    name,
    in: place,
    required: place === 'path' || !(member as z.ZodType).isOptional(),
    schema: schemaOf(unwrapped(member as z.ZodType)),
  }))

const unwrapped = (member: z.ZodType): z.ZodType =>
  member instanceof z.ZodOptional ? (member.unwrap() as z.ZodType) : member

const idempotencyKey: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Same caller, key and body: the same answer. Another body: 422.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
}

const ifMatch: Json = {
  name: 'If-Match',
  in: 'header',
  required: true,
  description: 'The hash of what the caller has seen. Missing: 428. Changed meanwhile: 412.',
  schema: { type: 'string' },
}

function operationOf(operation: Operation): Json {
  const parameters = [
    ...parametersOf('path', operation.path),
    ...parametersOf('query', operation.query),
    ...(operation.files ? [idempotencyKey] : []),
    ...(operation.conditional ? [ifMatch] : []),
  ]
  const problems = operation.open ? [500] : [400, 401, 403, ...(operation.problems ?? []), 500, 503]
  return {
    operationId: operation.id,
    summary: operation.summary,
    ...(operation.open && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(operation.body && {
      requestBody: {
        required: true,
        content: {
          'application/json': { schema: schemaOf(operation.body) },
          ...(operation.csv && { 'text/csv': { schema: { type: 'string' } } }),
        },
      },
    }),
    responses: Object.fromEntries([
      ...Object.entries(operation.answers).map(([status, [description, schema]]) => [
        status,
        { description, content: { 'application/json': { schema: schemaOf(schema) } } },
      ]),
      ...problems.map(status => [
        String(status),
        {
          description: problemTexts[status],
          // The authorizer's refusal is API Gateway's own, and has no body worth relying on (ADR 0009).
          ...(status !== 401 && { content: { 'application/problem+json': { schema: schemaOf(Problem) } } }),
        },
      ]),
    ]),
  }
}

/** The HTTP contract as OpenAPI 3.1, made from the zod schemas that the functions parse with. */
export function openApiDocument(): Json {
  const paths: Record<string, Json> = {}
  for (const [route, operation] of Object.entries(operations)) {
    const [method = '', path = ''] = route.split(' ')
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(operation) }
  }
  return {
    openapi: '3.1.0',
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    info: {
      title: 'Llavero',
      version: '1.0.0',
      description:
        'Access provisioning for public bodies. Errors are RFC 9457 problems whose `detail` is Spanish.',
      license: { name: 'EUPL-1.2', identifier: 'EUPL-1.2' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: components(paths),
    },
  }
}
