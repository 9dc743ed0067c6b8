import type { ImportAnswer } from '../../schemas/api.ts'
import type { UnitRow } from '../../schemas/rows.ts'
import type { Unit } from '../../schemas/unit.ts'
import type { Caller } from '../domain/entitlement.ts'
import type { RowFault } from '../domain/read-people.ts'
import { checkUnits, parentsFirst, type SentUnit, treeFaults, unitsOfCsv } from '../domain/read-units.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { say } from '../domain/texts/index.ts'
import type { UnitChange } from '../stores/units.ts'
import type { SentPeople } from './import-people.ts'
import { sameUnit, unitDraft } from './maintain-unit.ts'
import { type Registers, tries } from './registers.ts'

type Needed = Pick<Registers, 'people' | 'units' | 'settings' | 'clock'>

/** Units of one transaction: two items each of its hundred, and the units above them are checked in it. */
const unitsAtOnce = 25
const checkedAtOnce = 50

/**
 * Brings the register of units up to date from a list (by `hr`, see the contract's table), in whatever order its rows
 * stand. Absence ends nothing. Every row is checked before the first is written, and with any fault nothing is. What a row
 * says that is known already is not recorded again, so the same list may be sent again after a crash.
 */
export async function importUnits(
  registers: Needed,
  caller: Caller,
  sent: SentPeople,
): Promise<ImportAnswer | Refusal> {
  const { settings } = registers
  const list =
    sent.kind === 'csv'
      ? unitsOfCsv(sent.text)
      : Array.isArray(sent.value)
        ? { rows: sent.value as unknown[], faults: [] }
        : { refused: [{ pointer: '', code: 'units.not-a-list' } as const] }
  if ('refused' in list) return refuse('malformed', list.refused)
  const { units, faults } = checkUnits(list, settings.nationalId)
  const heads = await registers.people.idsOf(units.flatMap(({ head }) => head ?? []))
  const recorded = new Set<string>()
  for (let attempt = 1; attempt <= tries; attempt++) {
    const rows = new Map((await registers.units.all()).map(row => [row.unit.id, row]))
    const all = [...faults, ...(await faultsBeside(caller, units, rows, heads))]
    // Somebody has changed the register under our hands, and the list no longer fits what stands now.
    if (all.length > 0 && recorded.size > 0) return refuse('conflict')
    if (all.length > 0) return { applied: 0, faults: told(registers, all) }
    const changes = changesOf(registers, caller, units, rows, heads)
    if (await record(registers, changes, rows, recorded)) return { applied: recorded.size, faults: [] }
  }
  return refuse('busy')
}

/** What is wrong with rows that are right by themselves. */
async function faultsBeside(
  caller: Caller,
  units: readonly SentUnit[],
  rows: ReadonlyMap<string, UnitRow>,
  heads: ReadonlyMap<string, string>,
): Promise<RowFault[]> {
  const standing = new Map([...rows].map(([id, { unit }]) => [id, unit]))
  const ofHeads = units.flatMap(({ row, id, head }): RowFault[] => {
    if (head === undefined) return []
    const personId = heads.get(head)
    if (personId === undefined) return [{ row, pointer: '/head', code: 'person.unknown' }]
    const named = personId === caller.personId && standing.get(id)?.head !== personId
    return named ? [{ row, pointer: '/head', code: 'unit.oneself' }] : []
  })
  return [...ofHeads, ...treeFaults(units, standing)]
}

/** What the rows say that the register does not, parents first. */
function changesOf(
  registers: Needed,
  caller: Caller,
  units: readonly SentUnit[],
  rows: ReadonlyMap<string, UnitRow>,
  heads: ReadonlyMap<string, string>,
): UnitChange[] {
  return parentsFirst(units).flatMap(({ id, name, parent, head }): UnitChange[] => {
    const standing = rows.get(id) ?? null
    const unit: Unit = {
      id,
      name,
      parent,
      head: head === undefined ? (standing?.unit.head ?? null) : (heads.get(head) ?? null),
      deputies: standing?.unit.deputies ?? [],
    }
    if (standing !== null && sameUnit(standing.unit, unit)) return []
    return [{ standing, unit, entry: unitDraft(registers, caller, 'unit-recorded', standing, unit) }]
  })
}

/** Portion after portion, each with the units above it unchanged. False: somebody else changed one of them. */
async function record(
  registers: Needed,
  changes: readonly UnitChange[],
  standing: ReadonlyMap<string, UnitRow>,
  recorded: Set<string>,
): Promise<boolean> {
  const rows = new Map(standing)
  for (let rest = [...changes]; rest.length > 0; ) {
    const portion: UnitChange[] = []
    const above = new Map<string, UnitRow>()
    for (const change of rest.slice(0, unitsAtOnce)) {
      const wanted = ancestors(change.unit, rows, portion)
      if (portion.length > 0 && new Set([...above.keys(), ...wanted.keys()]).size > checkedAtOnce) break
      for (const [id, row] of wanted) above.set(id, row)
      portion.push(change)
    }
    // A unit that is written is no unit to be checked: its own condition does that.
    for (const { unit } of portion) above.delete(unit.id)
    const written = await registers.units.recordAll(portion, [...above.values()])
    if (written === null) return false
    for (const row of written) {
      rows.set(row.unit.id, row)
      recorded.add(row.unit.id)
    }
    rest = rest.slice(portion.length)
  }
  return true
}

function ancestors(
  unit: Unit,
  rows: ReadonlyMap<string, UnitRow>,
  portion: readonly UnitChange[],
): Map<string, UnitRow> {
  const found = new Map<string, UnitRow>()
  const beside = new Map(portion.map(change => [change.unit.id, change.unit]))
  for (let next = unit.parent; next !== null; ) {
    const row = rows.get(next)
    if (row !== undefined) found.set(next, row)
    next = (beside.get(next) ?? row?.unit)?.parent ?? null
  }
  return found
}

const told = ({ settings }: Needed, faults: readonly RowFault[]): ImportAnswer['faults'] =>
  [...faults]
    .sort((one, other) => one.row - other.row)
    .slice(0, 1_000)
    .map(({ row, pointer, code }) => ({ row, pointer, message: say(settings.locale, code) }))
