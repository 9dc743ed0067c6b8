import type { Stack } from './template.ts'

interface Statement {
  Effect: 'Allow' | 'Deny'
  Action: string | string[]
  Resource?: string | string[]
  Principal?: unknown
  Condition?: Record<string, Record<string, string>>
}
interface Document {
  PolicyDocument: { Statement: Statement[] }
}

export interface Permissions {
  /** Decides by the template's policies and records the use when it is allowed. */
  authorise(caller: string, action: string, resource: string): boolean
  /** For each function what it may do, what it did, and what it may but never did; the last is to be empty. */
  list(): { function: string; granted: string[]; used: string[]; unused: string[] }[]
}

/** Rights that only AWS itself uses on the function's behalf, so that no call on this machine can show their use. */
const UNSEEN = ['logs:', 'ec2:', 'kms:', 'xray:']

const listOf = <T>(value: T | T[] | undefined): T[] => (value === undefined ? [] : ([value].flat() as T[]))

const matches = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  ).test(text)

/** The conditions of this stack's policies, as a call from a function over TLS would meet them. */
const holds = (condition: Statement['Condition']): boolean =>
  Object.entries(condition ?? {}).every(([operator, keys]) =>
    Object.entries(keys).every(([key, value]) => {
      if (operator === 'Bool' && key === 'aws:SecureTransport') return value === 'true'
      if (operator === 'Null' && key === 'lambda:SourceFunctionArn') return value === 'false'
      throw new Error(`The policy condition ${operator} ${key} is not honoured by the laptop's cloud`)
    }),
  )

const covers = (statement: Statement, action: string, resource: string): boolean =>
  listOf(statement.Action).some(pattern => matches(pattern, action)) &&
  (statement.Resource === undefined || listOf(statement.Resource).some(pattern => matches(pattern, resource)))

/** The template's policies: of roles, of tables and of queues. A Deny anywhere wins; no Allow is a no. */
export const readPermissions = (stack: Stack): Permissions => {
  const ofRole = new Map<string, Statement[]>()
  for (const role of stack.of<{ Policies?: Document[] }>('AWS::IAM::Role')) {
    const own = (role.properties.Policies ?? []).flatMap(policy => policy.PolicyDocument.Statement)
    const added = stack
      .of<Document & { Roles: string[] }>('AWS::IAM::Policy')
      .filter(policy => policy.properties.Roles.includes(role.id))
    const statements = [...own, ...added.flatMap(policy => policy.properties.PolicyDocument.Statement)]
    ofRole.set(stack.arn(role.id), statements)
  }
  const ofFunction = new Map(
    stack
      .of<{ FunctionName: string; Role: string }>('AWS::Lambda::Function')
      .map(({ properties }) => [stack.nameOf(properties.FunctionName), ofRole.get(properties.Role) ?? []]),
  )
  const ofResource: Statement[] = [
    ...stack
      .of<{ Replicas: { ResourcePolicy?: Document }[] }>('AWS::DynamoDB::GlobalTable')
      .flatMap(({ id, properties }) =>
        properties.Replicas.flatMap(replica => replica.ResourcePolicy?.PolicyDocument.Statement ?? []).map(
          statement => ({ ...statement, Resource: [stack.arn(id), `${stack.arn(id)}/index/*`] }),
        ),
      ),
    ...stack
      .of<Document>('AWS::SQS::QueuePolicy')
      .flatMap(policy => policy.properties.PolicyDocument.Statement),
  ]
  if (ofResource.some(({ Effect }) => Effect !== 'Deny')) {
    throw new Error("The laptop's cloud honours only Deny in the policy of a resource")
  }
  for (const each of [...ofFunction.values(), ofResource].flat()) holds(each.Condition)

  const used = new Map<string, Set<string>>()
  return {
    authorise: (caller, action, resource) => {
      const own = ofFunction.get(caller) ?? []
      const met = [...own, ...ofResource].filter(
        each => covers(each, action, resource) && holds(each.Condition),
      )
      if (!met.some(each => each.Effect === 'Allow') || met.some(each => each.Effect === 'Deny')) return false
      used.set(caller, (used.get(caller) ?? new Set()).add(`${action} ${resource}`))
      return true
    },
    list: () =>
      [...ofFunction].map(([name, statements]) => {
        const did = [...(used.get(name) ?? [])]
        const granted = statements
          .filter(each => each.Effect === 'Allow')
          .flatMap(each =>
            listOf(each.Action).flatMap(action =>
              listOf(each.Resource).map(resource => `${action} ${resource}`),
            ),
          )
        const idle = granted.filter(each => !did.some(one => matches(each, one)))
        const unused = idle.filter(each => !UNSEEN.some(prefix => each.startsWith(prefix)))
        return { function: name, granted, used: did, unused }
      }),
  }
}
