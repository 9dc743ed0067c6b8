import type { PersonRef } from '../../schemas/api.ts'
import type { NamedPerson } from '../../schemas/person.ts'
import { parseNationalId } from '../domain/national-id.ts'
import { foldEvents, type RegisterFacts } from '../domain/register.ts'
import type { PersonAggregate } from '../stores/people.ts'
import { nowOf, type Registers } from './registers.ts'

type Needed = Pick<Registers, 'people' | 'settings' | 'clock'>

/** What the register says of a person today; of somebody who is still to come, what it will say. */
export function factsOf(registers: Needed, person: PersonAggregate): RegisterFacts {
  const { settings } = registers
  const today = foldEvents(person.events, nowOf(registers).today, settings.timeZone)
  return today.known ? today : foldEvents(person.events, '9999-12-31', settings.timeZone)
}

/** Names and post: the register's, else as a form declared them, else as the settings' bootstrap has them. */
export function namesOf(
  registers: Needed,
  person: PersonAggregate,
  facts: RegisterFacts = factsOf(registers, person),
): NamedPerson | null {
  const { settings } = registers
  const founder = settings.bootstrap.find(one => {
    const parsed = parseNationalId(settings.nationalId, one.person.nationalId)
    return parsed.ok && parsed.value === person.row.nationalId
  })
  return facts.person ?? person.row.declared?.person ?? founder?.person ?? null
}

export type KnownPeople = ReturnType<typeof knownPeople>

/** People read once for one answer, however often it names them. */
export function knownPeople(registers: Needed) {
  const loaded = new Map<string, Promise<PersonAggregate | null>>()
  const person = (personId: string): Promise<PersonAggregate | null> => {
    const known = loaded.get(personId) ?? registers.people.load(personId)
    loaded.set(personId, known)
    return known
  }
  return {
    person,

    /** How an answer names a person; null where the person is no longer kept. */
    async ref(personId: string): Promise<PersonRef> {
      const found = await person(personId)
      const names = found && namesOf(registers, found)
      return {
        personId,
        nationalId: found?.row.nationalId ?? null,
        name: names && `${names.givenNames} ${names.surnames}`,
      }
    },
  }
}
