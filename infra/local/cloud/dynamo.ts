import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import batchGetItem from 'dynalite/actions/batchGetItem.js'
import deleteItem from 'dynalite/actions/deleteItem.js'
import getItem from 'dynalite/actions/getItem.js'
import putItem from 'dynalite/actions/putItem.js'
import query from 'dynalite/actions/query.js'
import updateItem from 'dynalite/actions/updateItem.js'
import database from 'dynalite/db/index.js'
import batchGetValidation from 'dynalite/validations/batchGetItem.js'
import deleteValidation from 'dynalite/validations/deleteItem.js'
import getValidation from 'dynalite/validations/getItem.js'
import validations from 'dynalite/validations/index.js'
import putValidation from 'dynalite/validations/putItem.js'
import queryValidation from 'dynalite/validations/query.js'
import updateValidation from 'dynalite/validations/updateItem.js'
import { AwsError } from './aws-error.ts'
import {
  type Callback,
  type Checked,
  cancellation,
  cancelled,
  type DynaliteAction,
  type DynaliteValidation,
  fromDynalite,
  type Item,
  type LevelOperation,
  type Range,
  type TableDefinition,
} from './dynalite.ts'
import { addUnits, charge, describeUnits, readUnits, type Units, writeUnits } from './dynamo-capacity.ts'
import { type Input, type TransactItem, touches, transactItems } from './dynamo-requests.ts'
import { indexPrefix, itemChange, itemPrefix, projected } from './dynamo-tables.ts'
import type { Nastiness } from './nastiness.ts'

interface Change {
  table: TableDefinition
  key: string
  before: Item | undefined
  after: Item | undefined
}

export interface Dynamo {
  /** One API call by the closed list; throws `AwsError`. */
  call(operation: string, input: Input): Promise<object>
  consumed(): Units
  /** Every item of every table, in no order. */
  snapshot(): Promise<Record<string, Item[]>>
  /** Replaces every item; what a snapshot does not name becomes empty. */
  restore(snapshot: Record<string, Item[]>): Promise<void>
  close(): Promise<void>
}

const ONGOING = 'Transaction is ongoing for the item'
const TOKEN_LIFE_MS = 600_000
const WRITES = {
  Put: [putItem, putValidation],
  Update: [updateItem, updateValidation],
  Delete: [deleteItem, deleteValidation],
  ConditionCheck: [undefined, deleteValidation],
} as const

/**
 * DynamoDB on dynalite's actions and validations. dynalite reads through a staged store that only collects what an
 * action writes; one LevelDB batch then commits items and index rows together, so that neither a failed member of a
 * transaction nor a killed process leaves a half. All writes and transactional reads stand in one queue.
 */
export const openDynamo = async (options: {
  tables: TableDefinition[]
  path?: string
  nastiness?: Nastiness
}): Promise<Dynamo> => {
  const base = database.create(options.path === undefined ? {} : { path: options.path })
  const level = base.db
  await level.open()
  const tables = new Map(options.tables.map(table => [table.TableName, table]))
  const total: Units = new Map()
  const tokens = new Map<string, { hash: string; expires: number }>()
  let tail: Promise<unknown> = Promise.resolve()

  const serial = <T>(job: () => Promise<T>): Promise<T> => {
    const turn = tail.then(job)
    tail = turn.catch(() => undefined)
    return turn
  }

  const tableOf = (name: string): TableDefinition => {
    const table = tables.get(name)
    if (!table)
      throw new AwsError(
        'ResourceNotFoundException',
        `Requested resource not found: Table: ${name} not found`,
      )
    return table
  }

  const stream = (prefix: string) => (range: Range) => {
    const bound = (key: string | undefined): string | undefined =>
      key === undefined ? undefined : prefix + key
    const { gt, gte, lt, lte, reverse, limit } = range
    const low = gt !== undefined ? { gt: bound(gt) } : { gte: bound(gte) ?? prefix }
    const high = lte !== undefined ? { lte: bound(lte) } : { lt: bound(lt) ?? `${prefix}\xff` }
    return Readable.from(level.values({ ...low, ...high, reverse, limit } as Range))
  }

  /** Runs an action; what it wrote comes back as changes and stands nowhere yet. */
  const stage = (
    action: DynaliteAction,
    data: Checked,
  ): Promise<{ answer: Input; change: Change | undefined }> =>
    new Promise((resolve, reject) => {
      let before: Item | undefined
      let change: Change | undefined
      const fail = (error: unknown): void => reject(fromDynalite(error, data, before))
      const record = (name: string, key: string, after: Item | undefined, done: Callback): void => {
        change = { table: tableOf(name), key, before, after }
        done(null)
      }
      const nothing = (...all: unknown[]): void => (all.at(-1) as Callback)(null)
      const store = {
        options: base.options,
        getTable: (name: string, done: Callback) => {
          try {
            done(null, tableOf(name))
          } catch (error) {
            fail(error)
          }
        },
        getItemDb: (name: string) => ({
          lock: (_key: string, run: (release: (done: Callback) => Callback) => void) => run(done => done),
          get: (key: string, done: Callback) =>
            void level
              .get(itemPrefix(name) + key)
              .then(item => {
                before = item
                done(null, item)
              })
              .catch(fail),
          put: (key: string, item: Item, done: Callback) => record(name, key, item, done),
          del: (key: string, done: Callback) => record(name, key, undefined, done),
          createValueStream: stream(itemPrefix(name)),
        }),
        getIndexDb: (_kind: string, table: string, index: string) => ({
          put: nothing,
          del: nothing,
          createValueStream: stream(indexPrefix(table, index)),
        }),
      }
      action(store, data, (error, answer) =>
        error ? fail(error) : resolve({ answer: answer ?? {}, change }),
      )
    })

  const check = (input: Input, validation: DynaliteValidation): Checked => {
    try {
      const data = validations.checkTypes(structuredClone(input), validation.types)
      validations.checkValidations(data, validation.types, validation.custom, base)
      return Object.assign(data, { _onFailure: input.ReturnValuesOnConditionCheckFailure })
    } catch (error) {
      throw fromDynalite(error)
    }
  }

  const write = (kind: 'Put' | 'Update', input: Input, units: Units) => {
    const [action, validation] = WRITES[kind]
    const data = check(input, validation)
    return serial(async () => {
      try {
        if (options.nastiness?.strikes()) throw new AwsError('TransactionConflictException', ONGOING)
        const { answer, change } = await stage(action, data)
        if (change) {
          await level.batch(itemChange(change.table, change.key, change.before, change.after, units))
          charge(units, data.TableName, 'write', writeUnits(change.before, change.after))
        }
        return answer.Attributes ? { Attributes: answer.Attributes } : {}
      } catch (error) {
        charge(units, data.TableName, 'write', 1)
        throw error
      }
    })
  }

  const member = async ({ kind }: TransactItem, data: Checked): Promise<Change> => {
    const table = tableOf(data.TableName)
    const [action] = WRITES[kind as keyof typeof WRITES]
    if (action) return (await stage(action, data)).change as Change
    const key = database.createKey(data.Key, table)
    const before = await level.get(itemPrefix(table.TableName) + key)
    const failed = database.checkConditional(data, before)
    if (failed) throw fromDynalite(failed, data, before)
    return { table, key, before, after: before }
  }

  const transactWrite = (input: Input, units: Units) => {
    const items = transactItems('TransactWriteItems', input)
    const checked = items.map(item => {
      const data = check(item.input, WRITES[item.kind as keyof typeof WRITES][1])
      if (item.kind === 'ConditionCheck' && !data.ConditionExpression) {
        throw new AwsError(
          'ValidationException',
          'The expression can not be empty; ConditionExpression is required',
        )
      }
      return data
    })
    refuseDuplicates(checked, tableOf)
    const token = input.ClientRequestToken as string | undefined
    const hash = createHash('sha256').update(JSON.stringify(input.TransactItems)).digest('hex')
    return serial(async () => {
      const now = Date.now()
      for (const [each, known] of tokens) if (known.expires < now) tokens.delete(each)
      const known = token === undefined ? undefined : tokens.get(token)
      if (known) {
        if (known.hash !== hash) {
          throw new AwsError(
            'IdempotentParameterMismatchException',
            'The ClientRequestToken was used with another request',
          )
        }
        for (const data of checked) charge(units, data.TableName, 'read', 2)
        return {}
      }
      if (options.nastiness?.strikes()) {
        const hit = options.nastiness.below(items.length)
        const conflict = { Code: 'TransactionConflict', Message: ONGOING }
        throw cancelled(items.map((_, index) => (index === hit ? conflict : { Code: 'None' })))
      }
      const reasons: object[] = []
      const changes: Change[] = []
      for (const [index, data] of checked.entries()) {
        try {
          changes.push(await member(items[index] as TransactItem, data))
          reasons.push({ Code: 'None' })
        } catch (error) {
          reasons.push(cancellation(error))
        }
      }
      if (changes.length < checked.length) {
        for (const data of checked) charge(units, data.TableName, 'write', 2)
        throw cancelled(reasons)
      }
      const operations = changes.flatMap(({ table, key, before, after }) => {
        charge(units, table.TableName, 'write', 2 * writeUnits(before, after))
        return itemChange(table, key, before, after, units)
      })
      await level.batch(operations)
      if (token !== undefined) tokens.set(token, { hash, expires: now + TOKEN_LIFE_MS })
      return {}
    })
  }

  const transactGet = (input: Input, units: Units) => {
    const checked = transactItems('TransactGetItems', input).map(item => check(item.input, getValidation))
    refuseDuplicates(checked, tableOf)
    return serial(async () => {
      const Responses: object[] = []
      for (const data of checked) {
        const { answer } = await stage(getItem, data)
        charge(units, data.TableName, 'read', 2 * readUnits(answer.Item as Item | undefined, true))
        Responses.push(answer.Item ? { Item: answer.Item } : {})
      }
      return { Responses }
    })
  }

  const read = async (operation: string, input: Input, units: Units) => {
    const [action, validation] = (
      {
        GetItem: [getItem, getValidation],
        Query: [query, queryValidation],
        BatchGetItem: [batchGetItem, batchGetValidation],
      } as Record<string, [DynaliteAction, DynaliteValidation]>
    )[operation] as [DynaliteAction, DynaliteValidation]
    const data = check({ ...input, ReturnConsumedCapacity: 'INDEXES' }, validation)
    if (operation === 'Query') refuseUnprojected(tableOf(data.TableName), data)
    const { answer } = await stage(action, data)
    const { ConsumedCapacity, ...rest } = answer
    const floor = data.ConsistentRead ? 1 : 0.5
    for (const row of [ConsumedCapacity].flat() as { TableName: string; CapacityUnits: number }[]) {
      charge(units, row.TableName, 'read', Math.max(floor, row.CapacityUnits), data.IndexName)
    }
    return rest
  }

  const call = async (operation: string, input: Input): Promise<object> => {
    const units: Units = new Map()
    touches(operation, input)
    try {
      const answer = await (operation === 'PutItem'
        ? write('Put', input, units)
        : operation === 'UpdateItem'
          ? write('Update', input, units)
          : operation === 'TransactWriteItems'
            ? transactWrite(input, units)
            : operation === 'TransactGetItems'
              ? transactGet(input, units)
              : read(operation, input, units))
      const mode = input.ReturnConsumedCapacity
      if (mode !== 'TOTAL' && mode !== 'INDEXES') return answer
      const described = describeUnits(units, mode)
      const several = operation.startsWith('Transact') || operation === 'BatchGetItem'
      return { ...answer, ConsumedCapacity: several ? described : described[0] }
    } finally {
      addUnits(total, units)
    }
  }

  const snapshot = async (): Promise<Record<string, Item[]>> => {
    const all: Record<string, Item[]> = {}
    for (const name of tables.keys()) {
      const items: Item[] = []
      for await (const item of level.values(within(itemPrefix(name)))) items.push(item)
      all[name] = items
    }
    return all
  }

  const restore = (items: Record<string, Item[]>) =>
    serial(async () => {
      const operations: LevelOperation[] = []
      for await (const key of level.keys({})) operations.push({ type: 'del', key })
      for (const [name, table] of tables) {
        for (const item of items[name] ?? []) {
          const change = itemChange(table, database.createKey(item, table), undefined, item, new Map())
          operations.push(...change)
        }
      }
      operations.push({ type: 'put', key: SHAPE, value: shapeOf(options.tables) })
      await level.batch(operations)
    })

  const stored = await level.get(SHAPE)
  if (JSON.stringify(stored) !== JSON.stringify(shapeOf(options.tables))) await restore(await snapshot())

  return {
    call,
    consumed: () => total,
    snapshot: () => serial(snapshot),
    restore,
    close: async () => {
      await tail
      await level.close()
    },
  }
}

/** The row that remembers the tables' definitions: when an index is new or changed, all are built again from the items. */
const SHAPE = 'shape'
const shapeOf = (tables: TableDefinition[]): Item => ({ tables: { S: JSON.stringify(tables) } })

const within = (prefix: string): Range => ({ gte: prefix, lt: `${prefix}\xff` })

const refuseDuplicates = (checked: Checked[], tableOf: (name: string) => TableDefinition): void => {
  const seen = new Set<string>()
  for (const data of checked) {
    const table = tableOf(data.TableName)
    const names = table.KeySchema.map(key => key.AttributeName)
    const key =
      data.Key ??
      Object.fromEntries(names.flatMap(name => (data.Item[name] ? [[name, data.Item[name]]] : [])))
    const wrong = database.validateKey(key, table)
    if (wrong) throw fromDynalite(wrong)
    const id = `${table.TableName}/${database.createKey(key, table)}`
    if (seen.has(id)) {
      throw new AwsError(
        'ValidationException',
        'Transaction request cannot include multiple operations on one item',
      )
    }
    seen.add(id)
  }
}

/** DynamoDB refuses, and dynalite ignores, a projection or filter over attributes the index does not carry. */
const refuseUnprojected = (table: TableDefinition, data: Checked): void => {
  const index = table.GlobalSecondaryIndexes?.find(each => each.IndexName === data.IndexName)
  const names = index && projected(table, index)
  if (!names) return
  const wanted = [
    ...(data._projection?.paths ?? []).map(path => String(Array.isArray(path) ? path[0] : path)),
    ...Object.keys(data._filter?.pathHeads ?? {}),
  ]
  const missing = wanted.filter(name => !names.includes(name))
  if (missing.length > 0) {
    throw new AwsError(
      'ValidationException',
      `One or more parameter values were invalid: Global secondary index ${index.IndexName} does not project [${missing.join(', ')}]`,
    )
  }
}
