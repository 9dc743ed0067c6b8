import { gunzipSync, gzipSync } from 'node:zlib'
import { GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { DeviceRow } from '../../schemas/doors.ts'
import { TargetMode } from '../../schemas/settings.ts'
import { doorKeys } from './door-keys.ts'
import { queryAll, type Tables, writeOne } from './tables.ts'
import { bare } from './target-rows.ts'

export type DeviceStore = ReturnType<typeof createDeviceStore>

/** How old the note of a device's last word may become. */
const seenEveryMilliseconds = 60_000
/** How long it is known what a command was about, and what a packet held. */
const remembered = { commands: 8 * 86_400, packets: 86_400 } as const

/** What a command was about. */
export interface Given {
  readonly pin: string
  readonly tells: 'done' | 'user' | 'userauthorize'
}

/** Rows of one packet of an answer to a question about everybody, as short as they can be kept. */
export interface Packet {
  readonly index: number
  /** How many there are. */
  readonly count: number
  readonly rows: readonly (readonly (string | number | null)[])[]
}

/** What a registration says. */
export type Registered = Pick<DeviceRow, 'dateFormat' | 'firmware' | 'locks'> & {
  readonly registryCode: string
  readonly sessionId: string
}

/** Devices, and what was said to them. */
export function createDeviceStore(tables: Tables) {
  const forget = (now: string, seconds: number) => Math.floor(Date.parse(now) / 1000) + seconds

  /** `asking`: the row must still be about this question. */
  const set = (serial: string, values: Readonly<Record<string, unknown>>, asking?: number) =>
    writeOne(
      tables,
      new UpdateCommand({
        TableName: tables.doors,
        Key: doorKeys.device(serial),
        UpdateExpression: `SET ${Object.keys(values)
          .map(name => `#${name} = :${name}`)
          .join(', ')}`,
        ...(asking !== undefined && { ConditionExpression: '#comparing.#user = :asking' }),
        ExpressionAttributeNames: {
          ...Object.fromEntries(Object.keys(values).map(name => [`#${name}`, name])),
          ...(asking !== undefined && { '#user': 'user' }),
        },
        ExpressionAttributeValues: {
          ...Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value])),
          ...(asking !== undefined && { ':asking': asking }),
        },
      }),
    )

  return {
    /** What an operator has last said that the doors are to do; null: nothing yet. */
    async mode(): Promise<TargetMode | null> {
      const { Item } = await tables.client.send(
        new GetCommand({ TableName: tables.doors, Key: doorKeys.mode(), ConsistentRead: true }),
      )
      return TargetMode.nullable().parse(Item?.mode ?? null)
    },

    /** Null: it never registered. */
    async of(serial: string): Promise<DeviceRow | null> {
      const { Item } = await tables.client.send(
        new GetCommand({ TableName: tables.doors, Key: doorKeys.device(serial), ConsistentRead: true }),
      )
      return Item?.registeredAt === undefined ? null : DeviceRow.parse(bare(Item))
    },

    /** It registers, for the first time or anew: whatever it held may be gone, and is compared soon. */
    async register(serial: string, said: Registered, at: string): Promise<void> {
      const fresh = { registeredAt: at, lastSeenAt: at, comparedAt: null, comparing: null }
      await set(serial, { version: 1, serial, ...said, ...fresh })
    },

    /** It introduces itself. */
    async greeted(serial: string, at: string): Promise<void> {
      await set(serial, { lastSeenAt: at, greetedAt: at })
    },

    /** Notes that it is alive, once a minute. */
    async seen({ serial, lastSeenAt }: DeviceRow, at: string): Promise<void> {
      if (lastSeenAt !== null && Date.parse(at) - Date.parse(lastSeenAt) < seenEveryMilliseconds) return
      await set(serial, { lastSeenAt: at })
    },

    /** Takes ids for so many commands; answers the first of them. No id is ever given twice. */
    async takeIds(serial: string, many: number): Promise<number> {
      const answer = await writeOne(
        tables,
        new UpdateCommand({
          TableName: tables.doors,
          Key: doorKeys.device(serial),
          UpdateExpression: 'ADD lastCommand :many',
          ExpressionAttributeValues: { ':many': many },
          ReturnValues: 'UPDATED_NEW',
        }),
      )
      return Number(answer?.Attributes?.lastCommand) - many + 1
    },

    /** Notes what the commands of one answer are about, by their ids. */
    async noteGiven(serial: string, given: ReadonlyMap<number, Given>, at: string): Promise<void> {
      const first = Math.min(...given.keys())
      const commands = Object.fromEntries([...given].map(([id, { pin, tells }]) => [id, [pin, tells]]))
      await tables.client.send(
        new PutCommand({
          TableName: tables.doors,
          Item: { ...doorKeys.sent(serial, first), commands, forgetAt: forget(at, remembered.commands) },
        }),
      )
    },

    /** What a command was about; null: nobody knows any more, or it was about nobody. */
    async given(serial: string, id: number): Promise<Given | null> {
      const { pk, sk } = doorKeys.sent(serial, id)
      const { Items = [] } = await tables.client.send(
        new QueryCommand({
          TableName: tables.doors,
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :sk',
          ExpressionAttributeValues: { ':pk': pk, ':from': doorKeys.sent(serial, 0).sk, ':sk': sk },
          ScanIndexForward: false,
          Limit: 1,
          ConsistentRead: true,
        }),
      )
      const [pin, tells] = (Items[0]?.commands as Record<string, [string, Given['tells']]>)?.[id] ?? []
      return pin === undefined || tells === undefined ? null : { pin, tells }
    },

    /** A comparison begins; what was under way before is forgotten. */
    async compare(serial: string, comparing: NonNullable<DeviceRow['comparing']>): Promise<void> {
      await set(serial, { comparing })
    },

    /** It has been compared. False: another comparison has begun meanwhile. */
    async compared(
      serial: string,
      { user }: NonNullable<DeviceRow['comparing']>,
      { at, isFirst }: { readonly at: string; readonly isFirst: boolean },
    ): Promise<boolean> {
      const first = isFirst ? { firstComparedAt: at } : {}
      return (await set(serial, { comparedAt: at, comparing: null, ...first }, user)) !== null
    },

    /** Keeps a packet of an answer. One that comes twice is kept once. */
    async keepPacket(serial: string, id: number, packet: Packet, at: string): Promise<void> {
      const { index, count, rows } = packet
      await tables.client.send(
        new PutCommand({
          TableName: tables.doors,
          Item: {
            ...doorKeys.packet(serial, id, index),
            // Packed: ten thousand people are more than an item may hold.
            ...{ index, count, rows: gzipSync(JSON.stringify(rows)) },
            forgetAt: forget(at, remembered.packets),
          },
        }),
      )
    },

    /** The packets of an answer, and whether all of them are there. */
    async packets(serial: string, id: number): Promise<{ found: Packet[]; complete: boolean }> {
      const { pk, sk } = doorKeys.packet(serial, id, 0)
      const items = await queryAll(tables, {
        TableName: tables.doors,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
        ExpressionAttributeValues: { ':pk': pk, ':sk': sk.slice(0, sk.lastIndexOf('#') + 1) },
        ConsistentRead: true,
      })
      const found = items.map(({ index, count, rows }) => ({
        index: Number(index),
        count: Number(count),
        rows: JSON.parse(gunzipSync(rows as Uint8Array).toString('utf8')),
      }))
      return { found, complete: found[0] !== undefined && found.length >= found[0].count }
    },
  }
}
