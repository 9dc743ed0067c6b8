import type { KeptLine } from '../../schemas/request.ts'
import type { RequestRow } from '../../schemas/rows.ts'
import { chains, dueShardOf, followShardOf, keys, lists } from './keys.ts'
import { type EntryDraft, emptyChain, seal } from './ledger.ts'
import type { Tables, Write } from './tables.ts'

/** A request as filed and decided. */
export interface KeptRequest {
  readonly row: RequestRow
  readonly lines: readonly KeptLine[]
}

/** Lines kept in one row: 20 of the longest lines stay far below DynamoDB's 400 KB an item. */
const linesPerRow = 20

/** How long after its lines were applied, or a decision, a request is first looked at again. */
const firstFollowMilliseconds = 300_000
export const followAt = (at: string) => new Date(Date.parse(at) + firstFollowMilliseconds).toISOString()

/**
 * A line in the place of the one that bears its number, with its entry in the request's chain; refused when anything else was
 * said of the request since it was read. `waits`: the request is due again, until the line is applied; else one that is applied is
 * looked at again until it is settled.
 */
export function lineWrites(
  tables: Tables,
  { row, lines }: KeptRequest,
  next: KeptLine,
  entry: EntryDraft,
  waits: boolean,
): Write[] {
  const sealed = seal(tables, chains.request(row.number), row.head, entry)
  const key = keys.request(row.number)
  const changed = lines.map(line => (line.line === next.line ? next : line))
  const chunk = Math.floor(lines.findIndex(({ line }) => line === next.line) / linesPerRow)
  // Of a request that is being applied the due time stands.
  const due = waits ? entry.at : row.applied ? followAt(entry.at) : null
  return [
    {
      Update: {
        TableName: tables.state,
        Key: key,
        UpdateExpression: `SET #head = :head${due === null ? '' : ', applied = :applied, followed = :none, dueAt = :due, dueShard = :shard'}`,
        ConditionExpression: '#head.#sequence = :sequence',
        ExpressionAttributeNames: { '#head': 'head', '#sequence': 'sequence' },
        ExpressionAttributeValues: {
          ':head': sealed.head,
          ':sequence': row.head.sequence,
          ...(due !== null && {
            ':applied': !waits,
            ':none': 0,
            ':due': due,
            ':shard': waits ? dueShardOf(key.pk) : followShardOf(key.pk),
          }),
        },
      },
    },
    {
      Put: {
        TableName: tables.state,
        Item: {
          ...keys.lines(row.number, chunk),
          version: 1,
          lines: changed.slice(chunk * linesPerRow, (chunk + 1) * linesPerRow),
        },
      },
    },
    sealed.write,
  ]
}

/** A request as it is filed. */
export type NewRequest = Omit<RequestRow, 'version' | 'head' | 'lineCount' | 'followed' | 'toldOutcome'>

/**
 * A request whole: its row, its lines, and the first entry of its chain. Due until its lines are applied, and then until it
 * is settled; a form of which every line is rejected is settled when it is filed.
 */
export function requestWrites(
  tables: Tables,
  request: NewRequest,
  lines: readonly KeptLine[],
  entry: EntryDraft,
): Write[] {
  const sealed = seal(tables, chains.request(request.number), emptyChain, entry)
  const row: RequestRow = {
    version: 1,
    ...request,
    lineCount: lines.length,
    followed: 0,
    toldOutcome: null,
    head: sealed.head,
  }
  const key = keys.request(request.number)
  const settled = request.kind === 'adoption' || lines.every(({ decision }) => decision === 'rejected')
  const due = request.applied
    ? !settled && { dueAt: followAt(request.filedAt), dueShard: followShardOf(key.pk) }
    : { dueAt: request.filedAt, dueShard: dueShardOf(key.pk) }
  const list = { listKey: lists.requestsOfUnit(request.unit), listSort: request.number }
  const chunks: Write[] = []
  for (let first = 0; first < lines.length; first += linesPerRow)
    chunks.push({
      Put: {
        TableName: tables.state,
        Item: {
          ...keys.lines(request.number, first / linesPerRow),
          version: 1,
          lines: lines.slice(first, first + linesPerRow),
        },
      },
    })
  return [
    {
      Put: {
        TableName: tables.state,
        Item: { ...key, ...row, ...due, ...list },
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    },
    ...chunks,
    sealed.write,
  ]
}
