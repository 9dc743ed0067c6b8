import type { KeyHolders } from '../../schemas/api-badges.ts'
import type { KeyHoldersRow } from '../../schemas/badges.ts'
import { type StandingDoor, standingDoors } from '../domain/badge.ts'
import { laterOf } from '../domain/civil-time.ts'
import { type Refusal, refuseWith } from '../domain/refusal.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { Engine } from './engine.ts'
import { inParallel } from './in-parallel.ts'
import { knownPeople } from './known-people.ts'
import { nowOf } from './registers.ts'

type Needed = Pick<Engine, 'settings' | 'people' | 'requests' | 'lists' | 'keyHolders' | 'clock'>

type Approved = KeyHoldersRow['holders'][number]['approved']

/** Somebody with a grant of a door that is not over, or with an approval that is not carried out yet. */
interface Holder {
  readonly person: PersonAggregate
  readonly doors: readonly StandingDoor[]
  readonly approved: Approved
}

const listedAtOnce = 200

/**
 * Who holds standing access now: whoever was counted at an approval, less those whose grants are over, and whoever has an
 * account at the doors, for what was granted before anybody counted.
 */
async function holdersNow(engine: Needed, row: KeyHoldersRow): Promise<Holder[]> {
  const { at } = nowOf(engine)
  const approved = new Map<string, Approved>(row.holders.map(one => [one.personId, one.approved]))
  let place: string | null = null
  do {
    const page = await engine.lists.accounts('data-centre', place, listedAtOnce)
    for (const { personId } of page.items) if (!approved.has(personId)) approved.set(personId, [])
    place = page.next
  } while (place !== null)
  const found: Holder[] = []
  await inParallel([...approved], async ([personId, lines]) => {
    const person = await engine.people.load(personId)
    if (person === null) return
    const doors = standingDoors(person, engine.settings, at)
    const waiting = await notApplied(engine, person, lines)
    if (doors.length + waiting.length > 0) found.push({ person, doors, approved: waiting })
  })
  return found
}

/** Of lines that were approved, those that give nothing yet and will: neither applied nor discarded. */
async function notApplied(engine: Needed, person: PersonAggregate, lines: Approved): Promise<Approved> {
  const open = lines.filter(
    ({ request, line }) =>
      !person.applied.some(one => one.request === request && one.lines.some(each => each.line === line)),
  )
  const kept = await Promise.all(
    open.map(async ({ request, line }) => {
      const found = await engine.requests.load(request)
      return found?.lines.some(one => one.line === line && one.decision === 'accepted') === true
    }),
  )
  return open.filter((_, index) => kept[index])
}

/**
 * R18: a place among the named key-holders for the line that is about to be approved, to be written in the decision's own
 * transaction. Whoever is one of them already takes no other place.
 */
export async function placeAmongHolders(
  engine: Needed,
  asked: { readonly personId: string; readonly request: string; readonly line: string },
): Promise<KeyHoldersRow | Refusal> {
  const row = await engine.keyHolders.load()
  const holders = await holdersNow(engine, row)
  const own = holders.find(({ person }) => person.row.personId === asked.personId)
  if (own === undefined && holders.length >= engine.settings.dataCentre.keyHolders)
    return refuseWith('conflict', 'badge.key-holders-full')
  const others = holders.filter(one => one !== own)
  const { personId, request, line } = asked
  return {
    ...row,
    holders: [
      ...others.map(({ person, approved }) => ({ personId: person.row.personId, approved })),
      { personId, approved: [...(own?.approved ?? []), { request, line }] },
    ],
  }
}

/** R18: the key-holders by name, with their doors, and whether they have a card and have signed for it. */
export async function readKeyHolders(engine: Needed): Promise<KeyHolders> {
  const { settings } = engine
  const people = knownPeople(engine)
  const holders = await holdersNow(engine, await engine.keyHolders.load())
  const told = await Promise.all(
    holders.map(async ({ person, doors }) => ({
      person: await people.ref(person.row.personId),
      pin: person.targets.get('data-centre')?.name ?? null,
      status: statusOf(doors),
      since: earliest(doors),
      until: latestEnd(doors),
      doors: serialsOf(doors).map(serial => ({
        serial,
        name: settings.doors.find(door => door.serial === serial)?.name ?? serial,
      })),
      card: person.badge?.card != null,
      receipt: person.badge?.card?.receipt != null,
    })),
  )
  return {
    limit: settings.dataCentre.keyHolders,
    holders: told.sort((one, other) => (sortOf(one) < sortOf(other) ? -1 : 1)),
  }
}

const sortOf = ({ person, since }: KeyHolders['holders'][number]) => `${since ?? '~'} ${person.personId}`

const statusOf = (doors: readonly StandingDoor[]): KeyHolders['holders'][number]['status'] => {
  const statuses = doors.map(({ standing }) => standing.status)
  if (statuses.includes('live')) return 'live'
  if (statuses.includes('held')) return 'held'
  return statuses.length === 0 ? 'approved' : 'scheduled'
}

const earliest = (doors: readonly StandingDoor[]) =>
  doors.map(({ standing }) => standing.startsAt).sort()[0] ?? null

const latestEnd = (doors: readonly StandingDoor[]): string | null =>
  doors.reduce<string | null>(
    (end, { standing: { endsAt } }) => (end === null || endsAt === null ? null : laterOf(end, endsAt)),
    doors[0]?.standing.endsAt ?? null,
  )

const serialsOf = (doors: readonly StandingDoor[]): string[] =>
  [...new Set(doors.map(({ grant }) => grant.atom.slice('door:'.length)))].sort()
