import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { CardRow, DoorUserRow } from '../../schemas/doors.ts'
import { doorKeys, doorLists, dueAtDevice } from './door-keys.ts'
import { batchGet, queryAll, type Tables, writeOne } from './tables.ts'

export type DoorUserStore = ReturnType<typeof createDoorUserStore>

/** How often a change is thought over anew because somebody else changed the row meanwhile. */
const mostTries = 12

/** What a row became: nothing where it stayed as it was. */
export interface Changed {
  readonly before: DoorUserRow | null
  readonly after: DoorUserRow | null
}

const indexed = new Set(['pk', 'sk', 'dueShard', 'dueAt', 'listKey', 'listSort'])

const unindexed = (item: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(item).filter(([name]) => !indexed.has(name)))

const read = (item: Record<string, unknown>): DoorUserRow => DoorUserRow.parse(unindexed(item))

/** What takes an access away stands before what gives one; each by when the device may be told. */
const dueSort = (row: Pick<DoorUserRow, 'wish' | 'tryAt'>) => `${row.wish.present ? 1 : 0}#${row.tryAt}`

const itemOf = (row: DoorUserRow) => ({
  ...doorKeys.user(row.pin, row.serial),
  ...row,
  listKey: doorLists.users(row.serial),
  listSort: row.pin,
  ...(row.tryAt !== null && { dueShard: dueAtDevice(row.serial), dueAt: dueSort(row) }),
})

/** People on devices: what should be there, what was shown, and what is due. */
export function createDoorUserStore(tables: Tables) {
  async function one(serial: string, pin: string): Promise<DoorUserRow | null> {
    const { Item } = await tables.client.send(
      new GetCommand({ TableName: tables.doors, Key: doorKeys.user(pin, serial), ConsistentRead: true }),
    )
    return Item === undefined ? null : read(Item)
  }

  /** False: somebody else was faster. */
  async function put(row: DoorUserRow, before: DoorUserRow | null): Promise<boolean> {
    const written = await writeOne(
      tables,
      new PutCommand({
        TableName: tables.doors,
        Item: itemOf(row),
        ...(before === null
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              ConditionExpression: 'revision = :revision',
              ExpressionAttributeValues: { ':revision': before.revision },
            }),
      }),
    )
    return written !== null
  }

  return {
    /**
     * Changes a row, on what it is at that moment: where another one changed it meanwhile, what it should become is thought
     * over anew. Null, or the very same row, changes nothing.
     */
    async change(
      serial: string,
      pin: string,
      next: (row: DoorUserRow | null) => DoorUserRow | null,
    ): Promise<Changed> {
      for (let attempt = 1; attempt <= mostTries; attempt++) {
        const before = await one(serial, pin)
        const after = next(before)
        if (after === null || after === before) return { before, after: before }
        const row = { ...after, revision: (before?.revision ?? 0) + 1 }
        if (await put(row, before)) return { before, after: row }
      }
      throw new Error('a row of a door changes faster than it can be written: Unavailable')
    },

    /** One badge: its rows on all devices, and its card. Read consistently. */
    async badge(pin: string): Promise<{ rows: DoorUserRow[]; card: string | null }> {
      const { pk } = doorKeys.card(pin)
      const items = await queryAll(tables, {
        TableName: tables.doors,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': pk },
        ConsistentRead: true,
      })
      const own = items.find(({ sk }) => sk === doorKeys.card(pin).sk)
      const card = own === undefined ? null : CardRow.parse(unindexed(own)).card
      return { rows: items.filter(({ sk }) => String(sk).startsWith('USER#')).map(read), card }
    },

    /** What a device is to be told now: what takes away first, then in the order in which it became due. */
    async due(serial: string, now: string, limit: number): Promise<DoorUserRow[]> {
      const keysOf = async (place: 0 | 1) => {
        const { Items = [] } = await tables.client.send(
          new QueryCommand({
            TableName: tables.doors,
            IndexName: 'due',
            KeyConditionExpression: 'dueShard = :shard AND dueAt BETWEEN :from AND :now',
            ExpressionAttributeValues: {
              ':shard': dueAtDevice(serial),
              ':from': `${place}#`,
              ':now': `${place}#${now}`,
            },
            Limit: limit,
          }),
        )
        return Items.map(({ pk, sk }) => ({ pk, sk }))
      }
      const keys = (await Promise.all([keysOf(0), keysOf(1)])).flat().slice(0, limit)
      if (keys.length === 0) return []
      const rows = (await batchGet(tables, tables.doors, keys)).map(read)
      return rows
        .filter(({ tryAt }) => tryAt !== null && tryAt <= now)
        .sort((left, right) => (dueSort(left) < dueSort(right) ? -1 : 1))
    },

    /** Everybody on a device; who came within the last second may be missing. */
    async ofDevice(serial: string): Promise<DoorUserRow[]> {
      const keys = await queryAll(tables, {
        TableName: tables.doors,
        IndexName: 'list',
        KeyConditionExpression: 'listKey = :list',
        ExpressionAttributeValues: { ':list': doorLists.users(serial) },
      })
      const rows = await batchGet(
        tables,
        tables.doors,
        keys.map(({ pk, sk }) => ({ pk, sk })),
      )
      return rows.map(read)
    },

    /** Some people on a device, read consistently; whom it has no row of is left out. */
    async some(serial: string, pins: readonly string[]): Promise<DoorUserRow[]> {
      const rows = await batchGet(
        tables,
        tables.doors,
        [...new Set(pins)].map(pin => ({ ...doorKeys.user(pin, serial) })),
      )
      return rows.map(read)
    },
  }
}
