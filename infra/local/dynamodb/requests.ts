import { NotHonoured } from './aws-error.ts'
import { invalid } from './tables.ts'

export type Input = Record<string, unknown>

const READ = 'TableName Key ProjectionExpression ExpressionAttributeNames'
const EXPRESSIONS =
  'TableName ConditionExpression ExpressionAttributeNames ExpressionAttributeValues ReturnValuesOnConditionCheckFailure'
const SINGLE = 'ReturnValues ReturnConsumedCapacity'

/** The closed list: operations, members of transactions, and every parameter of each; no other is accepted. */
const PARAMETERS: Record<string, string> = {
  GetItem: `${READ} ConsistentRead ReturnConsumedCapacity`,
  PutItem: `Item ${EXPRESSIONS} ${SINGLE}`,
  UpdateItem: `Key UpdateExpression ${EXPRESSIONS} ${SINGLE}`,
  Query:
    'TableName IndexName KeyConditionExpression FilterExpression ProjectionExpression ExpressionAttributeNames ' +
    'ExpressionAttributeValues Limit ScanIndexForward ExclusiveStartKey ConsistentRead Select ReturnConsumedCapacity',
  BatchGetItem: 'RequestItems ReturnConsumedCapacity',
  'BatchGetItem table': 'Keys ConsistentRead ProjectionExpression ExpressionAttributeNames',
  TransactWriteItems: 'TransactItems ClientRequestToken ReturnConsumedCapacity',
  'TransactWriteItems Put': `Item ${EXPRESSIONS}`,
  'TransactWriteItems Update': `Key UpdateExpression ${EXPRESSIONS}`,
  'TransactWriteItems Delete': `Key ${EXPRESSIONS}`,
  'TransactWriteItems ConditionCheck': `Key ${EXPRESSIONS}`,
  TransactGetItems: 'TransactItems ReturnConsumedCapacity',
  'TransactGetItems Get': READ,
}

const allow = (where: string, input: Input): void => {
  const names = PARAMETERS[where]?.split(' ')
  if (!names) throw new NotHonoured(`dynamodb:${where}`)
  const unknown = Object.keys(input).find(name => input[name] != null && !names.includes(name))
  if (unknown) throw new NotHonoured(`the parameter ${unknown} of dynamodb:${where}`)
  if (
    !['ALL_OLD', 'NONE', undefined].includes(input.ReturnValuesOnConditionCheckFailure as string | undefined)
  ) {
    throw invalid('ReturnValuesOnConditionCheckFailure can only be ALL_OLD or NONE')
  }
  // dynalite compares lists and maps by reference, so that `=` is never true: refuse rather than answer wrongly.
  const conditions = `${input.ConditionExpression ?? ''} ${input.FilterExpression ?? ''}`
  for (const [name, value] of Object.entries(
    (input.ExpressionAttributeValues ?? {}) as Record<string, object>,
  )) {
    if (('M' in value || 'L' in value) && new RegExp(`${name}\\b`).test(conditions)) {
      throw new NotHonoured(`a condition of dynamodb:${where} that compares a whole list or map`)
    }
  }
}

export interface Member {
  kind: string
  input: Input & { TableName: string }
}

/** One to a hundred members, each with exactly one action. */
export const membersOf = (input: Input): Member[] => {
  const items = (input.TransactItems ?? []) as Record<string, Member['input'] | null>[]
  if (items.length < 1 || items.length > 100) {
    throw invalid(
      "Value at 'transactItems' failed to satisfy constraint: Member must have length between 1 and 100",
    )
  }
  return items.map(item => {
    const [first, ...more] = Object.entries(item).filter(([, value]) => value != null)
    if (!first || more.length > 0)
      throw invalid('TransactItems can only contain one of Check, Put, Update or Delete')
    return { kind: first[0], input: first[1] as Member['input'] }
  })
}

/** Refuses what is not on the closed list; returns the permissions that the call needs: action, then table or table/index. */
export const rightsFor = (operation: string, input: Input): [action: string, resource: string][] => {
  allow(operation, input)
  if (operation === 'BatchGetItem') {
    const tables = Object.entries((input.RequestItems ?? {}) as Record<string, Input>)
    for (const [, request] of tables) allow('BatchGetItem table', request)
    return tables.map(([name]) => ['dynamodb:BatchGetItem', name])
  }
  if (operation.startsWith('Transact')) {
    return membersOf(input).map(member => {
      allow(`${operation} ${member.kind}`, member.input)
      return [`dynamodb:${member.kind}Item`, member.input.TableName]
    })
  }
  const index = input.IndexName === undefined ? '' : `/index/${input.IndexName}`
  return [[`dynamodb:${operation}`, `${input.TableName}${index}`]]
}
