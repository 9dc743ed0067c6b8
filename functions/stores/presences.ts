import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { PresenceRow } from '../../schemas/doors.ts'
import { doorKeys, doorLists } from './door-keys.ts'
import { batchGet, queryAll, type Tables } from './tables.ts'
import { bare } from './target-rows.ts'

/** A row as parsed; where somebody was seen last is forgotten with the movement. */
export const readPresence = (item: Record<string, unknown>): PresenceRow => {
  const { forgetAt: _, ...row } = bare(item)
  return PresenceRow.parse(row)
}

export type PresenceStore = ReturnType<typeof createPresenceStore>

/** Who is inside the room, by the doors' own word. */
export function createPresenceStore(tables: Tables) {
  return {
    /** Where a badge was seen last; null: nowhere yet. */
    async of(pin: string): Promise<PresenceRow | null> {
      const { Item } = await tables.client.send(
        new GetCommand({ TableName: tables.doors, Key: doorKeys.presence(pin), ConsistentRead: true }),
      )
      return Item === undefined ? null : readPresence(Item)
    },

    /** Everybody who went in and has not come out. */
    async inside(): Promise<PresenceRow[]> {
      const keys = await queryAll(tables, {
        TableName: tables.doors,
        IndexName: 'list',
        KeyConditionExpression: 'listKey = :list',
        ExpressionAttributeValues: { ':list': doorLists.inside() },
      })
      const rows = await batchGet(
        tables,
        tables.doors,
        keys.map(({ pk, sk }) => ({ pk, sk })),
      )
      return rows.map(readPresence).filter(({ inside }) => inside)
    },
  }
}
