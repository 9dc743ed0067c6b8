import type { Unit } from '../../schemas/unit.ts'
import { dayOf } from '../domain/civil-time.ts'
import { type HoldInForce, holdsOn } from '../domain/holds.ts'
import { deputiesOn, inOffice, type UnitInOffice } from '../domain/office.ts'
import { isSuperior } from '../domain/signing.ts'
import type { Engine } from './engine.ts'

/** The registers by which it is known who signs. */
export interface UnitReader {
  /** The unit with its ancestors, nearest first; null when there is no such unit. */
  readonly withAncestors: (id: string) => Promise<{ unit: Unit; ancestors: readonly Unit[] } | null>
}

type Needed = Pick<Engine, 'people' | 'settings'> & { readonly units: UnitReader }

/** A unit as those lead it who can act, and those above it up to the first that stands over it. */
export interface PlaceInOffice {
  readonly unit: UnitInOffice
  readonly ancestors: readonly UnitInOffice[]
}

/**
 * The unit with its ancestors, without the heads and deputies who are held at this instant. Read is whoever heads or
 * deputises that day, each once, and upwards no further than the unit whose head stands above: what is beyond decides nothing.
 */
export async function unitInOffice(
  { units, people, settings }: Needed,
  id: string,
  asOf: string,
): Promise<PlaceInOffice | null> {
  const place = await units.withAncestors(id)
  if (place === null) return null
  const day = dayOf(asOf, settings.timeZone)
  const known = new Map<string, Promise<readonly HoldInForce[]>>()
  const read = async (personId: string) => {
    const person = await people.load(personId)
    return person === null ? [] : holdsOn(person, asOf, settings)
  }
  const present = async (unit: Unit): Promise<UnitInOffice> => {
    const asked = [...(unit.head === null ? [] : [unit.head]), ...deputiesOn(unit, day)]
    const holds = new Map<string, readonly HoldInForce[]>()
    await Promise.all(
      asked.map(async personId => {
        const reading = known.get(personId) ?? read(personId)
        known.set(personId, reading)
        holds.set(personId, await reading)
      }),
    )
    return inOffice(unit, day, personId => holds.get(personId) ?? [])
  }
  const unit = await present(place.unit)
  const ancestors: UnitInOffice[] = []
  for (const above of place.ancestors) {
    const next = await present(above)
    ancestors.push(next)
    if (isSuperior(next, unit.head, day)) break
  }
  return { unit, ancestors }
}
