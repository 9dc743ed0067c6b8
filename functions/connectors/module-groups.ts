import type { Operation } from '../../schemas/access.ts'
import type { ModuleGroups } from '../../schemas/settings.ts'
import type { Right } from '../../schemas/target.ts'

type GroupIds<Id> = Readonly<Record<keyof ModuleGroups, readonly Id[]>>

/** Our module id → the ERP's own ids of the groups that make up its permissions. */
export type Modules<Id> = ReadonlyMap<string, GroupIds<Id>>

const operations = ['ingreso', 'modificacion', 'eliminacion'] as const satisfies readonly Operation[]

/** Not a right of ours: some groups of a module without all that belong to it. It makes the difference to a right visible. */
const incomplete = 'incompleto'

/** The settings' modules with ids in the place of names. */
export const modulesBy = <Id>(
  modules: Readonly<Record<string, ModuleGroups>>,
  idOf: (name: string) => Id,
): Modules<Id> =>
  new Map(
    Object.entries(modules).map(([id, { consulta, ingreso, modificacion, eliminacion }]) => [
      id,
      {
        consulta: consulta.map(idOf),
        ingreso: ingreso.map(idOf),
        modificacion: modificacion.map(idOf),
        eliminacion: eliminacion.map(idOf),
      },
    ]),
  )

/** Every group that stands in the settings, once. */
export const namesOf = (modules: Readonly<Record<string, ModuleGroups>>): string[] => [
  ...new Set(Object.values(modules).flatMap(groups => Object.values(groups).flat())),
]

export const groupsOf = <Id>(ids: GroupIds<Id> | undefined): Id[] => [
  ...new Set(ids === undefined ? [] : Object.values(ids).flat()),
]

/** What a set of groups lets somebody do: an operation counts where all of its groups are held. */
const operationsWith = <Id>(ids: GroupIds<Id>, held: ReadonlySet<Id>): Operation[] =>
  operations.filter(one => ids[one].length > 0 && ids[one].every(id => held.has(id)))

export function rightsOf<Id>(modules: Modules<Id>, held: ReadonlySet<Id>): Right[] {
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
export function groupsFor<Id>(modules: Modules<Id>, right: Right): Id[] | null {
  const ids = modules.get(right.id)
  if (ids === undefined || right.specific.length > 0 || right.until !== null) return null
  const groups = new Set([...ids.consulta, ...right.operations.flatMap(one => ids[one])])
  const able = operationsWith(ids, groups)
  const asked = able.length === right.operations.length && able.every(one => right.operations.includes(one))
  return asked ? [...groups] : null
}
