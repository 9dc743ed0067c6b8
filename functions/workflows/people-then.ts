import * as z from 'zod'
import type { NamedPerson } from '../../schemas/person.ts'
import type { PersonThen, UnitThen } from '../../schemas/registers.ts'
import { asKnown } from '../domain/as-known.ts'
import { dayOf } from '../domain/civil-time.ts'
import { foldEvents, type RegisterFacts } from '../domain/register.ts'
import type { chains } from '../stores/keys.ts'
import type { PersonAggregate } from '../stores/people.ts'
import { namesOf } from './known-people.ts'
import { once } from './once.ts'
import { parsedChain } from './parsed-chain.ts'
import type { Registers } from './registers.ts'

export type Needed = Pick<Registers, 'people' | 'requests' | 'ledger' | 'settings' | 'clock'> & {
  readonly chains: typeof chains
}

const NamedUnit = z.object({ name: z.string() })

export type PeopleThen = ReturnType<typeof peopleThen>

/**
 * People and units as they were known at an instant, each read once for one answer. Names of units come from the ledger,
 * for the register of units keeps the last one only.
 */
export function peopleThen(needed: Needed, at: string) {
  const { settings } = needed

  const unitName = once(async id => {
    const entries = await parsedChain(needed.ledger, needed.chains.unit(id), at)
    const named = entries.flatMap(({ after }) => NamedUnit.safeParse(after).data ?? [])
    return named.at(-1)?.name ?? id
  })
  const unit = async (id: string): Promise<UnitThen> => ({ id, name: await unitName(id) })

  /** On that day; of somebody who was still to come, what was known to come. */
  const factsThen = (person: PersonAggregate): RegisterFacts => {
    const { events } = asKnown(person, at)
    const then = foldEvents(events, dayOf(at, settings.timeZone), settings.timeZone)
    return then.known ? then : foldEvents(events, '9999-12-31', settings.timeZone)
  }

  /** What the last form before had said of somebody whom the register does not name. */
  async function declaredThen({ row, applied }: PersonAggregate) {
    if (row.declared === null) return null
    const before = applied.filter(lines => lines.at <= at).sort((one, other) => (one.at < other.at ? 1 : -1))
    for (const { request, lines } of before) {
      const kept = await needed.requests.load(request)
      const told = kept?.lines.findLast(
        line =>
          line.kind === 'activation' &&
          line.personId === row.personId &&
          lines.some(one => one.line === line.line),
      )
      if (kept != null && told?.kind === 'activation')
        return { person: { ...told.filed.person, nationalId: row.nationalId }, unit: kept.row.unit }
    }
    return null
  }

  async function view(person: PersonAggregate): Promise<PersonThen> {
    const facts = factsThen(person)
    const declared = facts.person === null || facts.unit === null ? await declaredThen(person) : null
    const named: PersonAggregate = { ...person, row: { ...person.row, declared } }
    const names: NamedPerson | null = namesOf(needed, named, facts)
    const place = facts.unit ?? declared?.unit ?? null
    return {
      personId: person.row.personId,
      nationalId: person.row.nationalId,
      name: names && `${names.givenNames} ${names.surnames}`,
      position: names?.position ?? null,
      unit: place === null ? null : await unit(place),
    }
  }

  const person = once((personId: string) => needed.people.load(personId))
  return {
    unit,
    person,
    view,
    /** How somebody was named; null altogether where the person is no longer kept. */
    ref: once(async (personId): Promise<PersonThen> => {
      const found = await person(personId)
      return found === null
        ? { personId, nationalId: null, name: null, position: null, unit: null }
        : view(found)
    }),
  }
}
