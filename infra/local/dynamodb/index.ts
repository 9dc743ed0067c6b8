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
import { cancellation, cancelled, describeUnits, fromDynalite } from './answers.ts'
import { AwsError } from './aws-error.ts'
import type { Nastiness } from './nastiness.ts'
import { type Input, type Member, membersOf, rightsFor } from './requests.ts'
import {
  type Change,
  charge,
  type Item,
  indexPrefix,
  invalid,
  itemPrefix,
  keyNames,
  type LevelOperation,
  pieces,
  projected,
  type TableDefinition,
  type Units,
  writesOf,
} from './tables.ts'

type Callback = (error: unknown, value?: unknown) => void
type Range = Record<'gt' | 'gte' | 'lt' | 'lte', string | undefined> & { reverse?: boolean; limit?: number }

/** A request after dynalite's checks: the parsed expressions stand beside the parameters. */
interface Checked extends Input {
  TableName: string
  Key?: Item
  Item?: Item
  IndexName?: string
  /** Whether the old item is wanted with a failed condition. */
  shown?: boolean
  _projection?: { paths: (string | (string | number)[])[] }
  _filter?: { pathHeads: object }
}
type Action = (store: object, data: Checked, callback: (error: unknown, answer?: Input) => void) => void

export interface Dynamo {
  /** One API call of the closed list; throws `AwsError`. */
  call(operation: string, input: Input): Promise<object>
  consumed(): Units
  /** Every item of every table, in no order. */
  snapshot(): Promise<Record<string, Item[]>>
  /** Replaces every item; a table that the snapshot does not name becomes empty. */
  restore(snapshot: Record<string, Item[]>): Promise<void>
  close(): Promise<void>
}

interface DynamoOptions {
  tables: TableDefinition[]
  /** Without it everything is in memory. */
  path?: string
  nastiness?: Nastiness
}

const ONGOING = 'Transaction is ongoing for the item'
const TOKEN_LIFE_MS = 600_000
const ACTIONS: Record<string, [action: Action | undefined, validation: { types: object; custom: object }]> = {
  PutItem: [putItem, putValidation],
  UpdateItem: [updateItem, updateValidation],
  GetItem: [getItem, getValidation],
  Query: [query, queryValidation],
  BatchGetItem: [batchGetItem, batchGetValidation],
  Put: [putItem, putValidation],
  Update: [updateItem, updateValidation],
  Delete: [deleteItem, deleteValidation],
  ConditionCheck: [undefined, deleteValidation],
  Get: [getItem, getValidation],
}

/**
 * DynamoDB on dynalite's actions and validations. dynalite reads through a staged store that only collects what an
 * action writes; one LevelDB batch then commits items and index rows together, so that neither a failed member of a
 * transaction nor a killed process leaves a half. All writes and transactional reads stand in one queue.
 */
export const openDynamo = async ({
  tables: definitions,
  path,
  nastiness,
}: DynamoOptions): Promise<Dynamo> => {
  // All is read from memory, which is several times faster; what was written stands on the disk before it is seen.
  const disk = path === undefined ? undefined : database.create({ path }).db
  const base = database.create()
  const level = base.db
  const save = async (writes: LevelOperation[]): Promise<void> => {
    await disk?.batch(writes)
    await level.batch(writes)
  }
  if (disk) {
    const found: [string, Item][] = await disk.iterator().all()
    await level.batch(found.map(([key, value]) => ({ type: 'put', key, value })))
  }
  const tables = new Map(definitions.map(table => [table.TableName, table]))
  const total: Units = {}
  const tokens = new Map<string, { hash: string; expires: number }>()
  /** Items that were in a transaction: only on these can a single write meet one. */
  const transacted = new Set<string>()
  let tail: Promise<unknown> = Promise.resolve()

  const serial = <T>(job: () => Promise<T>): Promise<T> => {
    const turn = tail.then(job)
    tail = turn.catch(() => undefined)
    return turn
  }

  const tableOf = (name: string): TableDefinition => {
    const table = tables.get(name)
    if (table) return table
    throw new AwsError('ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`)
  }

  /** Values by the hundred. dynalite asks for one at a time, and leaves the iterator of each query open. */
  const stream = (prefix: string) => (range: Range) => {
    const bounds = Object.entries(range).map(([name, value]) => [
      name,
      typeof value === 'string' ? prefix + value : value,
    ])
    async function* values() {
      const iterator = level.values(Object.fromEntries(bounds))
      try {
        for (let some = await iterator.nextv(100); some.length > 0; some = await iterator.nextv(100))
          yield* some
      } finally {
        await iterator.close()
      }
    }
    return Readable.from(values())
  }

  /** Runs an action; what it would write comes back as a change and stands nowhere yet. */
  const stage = (action: Action, data: Checked): Promise<{ answer: Input; change: Change | undefined }> =>
    new Promise((resolve, reject) => {
      let before: Item | undefined
      let change: Change | undefined
      const fail = (error: unknown): void => reject(fromDynalite(error, data, before))
      const nothing = (...all: unknown[]): void => (all.at(-1) as Callback)(null)
      const itemDb = (name: string) => {
        const put = (key: string, after: Item | undefined, done: Callback): void => {
          change = { table: tableOf(name), key, before, after }
          done(null)
        }
        const read = async (key: string, done: Callback): Promise<void> => {
          before = await level.get(itemPrefix(name) + key)
          done(null, before)
        }
        return {
          lock: (_key: string, run: (release: (done: Callback) => Callback) => void) => run(done => done),
          get: (key: string, done: Callback) => void read(key, done).catch(fail),
          put,
          del: (key: string, done: Callback) => put(key, undefined, done),
          createValueStream: stream(itemPrefix(name)),
        }
      }
      const store = {
        options: base.options,
        getTable: (name: string, done: Callback) => done(null, tableOf(name)),
        getItemDb: itemDb,
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

  const check = (kind: string, input: Input): Checked => {
    const [, { types, custom }] = ACTIONS[kind] ?? [undefined, getValidation]
    try {
      const data = validations.checkTypes(structuredClone(input), types)
      validations.checkValidations(data, types, custom, base)
      if (kind === 'ConditionCheck' && !data.ConditionExpression)
        throw invalid('ConditionExpression is required')
      return { ...data, shown: input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' }
    } catch (error) {
      throw fromDynalite(error)
    }
  }

  const changeOf = async (
    kind: string,
    data: Checked,
  ): Promise<{ answer: Input; change: Change | undefined }> => {
    const action = ACTIONS[kind]?.[0]
    if (action) return stage(action, data)
    const table = tableOf(data.TableName)
    const key: string = database.createKey(data.Key, table)
    const before: Item | undefined = await level.get(itemPrefix(table.TableName) + key)
    const failed = database.checkConditional(data, before)
    if (failed) throw fromDynalite(failed, data, before)
    return { answer: {}, change: { table, key, before, after: before } }
  }

  /** `factor`: a transaction prepares and commits, and pays the table twice for it. */
  const commit = async (changes: (Change | undefined)[], factor: number, units: Units): Promise<void> => {
    const writes = changes.flatMap(change => {
      if (!change) return []
      charge(units, change.table.TableName, 'write', factor * pieces(1, change.before, change.after))
      return writesOf(change, units)
    })
    await save(writes)
  }

  const write = (operation: string, input: Input, units: Units) => {
    const data = check(operation, input)
    return serial(async () => {
      try {
        const { answer, change } = await changeOf(operation, data)
        const contended = change && transacted.has(change.table.TableName + change.key)
        if (contended && nastiness?.strikes()) throw new AwsError('TransactionConflictException', ONGOING)
        await commit([change], 1, units)
        return answer.Attributes ? { Attributes: answer.Attributes } : {}
      } catch (error) {
        charge(units, data.TableName, 'write', 1)
        throw error
      }
    })
  }

  /** Whether this token has already done this; remembers it otherwise unless `done` is false. */
  const repeated = (token: unknown, members: Member[]): boolean => {
    for (const [each, { expires }] of tokens) if (expires < Date.now()) tokens.delete(each)
    const known = tokens.get(String(token))
    if (known && known.hash !== hashOf(members)) {
      throw new AwsError('IdempotentParameterMismatchException', 'The token was used with another request')
    }
    return known !== undefined
  }

  const transactWrite = (input: Input, units: Units) => {
    const members = membersOf(input)
    const checked = members.map(member => check(member.kind, member.input))
    refuseDuplicates(checked, tableOf)
    const token = input.ClientRequestToken
    return serial(async () => {
      if (token && repeated(token, members)) {
        for (const data of checked) charge(units, data.TableName, 'read', 2)
        return {}
      }
      if (nastiness?.strikes()) {
        const hit = nastiness.below(members.length)
        const conflict = { Code: 'TransactionConflict', Message: ONGOING }
        throw cancelled(members.map((_, index) => (index === hit ? conflict : { Code: 'None' })))
      }
      const changes: (Change | undefined)[] = []
      const reasons: { Code: string }[] = []
      for (const [index, data] of checked.entries()) {
        const done = await changeOf(members[index]?.kind ?? '', data).catch(cancellation)
        if ('Code' in done) reasons.push(done)
        else {
          changes.push(done.change)
          reasons.push({ Code: 'None' })
        }
      }
      if (changes.length < members.length) {
        for (const data of checked) charge(units, data.TableName, 'write', 2)
        throw cancelled(reasons)
      }
      await commit(changes, 2, units)
      for (const change of changes) if (change) transacted.add(change.table.TableName + change.key)
      if (token) tokens.set(String(token), { hash: hashOf(members), expires: Date.now() + TOKEN_LIFE_MS })
      return {}
    })
  }

  const transactGet = (input: Input, units: Units) => {
    const checked = membersOf(input).map(member => check(member.kind, member.input))
    refuseDuplicates(checked, tableOf)
    return serial(async () => {
      const Responses: object[] = []
      for (const data of checked) {
        const { answer } = await stage(getItem, data)
        charge(units, data.TableName, 'read', 2 * pieces(4, answer.Item as Item | undefined))
        Responses.push(answer.Item ? { Item: answer.Item } : {})
      }
      return { Responses }
    })
  }

  const read = async (operation: string, input: Input, units: Units) => {
    const data = check(operation, { ...input, ReturnConsumedCapacity: 'INDEXES' })
    if (operation === 'Query') refuseUnprojected(tableOf(data.TableName), data)
    const { ConsumedCapacity, ...answer } = (await stage(ACTIONS[operation]?.[0] as Action, data)).answer
    for (const row of [ConsumedCapacity].flat() as { TableName: string; CapacityUnits: number }[]) {
      const where = data.IndexName ? `${row.TableName}/${data.IndexName}` : row.TableName
      charge(units, where, 'read', Math.max(data.ConsistentRead ? 1 : 0.5, row.CapacityUnits))
    }
    return answer
  }

  const call = async (operation: string, input: Input): Promise<object> => {
    const units: Units = {}
    rightsFor(operation, input)
    const special: Record<string, typeof transactWrite | undefined> = {
      TransactWriteItems: transactWrite,
      TransactGetItems: transactGet,
      PutItem: (...rest) => write(operation, ...rest),
      UpdateItem: (...rest) => write(operation, ...rest),
    }
    try {
      const answer = await (special[operation]?.(input, units) ?? read(operation, input, units))
      const described = describeUnits(units, input.ReturnConsumedCapacity)
      if (described.length === 0) return answer
      const single = !/^(Transact|Batch)/.test(operation)
      return { ...answer, ConsumedCapacity: single ? described[0] : described }
    } finally {
      for (const [where, { read, write }] of Object.entries(units)) {
        charge(total, where, 'read', read)
        charge(total, where, 'write', write)
      }
    }
  }

  const snapshot = async (): Promise<Record<string, Item[]>> => {
    const all: Record<string, Item[]> = {}
    for (const name of tables.keys()) {
      all[name] = await level.values({ gte: itemPrefix(name), lt: `${itemPrefix(name)}\xff` }).all()
    }
    return all
  }

  const restore = async (items: Record<string, Item[]>): Promise<void> => {
    const keys: string[] = await level.keys().all()
    const writes: LevelOperation[] = keys.map(key => ({ type: 'del', key }))
    for (const [name, table] of tables) {
      for (const after of items[name] ?? []) {
        writes.push(
          ...writesOf({ table, key: database.createKey(after, table), before: undefined, after }, {}),
        )
      }
    }
    await save([...writes, { type: 'put', key: 'shape', value: shape }])
  }

  // When the definitions are not those of the last start, all indexes are built again from the items.
  const shape: Item = { tables: { S: JSON.stringify(definitions) } }
  if (JSON.stringify(await level.get('shape')) !== JSON.stringify(shape)) await restore(await snapshot())

  return {
    call,
    consumed: () => total,
    snapshot: () => serial(snapshot),
    restore: items => serial(() => restore(items)),
    close: async () => {
      await tail
      await disk?.close()
    },
  }
}

const hashOf = (members: Member[]): string =>
  createHash('sha256').update(JSON.stringify(members)).digest('hex')

const refuseDuplicates = (checked: Checked[], tableOf: (name: string) => TableDefinition): void => {
  const ids = checked.map(data => {
    const table = tableOf(data.TableName)
    const own = keyNames(table).flatMap(name => (data.Item?.[name] ? [[name, data.Item[name]]] : []))
    const key = data.Key ?? Object.fromEntries(own)
    const wrong = database.validateKey(key, table)
    if (wrong) throw fromDynalite(wrong)
    return `${table.TableName}/${database.createKey(key, table)}`
  })
  if (new Set(ids).size < ids.length) {
    throw invalid('Transaction request cannot include multiple operations on one item')
  }
}

/** DynamoDB refuses, and dynalite ignores, a projection or filter over attributes that the index does not carry. */
const refuseUnprojected = (table: TableDefinition, data: Checked): void => {
  const index = table.GlobalSecondaryIndexes?.find(each => each.IndexName === data.IndexName)
  const names = index && projected(table, index)
  if (!names) return
  const wanted = (data._projection?.paths ?? []).map(path => String([path].flat()[0]))
  const missing = [...wanted, ...Object.keys(data._filter?.pathHeads ?? {})].filter(
    name => !names.includes(name),
  )
  if (missing.length > 0)
    throw invalid(`Global secondary index ${index.IndexName} does not project [${missing}]`)
}
