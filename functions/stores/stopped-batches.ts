import { createHash } from 'node:crypto'
import { GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { StoppedBatchRow, StoppedMember } from '../../schemas/guard.ts'
import type { Settings } from '../../schemas/settings.ts'
import { chains, dueShardOf, keys, lists } from './keys.ts'
import { type EntryDraft, emptyChain, seal } from './ledger.ts'
import { type NoticeDraft, noticeWrites } from './notices.ts'
import { batchGet, commit, countAll, queryAll, type Tables, type Write } from './tables.ts'
import { bare } from './target-rows.ts'

/** A member with the key it lies under. */
export interface KeptMember {
  readonly sk: string
  readonly member: StoppedMember
}

const partOf = ({ of, cause }: StoppedMember): string =>
  createHash('sha256').update(`${of} ${cause.kind} ${cause.ref}`).digest('hex').slice(0, 24)

/** Nobody joins a batch that somebody has already spoken about: the list they have seen is the list that counts. */
const unspoken = (tables: Tables, hold: string): Write => ({
  ConditionCheck: {
    TableName: tables.state,
    Key: keys.stoppedBatch(hold),
    ConditionExpression: '#state = :held AND listHash = :none',
    ExpressionAttributeNames: { '#state': 'state' },
    ExpressionAttributeValues: { ':held': 'held', ':none': null },
  },
})

/** A member as writes for the transaction of what is withheld; refused where the batch no longer takes anybody in. */
export const memberWrites = (tables: Tables, member: StoppedMember): Write[] => [
  unspoken(tables, member.hold),
  {
    Put: {
      TableName: tables.state,
      Item: { ...keys.stoppedMember(member.hold, member.personId, partOf(member)), ...member },
    },
  },
]

const itemOf = (row: StoppedBatchRow, dueAt: string | null): Record<string, unknown> => {
  const key = keys.stoppedBatch(row.id)
  return {
    ...key,
    ...row,
    listKey: lists.stoppedBatches(row.state === 'held' ? 'held' : 'settled'),
    listSort: `${row.at}#${row.id}`,
    ...(dueAt !== null && { dueAt, dueShard: dueShardOf(key.pk) }),
  }
}

const read = (item: Record<string, unknown>): StoppedBatchRow => {
  const { dueAt: _, ...row } = bare(item)
  return StoppedBatchRow.parse(row)
}

/** Security, and whoever watches over what is overdue: whoever decides has to know that something waits. */
const stoppedNotices = ({ id, kind }: Pick<StoppedBatchRow, 'id' | 'kind'>): NoticeDraft[] =>
  (['security', 'escalation', 'it'] as const).map(to => ({
    template: 'batch-stopped',
    to: { kind: to },
    about: { personId: null, task: null, target: null, request: null, hold: id, cause: kind },
    fact: id,
  }))

export type StoppedBatchStore = ReturnType<typeof createStoppedBatchStore>

/** Batches that the guard has stopped, each a chain of its own; what its members withhold lies with the people. */
export function createStoppedBatchStore(tables: Tables, settings: Pick<Settings, 'notices'>) {
  return {
    async load(id: string): Promise<StoppedBatchRow | null> {
      const answer = await tables.client.send(
        new GetCommand({ TableName: tables.state, Key: keys.stoppedBatch(id), ConsistentRead: true }),
      )
      return answer.Item === undefined ? null : read(answer.Item)
    },

    /** Opens a batch, with the first entry of its chain. False: there is one of that id. */
    async open(
      batch: Pick<StoppedBatchRow, 'id' | 'kind' | 'at' | 'limit'>,
      entry: EntryDraft,
    ): Promise<boolean> {
      const sealed = seal(tables, chains.hold(batch.id), emptyChain, entry)
      const row: StoppedBatchRow = {
        version: 1,
        ...batch,
        state: 'held',
        listHash: null,
        releases: [],
        discards: [],
        settledAt: null,
        place: null,
        carriedOut: false,
        head: sealed.head,
      }
      const result = await commit(tables, [
        {
          Put: {
            TableName: tables.state,
            Item: itemOf(row, null),
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        },
        sealed.write,
        ...noticeWrites(tables, settings.notices, stoppedNotices(batch), batch.at),
      ])
      return result.done
    },

    /** Adds a member outside the transaction of a fact: what a worker was about to do. False: the batch takes in nobody. */
    async join(member: StoppedMember): Promise<boolean> {
      return (await commit(tables, memberWrites(tables, member))).done
    },

    /** Writes a batch anew over the one that was read, with its entry; `dueAt`: it has to be carried out. False: it changed. */
    async change(
      standing: StoppedBatchRow,
      next: Omit<StoppedBatchRow, 'head'>,
      options: { readonly entry: EntryDraft | null; readonly dueAt: string | null },
    ): Promise<StoppedBatchRow | null> {
      const sealed =
        options.entry === null ? null : seal(tables, chains.hold(standing.id), standing.head, options.entry)
      const row = { ...next, head: sealed?.head ?? standing.head }
      const result = await commit(tables, [
        {
          Put: {
            TableName: tables.state,
            Item: itemOf(row, options.dueAt),
            ConditionExpression: '#head.#sequence = :sequence AND #state = :state',
            ExpressionAttributeNames: { '#head': 'head', '#sequence': 'sequence', '#state': 'state' },
            ExpressionAttributeValues: {
              ':sequence': standing.head.sequence,
              ':state': standing.state,
            },
          },
        },
        ...(sealed === null ? [] : [sealed.write]),
      ])
      return result.done ? row : null
    },

    /** Every member, by person. */
    async members(hold: string): Promise<KeptMember[]> {
      const items = await queryAll(tables, {
        TableName: tables.state,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :members)',
        ExpressionAttributeValues: { ':pk': keys.stoppedBatch(hold).pk, ':members': 'MEMBER#' },
        ConsistentRead: true,
      })
      return items.map(item => ({ sk: item.sk as string, member: StoppedMember.parse(bare(item)) }))
    },

    /** Members behind a place, at most `limit`. */
    async membersAfter(hold: string, place: string | null, limit: number): Promise<KeptMember[]> {
      const answer = await tables.client.send(
        new QueryCommand({
          TableName: tables.state,
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :after AND :end',
          ExpressionAttributeValues: {
            ':pk': keys.stoppedBatch(hold).pk,
            // The sign after every other of a key: what lies at the place itself is done.
            ':after': place === null ? 'MEMBER#' : `${place}!`,
            ':end': 'MEMBER$',
          },
          ConsistentRead: true,
          Limit: limit,
        }),
      )
      return (answer.Items ?? []).map(item => ({
        sk: item.sk as string,
        member: StoppedMember.parse(bare(item)),
      }))
    },

    /** Batches that wait, or were settled, the newest first; `place` is where the page before ended. */
    async page(
      state: 'held' | 'settled',
      place: string | null,
      limit: number,
    ): Promise<{ batches: StoppedBatchRow[]; next: string | null }> {
      const answer = await tables.client.send(
        new QueryCommand({
          TableName: tables.state,
          IndexName: 'list',
          KeyConditionExpression: `listKey = :list${place === null ? '' : ' AND listSort < :place'}`,
          ExpressionAttributeValues: {
            ':list': lists.stoppedBatches(state),
            ...(place !== null && { ':place': place }),
          },
          ScanIndexForward: false,
          Limit: limit,
        }),
      )
      const found = answer.Items ?? []
      const items = await batchGet(
        tables,
        tables.state,
        found.map(({ pk, sk }) => ({ pk, sk })),
      )
      return {
        batches: items.map(read).sort((one, other) => (one.at < other.at ? 1 : -1)),
        next: answer.LastEvaluatedKey === undefined ? null : (found.at(-1)?.listSort as string),
      }
    },

    /** How many batches wait for two people. */
    held: (): Promise<number> =>
      countAll(tables, {
        TableName: tables.state,
        IndexName: 'list',
        KeyConditionExpression: 'listKey = :list',
        ExpressionAttributeValues: { ':list': lists.stoppedBatches('held') },
      }),
  }
}
