import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { CardRow, DoorUserRow, type PresenceRow } from '../../schemas/doors.ts'
import { MovementChunk, SeenEvents } from '../../schemas/movements.ts'
import type { Settings } from '../../schemas/settings.ts'
import type { KnownUser } from '../domain/door-alarms.ts'
import { doorKeys, doorLists, movementsOf } from './door-keys.ts'
import { readPresence } from './presences.ts'
import { batchGet, commit, queryAll, type Tables, type Write, writeOne } from './tables.ts'
import { bare } from './target-rows.ts'

/** What is read of a row that others write: the rest of it is none of the movements' business. */
const ReadUser = z.object(
  DoorUserRow.pick({ personId: true, wish: true, wishedAt: true, knownSince: true }).shape,
)
const ReadCard = z.object(CardRow.pick({ pin: true }).shape)
/** What lies packed in a chunk. */
const Packed = z.object(MovementChunk.pick({ people: true, events: true }).shape)

/** What the doors' table knows of the badges and cards that an upload names. */
export interface BadgeFacts {
  readonly users: ReadonlyMap<string, KnownUser>
  readonly presences: ReadonlyMap<string, PresenceRow>
  readonly lostCards: ReadonlySet<string>
  /** Card → the pin of whoever holds it, or held it last. */
  readonly knownCards: ReadonlyMap<string, string>
}

const dayMilliseconds = 86_400_000
/** Events are kept by the second, counted from here: shorter than a text. */
const beginning = Date.UTC(2000, 0, 1)
export const secondsOf = (at: string): number => Math.round((Date.parse(at) - beginning) / 1000)
export const instantAt = (seconds: number): string => new Date(beginning + seconds * 1000).toISOString()

export type MovementStore = ReturnType<typeof createMovementStore>

/** Where whoever is inside stands in the list of them. */
const place = ({ pin }: PresenceRow) => ({ listKey: doorLists.inside(), listSort: pin })

/**
 * What the doors report. An upload is one transaction: the device's row that says which events are here, and the new events
 * packed together. Where badges were seen last is written before it, and may be written twice: the later time counts.
 */
export function createMovementStore(tables: Tables, { dataCentre }: Pick<Settings, 'dataCentre'>) {
  const keptMilliseconds = dataCentre.movementDays * dayMilliseconds

  /** R21, in seconds: by the time of the event; by its arrival where that time cannot be. */
  const forgetAt = (happened: string, came: string): number => {
    const [event, now] = [Date.parse(happened), Date.parse(came)]
    const counted = event > now || event < now - keptMilliseconds ? now : event
    return Math.ceil((counted + keptMilliseconds) / 1000)
  }

  const seenPut = (next: SeenEvents): Write => ({
    Put: {
      TableName: tables.doors,
      Item: { ...doorKeys.seen(next.serial), ...next },
      ConditionExpression: next.revision === 1 ? 'attribute_not_exists(pk)' : 'revision = :was',
      ...(next.revision > 1 && { ExpressionAttributeValues: { ':was': next.revision - 1 } }),
    },
  })

  const chunkPut = ({ version, serial, epoch, people, events }: MovementChunk, came: string): Write => {
    const [index = 0, seconds = 0] = events[0] ?? []
    const at = instantAt(Math.min(...events.map(([, happened]) => happened)))
    const latest = instantAt(Math.max(seconds, ...events.map(([, happened]) => happened)))
    return {
      Put: {
        TableName: tables.doors,
        Item: {
          ...doorKeys.movements(serial, at.slice(0, 10), { at, epoch, index }),
          version,
          serial,
          epoch,
          packed: deflateRawSync(JSON.stringify({ people, events })),
          forgetAt: forgetAt(latest, came),
        },
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    }
  }

  return {
    async seen(serial: string): Promise<SeenEvents | null> {
      const { Item } = await tables.client.send(
        new GetCommand({ TableName: tables.doors, Key: doorKeys.seen(serial), ConsistentRead: true }),
      )
      return Item === undefined ? null : SeenEvents.parse(bare(Item))
    },

    /** The rows of several devices; one that never reported has none. */
    async seenOf(serials: readonly string[]): Promise<Map<string, SeenEvents>> {
      const items = await batchGet(tables, tables.doors, serials.map(doorKeys.seen))
      const rows = items.map(item => SeenEvents.parse(bare(item)))
      return new Map(rows.map(row => [row.serial, row]))
    },

    async facts(serial: string, pins: readonly string[], cards: readonly string[]): Promise<BadgeFacts> {
      const items = await batchGet(tables, tables.doors, [
        ...pins.flatMap(pin => [doorKeys.user(pin, serial), doorKeys.presence(pin)]),
        ...cards.flatMap(card => [doorKeys.lostCard(card), doorKeys.knownCard(card)]),
      ])
      const named = (item: Record<string, unknown>) => String(item.pk).slice(String(item.pk).indexOf('#') + 1)
      const of = (kind: RegExp) => items.filter(({ sk }) => kind.test(String(sk)))
      const knownCards = new Map(of(/^KNOWNCARD$/).map(item => [named(item), ReadCard.parse(item).pin]))
      // Who comes with a card that the device does not know is told by the card alone.
      const byCard = [...new Set(knownCards.values())].filter(pin => !pins.includes(pin))
      const found = await batchGet(
        tables,
        tables.doors,
        byCard.map(pin => doorKeys.user(pin, serial)),
      )
      return {
        users: new Map([...of(/^USER#/), ...found].map(item => [named(item), ReadUser.parse(item)])),
        presences: new Map(of(/^PRESENCE$/).map(item => [named(item), readPresence(item)])),
        lostCards: new Set(of(/^LOSTCARD$/).map(named)),
        knownCards,
      }
    },

    /** Notes where a badge was seen, unless it was seen later elsewhere. */
    async place(row: PresenceRow, came: string): Promise<void> {
      const { pin, at, ...rest } = row
      const values = { ...rest, pin, at, ...(row.inside ? place(row) : { forgetAt: forgetAt(at, came) }) }
      const names = Object.keys(values)
      await writeOne(
        tables,
        new UpdateCommand({
          TableName: tables.doors,
          Key: doorKeys.presence(pin),
          UpdateExpression: `SET ${names.map(name => `#${name} = :${name}`).join(', ')} REMOVE ${row.inside ? '#forgetAt' : '#listKey, #listSort'}`,
          ConditionExpression: 'attribute_not_exists(pk) OR #at < :at',
          ExpressionAttributeNames: Object.fromEntries(
            [...names, ...(row.inside ? ['forgetAt'] : ['listKey', 'listSort'])].map(name => [
              `#${name}`,
              name,
            ]),
          ),
          ExpressionAttributeValues: Object.fromEntries(
            Object.entries(values).map(([name, value]) => [`:${name}`, value]),
          ),
        }),
      )
    },

    /** Writes the new events of an upload, whole or not at all. False: somebody else has written of this device first. */
    async keep(seen: SeenEvents, chunks: readonly MovementChunk[], at: string): Promise<boolean> {
      const result = await commit(tables, [
        seenPut({ ...seen, revision: seen.revision + 1 }),
        ...chunks.map(chunk => chunkPut(chunk, at)),
      ])
      return result.done
    },

    /** What one device reported of one day (UTC), in the order in which it came; what is over is left out. */
    async ofDay(serial: string, day: string, now: string): Promise<MovementChunk[]> {
      const items = await queryAll(tables, {
        TableName: tables.doors,
        KeyConditionExpression: 'pk = :pk',
        FilterExpression: 'forgetAt > :now',
        ExpressionAttributeValues: {
          ':pk': movementsOf(serial, day),
          ':now': Math.floor(Date.parse(now) / 1000),
        },
        ConsistentRead: true,
      })
      return items.map(({ version, serial: of, epoch, packed }) => {
        const text = inflateRawSync(packed as Uint8Array).toString()
        return MovementChunk.parse({ version, serial: of, epoch, ...Packed.parse(JSON.parse(text)) })
      })
    },
  }
}
