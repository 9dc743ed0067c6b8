import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ACCOUNT, REGION } from './aws-endpoint.ts'
import { INERT_PROPERTIES, inertReason, PROPERTIES } from './template-types.ts'

type Properties = Record<string, unknown>
interface RawResource {
  Type: string
  Properties?: Properties
  Condition?: string
}

/** A resource that this copy plays: its properties are resolved and all of them are honoured, or inert by name. */
export interface Resource<P = Properties> {
  id: string
  type: string
  properties: P
}

export interface Stack {
  of<P = Properties>(...types: string[]): Resource<P>[]
  /** What is there and does nothing here, and why. */
  inert: { id: string; type: string; reason: string }[]
  arn(id: string): string
  /** Directory of the unpacked bundle that a function's `Code` names. */
  asset(code: { S3Key: string }): string
  /** A function's name without the stack's: `llavero-sweep-due` is `sweep-due`. */
  nameOf(functionNameOrArn: string): string
}

export interface StackOptions {
  template: object
  assetDir: string
  parameters: Record<string, string>
  /** `AWS::StackName`, and what the functions' names begin with. */
  stack: string
  /** Where queue URLs point. */
  endpoint: string
}

class TemplateFault extends Error {
  constructor(where: string, what: string) {
    super(
      `${where}: ${what}. The laptop's cloud runs only what it honours: see infra/local/cloud/template-types.ts`,
    )
  }
}

/** Reads a synthesized template; throws on a resource, property or function that it neither honours nor knows as inert. */
export const readStack = (options: StackOptions): Stack => {
  const template = options.template as {
    Parameters?: Record<string, { Default?: string }>
    Resources: Record<string, RawResource>
  }
  const pseudo: Record<string, string> = {
    'AWS::Region': REGION,
    'AWS::AccountId': ACCOUNT,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': options.stack,
  }

  const resource = (id: string, where: string): RawResource => {
    const found = template.Resources[id]
    if (!found) throw new TemplateFault(where, `there is no resource ${id}`)
    return found
  }

  const text = (id: string, property: string): string | undefined => {
    const value = resource(id, id).Properties?.[property]
    return value === undefined ? undefined : String(resolve(value, `${id}.${property}`))
  }

  const reference = (id: string, where: string): string => {
    if (id in pseudo) return pseudo[id] as string
    const parameter = template.Parameters?.[id]
    if (parameter) {
      const value = options.parameters[id] ?? parameter.Default
      if (value === undefined) throw new TemplateFault(where, `the parameter ${id} has no value`)
      return value
    }
    const { Type } = resource(id, where)
    if (Type === 'AWS::SQS::Queue') return `${options.endpoint}/${ACCOUNT}/${id}`
    if (Type === 'AWS::SecretsManager::Secret') return arn(id)
    if (Type === 'AWS::Lambda::Function') return text(id, 'FunctionName') ?? id
    if (Type === 'AWS::Events::Rule') return text(id, 'Name') ?? id
    return id
  }

  const arn = (id: string): string => {
    const make = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`
    const { Type } = resource(id, id)
    if (Type === 'AWS::Lambda::Function') return make('lambda', `function:${reference(id, id)}`)
    if (Type.startsWith('AWS::DynamoDB::')) return make('dynamodb', `table/${id}`)
    if (Type === 'AWS::SQS::Queue') return make('sqs', id)
    if (Type === 'AWS::SecretsManager::Secret')
      return make('secretsmanager', `secret:${text(id, 'Name') ?? id}-000000`)
    if (Type === 'AWS::Events::Rule') return make('events', `rule/${reference(id, id)}`)
    return make(Type.split('::')[1]?.toLowerCase() ?? 'cloud', id)
  }

  const substitute = (value: unknown, where: string): string => {
    const [pattern, names] = (Array.isArray(value) ? value : [value, {}]) as [string, Properties]
    return pattern.replace(/\$\{([^}!]+)\}/g, (_, name: string) => {
      if (name in names) return String(resolve(names[name], where))
      const [id, attribute] = name.split('.') as [string, string?]
      return attribute ? String(attributeOf([id, attribute], where)) : reference(id, where)
    })
  }

  const attributeOf = ([id, attribute]: [string, string], where: string): string => {
    const { Type } = resource(id, where)
    if (attribute === 'Arn') return arn(id)
    if (Type === 'AWS::SQS::Queue' && attribute === 'QueueName') return id
    throw new TemplateFault(where, `the attribute ${attribute} of ${Type} is unknown`)
  }

  const resolve = (value: unknown, where: string): unknown => {
    if (Array.isArray(value)) return value.map((each, index) => resolve(each, `${where}[${index}]`))
    if (value === null || typeof value !== 'object') return value
    const entries = Object.entries(value)
    const [name, argument] = entries[0] ?? []
    if (entries.length === 1 && name && (name === 'Ref' || name.startsWith('Fn::'))) {
      if (name === 'Ref') return reference(argument, where)
      if (name === 'Fn::GetAtt') return attributeOf(argument, where)
      if (name === 'Fn::Sub') return substitute(argument, where)
      const parts = resolve(argument, where) as [never, never]
      if (name === 'Fn::Join') return (parts[1] as string[]).join(parts[0])
      if (name === 'Fn::Select') return (parts[1] as string[])[Number(parts[0])]
      if (name === 'Fn::Split') return (parts[1] as string).split(parts[0])
      throw new TemplateFault(where, `the function ${name} is not honoured`)
    }
    return Object.fromEntries(entries.map(([key, each]) => [key, resolve(each, `${where}.${key}`)]))
  }

  const inert: Stack['inert'] = []
  const played: Resource[] = []
  for (const [id, { Type, Properties = {}, Condition }] of Object.entries(template.Resources)) {
    const honoured = PROPERTIES[Type]
    const reason = inertReason(Type)
    if (reason) inert.push({ id, type: Type, reason })
    else if (!honoured) throw new TemplateFault(id, `the type ${Type} is unknown`)
    else {
      if (Condition) throw new TemplateFault(id, 'a condition on it is not honoured')
      const properties: Properties = {}
      for (const [name, value] of Object.entries(Properties)) {
        if (INERT_PROPERTIES[Type]?.[name]) continue
        if (honoured !== '*' && !honoured.split(' ').includes(name)) {
          throw new TemplateFault(id, `the property ${name} of ${Type} is not honoured`)
        }
        properties[name] = resolve(value, `${id}.${name}`)
      }
      played.push({ id, type: Type, properties })
    }
  }

  return {
    of: <P>(...types: string[]) => played.filter(each => types.includes(each.type)) as Resource<P>[],
    inert,
    arn,
    asset: code => {
      const directory = join(options.assetDir, `asset.${code.S3Key.replace(/\.zip$/, '')}`)
      if (!existsSync(directory)) throw new TemplateFault('Code', `there is no ${directory}`)
      return directory
    },
    nameOf: name => {
      const last = name.split(':').at(-1) as string
      return last.startsWith(`${options.stack}-`) ? last.slice(options.stack.length + 1) : last
    },
  }
}
