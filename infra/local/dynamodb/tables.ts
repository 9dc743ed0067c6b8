import database from 'dynalite/db/index.js'
import { AwsError } from './aws-error.ts'

export interface Attribute {
  S?: string
  N?: string
  B?: string
  SS?: string[]
  NS?: string[]
  BS?: string[]
  L?: Attribute[]
  M?: Item
}
export type Item = { [name: string]: Attribute }
interface Keyed {
  KeySchema: { AttributeName: string; KeyType: string }[]
}
export interface IndexDefinition extends Keyed {
  IndexName: string
  Projection: { ProjectionType?: string; NonKeyAttributes?: string[] }
}
export interface TableDefinition extends Keyed {
  TableName: string
  AttributeDefinitions: { AttributeName: string; AttributeType: string }[]
  GlobalSecondaryIndexes?: IndexDefinition[]
}
export interface Change {
  table: TableDefinition
  key: string
  before: Item | undefined
  after: Item | undefined
}
export type LevelOperation = { type: 'put'; key: string; value: Item } | { type: 'del'; key: string }

/** What was read and written, in DynamoDB's units, by `table` and by `table/index`. */
export type Units = Record<string, { read: number; write: number }>

export const charge = (units: Units, where: string, kind: 'read' | 'write', amount: number): void => {
  units[where] ??= { read: 0, write: 0 }
  units[where][kind] += amount
}

/** Bytes as DynamoDB counts them: UTF-8 names and values, 3 bytes for a document and 1 for each of its elements. */
const itemBytes = (item: Item): number =>
  Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0)

const valueBytes = (value: Attribute): number => {
  if (value.S !== undefined) return Buffer.byteLength(value.S)
  if (value.N !== undefined) return Math.ceil(value.N.replace(/[^0-9]/g, '').length / 2) + 1
  if (value.B !== undefined) return Buffer.byteLength(value.B, 'base64')
  if (value.L) return 3 + value.L.reduce((sum, each) => sum + 1 + valueBytes(each), 0)
  if (value.M) return 3 + Object.keys(value.M).length + itemBytes(value.M)
  const set = value.SS ?? value.NS ?? value.BS ?? ['.']
  return set.reduce((sum, each) => sum + Buffer.byteLength(each), 0)
}

/** Whole pieces (1 KB to write, 4 KB to read) of the largest image; an absent item costs one. */
export const pieces = (kilobytes: number, ...images: (Item | undefined)[]): number =>
  Math.max(1, ...images.map(image => Math.ceil(itemBytes(image ?? {}) / 1024 / kilobytes)))

/**
 * dynalite tells index rows with equal index keys apart by 24 bits of a hash; two people due at the same instant
 * could then hide one another. Here the table's whole key is appended instead.
 */
database.createIndexKey = (item: Item, table: TableDefinition, schema: Keyed['KeySchema']): string =>
  database.createKey(item, table, schema) + database.createKey(item, table)

export const itemPrefix = (table: string): string => `item-${table}~`
export const indexPrefix = (table: string, index: string): string => `index-global~${table}~${index}~`
export const keyNames = (of: Keyed): string[] => of.KeySchema.map(key => key.AttributeName)

/** The attributes that a query of this index can see; undefined = all. */
export const projected = (table: TableDefinition, index: IndexDefinition): string[] | undefined =>
  index.Projection.ProjectionType === 'ALL'
    ? undefined
    : [...new Set([...keyNames(index), ...keyNames(table), ...(index.Projection.NonKeyAttributes ?? [])])]

const indexRow = (table: TableDefinition, index: IndexDefinition, item: Item | undefined) => {
  if (!item || !keyNames(index).every(name => item[name])) return undefined
  const names = (projected(table, index) ?? Object.keys(item)).filter(name => item[name])
  const value = Object.fromEntries(names.map(name => [name, item[name] as Attribute]))
  const key: string = database.createIndexKey(value, table, index.KeySchema)
  return { key: indexPrefix(table.TableName, index.IndexName) + key, value }
}

/** Everything that one item's change writes: item and index rows. Index rows cost the same inside a transaction. */
export const writesOf = ({ table, key, before, after }: Change, units: Units): LevelOperation[] => {
  const item = itemPrefix(table.TableName) + key
  const writes: LevelOperation[] = [
    after ? { type: 'put', key: item, value: after } : { type: 'del', key: item },
  ]
  for (const index of table.GlobalSecondaryIndexes ?? []) {
    const empty = keyNames(index).find(name => after?.[name]?.S === '')
    if (empty) {
      throw invalid(
        `A key attribute cannot contain an empty string value. IndexName: ${index.IndexName}, IndexKey: ${empty}`,
      )
    }
    const [old, fresh] = [indexRow(table, index, before), indexRow(table, index, after)]
    const cost = (...rows: (Item | undefined)[]) =>
      charge(units, `${table.TableName}/${index.IndexName}`, 'write', pieces(1, ...rows))
    const moved = old?.key !== fresh?.key
    if (old && moved) {
      writes.push({ type: 'del', key: old.key })
      cost(old.value)
    }
    if (fresh && (moved || JSON.stringify(fresh.value) !== JSON.stringify(old?.value))) {
      writes.push({ type: 'put', ...fresh })
      cost(fresh.value, moved ? undefined : old?.value)
    }
  }
  return writes
}

export const invalid = (message: string): AwsError => new AwsError('ValidationException', message)
