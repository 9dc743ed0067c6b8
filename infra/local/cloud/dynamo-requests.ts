import { AwsError, NotHonoured } from './aws-error.ts'

export type Input = Record<string, unknown>

const NAMES = ['ExpressionAttributeNames']
const EXPRESSIONS = [
  ...NAMES,
  'ConditionExpression',
  'ExpressionAttributeValues',
  'ReturnValuesOnConditionCheckFailure',
]
const READ = ['TableName', 'Key', 'ProjectionExpression', ...NAMES]

/** The closed list: operations, and every parameter of each. A parameter that is not here is refused, never ignored. */
const PARAMETERS: Record<string, string[]> = {
  GetItem: [...READ, 'ConsistentRead', 'ReturnConsumedCapacity'],
  PutItem: ['TableName', 'Item', ...EXPRESSIONS, 'ReturnValues', 'ReturnConsumedCapacity'],
  UpdateItem: [
    'TableName',
    'Key',
    'UpdateExpression',
    ...EXPRESSIONS,
    'ReturnValues',
    'ReturnConsumedCapacity',
  ],
  Query: [
    ...[
      'TableName',
      'IndexName',
      'KeyConditionExpression',
      'FilterExpression',
      'ProjectionExpression',
      ...NAMES,
    ],
    ...[
      'ExpressionAttributeValues',
      'Limit',
      'ScanIndexForward',
      'ExclusiveStartKey',
      'ConsistentRead',
      'Select',
    ],
    'ReturnConsumedCapacity',
  ],
  BatchGetItem: ['RequestItems', 'ReturnConsumedCapacity'],
  TransactWriteItems: ['TransactItems', 'ClientRequestToken', 'ReturnConsumedCapacity'],
  TransactGetItems: ['TransactItems', 'ReturnConsumedCapacity'],
}

const MEMBERS: Record<string, string[]> = {
  Put: ['TableName', 'Item', ...EXPRESSIONS],
  Update: ['TableName', 'Key', 'UpdateExpression', ...EXPRESSIONS],
  Delete: ['TableName', 'Key', ...EXPRESSIONS],
  ConditionCheck: ['TableName', 'Key', ...EXPRESSIONS],
  Get: READ,
  Keys: ['Keys', 'ConsistentRead', 'ProjectionExpression', ...NAMES],
}

const allow = (where: string, input: Input, names: string[] | undefined): void => {
  if (!names) throw new NotHonoured(where)
  for (const [name, value] of Object.entries(input)) {
    if (value != null && !names.includes(name)) throw new NotHonoured(`the parameter ${name} of ${where}`)
  }
  const chosen = input.ReturnValuesOnConditionCheckFailure
  if (chosen !== undefined && chosen !== 'ALL_OLD' && chosen !== 'NONE') {
    throw invalid(`ReturnValuesOnConditionCheckFailure can only be ALL_OLD or NONE, not '${chosen}'`)
  }
  refuseDocumentComparison(where, input)
}

/** dynalite compares lists and maps by reference, so that `=` is never true: refuse rather than answer wrongly. */
const refuseDocumentComparison = (where: string, input: Input): void => {
  const text = `${input.ConditionExpression ?? ''} ${input.FilterExpression ?? ''}`
  for (const [name, value] of Object.entries(
    (input.ExpressionAttributeValues ?? {}) as Record<string, object>,
  )) {
    if (('M' in value || 'L' in value) && new RegExp(`${name}\\b`).test(text)) {
      throw new NotHonoured(`a condition of ${where} that compares a whole list or map`)
    }
  }
}

const invalid = (message: string): AwsError => new AwsError('ValidationException', message)

export interface TransactItem {
  kind: 'Put' | 'Update' | 'Delete' | 'ConditionCheck' | 'Get'
  input: Input & { TableName: string }
}

/** One to a hundred members, each with exactly one action of the kinds allowed. */
export const transactItems = (operation: string, input: Input): TransactItem[] => {
  const kinds = operation === 'TransactGetItems' ? ['Get'] : ['Put', 'Update', 'Delete', 'ConditionCheck']
  const items = input.TransactItems
  if (!Array.isArray(items) || items.length < 1 || items.length > 100) {
    throw invalid(
      `1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length ${Array.isArray(items) && items.length > 100 ? 'less than or equal to 100' : 'greater than or equal to 1'}`,
    )
  }
  return items.map(item => {
    const entries = Object.entries(item as Input).filter(([, value]) => value != null)
    const [kind, value] = entries[0] ?? []
    if (entries.length !== 1 || !kind || !kinds.includes(kind)) {
      throw invalid('TransactItems can only contain one of Check, Put, Update or Delete')
    }
    return { kind, input: value } as TransactItem
  })
}

/** One use of a permission: an IAM action on a table or one of its indexes. */
export interface Touch {
  action: string
  table: string
  index?: string
}

/** Refuses what is not on the closed list and says which permissions the call needs. */
export const touches = (operation: string, input: Input): Touch[] => {
  allow(`dynamodb:${operation}`, input, PARAMETERS[operation])
  const table = String(input.TableName)
  if (operation === 'Query') {
    const index = input.IndexName
    return [{ action: 'dynamodb:Query', table, ...(typeof index === 'string' && { index }) }]
  }
  if (operation === 'BatchGetItem') {
    return Object.entries((input.RequestItems ?? {}) as Record<string, Input>).map(([name, request]) => {
      allow('a table of BatchGetItem', request, MEMBERS.Keys)
      return { action: 'dynamodb:BatchGetItem', table: name }
    })
  }
  if (operation.startsWith('Transact')) {
    return transactItems(operation, input).map(item => {
      allow(`${item.kind} in ${operation}`, item.input, MEMBERS[item.kind])
      const verb = item.kind === 'ConditionCheck' ? 'ConditionCheckItem' : `${item.kind}Item`
      return { action: `dynamodb:${verb}`, table: item.input.TableName }
    })
  }
  return [{ action: `dynamodb:${operation}`, table }]
}
