import { createHash } from 'node:crypto'
import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import canonicalize from 'canonicalize'
import type { Act, Actor, LedgerEntry, Phase } from '../../schemas/ledger.ts'
import type { ChainHead } from '../../schemas/target.ts'
import { newId } from './ids.ts'
import { windowShardOf, type windowShards } from './keys.ts'
import { batchGet, queryAll, type Tables, type Write } from './tables.ts'

/** The head of a chain that has no entry yet. */
export const emptyChain: ChainHead = { sequence: 0, hash: '' }

/** What the caller says of an act; chain, sequence and hashes are the ledger's own business. */
export interface EntryDraft {
  readonly at: string
  readonly asOf: string
  readonly act: Act
  readonly phase: Phase
  readonly subject: string | null
  readonly actor: Actor
  readonly system: string
  readonly request: string | null
  readonly cause: { readonly kind: string; readonly ref: string }
  readonly before?: unknown
  readonly after?: unknown
  readonly evidence?: unknown
}

/** A row of the ledger as stored: `hash` is SHA-256 over exactly `text`. */
export interface SealedEntry {
  readonly chain: string
  readonly sequence: number
  readonly text: string
  readonly hash: string
}

export const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')

/**
 * Makes the next entry of a chain: the write for the same transaction as the fact it records, and the head to store in
 * the aggregate's row. The write is refused if the sequence is taken: a chain cannot fork.
 */
export function seal(
  tables: Tables,
  chain: string,
  head: ChainHead,
  draft: EntryDraft,
): { write: Write; head: ChainHead; id: string } {
  const id = newId(Date.parse(draft.at))
  const entry: LedgerEntry = {
    version: 1,
    id,
    ...draft,
    before: draft.before ?? null,
    after: draft.after ?? null,
    evidence: draft.evidence ?? null,
    chain,
    sequence: head.sequence + 1,
    previousHash: head.hash,
  }
  const text = canonicalize(entry) as string
  const hash = hashOf(text)
  const actorId = draft.actor.personId
  return {
    id,
    head: { sequence: entry.sequence, hash },
    write: {
      Put: {
        TableName: tables.ledger,
        Item: {
          chain,
          sequence: entry.sequence,
          text,
          hash,
          windowShard: windowShardOf(chain, draft.at),
          windowSort: `${draft.at}#${id}`,
          ...(draft.subject === null ? {} : { subject: draft.subject }),
          ...(actorId === null ? {} : { actor: actorId }),
          ...(draft.request === null ? {} : { request: draft.request }),
        },
        ConditionExpression: 'attribute_not_exists(#chain)',
        ExpressionAttributeNames: { '#chain': 'chain' },
      },
    },
  }
}

export type LedgerIndex = 'by-subject' | 'by-actor' | 'by-request'
const indexKeys = { 'by-subject': 'subject', 'by-actor': 'actor', 'by-request': 'request' } as const

/** Where an entry is, as an index tells it, with its place in time (`<instant>#<entry id>`). */
export interface EntryKey {
  readonly chain: string
  readonly sequence: number
  readonly windowSort: string
}

/** Bounds on `windowSort`, both included. */
export interface WindowRange {
  readonly from: string
  readonly to: string
  readonly newestFirst?: boolean
  readonly limit?: number
}

export type LedgerStore = ReturnType<typeof createLedgerStore>

/** Reading the ledger. Writing happens only through `seal`, inside the transaction of the fact. */
export function createLedgerStore(tables: Tables) {
  async function keysBy(
    index: string,
    attribute: string,
    value: string,
    range: WindowRange,
  ): Promise<EntryKey[]> {
    const found: EntryKey[] = []
    let start: Record<string, unknown> | undefined
    do {
      const page = await tables.client.send(
        new QueryCommand({
          TableName: tables.ledger,
          IndexName: index,
          KeyConditionExpression: '#value = :value AND #sort BETWEEN :from AND :to',
          ExpressionAttributeNames: { '#value': attribute, '#sort': 'windowSort' },
          ExpressionAttributeValues: { ':value': value, ':from': range.from, ':to': range.to },
          ScanIndexForward: range.newestFirst !== true,
          ...(range.limit === undefined ? {} : { Limit: range.limit - found.length }),
          ExclusiveStartKey: start,
        }),
      )
      for (const item of page.Items ?? [])
        found.push({ chain: item.chain, sequence: item.sequence, windowSort: item.windowSort })
      start = page.LastEvaluatedKey
    } while (start !== undefined && (range.limit === undefined || found.length < range.limit))
    return found
  }

  return {
    /** Keys of entries about a subject, by an actor, or of a request. */
    find: (index: LedgerIndex, value: string, range: WindowRange) =>
      keysBy(index, indexKeys[index], value, range),

    /** Keys of all entries of one civil day (UTC) and shard within a range; five-minute windows are such ranges. */
    window: (day: string, shard: (typeof windowShards)[number], range: WindowRange) =>
      keysBy('by-window', 'windowShard', `${day}#${shard}`, range),

    /** The entries behind keys, in the order of the keys; a key without an entry is left out. */
    async read(entryKeys: readonly EntryKey[]): Promise<SealedEntry[]> {
      const wanted = entryKeys.map(({ chain, sequence }) => ({ chain, sequence }))
      const found = new Map<string, SealedEntry>()
      for (const item of await batchGet(tables, tables.ledger, wanted)) {
        const entry = item as unknown as SealedEntry
        found.set(`${entry.chain}#${entry.sequence}`, entry)
      }
      return entryKeys.flatMap(({ chain, sequence }) => found.get(`${chain}#${sequence}`) ?? [])
    },

    /** A whole chain, oldest first, read consistently. */
    async chain(chain: string): Promise<SealedEntry[]> {
      const items = await queryAll(tables, {
        TableName: tables.ledger,
        KeyConditionExpression: '#chain = :chain',
        ExpressionAttributeNames: { '#chain': 'chain' },
        ExpressionAttributeValues: { ':chain': chain },
        ConsistentRead: true,
      })
      return items as unknown as SealedEntry[]
    },
  }
}
