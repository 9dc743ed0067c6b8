import database from 'dynalite/db/index.js'
import { AwsError } from './aws-error.ts'
import type {
  Attribute,
  IndexDefinition,
  Item,
  KeySchema,
  LevelOperation,
  TableDefinition,
} from './dynalite.ts'
import { charge, type Units, writeUnits } from './dynamo-capacity.ts'

/**
 * dynalite tells index rows with equal index keys apart by 24 bits of a hash; two people due at the same instant
 * could then hide one another. Here the table's whole key is appended instead.
 */
database.createIndexKey = (item, table, schema) =>
  database.createKey(item, table, schema) + database.createKey(item, table)

export const itemPrefix = (table: string): string => `item-${table}~`
export const indexPrefix = (table: string, index: string): string => `index-global~${table}~${index}~`

export const keyNames = (of: { KeySchema: KeySchema[] }): string[] =>
  of.KeySchema.map(key => key.AttributeName)

/** The attributes a query of this index can see; undefined = all. */
export const projected = (table: TableDefinition, index: IndexDefinition): string[] | undefined =>
  index.Projection.ProjectionType === 'ALL'
    ? undefined
    : [...new Set([...keyNames(index), ...keyNames(table), ...(index.Projection.NonKeyAttributes ?? [])])]

const indexRow = (table: TableDefinition, index: IndexDefinition, item: Item | undefined) => {
  if (!item || !keyNames(index).every(name => item[name])) return undefined
  const names = projected(table, index)?.filter(name => item[name])
  const row = names ? Object.fromEntries(names.map(name => [name, item[name] as Attribute])) : item
  return {
    key: indexPrefix(table.TableName, index.IndexName) + database.createIndexKey(row, table, index.KeySchema),
    row,
  }
}

/** Everything one item's change writes, item and index rows, and what it costs outside a transaction's doubling. */
export const itemChange = (
  table: TableDefinition,
  key: string,
  before: Item | undefined,
  after: Item | undefined,
  units: Units,
): LevelOperation[] => {
  const item = itemPrefix(table.TableName) + key
  const operations: LevelOperation[] = [
    after ? { type: 'put', key: item, value: after } : { type: 'del', key: item },
  ]
  for (const index of table.GlobalSecondaryIndexes ?? []) {
    for (const name of keyNames(index)) {
      if (after?.[name]?.S === '') {
        throw new AwsError(
          'ValidationException',
          `One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: ${index.IndexName}, IndexKey: ${name}`,
        )
      }
    }
    const old = indexRow(table, index, before)
    const fresh = indexRow(table, index, after)
    if (old && old.key !== fresh?.key) {
      operations.push({ type: 'del', key: old.key })
      charge(units, table.TableName, 'write', writeUnits(old.row), index.IndexName)
    }
    if (fresh && (fresh.key !== old?.key || JSON.stringify(fresh.row) !== JSON.stringify(old.row))) {
      operations.push({ type: 'put', key: fresh.key, value: fresh.row })
      const images = old && old.key === fresh.key ? [fresh.row, old.row] : [fresh.row]
      charge(units, table.TableName, 'write', writeUnits(...images), index.IndexName)
    }
  }
  return operations
}
