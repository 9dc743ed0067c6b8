import { AwsError } from './aws-error.ts'
import type { Item, Units } from './tables.ts'

/** The answer's ConsumedCapacity: one entry a table, its indexes summed in. */
export const describeUnits = (units: Units, mode: unknown): object[] => {
  if (mode !== 'TOTAL' && mode !== 'INDEXES') return []
  const sum = (parts: [string, Units[string]][]) =>
    parts.reduce((all, [, part]) => all + part.read + part.write, 0)
  const names = new Set(Object.keys(units).map(where => where.split('/')[0] as string))
  return [...names].map(TableName => {
    const all = Object.entries(units).filter(([where]) => where.split('/')[0] === TableName)
    const CapacityUnits = sum(all)
    if (mode === 'TOTAL') return { TableName, CapacityUnits }
    const indexes = all.filter(([where]) => where.includes('/'))
    const GlobalSecondaryIndexes = Object.fromEntries(
      indexes.map(part => [part[0].split('/')[1], { CapacityUnits: sum([part]) }]),
    )
    const Table = { CapacityUnits: CapacityUnits - sum(indexes) }
    return { TableName, CapacityUnits, Table, ...(indexes.length > 0 && { GlobalSecondaryIndexes }) }
  })
}

export const fromDynalite = (error: unknown, data?: { shown?: boolean }, before?: Item): unknown => {
  const body = (error as { body?: { __type: string; message?: string; Message?: string } }).body
  if (error instanceof AwsError || !body) return error
  const name = body.__type.split('#').at(-1) as string
  const shown = name === 'ConditionalCheckFailedException' && data?.shown && before
  return new AwsError(name, body.message ?? body.Message ?? '', shown ? { Item: before } : {})
}

/** Why a member cannot be done, as a reason of the cancellation; anything else is thrown on. */
export const cancellation = (error: unknown): { Code: string } => {
  const { name, message, detail } = error as AwsError
  if (name === 'ConditionalCheckFailedException') {
    return { Code: 'ConditionalCheckFailed', ...{ Message: message, ...detail } }
  }
  if (name === 'ValidationException') return { Code: 'ValidationError', ...{ Message: message } }
  throw error
}

export const cancelled = (reasons: { Code: string }[]): AwsError => {
  const codes = reasons.map(reason => reason.Code).join(', ')
  const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`
  return new AwsError('TransactionCanceledException', message, { CancellationReasons: reasons })
}
