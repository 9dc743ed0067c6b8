import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { UnitRow } from '../../schemas/rows.ts'
import type { ChainHead } from '../../schemas/target.ts'
import type { Unit } from '../../schemas/unit.ts'
import { chains, keys, lists } from './keys.ts'
import { type EntryDraft, emptyChain, seal } from './ledger.ts'
import { batchGet, commit, queryAll, type Tables } from './tables.ts'
import { bare } from './target-rows.ts'

export type UnitStore = ReturnType<typeof createUnitStore>

/** How many units may stand above each other; a longer line is a circle that should never have been written. */
const deepestUnit = 50

/** The register of units: who heads them, who deputises when, and which unit is above. */
export function createUnitStore(tables: Tables) {
  const read = async (wanted: readonly Record<string, unknown>[]): Promise<UnitRow[]> => {
    const items = await batchGet(tables, tables.state, wanted)
    return items
      .map(item => UnitRow.parse(bare(item)))
      .sort((one, other) => (one.unit.id < other.unit.id ? -1 : 1))
  }

  async function load(id: string): Promise<UnitRow | null> {
    const answer = await tables.client.send(
      new GetCommand({ TableName: tables.state, Key: keys.unit(id), ConsistentRead: true }),
    )
    return answer.Item === undefined ? null : UnitRow.parse(bare(answer.Item))
  }

  /** The unit's row and the rows above it, nearest first; null when there is no such unit. */
  async function lineOf(id: string): Promise<{ row: UnitRow; above: UnitRow[] } | null> {
    const row = await load(id)
    if (row === null) return null
    const above: UnitRow[] = []
    for (let next = row.unit.parent; next !== null && above.length < deepestUnit; ) {
      const parent = await load(next)
      if (parent === null) break
      above.push(parent)
      next = parent.unit.parent
    }
    return { row, above }
  }

  return {
    load,
    lineOf,

    /** The unit with its ancestors, nearest first; null when there is no such unit. */
    async withAncestors(id: string): Promise<{ unit: Unit; ancestors: readonly Unit[] } | null> {
      const line = await lineOf(id)
      return line && { unit: line.row.unit, ancestors: line.above.map(({ unit }) => unit) }
    },

    /** Those of the named units that exist, by id. */
    some: (ids: readonly string[]): Promise<UnitRow[]> => read([...new Set(ids)].map(keys.unit)),

    /**
     * Every unit, by id. Which units there are comes from an index and may lag a second behind; what they say is read
     * consistently.
     */
    async all(): Promise<UnitRow[]> {
      const listed = await queryAll(tables, {
        TableName: tables.state,
        IndexName: 'list',
        KeyConditionExpression: 'listKey = :list',
        ExpressionAttributeValues: { ':list': lists.units() },
      })
      return read(listed.map(({ pk, sk }) => ({ pk, sk })))
    },

    /**
     * Writes a unit with its ledger entry. `above`: rows the decision rested on, which must not have changed either (two
     * units made each other's parent at the same moment would be a circle). False: something changed since it was read.
     */
    async record(
      standing: UnitRow | null,
      unit: Unit,
      entry: EntryDraft,
      above: readonly UnitRow[] = [],
    ): Promise<boolean> {
      const before = standing?.head ?? emptyChain
      const sealed = seal(tables, chains.unit(unit.id), before, entry)
      const row: UnitRow = { version: 1, unit, head: sealed.head }
      const names = { '#head': 'head', '#sequence': 'sequence' }
      const unchanged = (head: ChainHead) => ({
        ConditionExpression: '#head.#sequence = :sequence',
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: { ':sequence': head.sequence },
      })
      const result = await commit(tables, [
        {
          Put: {
            TableName: tables.state,
            Item: { ...keys.unit(unit.id), ...row, listKey: lists.units(), listSort: unit.id },
            ...(standing === null ? { ConditionExpression: 'attribute_not_exists(pk)' } : unchanged(before)),
          },
        },
        sealed.write,
        ...above.map(({ unit: { id }, head }) => ({
          ConditionCheck: { TableName: tables.state, Key: keys.unit(id), ...unchanged(head) },
        })),
      ])
      return result.done
    },
  }
}
