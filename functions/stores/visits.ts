import { GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { Settings } from '../../schemas/settings.ts'
import { RoomRow, VisitRow } from '../../schemas/visit.ts'
import { isSettled, timeOfVisit } from '../domain/visits.ts'
import { chains, keys, lists } from './keys.ts'
import { type EntryDraft, emptyChain, seal } from './ledger.ts'
import { type NoticeDraft, noticeWrites } from './notices.ts'
import type { IdempotencyKey } from './requests.ts'
import { batchGet, commit, queryAll, type Tables, type Write } from './tables.ts'
import { bare } from './target-rows.ts'

export type NewVisit = Omit<VisitRow, 'head'>

/** Parts of the log: what is still to be attended to, what is over, and what is over and without names. */
export type VisitPart = Parameters<typeof lists.visits>[0]

/** Which visits, by when they took place; `until` not included. */
export interface VisitRange {
  readonly parts: readonly VisitPart[]
  readonly from: string
  readonly until: string
  readonly newestFirst: boolean
}

/** How a change moves the number of visitors inside. `limit`: how many there may be at most, null: as many as come. */
export type RoomMove = { readonly by: 1; readonly limit: number | null } | { readonly by: -1 }

/** `full`: as many visitors are inside as may be; `stale`: somebody else wrote first. */
export type VisitChange = 'full' | 'stale' | VisitRow

const partOf = (visit: VisitRow): VisitPart => {
  if (!isSettled(visit)) return 'unsettled'
  return visit.forgottenAt === null ? 'settled' : 'forgotten'
}

const placeOf = (visit: VisitRow) => `${timeOfVisit(visit)}#${visit.id}`

const itemOf = (visit: VisitRow): Record<string, unknown> => ({
  ...keys.visit(visit.id),
  ...visit,
  listKey: lists.visits(partOf(visit)),
  listSort: placeOf(visit),
})

const read = (item: Record<string, unknown>): VisitRow => VisitRow.parse(bare(item))

/** R17: an entry that would be one too many is refused by the row itself, however many come at once. */
const roomWrite = (tables: Tables, move: RoomMove): Write => ({
  Update: {
    TableName: tables.state,
    Key: keys.room(),
    UpdateExpression: 'ADD visitors :by',
    ...(move.by === 1 &&
      move.limit !== null && { ConditionExpression: 'attribute_not_exists(visitors) OR visitors < :limit' }),
    ExpressionAttributeValues: {
      ':by': move.by,
      ...(move.by === 1 && move.limit !== null && { ':limit': move.limit }),
    },
  },
})

export type VisitStore = ReturnType<typeof createVisitStore>

/** The visit log of the data centre, and how many visitors are inside. */
export function createVisitStore(tables: Tables, settings: Pick<Settings, 'notices'>) {
  const told = (drafts: readonly NoticeDraft[], at: string) =>
    noticeWrites(tables, settings.notices, drafts, at)

  async function keysOf(part: VisitPart, range: VisitRange, bounds: string[], limit: number) {
    const page = await tables.client.send(
      new QueryCommand({
        TableName: tables.state,
        IndexName: 'list',
        KeyConditionExpression: 'listKey = :list AND listSort BETWEEN :low AND :high',
        ExpressionAttributeValues: { ':list': lists.visits(part), ':low': bounds[0], ':high': bounds[1] },
        ScanIndexForward: !range.newestFirst,
        Limit: limit,
      }),
    )
    return (page.Items ?? []).map(({ pk, sk, listSort }) => ({ pk, sk, place: String(listSort) }))
  }

  return {
    async load(id: string): Promise<VisitRow | null> {
      const answer = await tables.client.send(
        new GetCommand({ TableName: tables.state, Key: keys.visit(id), ConsistentRead: true }),
      )
      return answer.Item === undefined ? null : read(answer.Item)
    },

    /** Writes a new visit with the first entry of its chain, and the client's key. False: the key was used meanwhile. */
    async record(
      visit: NewVisit,
      entry: EntryDraft,
      notices: readonly NoticeDraft[],
      key: IdempotencyKey | null,
    ): Promise<VisitRow | null> {
      const sealed = seal(tables, chains.visit(visit.id), emptyChain, entry)
      const whole: VisitRow = { ...visit, head: sealed.head }
      const absent = { ConditionExpression: 'attribute_not_exists(pk)' }
      const result = await commit(tables, [
        { Put: { TableName: tables.state, Item: itemOf(whole), ...absent } },
        sealed.write,
        ...told(notices, entry.at),
        ...(key === null
          ? []
          : [
              {
                Put: {
                  TableName: tables.state,
                  Item: {
                    ...keys.idempotency(key.callerId, key.route, key.key),
                    version: 1,
                    bodyHash: key.bodyHash,
                    ref: visit.id,
                  },
                  ...absent,
                },
              },
            ]),
      ])
      return result.done ? whole : null
    },

    /** Writes a visit anew over the one that was read, and moves the number of those inside, all of it or nothing. */
    async change(
      standing: VisitRow,
      next: VisitRow,
      entry: EntryDraft,
      options: { readonly room?: RoomMove; readonly notices?: readonly NoticeDraft[] } = {},
    ): Promise<VisitChange> {
      const { room, notices = [] } = options
      const sealed = seal(tables, chains.visit(next.id), standing.head, entry)
      const whole = { ...next, head: sealed.head }
      const result = await commit(tables, [
        {
          Put: {
            TableName: tables.state,
            Item: itemOf(whole),
            ConditionExpression: '#head.#sequence = :sequence',
            ExpressionAttributeNames: { '#head': 'head', '#sequence': 'sequence' },
            ExpressionAttributeValues: { ':sequence': standing.head.sequence },
          },
        },
        sealed.write,
        ...(room === undefined ? [] : [roomWrite(tables, room)]),
        ...told(notices, entry.at),
      ])
      if (result.done) return whole
      return room !== undefined && result.refused.every(index => index === 2) ? 'full' : 'stale'
    },

    /** Ids of every visit of the log; which there are may lag a second behind. */
    async ids(): Promise<string[]> {
      const parts: readonly VisitPart[] = ['unsettled', 'settled', 'forgotten']
      const found = await Promise.all(
        parts.map(part =>
          queryAll(tables, {
            TableName: tables.state,
            IndexName: 'list',
            KeyConditionExpression: 'listKey = :list',
            ExpressionAttributeValues: { ':list': lists.visits(part) },
          }),
        ),
      )
      return found.flat().map(({ pk }) => String(pk).slice(keys.visit('').pk.length))
    },

    /** How many visitors are inside, as counted. */
    async counted(): Promise<number> {
      const answer = await tables.client.send(
        new GetCommand({ TableName: tables.state, Key: keys.room(), ConsistentRead: true }),
      )
      return answer.Item === undefined ? 0 : RoomRow.parse(answer.Item).visitors
    },

    /** Every visit that is expected, inside, or waits for the authority. Which there are may lag a second behind. */
    async unsettled(): Promise<VisitRow[]> {
      const found = await queryAll(tables, {
        TableName: tables.state,
        IndexName: 'list',
        KeyConditionExpression: 'listKey = :list',
        ExpressionAttributeValues: { ':list': lists.visits('unsettled') },
      })
      const items = await batchGet(
        tables,
        tables.state,
        found.map(({ pk, sk }) => ({ pk, sk })),
      )
      return items.map(read).sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1))
    },

    /** Visits of some parts and a time, in order, behind a place (`<when>#<id>`); `next`: where the next page begins. */
    async page(
      range: VisitRange,
      place: string | null,
      limit: number,
    ): Promise<{ visits: VisitRow[]; next: string | null }> {
      const bounds = range.newestFirst
        ? [range.from, place ?? range.until]
        : [place ?? range.from, range.until]
      // One more: the bounds are included, and what lies at the place itself was on the page before.
      const pages = await Promise.all(range.parts.map(part => keysOf(part, range, bounds, limit + 1)))
      const order = range.newestFirst ? -1 : 1
      const found = new Map(pages.flat().map(one => [one.pk, one]))
      const chosen = [...found.values()]
        .filter(one => one.place !== place)
        .sort((one, other) => (one.place < other.place ? -order : order))
        .slice(0, limit)
      const items = await batchGet(
        tables,
        tables.state,
        chosen.map(({ pk, sk }) => ({ pk, sk })),
      )
      const rows = new Map(items.map(item => [item.pk, read(item)]))
      return {
        visits: chosen.flatMap(({ pk }) => rows.get(pk) ?? []),
        next: chosen.length < limit ? null : (chosen.at(-1)?.place ?? null),
      }
    },
  }
}
