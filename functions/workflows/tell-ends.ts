import type { ToldRow } from '../../schemas/notice.ts'
import type { Unit } from '../../schemas/unit.ts'
import { type EndAhead, endsAhead, endsToTell, thresholdOf } from '../domain/ends-ahead.ts'
import { superiorOf } from '../domain/signing.ts'
import type { DigestStore } from '../stores/digests.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { Engine } from './engine.ts'
import { factsOf } from './known-people.ts'

type Needed = Pick<Engine, 'settings' | 'people' | 'clock'> & {
  readonly digests: Pick<DigestStore, 'tellEnds' | 'putItem'>
}

/** When and for which digest people are looked at. */
export interface Looking {
  readonly at: string
  readonly day: string
  readonly edition: string
  /** The last day of what may be renewed, where this edition reminds of it. */
  readonly renewable: string | null
  readonly units: ReadonlyMap<string, Unit>
}

/**
 * Tells a person of what ends within sixty, thirty, seven days or one, each once, and puts it into the digest of their unit;
 * with a reminder of the round, also what may be renewed. Whoever heads the unit is told of to those above.
 */
export async function tellEnds(engine: Needed, personId: string, looking: Looking): Promise<void> {
  const person = await engine.people.load(personId)
  if (person === null) return
  const ends = endsAhead(person, engine.settings, looking.at)
  if (ends.length === 0) return
  const unit = unitToTell(engine, person, looking)
  const place = unit === null ? null : { edition: looking.edition, unit }
  const renewable = ends.filter(({ lastDay }) => lastDay === looking.renewable)
  if (place !== null && renewable.length > 0)
    await engine.digests.putItem(place, {
      version: 1,
      kind: 'round',
      personId,
      ends: instantsOf(renewable),
    })
  const fresh = endsToTell(ends, person.told?.ends ?? {})
  if (fresh.length === 0) return
  // What the reminder of the round names already is not named twice.
  const told = instantsOf(fresh).filter(end => !instantsOf(renewable).includes(end))
  await engine.digests.tellEnds(
    {
      personId,
      standing: person.told,
      ends: { ...stillAhead(person.told, looking.at), ...thresholdsOf(fresh) },
      notice: {
        template: 'access-ending',
        to: { kind: 'person', personId },
        about: { personId, task: null, target: null, request: null },
        fact: JSON.stringify([personId, thresholdsOf(fresh)]),
      },
      place: told.length === 0 ? null : place,
      told,
    },
    looking.at,
  )
}

const instantsOf = (ends: readonly EndAhead[]): string[] =>
  [...new Set(ends.map(({ endsAt }) => endsAt))].sort()

const thresholdsOf = (ends: readonly EndAhead[]): Record<string, number> =>
  Object.fromEntries(
    [...ends]
      .sort((one, other) => (one.endsAt < other.endsAt ? -1 : 1))
      .flatMap(({ endsAt, days }) => {
        const threshold = thresholdOf(days)
        return threshold === null ? [] : [[endsAt, threshold]]
      }),
  )

/** What has ended meanwhile is forgotten. */
const stillAhead = (told: ToldRow | null, now: string): ToldRow['ends'] =>
  Object.fromEntries(Object.entries(told?.ends ?? {}).filter(([endsAt]) => endsAt > now))

function unitToTell(engine: Needed, person: PersonAggregate, { units, day }: Looking): string | null {
  const id = factsOf(engine, person).unit ?? person.row.declared?.unit
  const unit = id == null ? undefined : units.get(id)
  if (unit === undefined) return null
  if (unit.head !== person.row.personId) return unit.id
  return superiorOf(unit, ancestorsOf(unit, units), day)?.id ?? null
}

/** The units above one, nearest first. */
export function ancestorsOf(unit: Unit, units: ReadonlyMap<string, Unit>): Unit[] {
  const above: Unit[] = []
  for (let next = unit.parent; next !== null; ) {
    const parent = units.get(next)
    if (parent === undefined || above.includes(parent)) break
    above.push(parent)
    next = parent.parent
  }
  return above
}
