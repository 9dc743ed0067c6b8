import type { CivilDate, Instant } from '../../schemas/calendar.ts'
import type { Contract } from '../../schemas/contract.ts'
import type { HrEvent } from '../../schemas/hr-event.ts'
import type { NamedPerson } from '../../schemas/person.ts'
import { laterOf } from './civil-time.ts'
import { contractKey, sameContract } from './contract.ts'
import type { RegisterFacts } from './register.ts'

/** A row of the personnel office's list, read and checked: it says what holds now. */
export interface ImportRow {
  readonly person: NamedPerson
  readonly unit: string
  readonly contract: Contract
}

export type NewFact = Pick<HrEvent, 'type' | 'effectiveOn' | 'person' | 'contract' | 'unit'>

const sameNames = (one: NamedPerson, other: NamedPerson | null) =>
  other !== null &&
  one.givenNames === other.givenNames &&
  one.surnames === other.surnames &&
  one.position === other.position

/** The register today, and with everything that is already recorded for later days. */
export interface RegisterInTime {
  readonly today: RegisterFacts
  readonly eventually: RegisterFacts
}

/**
 * What a row says that the register does not know, in the order in which it has to be recorded; nothing if all of it is known,
 * be it for a later day. A person who is new, whose post ended, or who is held as terminated is hired; a move comes before a
 * change of contract, so that the old unit's grants end (R10). A contract that begins later begins then; every other change
 * holds from today.
 */
export function newFacts(row: ImportRow, register: RegisterInTime, today: CivilDate): NewFact[] {
  const facts = factsBeside(row, register.today, today)
  return factsBeside(row, register.eventually, today).length === 0 ? [] : facts
}

function factsBeside(row: ImportRow, register: RegisterFacts, today: CivilDate): NewFact[] {
  const { person, unit, contract } = row
  if (!register.known) return [{ type: 'hired', effectiveOn: contract.startsOn, person, contract, unit }]
  const effectiveOn = laterOf(today, contract.startsOn)
  const standing = register.contracts.find(entry => entry.key === contractKey(contract))
  const over =
    register.holds.some(hold => hold.kind === 'termination') ||
    register.contracts.every(({ endedOn }) => endedOn !== null && endedOn <= today)
  const facts: NewFact[] = []
  if (register.unit !== null && register.unit !== unit)
    facts.push({ type: 'transferred', effectiveOn: today, unit })
  if (over || register.unit === null) facts.push({ type: 'hired', effectiveOn, person, contract, unit })
  else {
    const known =
      standing !== undefined && standing.endedOn === null && sameContract(standing.contract, contract)
    const named = sameNames(person, register.person)
    if (!known || !named)
      facts.push({ type: 'contract-renewed', effectiveOn, contract, ...(named ? {} : { person }) })
  }
  return facts
}

/** Events of one moment are told apart by a millisecond each, so that they are folded in the order in which they were found. */
export const recordedAt = (now: number, index: number): Instant => new Date(now + index).toISOString()
