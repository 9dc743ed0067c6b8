import * as z from 'zod'
import type { Operation } from '../../../schemas/access.ts'
import type { ModuleGroups, TrytonSettings } from '../../../schemas/settings.ts'
import type { Right } from '../../../schemas/target.ts'
import { ConnectorError } from '../contract.ts'
import type { TrytonClient } from './client.ts'
import { readRows } from './rows.ts'

type GroupIds = Readonly<Record<keyof ModuleGroups, readonly number[]>>

/** Our module id → ids of the groups that make up its permissions. */
export type Modules = ReadonlyMap<string, GroupIds>

const operations = ['ingreso', 'modificacion', 'eliminacion'] as const satisfies readonly Operation[]

/** Not a right of ours: some groups of a module without all that belong to it. It makes the difference to a right visible. */
const incomplete = 'incompleto'

/** Milliseconds for which the groups of the settings need not be looked up again. */
const sureFor = 60_000

const Group = z.object({ id: z.int(), name: z.string(), active: z.boolean() })

/** Looks the settings' groups up by name. One that is missing, inactive or there twice is a fault of the installation. */
export function openGroups(client: TrytonClient, settings: TrytonSettings): () => Promise<Modules> {
  const names = [...new Set(Object.values(settings.modules).flatMap(groups => Object.values(groups).flat()))]
  let known: { modules: Modules; until: number } | undefined

  async function lookUp(): Promise<Modules> {
    const rows = readRows(
      settings.id,
      Group,
      await client.read('model.res.group.search_read', [
        [['name', 'in', names]],
        0,
        null,
        null,
        ['name', 'active'],
      ]),
    ).filter(group => group.active)
    const idOf = (name: string): number => {
      const [group, second] = rows.filter(row => row.name === name)
      if (group === undefined || second !== undefined)
        throw new ConnectorError(settings.id, 'misconfigured', true, { code: 'GROUP' })
      return group.id
    }
    return new Map(
      Object.entries(settings.modules).map(([id, { consulta, ingreso, modificacion, eliminacion }]) => [
        id,
        {
          consulta: consulta.map(idOf),
          ingreso: ingreso.map(idOf),
          modificacion: modificacion.map(idOf),
          eliminacion: eliminacion.map(idOf),
        },
      ]),
    )
  }

  return async () => {
    if (known === undefined || Date.now() > known.until)
      known = { modules: await lookUp(), until: Date.now() + sureFor }
    return known.modules
  }
}

export const groupsOf = (ids: GroupIds | undefined): number[] => [
  ...new Set(ids === undefined ? [] : Object.values(ids).flat()),
]

/** What a set of groups lets somebody do: an operation counts where all of its groups are held. */
const operationsWith = (ids: GroupIds, held: ReadonlySet<number>): Operation[] =>
  operations.filter(one => ids[one].length > 0 && ids[one].every(id => held.has(id)))

export function rightsOf(modules: Modules, held: ReadonlySet<number>): Right[] {
  return [...modules]
    .flatMap(([id, ids]) => {
      const own = groupsOf(ids).filter(group => held.has(group))
      if (own.length === 0) return []
      const able = operationsWith(ids, held)
      const whole = new Set([...ids.consulta, ...able.flatMap(one => ids[one])])
      const exact = whole.size === own.length && own.every(group => whole.has(group))
      return [{ id, operations: able, specific: exact ? [] : [incomplete], until: null }]
    })
    .sort((one, other) => (one.id < other.id ? -1 : 1))
}

/**
 * The groups that give exactly this right; null where the ERP's groups cannot hold it as narrow as it is: a part of a
 * module, an end of its own, an operation that has no group or whose group gives others as well. It is never widened.
 */
export function groupsFor(modules: Modules, right: Right): number[] | null {
  const ids = modules.get(right.id)
  if (ids === undefined || right.specific.length > 0 || right.until !== null) return null
  const groups = new Set([...ids.consulta, ...right.operations.flatMap(one => ids[one])])
  const able = operationsWith(ids, groups)
  const asked = able.length === right.operations.length && able.every(one => right.operations.includes(one))
  return asked ? [...groups] : null
}
