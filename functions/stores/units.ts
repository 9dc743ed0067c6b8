import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { UnitRow } from '../../schemas/rows.ts'
import type { ChainHead } from '../../schemas/target.ts'
import type { Unit } from '../../schemas/unit.ts'
import { chains, keys, lists } from './keys.ts'
import { type EntryDraft, emptyChain, seal } from './ledger.ts'
import { batchGet, commit, queryAll, type Tables, type Write } from './tables.ts'
import { bare } from './target-rows.ts'

/** What a unit is to be; `standing` is its row as read, null for a new one. */
export interface UnitChange {
  readonly standing: UnitRow | null
  readonly unit: Unit
  readonly entry: EntryDraft
}

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

  /**
   * Writes units with their ledger entries, all or none: two items each of a transaction's hundred. `above`: rows the
   * decision rested on, which must not have changed either (two units made each other's parent at the same moment would be
   * a circle). Null: something changed since it was read.
   */
  async function recordAll(
    changes: readonly UnitChange[],
    above: readonly UnitRow[],
  ): Promise<readonly UnitRow[] | null> {
    const unchanged = (head: ChainHead) => ({
      ConditionExpression: '#head.#sequence = :sequence',
      ExpressionAttributeNames: { '#head': 'head', '#sequence': 'sequence' },
      ExpressionAttributeValues: { ':sequence': head.sequence },
    })
    const rows: UnitRow[] = []
    const writes = changes.flatMap(({ standing, unit, entry }): Write[] => {
      const sealed = seal(tables, chains.unit(unit.id), standing?.head ?? emptyChain, entry)
      const row: UnitRow = { version: 1, unit, head: sealed.head }
      rows.push(row)
      return [
        {
          Put: {
            TableName: tables.state,
            Item: { ...keys.unit(unit.id), ...row, listKey: lists.units(), listSort: unit.id },
            ...(standing === null
              ? { ConditionExpression: 'attribute_not_exists(pk)' }
              : unchanged(standing.head)),
          },
        },
        sealed.write,
      ]
    })
    const result = await commit(tables, [
      ...writes,
      ...above.map(({ unit: { id }, head }) => ({
        ConditionCheck: { TableName: tables.state, Key: keys.unit(id), ...unchanged(head) },
      })),
    ])
    return result.done ? rows : null
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

    /** Writes a unit with its ledger entry, see `recordAll`. False: something changed since it was read. */
    async record(
      standing: UnitRow | null,
      unit: Unit,
      entry: EntryDraft,
      above: readonly UnitRow[] = [],
    ): Promise<boolean> {
      return (await recordAll([{ standing, unit, entry }], above)) !== null
    },

    recordAll,
  }
}
