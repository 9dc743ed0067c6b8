import * as z from 'zod'
import { Problem } from '../schemas/problem.ts'
import type { Operation } from './operation.ts'
import { operations } from './operations.ts'

type Json = Record<string, unknown>

const problemTexts: Readonly<Record<number, string>> = {
  400: 'Faults of the input, each with its pointer',
  401: 'No valid token',
  403: 'A role, or the link between token and person, is missing',
  404: 'Unknown, or none of the caller’s business',
  406: 'Not offered in that format',
  409: 'In conflict with what is recorded',
  412: 'It has changed since it was read',
  413: 'The body is larger than 6 MB',
  422: 'The idempotency key came before with another body; or a password or code is refused',
  428: 'If-Match is missing',
  429: 'Too many calls; see Retry-After',
  500: 'An internal fault',
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
        {
          description,
          content: {
            'application/json': { schema: schemaOf(schema) },
            ...(operation.csvAnswer && { 'text/csv': { schema: { type: 'string' } } }),
          },
        },
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
