import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { type Outage, SystemRow, type Walk } from '../../schemas/rows.ts'
import type { Settings, TargetId } from '../../schemas/settings.ts'
import { doorKeys } from './door-keys.ts'
import { chains, dueShardOf, keys } from './keys.ts'
import { type EntryDraft, emptyChain, seal } from './ledger.ts'
import { type NoticeDraft, noticeWrites } from './notices.ts'
import { batchGet, commit, type Tables, writeOne } from './tables.ts'
import { bare } from './target-rows.ts'

export type SystemStore = ReturnType<typeof createSystemStore>

const parse = (item: Record<string, unknown>): SystemRow => {
  const { dueAt: _, ...row } = bare(item)
  return SystemRow.parse(row)
}

const outOfReach = (target: TargetId, fact: string): NoticeDraft => ({
  template: 'target-out-of-reach',
  to: { kind: 'it' },
  about: { personId: null, task: null, target, request: null },
  fact,
})

/** Targets as wholes: the mode in force, the walk over their accounts that a change of mode begins, and their outages. */
export function createSystemStore(tables: Tables, settings: Pick<Settings, 'notices'>) {
  /** False: the row is no longer as the condition says. */
  const update = async (target: TargetId, expression: string, condition: string, values: object) => {
    const written = await writeOne(
      tables,
      new UpdateCommand({
        TableName: tables.state,
        Key: keys.system(target),
        UpdateExpression: expression,
        ConditionExpression: condition,
        ExpressionAttributeValues: { ...values },
      }),
    )
    return written !== null
  }

  return {
    /** Null: it has always answered, in the mode that the settings give it. Read consistently: a pause holds for the next run. */
    async load(target: TargetId): Promise<SystemRow | null> {
      const answer = await tables.client.send(
        new GetCommand({ TableName: tables.state, Key: keys.system(target), ConsistentRead: true }),
      )
      return answer.Item === undefined ? null : parse(answer.Item)
    },

    /** The rows of those that have one, by target. */
    async some(targets: readonly TargetId[]): Promise<Map<TargetId, SystemRow>> {
      const items = await batchGet(tables, tables.state, targets.map(keys.system))
      return new Map(items.map(parse).map(row => [row.target, row]))
    },

    /**
     * Writes a change with its ledger entry; a walk makes the row due, and of an outage that begins IT is told. False: somebody
     * else changed it since it was read.
     */
    async change(
      standing: SystemRow | null,
      next: Omit<SystemRow, 'version' | 'head'>,
      entry: EntryDraft,
    ): Promise<boolean> {
      const head = standing?.head ?? emptyChain
      const sealed = seal(tables, chains.system(next.target), head, entry)
      const key = keys.system(next.target)
      const row: SystemRow = { version: 1, ...next, head: sealed.head }
      const result = await commit(tables, [
        {
          Put: {
            TableName: tables.state,
            Item: {
              ...key,
              ...row,
              ...(next.walk === null ? {} : { dueAt: next.walk.startedAt, dueShard: dueShardOf(key.pk) }),
            },
            ...(standing === null
              ? { ConditionExpression: 'attribute_not_exists(pk)' }
              : {
                  ConditionExpression: '#head.#sequence = :sequence',
                  ExpressionAttributeNames: { '#head': 'head', '#sequence': 'sequence' },
                  ExpressionAttributeValues: { ':sequence': head.sequence },
                }),
          },
        },
        sealed.write,
        // Whoever speaks with devices sees the doors' own table only.
        ...(next.target === 'data-centre' && next.mode !== (standing?.mode ?? null)
          ? [{ Put: { TableName: tables.doors, Item: { ...doorKeys.mode(), mode: next.mode } } }]
          : []),
        ...(next.outage !== null && next.outage.since !== standing?.outage?.since
          ? noticeWrites(tables, settings.notices, [outOfReach(next.target, sealed.id)], entry.at)
          : []),
      ])
      return result.done
    },

    /** Keeps how far a walk has come; `place` null: it is over. False: another one has begun, or the target was paused. */
    moveWalk(target: TargetId, walk: Walk): Promise<boolean> {
      const over = walk.place === null
      return update(
        target,
        over ? 'SET walk = :walk REMOVE dueAt, dueShard' : 'SET walk = :walk',
        'walk.startedAt = :started',
        { ':walk': over ? null : walk, ':started': walk.startedAt },
      )
    },

    /**
     * Keeps whom the target did not answer, without a word in the ledger. Of two at once one is lost: the outage is found by the
     * next one.
     */
    async keepUnanswered(
      standing: SystemRow | null,
      target: TargetId,
      people: readonly string[],
    ): Promise<boolean> {
      if (standing !== null)
        return update(target, 'SET unanswered = :people', 'attribute_exists(pk)', { ':people': people })
      const row: SystemRow = {
        ...{ version: 1, target, mode: null, since: null, by: null, reason: null, walk: null, outage: null },
        unanswered: [...people],
        head: emptyChain,
      }
      const Item = { ...keys.system(target), ...row }
      const ConditionExpression = 'attribute_not_exists(pk)'
      const result = await commit(tables, [{ Put: { TableName: tables.state, Item, ConditionExpression } }])
      return result.done
    },

    /** Takes the turn to look whether a target answers again. False: somebody else has it, or the outage is over. */
    takeProbe(target: TargetId, { nextProbe }: Outage, next: string): Promise<boolean> {
      return update(target, 'SET outage.nextProbe = :next', 'outage.nextProbe = :read', {
        ':next': next,
        ':read': nextProbe,
      })
    },
  }
}
