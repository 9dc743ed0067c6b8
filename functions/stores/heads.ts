import { ChainHead } from '../../schemas/target.ts'
import { chains, type Key, keys, lists } from './keys.ts'
import { emptyChain } from './ledger.ts'
import { batchGet, queryAll, type Tables } from './tables.ts'

export type HeadStore = ReturnType<typeof createHeadStore>

/** The row in whose head a chain ends; null for a chain no aggregate of ours has. */
function rowOf(chain: string): Key | null {
  const [kind, id = '', target = ''] = chain.split('/')
  if (chain === chains.body()) return keys.body()
  if (kind === 'person') return keys.person(id)
  if (kind === 'target') return keys.target(id, target)
  if (kind === 'credentials') return keys.credentials(id)
  if (kind === 'badge') return keys.badge(id)
  if (kind === 'request') return keys.request(id)
  if (kind === 'system') return keys.system(id)
  if (kind === 'task') return keys.task(id)
  if (kind === 'hold') return keys.stoppedBatch(id)
  if (kind === 'alarm') return keys.doorAlarm(id)
  if (kind === 'visit') return keys.visit(id)
  return kind === 'unit' ? keys.unit(id) : null
}

/** Where chains of the ledger should end, as the aggregates' own rows say. */
export function createHeadStore(tables: Tables) {
  return {
    /** Chains of the doors' alarms, as their list has them: nobody but the alarm itself tells of one. */
    async ofAlarms(): Promise<string[]> {
      const items = await queryAll(tables, {
        TableName: tables.state,
        IndexName: 'list',
        KeyConditionExpression: 'listKey = :list',
        ExpressionAttributeValues: { ':list': lists.doorAlarms() },
      })
      return items.map(({ listSort }) => chains.doorAlarm(String(listSort)))
    },

    /**
     * Heads by chain, read consistently; a chain whose aggregate is not kept is left out. One whose row has no head has not
     * begun (somebody's calls were counted, and nothing was recorded yet): it ends before its first entry.
     */
    async of(named: readonly string[]): Promise<Map<string, ChainHead>> {
      const chainsByRow = new Map<string, string>()
      const wanted = [...new Set(named)].flatMap(chain => {
        const row = rowOf(chain)
        if (row === null) return []
        chainsByRow.set(`${row.pk} ${row.sk}`, chain)
        return [row]
      })
      const items = await batchGet(tables, tables.state, wanted)
      return new Map(
        items.flatMap(item => {
          const chain = chainsByRow.get(`${item.pk} ${item.sk}`)
          return chain === undefined ? [] : [[chain, ChainHead.parse(item.head ?? emptyChain)] as const]
        }),
      )
    },
  }
}
