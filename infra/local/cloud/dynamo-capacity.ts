import type { Attribute, Item } from './dynalite.ts'

export interface TableUnits {
  read: number
  write: number
  indexes: Record<string, { read: number; write: number }>
}

/** What a call cost, by table name. */
export type Units = Map<string, TableUnits>

/** Bytes of an item as DynamoDB counts them: UTF-8 names and values, 3 bytes and 1 per element for documents. */
export const itemBytes = (item: Item): number =>
  Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0)

const valueBytes = (value: Attribute): number => {
  if (value.S !== undefined) return Buffer.byteLength(value.S)
  if (value.N !== undefined) return Math.ceil(value.N.replace(/[^0-9]/g, '').length / 2) + 1
  if (value.B !== undefined) return Buffer.byteLength(value.B, 'base64')
  if (value.L) return 3 + value.L.reduce((sum, each) => sum + 1 + valueBytes(each), 0)
  if (value.M) return 3 + Object.keys(value.M).length + itemBytes(value.M)
  const set = value.SS ?? value.NS ?? value.BS
  return set ? set.reduce((sum, each) => sum + Buffer.byteLength(each), 0) : 1
}

/** 1 KB each, rounded up; an absent item costs one. */
export const writeUnits = (...images: (Item | undefined)[]): number =>
  Math.max(1, ...images.map(image => (image ? Math.ceil(itemBytes(image) / 1024) : 1)))

/** 4 KB each, rounded up; half when eventually consistent. */
export const readUnits = (image: Item | undefined, consistent: boolean): number =>
  Math.max(1, image ? Math.ceil(itemBytes(image) / 4096) : 1) * (consistent ? 1 : 0.5)

export const charge = (
  units: Units,
  table: string,
  kind: 'read' | 'write',
  amount: number,
  index?: string,
): void => {
  const row = units.get(table) ?? { read: 0, write: 0, indexes: {} }
  units.set(table, row)
  if (index === undefined) row[kind] += amount
  else {
    const part = row.indexes[index] ?? { read: 0, write: 0 }
    part[kind] += amount
    row.indexes[index] = part
  }
}

export const addUnits = (total: Units, more: Units): void => {
  for (const [table, row] of more) {
    for (const kind of ['read', 'write'] as const) {
      charge(total, table, kind, row[kind])
      for (const [index, part] of Object.entries(row.indexes)) charge(total, table, kind, part[kind], index)
    }
  }
}

/** The answer's ConsumedCapacity entries; the sum of table and indexes in CapacityUnits. */
export const describeUnits = (units: Units, mode: unknown): object[] =>
  [...units].map(([TableName, row]) => {
    const indexes = Object.entries(row.indexes).map(
      ([name, part]) => [name, { CapacityUnits: part.read + part.write }] as const,
    )
    const own = row.read + row.write
    const total = indexes.reduce((sum, [, part]) => sum + part.CapacityUnits, own)
    if (mode !== 'INDEXES') return { TableName, CapacityUnits: total }
    return {
      TableName,
      CapacityUnits: total,
      Table: { CapacityUnits: own },
      ...(indexes.length > 0 && { GlobalSecondaryIndexes: Object.fromEntries(indexes) }),
    }
  })
