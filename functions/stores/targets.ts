import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { DriftRow } from '../../schemas/rows.ts'
import { TargetId } from '../../schemas/settings.ts'
import type { Drift, OpenIntent, TargetRow } from '../../schemas/target.ts'
import type { TaskSettings } from '../domain/task-times.ts'
import { accountShardOf, chains, dueShards, followShards, keys, lists, noticeShards } from './keys.ts'
import { type EntryDraft, seal } from './ledger.ts'
import { readyNotice } from './ready-notice.ts'
import { commit, type Tables, type Write } from './tables.ts'
import { accountTask, type HandedTask, handedTask } from './target-tasks.ts'

/**
 * What is due beside account rows: a request whose lines are not all applied or that is not settled, the reading of a target's
 * accounts, waking all of them, a task that is overdue, a mail to send, a password half set, a stopped batch that was decided.
 */
export type Due =
  | { readonly kind: 'request' | 'follow'; readonly number: string; readonly dueAt: string }
  | { readonly kind: 'reading'; readonly target: TargetId; readonly dueAt: string }
  | { readonly kind: 'task' | 'notice' | 'batch'; readonly id: string; readonly dueAt: string }
  | { readonly kind: 'walk'; readonly target: TargetId; readonly dueAt: string }
  | { readonly kind: 'credential'; readonly personId: string; readonly dueAt: string }

type Changes = Partial<
  Pick<
    TargetRow,
    | 'accountId'
    | 'origin'
    | 'appliedVersion'
    | 'dueAt'
    | 'urgent'
    | 'leaseUntil'
    | 'attempts'
    | 'state'
    | 'lastAsOf'
    | 'settledAsOf'
    | 'changesAt'
    | 'stopped'
    | 'openIntent'
    | 'head'
    | 'observed'
    | 'observedAt'
    | 'drift'
    | 'credentialSetAt'
    | 'readyToldAt'
    | 'fault'
    | 'wouldDo'
    | 'openTask'
    | 'attested'
  >
>

/** Attributes that are removed when null: the `due` index is sparse, and conditions ask whether they exist. */
const removedWhenNull = new Set(['dueAt', 'leaseUntil', 'openIntent', 'wouldDo', 'openTask', 'attested'])

export type TargetStore = ReturnType<typeof createTargetStore>

/** The engine's memory. Every change here insists on the row being as it was read: desired version, chain head, lease. */
export function createTargetStore(tables: Tables, settings: TaskSettings) {
  function change(
    row: TargetRow,
    changes: Changes,
    conditions: readonly string[],
    values: Record<string, unknown>,
  ): Write {
    const set: string[] = []
    const remove: string[] = []
    const names: Record<string, string> = { '#head': 'head', '#sequence': 'sequence' }
    const bound: Record<string, unknown> = { ':sequence': row.head.sequence, ...values }
    for (const [name, value] of Object.entries(changes)) {
      names[`#${name}`] = name
      if (value === null && removedWhenNull.has(name)) remove.push(`#${name}`)
      else {
        set.push(`#${name} = :${name}`)
        bound[`:${name}`] = value
      }
    }
    if (changes.dueAt === null) remove.push('dueShard')
    if (typeof changes.dueAt === 'string') {
      set.push('dueShard = :shard')
      bound[':shard'] = accountShardOf({ ...row, ...changes })
    }
    // A row that was woken since it was read is not put off again, whoever woke it and for whatever reason.
    const asRead =
      changes.dueAt === undefined
        ? []
        : [row.dueAt === null ? 'attribute_not_exists(dueAt)' : 'dueAt = :read']
    if (changes.dueAt !== undefined && row.dueAt !== null) bound[':read'] = row.dueAt
    return {
      Update: {
        TableName: tables.state,
        Key: keys.target(row.personId, row.target),
        UpdateExpression: `${set.length > 0 ? `SET ${set.join(', ')}` : ''}${remove.length > 0 ? ` REMOVE ${remove.join(', ')}` : ''}`,
        ConditionExpression: ['#head.#sequence = :sequence', ...asRead, ...conditions].join(' AND '),
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: bound,
      },
    }
  }
  const sameVersion = 'desiredVersion = :desired'
  const leaseFree = '(attribute_not_exists(leaseUntil) OR leaseUntil < :now)'

  /** Nobody has answered or opened a task of this account since the row was read: their word would be lost. */
  const sameTask = ({ openTask }: TargetRow) =>
    openTask === null
      ? { condition: 'attribute_not_exists(openTask)', values: {} }
      : { condition: 'openTask.id = :task', values: { ':task': openTask.id } }

  /** The drift's own item follows the row: in the list as long as somebody should know of it. */
  const driftWrites = (row: TargetRow, { drift }: Changes): Write[] => {
    if (drift == null) return []
    const item: DriftRow = { version: 1, personId: row.personId, target: row.target, drift }
    const listed =
      drift.outcome === 'settled'
        ? {}
        : { listKey: lists.drift(row.target), listSort: `${drift.foundAt}#${row.personId}` }
    const key = keys.drift(row.personId, row.target)
    return [{ Put: { TableName: tables.state, Item: { ...key, ...item, ...listed } } }]
  }

  return {
    /**
     * Keeps a drift with its entry, and what was seen. Nothing else of the row changes: what follows from it comes after.
     * Null: the row moved on.
     */
    async noteDrift(
      row: TargetRow,
      options: { entry: EntryDraft; seen: Changes; drift: Omit<Drift, 'entry'> },
    ): Promise<TargetRow | null> {
      const sealed = seal(tables, chains.target(row.personId, row.target), row.head, options.entry)
      const changes = { ...options.seen, drift: { entry: sealed.id, ...options.drift }, head: sealed.head }
      const result = await commit(tables, [
        change(row, changes, [sameVersion, leaseFree, 'attribute_not_exists(openIntent)'], {
          ':desired': row.desiredVersion,
          ':now': options.entry.at,
        }),
        sealed.write,
        ...driftWrites(row, changes),
      ])
      return result.done ? { ...row, ...changes } : null
    },

    /** Records what is going to be done and takes the lease. Null: somebody else has it, or the desired state moved on. */
    async openIntent(
      row: TargetRow,
      intent: Omit<OpenIntent, 'entryId' | 'at'>,
      options: { entry: EntryDraft; leaseUntil: string },
    ): Promise<TargetRow | null> {
      const sealed = seal(tables, chains.target(row.personId, row.target), row.head, options.entry)
      const changes = {
        openIntent: { entryId: sealed.id, at: options.entry.at, ...intent },
        leaseUntil: options.leaseUntil,
        // Whoever was rung for a row that is not due may die here: the intent has to be closed all the same.
        dueAt: row.dueAt !== null && row.dueAt < options.leaseUntil ? row.dueAt : options.leaseUntil,
        lastAsOf: intent.asOf,
        wouldDo: null,
        head: sealed.head,
        // Known before the act: whoever dies between making the account and noting its key finds it again as ours.
        // And its password is one that nobody knows.
        ...(intent.steps.some(step => step.act === 'create')
          ? { origin: 'made' as const, credentialSetAt: null, readyToldAt: null }
          : {}),
      }
      const result = await commit(tables, [
        change(row, changes, [sameVersion, leaseFree, 'attribute_not_exists(openIntent)'], {
          ':desired': row.desiredVersion,
          ':now': options.entry.at,
        }),
        sealed.write,
      ])
      return result.done ? { ...row, ...changes } : null
    },

    /**
     * Hands a plan to people: the intent with its task, and the outcome of the one before it, where that is still open. There
     * is no lease, for nobody acts here. False: the row moved on.
     */
    async handOver(
      row: TargetRow,
      intent: Omit<OpenIntent, 'entryId' | 'at'>,
      options: { entry: EntryDraft; supersedes: EntryDraft | null; task: HandedTask; changes: Changes },
    ): Promise<boolean> {
      const chain = chains.target(row.personId, row.target)
      const { at } = options.entry
      const before = options.supersedes === null ? null : seal(tables, chain, row.head, options.supersedes)
      const sealed = seal(tables, chain, before?.head ?? row.head, options.entry)
      const said = { id: sealed.id, cause: intent.cause }
      const task = await handedTask(tables, settings, row, options.task, said, at)
      const same = sameTask(row)
      const changes = {
        ...options.changes,
        openIntent: { entryId: sealed.id, at, ...intent },
        openTask: task.openTask,
        attested: null,
        wouldDo: null,
        head: sealed.head,
        ...(intent.steps.some(step => step.act === 'create')
          ? { origin: 'made' as const, readyToldAt: null }
          : {}),
      }
      const standing =
        row.openIntent === null ? 'attribute_not_exists(openIntent)' : 'openIntent.entryId = :intent'
      const result = await commit(tables, [
        change(row, changes, [sameVersion, leaseFree, same.condition, standing], {
          ':desired': row.desiredVersion,
          ':now': at,
          ...same.values,
          ...(row.openIntent !== null && { ':intent': row.openIntent.entryId }),
        }),
        ...(before === null ? [] : [before.write]),
        sealed.write,
        ...task.writes,
      ])
      return result.done
    },

    /**
     * Closes the open intent with its one outcome. `settled` is written only if the desired version is still the one that
     * was planned for; otherwise the row stays due and `moved` is true.
     */
    async closeIntent(
      row: TargetRow,
      options: {
        entry: EntryDraft
        always: Changes
        settled: Changes
        /** What becomes of the account's task, where its new state does not tell. */
        closesTask?: 'settled' | 'withdrawn'
        /** All of it or nothing: where people act, no outcome is said over their word. */
        whole?: true
      },
    ): Promise<{ row: TargetRow; moved: boolean } | null> {
      const intent = row.openIntent
      if (intent === null) return null
      const sealed = seal(tables, chains.target(row.personId, row.target), row.head, options.entry)
      const closing = {
        ...options.always,
        openIntent: null,
        attested: null,
        leaseUntil: null,
        head: sealed.head,
      }
      const { at } = options.entry
      const closes = options.closesTask
      const task = await accountTask(tables, settings, row, { ...options.settled, at, closes })
      const same = sameTask(row)
      const ready = readyNotice(tables, row, { ...closing, ...options.settled, at })
      const settled = { ...closing, ...options.settled, ...task.changes, ...ready.changes }
      const whole = await commit(tables, [
        change(row, settled, [sameVersion, same.condition, 'openIntent.entryId = :intent'], {
          ':desired': row.desiredVersion,
          ':intent': intent.entryId,
          ...same.values,
        }),
        sealed.write,
        ...task.writes,
        ...ready.writes,
        ...driftWrites(row, settled),
      ])
      if (whole.done) return { row: { ...row, ...settled }, moved: false }
      if (options.whole) return null
      const partly = await commit(tables, [
        change(row, closing, ['openIntent.entryId = :intent'], { ':intent': intent.entryId }),
        sealed.write,
      ])
      return partly.done ? { row: { ...row, ...closing }, moved: true } : null
    },

    /** Writes what was seen or decided without an act: converged, waiting, backed off, parked. False: the row moved on. */
    async note(row: TargetRow, changes: Changes, now: string): Promise<boolean> {
      const task = await accountTask(tables, settings, row, { ...changes, at: now })
      const same = sameTask(row)
      const ready = readyNotice(tables, row, { ...changes, at: now })
      const whole = { ...changes, ...task.changes, ...ready.changes }
      const result = await commit(tables, [
        change(row, whole, [sameVersion, leaseFree, same.condition], {
          ':desired': row.desiredVersion,
          ':now': now,
          ...same.values,
        }),
        ...task.writes,
        ...ready.writes,
        ...driftWrites(row, changes),
      ])
      return result.done
    },

    /**
     * Ends the lease and leaves the intent open: the next run closes it by looking. `changes` are written only if the
     * desired version is still the one that was planned for: a back-off never delays a fact recorded meanwhile, and
     * `moved` is true.
     */
    async release(row: TargetRow, changes: Changes): Promise<{ moved: boolean } | null> {
      const sameIntent = 'openIntent.entryId = :intent'
      const intent = { ':intent': row.openIntent?.entryId ?? '' }
      const whole = await commit(tables, [
        change(row, { ...changes, leaseUntil: null }, [sameVersion, sameIntent], {
          ':desired': row.desiredVersion,
          ...intent,
        }),
      ])
      if (whole.done) return { moved: false }
      const partly = await commit(tables, [change(row, { leaseUntil: null }, [sameIntent], intent)])
      return partly.done ? { moved: true } : null
    },

    /**
     * Makes a standing row due, by no fact: it is to be looked at. False: it is due already. What a run that is under way
     * would write of `dueAt` is refused.
     */
    async wake(row: TargetRow, dueAt: string): Promise<boolean> {
      const result = await commit(tables, [
        {
          Update: {
            TableName: tables.state,
            Key: keys.target(row.personId, row.target),
            UpdateExpression: 'SET dueAt = :due, dueShard = :shard',
            ConditionExpression: 'attribute_exists(pk) AND (attribute_not_exists(dueAt) OR dueAt > :due)',
            ExpressionAttributeValues: { ':due': dueAt, ':shard': accountShardOf(row) },
          },
        },
      ])
      return result.done
    },

    /** What is due at an instant beside account rows, at most `limit` of each shard, oldest first within a shard. */
    async due(now: string, limit: number): Promise<Due[]> {
      const shards = await Promise.all(
        [...dueShards, ...followShards, ...noticeShards].map(async shard => {
          const page = await tables.client.send(
            new QueryCommand({
              TableName: tables.state,
              IndexName: 'due',
              KeyConditionExpression: 'dueShard = :shard AND dueAt <= :now',
              ExpressionAttributeValues: { ':shard': shard, ':now': now },
              Limit: limit,
            }),
          )
          return page.Items ?? []
        }),
      )
      return shards.flat().flatMap(item => dueOf(item as DueItem))
    },

    /** How many rows are parked and wait for a human, up to 1,000 of each kind. */
    async parked(): Promise<number> {
      const counts = await Promise.all(
        (['parked', 'unadopted'] as const).map(async kind => {
          const page = await tables.client.send(
            new QueryCommand({
              TableName: tables.state,
              IndexName: 'list',
              KeyConditionExpression: 'listKey = :list',
              ExpressionAttributeValues: { ':list': lists.openTasks(kind) },
              Select: 'COUNT',
              Limit: 1000,
            }),
          )
          return page.Count ?? 0
        }),
      )
      return counts.reduce((sum, count) => sum + count, 0)
    },
  }
}

type DueItem = { readonly pk: string; readonly sk: string; readonly dueAt: string; readonly dueShard: string }

function dueOf({ pk, sk, dueAt, dueShard }: DueItem): Due[] {
  const [, id = ''] = pk.split('#')
  if (sk === 'REQUEST')
    return [{ kind: dueShard.startsWith('follows#') ? 'follow' : 'request', number: id, dueAt }]
  if (sk === 'TASK') return [{ kind: 'task', id, dueAt }]
  if (sk === 'NOTICE') return [{ kind: 'notice', id, dueAt }]
  if (sk === 'STOPPED') return [{ kind: 'batch', id, dueAt }]
  if (sk === 'CREDENTIALS') return [{ kind: 'credential', personId: id, dueAt }]
  const target = TargetId.safeParse(id)
  if (!target.success) return []
  if (sk === 'READING') return [{ kind: 'reading', target: target.data, dueAt }]
  return sk === 'SYSTEM' ? [{ kind: 'walk', target: target.data, dueAt }] : []
}
