import type { UnitView } from '../../schemas/api-units.ts'
import type { UnitRow } from '../../schemas/rows.ts'
import type { Unit, WrittenDeputy, WrittenUnit } from '../../schemas/unit.ts'
import { withDeputy, withoutDeputy } from '../domain/deputies.ts'
import { type Caller, holdsAny, readersOfAll } from '../domain/entitlement.ts'
import { holdsOn } from '../domain/holds.ts'
import { parseNationalId } from '../domain/national-id.ts'
import { isVacant } from '../domain/office.ts'
import { type CodedFault, type Refusal, refuse } from '../domain/refusal.ts'
import type { EntryDraft } from '../stores/ledger.ts'
import { nowOf, type Registers, tries } from './registers.ts'

type Needed = Pick<Registers, 'units' | 'people' | 'settings' | 'clock'>

/** Whether the unit's register was new to this unit, and what it says now. */
export interface RecordedUnit {
  readonly created: boolean
  readonly unit: UnitView
}

/** A unit as its own people, `hr`, `it`, `security` and `authority` may see it; anybody else gets the answer of the unknown. */
export async function readUnit(registers: Needed, caller: Caller, id: string): Promise<UnitView | Refusal> {
  const row = await registers.units.load(id)
  if (row === null) return refuse('not-found')
  const { head, deputies } = row.unit
  const own = head === caller.personId || deputies.some(({ personId }) => personId === caller.personId)
  if (!own && !holdsAny(caller, [...readersOfAll, 'authority'])) return refuse('not-found')
  return view(registers, row.unit)
}

/**
 * Records a unit (by `hr`, see the contract's table): its parent must stand and must not hang below it. Nobody names
 * themselves, as head or as deputy: whoever keeps the register would sign forms that `hr` may not file.
 */
export async function recordUnit(
  registers: Needed,
  caller: Caller,
  id: string,
  written: WrittenUnit,
): Promise<RecordedUnit | Refusal> {
  const head = await personOf(registers, written.head?.nationalId ?? null, '/head/nationalId')
  for (let attempt = 1; attempt <= tries; attempt++) {
    const standing = await registers.units.load(id)
    const moved = written.parent !== (standing?.unit.parent ?? null)
    const parent = moved ? await parentOf(registers, id, written.parent) : { above: [] }
    const faults = [...('fault' in parent ? [parent.fault] : []), ...('fault' in head ? [head.fault] : [])]
    if ('fault' in parent || 'fault' in head) return refuse('invalid', faults)
    const named = head.personId !== (standing?.unit.head ?? null)
    if (named && head.personId === caller.personId)
      return refuse('invalid', [{ pointer: '/head/nationalId', code: 'unit.oneself' }])
    const unit: Unit = {
      id,
      name: written.name,
      parent: written.parent,
      head: head.personId,
      deputies: standing?.unit.deputies ?? [],
    }
    if (standing !== null && sameUnit(standing.unit, unit))
      return { created: false, unit: await view(registers, unit) }
    const entry = unitDraft(registers, caller, 'unit-recorded', standing, unit)
    if (await registers.units.record(standing, unit, entry, parent.above))
      return { created: standing === null, unit: await view(registers, unit) }
  }
  return refuse('busy')
}

/**
 * Deputies are named by `hr` or by the head. A caller with nothing to say here cannot tell a unit that stands from one that
 * does not.
 */
export async function mayNameDeputy(registers: Needed, caller: Caller, id: string): Promise<Refusal | null> {
  const standing = await registers.units.load(id)
  const byHr = holdsAny(caller, ['hr'])
  if (!byHr && standing?.unit.head !== caller.personId) return refuse('forbidden')
  return standing === null ? refuse('not-found') : null
}

/**
 * Names who signs in the head's place between two days; never the head. Naming only adds: a period that touches one the same
 * person has already is joined with it, and one within it says nothing new.
 */
export async function nameDeputy(
  registers: Needed,
  caller: Caller,
  id: string,
  written: WrittenDeputy,
): Promise<UnitView | Refusal> {
  for (let attempt = 1; attempt <= tries; attempt++) {
    const standing = await registers.units.load(id)
    if (standing === null) return refuse('not-found')
    const deputy = await personOf(registers, written.nationalId, '/nationalId')
    if ('fault' in deputy) return refuse('invalid', [deputy.fault])
    if (deputy.personId === standing.unit.head)
      return refuse('invalid', [{ pointer: '/nationalId', code: 'deputy.is-head' }])
    if (deputy.personId === caller.personId)
      return refuse('invalid', [{ pointer: '/nationalId', code: 'unit.oneself' }])
    const { from, until } = written
    const named = { personId: deputy.personId ?? '', from, until }
    const deputies = withDeputy(standing.unit.deputies, named)
    if (deputies === standing.unit.deputies) return view(registers, standing.unit)
    const unit: Unit = { ...standing.unit, deputies }
    const entry = unitDraft(registers, caller, 'deputy-named', standing, unit, named.personId)
    if (await registers.units.record(standing, unit, entry)) return view(registers, unit)
  }
  return refuse('busy')
}

/**
 * Ends what somebody was named deputy for, at once: the last day of a period that runs was yesterday, and one that begins
 * today or later was never. What is over stays. Ending what is ended changes nothing.
 */
export async function endDeputy(
  registers: Needed,
  caller: Caller,
  id: string,
  nationalId: string,
): Promise<UnitView | Refusal> {
  const refusal = await mayNameDeputy(registers, caller, id)
  if (refusal !== null) return refusal
  const deputy = await personOf(registers, nationalId, '')
  if ('fault' in deputy || deputy.personId === null) return refuse('not-found')
  for (let attempt = 1; attempt <= tries; attempt++) {
    const standing = await registers.units.load(id)
    if (standing === null) return refuse('not-found')
    const { today } = nowOf(registers)
    const deputies = withoutDeputy(standing.unit.deputies, deputy.personId, today)
    if (deputies === standing.unit.deputies) return view(registers, standing.unit)
    const unit: Unit = { ...standing.unit, deputies }
    const entry = unitDraft(registers, caller, 'deputy-ended', standing, unit, deputy.personId)
    if (await registers.units.record(standing, unit, entry)) return view(registers, unit)
  }
  return refuse('busy')
}

type Found<T> = T | { readonly fault: CodedFault }

async function personOf(
  { people, settings }: Needed,
  written: string | null,
  pointer: string,
): Promise<Found<{ personId: string | null }>> {
  if (written === null) return { personId: null }
  const parsed = parseNationalId(settings.nationalId, written)
  if (!parsed.ok) return { fault: { pointer, code: parsed.code } }
  const personId = await people.idOf(parsed.value)
  return personId === null ? { fault: { pointer, code: 'person.unknown' } } : { personId }
}

async function parentOf(
  { units }: Needed,
  id: string,
  parent: string | null,
): Promise<Found<{ above: readonly UnitRow[] }>> {
  if (parent === null) return { above: [] }
  const line = await units.lineOf(parent)
  if (line === null) return { fault: { pointer: '/parent', code: 'catalogue.unknown-unit' } }
  const above = [line.row, ...line.above]
  return above.some(({ unit }) => unit.id === id)
    ? { fault: { pointer: '/parent', code: 'unit.parent-cycle' } }
    : { above }
}

export const sameUnit = (one: Unit, other: Unit) =>
  one.name === other.name && one.parent === other.parent && one.head === other.head

export function unitDraft(
  registers: Needed,
  caller: Caller,
  act: 'unit-recorded' | 'deputy-named' | 'deputy-ended',
  standing: UnitRow | null,
  unit: Unit,
  subject: string | null = null,
): EntryDraft {
  const { at } = nowOf(registers)
  return {
    at,
    asOf: at,
    act,
    phase: 'recorded',
    subject,
    actor: {
      personId: caller.personId,
      role: holdsAny(caller, ['hr']) ? 'hr' : 'head',
      onBehalfOf: null,
    },
    system: 'llavero',
    request: null,
    cause: { kind: 'register', ref: unit.id },
    before: standing?.unit ?? null,
    after: unit,
  }
}

async function view(registers: Needed, unit: Unit): Promise<UnitView> {
  const { people, settings } = registers
  const [rows, head] = await Promise.all([
    people.rowsOf(unit.deputies.map(({ personId }) => personId)),
    unit.head === null ? null : people.load(unit.head),
  ])
  return {
    id: unit.id,
    name: unit.name,
    parent: unit.parent,
    head: unit.head === null ? null : { nationalId: head?.row.nationalId ?? '' },
    vacant: isVacant(unit, head === null ? [] : holdsOn(head, nowOf(registers).at, settings)),
    deputies: unit.deputies.map(({ personId, from, until }) => ({
      nationalId: rows.get(personId)?.nationalId ?? '',
      from,
      until,
    })),
  }
}
