import { type Unit, UnitRowSent } from '../../schemas/unit.ts'
import { faultsOf, mostFaults } from './faults.ts'
import { type NationalIdScheme, parseNationalId } from './national-id.ts'
import { type RowFault, rowsOfTable, type SentRows } from './read-people.ts'
import type { Code } from './texts/index.ts'

/** A row of a list of units, read and checked by itself. `head` undefined: as it is. */
export interface SentUnit {
  readonly row: number
  readonly id: string
  readonly name: string
  readonly parent: string | null
  /** Normalised national id. */
  readonly head?: string | undefined
}

const columns = Object.keys(UnitRowSent.shape)
const optional = new Set(['parent', 'head'])

/** The list of units as CSV. */
export const unitsOfCsv = (text: string) => rowsOfTable(text, columns, optional)

/** Every row by itself, and no unit twice. `units` counts only if no fault was found. */
export function checkUnits(
  sent: SentRows,
  scheme: NationalIdScheme,
): { readonly units: readonly SentUnit[]; readonly faults: readonly RowFault[] } {
  const faults: RowFault[] = [...sent.faults]
  const units: SentUnit[] = []
  const seen = new Set<string>()
  for (const [index, one] of sent.rows.entries()) {
    if (faults.length > mostFaults) break
    const row = index + 1
    const parsed = UnitRowSent.safeParse(one)
    if (!parsed.success) {
      faults.push(...faultsOf(parsed.error, one).map(fault => ({ row, ...fault })))
      continue
    }
    const { id, name, parent = null, head } = parsed.data
    if (seen.has(id)) faults.push({ row, pointer: '/id', code: 'units.repeated' })
    seen.add(id)
    const nationalId = head == null ? undefined : parseNationalId(scheme, head)
    if (nationalId?.ok === false) faults.push({ row, pointer: '/head', code: nationalId.code })
    units.push({ row, id, name, parent, head: nationalId?.ok ? nationalId.value : undefined })
  }
  return { units, faults }
}

/** How many units may stand above each other. */
const deepest = 50

/**
 * Faults of the tree that the list makes of the register: a parent that is in neither, a circle, a line too long to be
 * one. The order of the rows does not matter.
 */
export function treeFaults(sent: readonly SentUnit[], standing: ReadonlyMap<string, Unit>): RowFault[] {
  const parents = new Map<string, string | null>([
    ...[...standing.values()].map(({ id, parent }) => [id, parent] as const),
    ...sent.map(({ id, parent }) => [id, parent] as const),
  ])
  return sent.flatMap(({ row, id, parent }): RowFault[] => {
    const fault = (code: Code): RowFault[] => [{ row, pointer: '/parent', code }]
    if (parent !== null && !parents.has(parent)) return fault('catalogue.unknown-unit')
    const above = new Set<string>()
    for (let next = parent; next !== null; next = parents.get(next) ?? null) {
      if (next === id || above.has(next)) return fault('unit.parent-cycle')
      above.add(next)
      if (above.size >= deepest) return fault('unit.too-deep')
    }
    return []
  })
}

/** Parents before what hangs below them. Only for a list without faults. */
export function parentsFirst<T extends { readonly id: string; readonly parent: string | null }>(
  units: readonly T[],
): T[] {
  const listed = new Map(units.map(unit => [unit.id, unit]))
  const placed = new Set<string>()
  const ordered: T[] = []
  const place = (unit: T): void => {
    if (placed.has(unit.id)) return
    placed.add(unit.id)
    const parent = unit.parent === null ? undefined : listed.get(unit.parent)
    if (parent !== undefined) place(parent)
    ordered.push(unit)
  }
  units.forEach(place)
  return ordered
}
