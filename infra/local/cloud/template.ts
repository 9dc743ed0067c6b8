import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ACCOUNT, REGION } from './aws-endpoint.ts'
import { INERT_PROPERTIES, inertReason, PROPERTIES } from './template-types.ts'

type Properties = Record<string, unknown>

/** A resource that the laptop plays: its properties are resolved, and each is honoured or inert by name. */
export interface Resource<P = Properties> {
  id: string
  type: string
  properties: P
}

export type Stack = ReturnType<typeof readStack>

export interface StackOptions {
  template: object
  assetDir: string
  parameters: Record<string, string>
  /** `AWS::StackName`, and what the functions' names begin with. */
  stack: string
  /** Where the URLs of queues point. */
  endpoint: string
}

interface Template {
  Parameters?: Record<string, { Default?: string }>
  Resources: Record<string, { Type: string; Properties?: Properties; Condition?: string }>
}

/** Reads a synthesized template; throws on whatever in it is neither honoured nor known to be inert. */
export const readStack = (options: StackOptions) => {
  const { Parameters = {}, Resources } = options.template as Template
  const known: Record<string, string | undefined> = {
    'AWS::Region': REGION,
    'AWS::AccountId': ACCOUNT,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': options.stack,
    ...Object.fromEntries(Object.entries(Parameters).map(([name, { Default }]) => [name, Default])),
    ...options.parameters,
  }
  const refuse = (where: string, what: string): never => {
    throw new Error(
      `${where}: ${what} is not honoured by the laptop's cloud (infra/local/cloud/template-types.ts)`,
    )
  }

  const typeOf = (id: string): string => Resources[id]?.Type ?? refuse(id, 'a reference to it')
  const nameIn = (id: string, property: string): string =>
    String(resolve(Resources[id]?.Properties?.[property] ?? id, `${id}.${property}`))

  const reference = (id: string): string => {
    if (known[id] !== undefined) return known[id]
    if (Parameters[id]) throw new Error(`The parameter ${id} has no value`)
    const type = typeOf(id)
    if (type === 'AWS::SQS::Queue') return `${options.endpoint}/${ACCOUNT}/${id}`
    if (type === 'AWS::SecretsManager::Secret') return arn(id)
    if (type === 'AWS::Lambda::Function') return nameIn(id, 'FunctionName')
    return id
  }

  const arn = (id: string): string => {
    const type = typeOf(id)
    const make = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`
    if (type === 'AWS::Lambda::Function') return make('lambda', `function:${reference(id)}`)
    if (type === 'AWS::DynamoDB::GlobalTable') return make('dynamodb', `table/${id}`)
    if (type === 'AWS::SecretsManager::Secret')
      return make('secretsmanager', `secret:${nameIn(id, 'Name')}-000000`)
    if (type === 'AWS::Events::Rule') return make('events', `rule/${nameIn(id, 'Name')}`)
    return make(type.split('::')[1]?.toLowerCase() ?? '', id)
  }

  const resolve = (value: unknown, where: string): unknown => {
    if (Array.isArray(value)) return value.map((each, index) => resolve(each, `${where}[${index}]`))
    if (value === null || typeof value !== 'object') return value
    const [[name, argument] = ['', undefined], ...more] = Object.entries(value)
    if (more.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) {
      if (name === 'Ref') return reference(argument)
      if (name === 'Fn::GetAtt')
        return argument[1] === 'Arn' ? arn(argument[0]) : refuse(where, argument.join('.'))
      if (name === 'Fn::Join') return (resolve(argument[1], where) as string[]).join(argument[0])
      if (name === 'Fn::Sub' && typeof argument === 'string') {
        return argument.replace(/\$\{([^}!]+)\}/g, (_, id: string) =>
          id.endsWith('.Arn') ? arn(id.slice(0, -4)) : reference(id),
        )
      }
      return refuse(where, name)
    }
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, resolve(each, `${where}.${key}`)]),
    )
  }

  /** What is there and does nothing here, and why. */
  const inert: { id: string; type: string; reason: string }[] = []
  const played: Resource[] = []
  for (const [id, { Type: type, Properties = {}, Condition }] of Object.entries(Resources)) {
    const reason = inertReason(type)
    if (reason) inert.push({ id, type, reason })
    else {
      const honoured = PROPERTIES[type]?.split(' ') ?? refuse(id, `the type ${type}`)
      if (Condition) refuse(id, 'a condition on it')
      const active = Object.entries(Properties).filter(([name]) => !INERT_PROPERTIES[type]?.[name])
      const unknown = active.find(([name]) => !honoured.includes(name) && honoured[0] !== '*')
      if (unknown) refuse(id, `the property ${unknown[0]} of ${type}`)
      played.push({ id, type, properties: resolve(Object.fromEntries(active), id) as Properties })
    }
  }

  return {
    of: <P = Properties>(type: string) => played.filter(each => each.type === type) as Resource<P>[],
    inert,
    arn,
    /** Directory of the unpacked bundle that a function's `Code` names. */
    asset: ({ S3Key }: { S3Key: string }): string => {
      const directory = join(options.assetDir, `asset.${S3Key.replace(/\.zip$/, '')}`)
      return existsSync(directory) ? directory : refuse(S3Key, 'a bundle that is not unpacked')
    },
    /** A function's name without the stack's: `llavero-sweep-due` is `sweep-due`. */
    nameOf: (name: string): string => {
      const last = name.split(':').at(-1) ?? ''
      return last.startsWith(`${options.stack}-`) ? last.slice(options.stack.length + 1) : last
    },
  }
}

interface Permission {
  FunctionName: string
  Principal: string
  SourceArn: string
}

/** Whether the function's own policy lets an AWS service call it for this source. */
export const mayInvoke = (stack: Stack, service: string, functionArn: string, source: string): boolean =>
  stack
    .of<Permission>('AWS::Lambda::Permission')
    .some(({ properties: { FunctionName, Principal, SourceArn } }) =>
      [FunctionName === functionArn, Principal === `${service}.amazonaws.com`, SourceArn === source].every(
        Boolean,
      ),
    )
