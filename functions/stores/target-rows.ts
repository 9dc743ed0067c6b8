import type { TargetId } from '../../schemas/settings.ts'
import { TargetRow } from '../../schemas/target.ts'
import { accountPlace, accountShardOf, keys } from './keys.ts'
import { emptyChain } from './ledger.ts'
import type { Tables, Write } from './tables.ts'

const indexAttributes = new Set(['pk', 'sk', 'dueShard', 'listKey', 'listSort'])

/** A row without what only the table and its indexes need. */
export const bare = (item: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(item).filter(([name]) => !indexAttributes.has(name)))

/** A target row is parsed on read; the attributes that are removed instead of set to null come back as null. */
export const readTargetRow = (item: Record<string, unknown>): TargetRow =>
  TargetRow.parse({
    dueAt: null,
    leaseUntil: null,
    openIntent: null,
    wouldDo: null,
    openTask: null,
    attested: null,
    ...bare(item),
  })

/** What a human's answer to a task changes in the account's row. */
export interface Answer {
  readonly dueAt: string
  /** Failed runs that count already. */
  readonly attempts: number
  /** Of a manual task: their word, for the next run to take in. */
  readonly attested: TargetRow['attested']
  /** The name that the account bears after all; null: the reserved one. */
  readonly name: string | null
}

/** Wakes a row because a human has answered its task, if it is still that task. It never touches what a worker writes. */
export function answeredTargetWrite(
  tables: Tables,
  { personId, target }: { readonly personId: string; readonly target: TargetId },
  task: string,
  { dueAt, attempts, attested, name }: Answer,
): Write {
  const key = keys.target(personId, target)
  const sets = [
    'dueAt = :due',
    'dueShard = :shard',
    '#state = :pending',
    'attempts = :attempts',
    ...(attested === null ? [] : ['attested = :attested']),
    ...(name === null ? [] : ['#name = :name']),
  ]
  return {
    Update: {
      TableName: tables.state,
      Key: key,
      UpdateExpression: `SET ${sets.join(', ')} REMOVE openTask`,
      ConditionExpression: 'openTask.id = :task',
      ExpressionAttributeNames: { '#state': 'state', ...(name !== null && { '#name': 'name' }) },
      ExpressionAttributeValues: {
        ':due': dueAt,
        ':shard': accountShardOf({ personId, target, state: 'pending', urgent: false }),
        ':pending': 'pending',
        ':attempts': attempts,
        ':task': task,
        ...(attested !== null && { ':attested': attested }),
        ...(name !== null && { ':name': name }),
      },
    },
  }
}

/** What wakes a target: a fact's number, since when, how urgently, and why. */
export interface Wake {
  readonly desiredVersion: number
  readonly dueAt: string
  readonly urgent: boolean
  readonly cause: { readonly kind: string; readonly ref: string }
}

/** The first row of a person in a target; the name is already reserved by the same transaction. */
export function newTargetWrite(
  tables: Tables,
  row: Wake &
    Pick<TargetRow, 'personId' | 'target' | 'name'> &
    Partial<Pick<TargetRow, 'accountId' | 'origin' | 'observed' | 'observedAt'>>,
): Write {
  const key = keys.target(row.personId, row.target)
  const { dueAt, ...rest } = row
  const item: Omit<TargetRow, 'dueAt' | 'leaseUntil' | 'openIntent' | 'wouldDo' | 'openTask' | 'attested'> = {
    version: 1,
    accountId: null,
    origin: null,
    appliedVersion: 0,
    attempts: 0,
    state: 'pending',
    lastAsOf: null,
    settledAsOf: null,
    changesAt: null,
    stopped: null,
    head: emptyChain,
    observed: null,
    observedAt: null,
    drift: null,
    credentialSetAt: null,
    readyToldAt: null,
    fault: null,
    ...rest,
  }
  return {
    Put: {
      TableName: tables.state,
      Item: {
        ...key,
        ...item,
        dueAt,
        dueShard: accountShardOf(item),
        ...accountPlace(row.target, row.personId),
      },
      ConditionExpression: 'attribute_not_exists(pk)',
    },
  }
}

/** Makes a standing row due. It never touches what a running worker writes: lease, intent, observation, chain. */
export function wakeTargetWrite(tables: Tables, row: TargetRow, wake: Wake) {
  const key = keys.target(row.personId, row.target)
  return {
    Update: {
      TableName: tables.state,
      Key: key,
      UpdateExpression: `SET desiredVersion = :version, dueAt = :due, dueShard = :shard, #state = :pending, attempts = :none, cause = :cause${wake.urgent ? ', urgent = :urgent' : ''}`,
      ConditionExpression: 'desiredVersion < :version',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: {
        ':version': wake.desiredVersion,
        ':due': wake.dueAt,
        ':shard': accountShardOf({ ...row, state: 'pending', urgent: row.urgent || wake.urgent }),
        ':pending': 'pending',
        ':none': 0,
        ':cause': wake.cause,
        ...(wake.urgent ? { ':urgent': true } : {}),
      },
    },
  }
}
