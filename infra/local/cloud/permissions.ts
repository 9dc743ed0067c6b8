import type { Context } from './aws-endpoint.ts'
import type { Stack } from './template.ts'

interface Statement {
  Effect: 'Allow' | 'Deny'
  Action: string | string[]
  Resource: string | string[]
  Condition?: Record<string, Record<string, string>>
}
interface Policy {
  PolicyDocument: { Statement: Statement[] }
}
interface Role {
  AssumeRolePolicyDocument: object
  Policies?: Policy[]
}

export type Permissions = ReturnType<typeof readPermissions>

/** Rights that only AWS itself uses on the function's behalf: no call on this machine can show their use. */
const UNSEEN = /^(logs|ec2|kms|xray):/

const statementsOf = (policies: Policy[] = []): Statement[] =>
  policies.flatMap(policy => policy.PolicyDocument.Statement)

const matches = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*/g, '.*')
      .replace(/\?/g, '.')}$`,
  ).test(text)

/** The conditions of this stack's policies, as a call from a function over TLS meets them. */
const holds = ({ Condition = {} }: Statement, context: Context = {}): boolean =>
  Object.entries(Condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, value]) => {
      if (operator === 'Bool' && key === 'aws:SecureTransport') return value === 'true'
      if (operator === 'Null' && key === 'lambda:SourceFunctionArn') return value === 'false'
      if (operator === 'StringEquals' && key === 'ses:FromAddress') return context[key] === value
      throw new Error(`The policy condition ${operator} ${key} is not honoured by the laptop's cloud`)
    }),
  )

const pairs = ({ Action, Resource }: Statement): string[] =>
  [Action].flat().flatMap(action => [Resource].flat().map(resource => `${action} ${resource}`))

/** The template's policies: of roles, of tables and of queues. A Deny anywhere wins; no Allow is a no. */
export const readPermissions = (stack: Stack) => {
  const added = stack.of<Policy & { Roles: string[] }>('AWS::IAM::Policy').map(each => each.properties)
  const roles = new Map(
    stack.of<Role>('AWS::IAM::Role').map(({ id, properties: role }) => {
      const serves = JSON.stringify(role.AssumeRolePolicyDocument).includes('"lambda.amazonaws.com"')
      const policies = [...(role.Policies ?? []), ...added.filter(policy => policy.Roles.includes(id))]
      return [stack.arn(id), serves ? statementsOf(policies) : []]
    }),
  )
  const own = new Map(
    stack
      .of<{ FunctionName: string; Role: string }>('AWS::Lambda::Function')
      .map(({ properties }) => [stack.nameOf(properties.FunctionName), roles.get(properties.Role) ?? []]),
  )
  const tables = stack.of<{ Replicas: { ResourcePolicy?: Policy }[] }>('AWS::DynamoDB::GlobalTable')
  const onTables = tables.flatMap(({ id, properties }) =>
    statementsOf(properties.Replicas.flatMap(({ ResourcePolicy }) => ResourcePolicy ?? [])).map(
      statement => ({
        ...statement,
        Resource: [stack.arn(id), `${stack.arn(id)}/index/*`],
      }),
    ),
  )
  const onQueues = statementsOf(stack.of<Policy>('AWS::SQS::QueuePolicy').map(each => each.properties))
  const onResources = [...onTables, ...onQueues]
  if (onResources.some(({ Effect }) => Effect !== 'Deny')) {
    throw new Error("The laptop's cloud honours only Deny in the policy of a resource")
  }
  for (const statement of [...[...own.values()].flat(), ...onResources]) holds(statement)

  const decide = (caller: string, asked: string, context?: Context): boolean => {
    const met = [...(own.get(caller) ?? []), ...onResources]
      .filter(statement => holds(statement, context) && pairs(statement).some(pair => matches(pair, asked)))
      .map(statement => statement.Effect)
    return met.includes('Allow') && !met.includes('Deny')
  }
  /** What each caller asked for and whether it may: the policies stand still, so each is weighed once. */
  const asks = new Map([...own.keys()].map(caller => [caller, new Map<string, boolean>()]))
  return {
    /** Decides by the template's policies, and remembers what was asked for. */
    authorise: (caller: string, action: string, resource: string, context?: Context): boolean => {
      const asked = `${action} ${resource}`
      const known = context === undefined ? asks.get(caller)?.get(asked) : undefined
      const decided = known ?? decide(caller, asked, context)
      asks.get(caller)?.set(asked, decided)
      return decided
    },
    /** For each function what it may do, what it did, and what it may but never did; the last is to become empty. */
    list: () =>
      [...own].map(([name, statements]) => {
        const used = [...(asks.get(name) ?? [])].flatMap(([asked, allowed]) => (allowed ? [asked] : []))
        const granted = statements.filter(({ Effect }) => Effect === 'Allow').flatMap(pairs)
        const unused = granted.filter(pair => !UNSEEN.test(pair) && !used.some(one => matches(pair, one)))
        return { function: name, granted, used, unused }
      }),
  }
}
