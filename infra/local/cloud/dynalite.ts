import { AwsError } from './aws-error.ts'
import type { Input } from './dynamo-requests.ts'

export interface Attribute {
  S?: string
  N?: string
  B?: string
  BOOL?: boolean
  NULL?: boolean
  SS?: string[]
  NS?: string[]
  BS?: string[]
  L?: Attribute[]
  M?: Item
}
export type Item = { [name: string]: Attribute }

export interface KeySchema {
  AttributeName: string
  KeyType: string
}

export interface IndexDefinition {
  IndexName: string
  KeySchema: KeySchema[]
  Projection: { ProjectionType?: string; NonKeyAttributes?: string[] }
}

export interface TableDefinition {
  TableName: string
  KeySchema: KeySchema[]
  AttributeDefinitions: { AttributeName: string; AttributeType: string }[]
  GlobalSecondaryIndexes?: IndexDefinition[]
}

export interface LevelOperation {
  type: 'put' | 'del'
  key: string
  value?: Item
}

export type Callback<T = unknown> = (error: unknown, value?: T) => void

export interface Range {
  gt?: string
  gte?: string
  lt?: string
  lte?: string
  reverse?: boolean
  limit?: number
}

export interface Level {
  open(): Promise<void>
  close(): Promise<void>
  get(key: string): Promise<Item | undefined>
  batch(operations: LevelOperation[]): Promise<void>
  keys(range: Range): AsyncIterable<string>
  values(range: Range): AsyncIterable<Item>
}

export interface Store {
  options: { maxItemSize: number }
  db: Level
}

/** A request after dynalite's checks: the parsed expressions stand beside the parameters. */
export interface Checked extends Input {
  TableName: string
  Key: Item
  Item: Item
  IndexName?: string
  _projection?: { paths: (string | (string | number)[])[] }
  _filter?: { pathHeads: Record<string, unknown> }
}

export interface DynaliteDatabase {
  create(options: { path?: string }): Store
  createKey(item: Item, table: TableDefinition, schema?: TableDefinition['KeySchema']): string
  createIndexKey(item: Item, table: TableDefinition, schema: TableDefinition['KeySchema']): string
  checkConditional(data: Checked, existing: Item | undefined): Error | null | undefined
  validateKey(key: Item, table: TableDefinition): Error | null | undefined
}

export interface DynaliteValidation {
  types: Record<string, unknown>
  custom?: (data: unknown, store: unknown) => string | undefined
}

export interface DynaliteValidations {
  checkTypes(data: Input, types: DynaliteValidation['types']): Checked
  checkValidations(
    data: Checked,
    types: DynaliteValidation['types'],
    custom: DynaliteValidation['custom'],
    store: Store,
  ): void
}

export type DynaliteAction = (store: object, data: Checked, callback: Callback<Input>) => void

export const fromDynalite = (error: unknown, data?: Checked, before?: Item): unknown => {
  const body = (error as { body?: { __type?: string; message?: string; Message?: string } }).body
  if (error instanceof AwsError || !body?.__type) return error
  const name = body.__type.split('#').at(-1) as string
  const shown = name === 'ConditionalCheckFailedException' && data?._onFailure === 'ALL_OLD' && before
  return new AwsError(name, body.message ?? body.Message ?? '', shown ? { Item: before } : {})
}

export const cancellation = (error: unknown): object => {
  if (!(error instanceof AwsError)) throw error
  if (error.name === 'ConditionalCheckFailedException') {
    return { Code: 'ConditionalCheckFailed', Message: error.message, ...error.detail }
  }
  if (error.name === 'ValidationException') return { Code: 'ValidationError', Message: error.message }
  throw error
}

/** The error of a transaction that was not done; `reasons` stand in the order of its members. */
export const cancelled = (reasons: object[]): AwsError => {
  const codes = reasons.map(reason => (reason as { Code: string }).Code).join(', ')
  return new AwsError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { CancellationReasons: reasons },
  )
}
