import type { PersonView } from '../../schemas/api.ts'
import type { Grant } from '../../schemas/request.ts'
import type { TargetRow } from '../../schemas/target.ts'
import { dayOf } from '../domain/civil-time.ts'
import { type Caller, mayReadUnits } from '../domain/entitlement.ts'
import { holdsOn } from '../domain/holds.ts'
import { parseNationalId } from '../domain/national-id.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { RegisterFacts } from '../domain/register.ts'
import { rolesOn } from '../domain/role-period.ts'
import { grantTimes, standingAt } from '../domain/standing.ts'
import type { PersonAggregate } from '../stores/people.ts'
import { factsOf, namesOf } from './known-people.ts'
import { nowOf, type Registers } from './registers.ts'

type Needed = Pick<Registers, 'people' | 'units' | 'identities' | 'settings' | 'clock'>

/** A unit that no body has: reading it costs what reading any unit costs. */
const noUnit = '-'

/**
 * A person as the caller may see them. Unknown, not an id at all, and none of the caller's business get the same answer
 * after the same reads: in the place of somebody unknown the caller's own record is read.
 */
export async function readPerson(
  registers: Needed,
  caller: Caller,
  writtenId: string,
): Promise<PersonView | Refusal> {
  const parsed = parseNationalId(registers.settings.nationalId, writtenId)
  const personId = await registers.people.idOf(parsed.ok ? parsed.value : '-')
  const person = await registers.people.load(personId ?? caller.personId)
  if (person === null) return refuse('not-found')
  const facts = factsOf(registers, person)
  const { today } = nowOf(registers)
  const places = new Set([facts.unit ?? noUnit, ...facts.contracts.flatMap(({ unit }) => unit ?? [])])
  const units = await registers.units.some([...places])
  const entitled =
    person.row.personId === caller.personId ||
    mayReadUnits(
      caller,
      units.map(({ unit }) => unit),
      today,
    )
  return personId !== null && entitled ? view(registers, person, facts) : refuse('not-found')
}

/** The caller as a person. */
export async function readMe(registers: Needed, caller: Caller): Promise<PersonView | Refusal> {
  const person = await registers.people.load(caller.personId)
  return person === null ? refuse('not-found') : view(registers, person, factsOf(registers, person))
}

function view(registers: Needed, person: PersonAggregate, facts: RegisterFacts): PersonView {
  const names = namesOf(registers, person, facts)
  const { at, today } = nowOf(registers)
  return {
    person: {
      personId: person.row.personId,
      nationalId: person.row.nationalId,
      givenNames: names?.givenNames ?? '',
      surnames: names?.surnames ?? '',
      position: names?.position ?? '',
      unit: facts.unit ?? person.row.declared?.unit ?? null,
      roles: rolesOn(person.roles, today),
    },
    contracts: facts.contracts
      .map(({ contract, unit, endedOn }) => ({ ...contract, unit, endedOn }))
      .sort((one, other) => (one.startsOn < other.startsOn ? -1 : 1)),
    holds: holdsOn(person, at, registers.settings),
    grants: grantViews(registers, person),
    accounts: [...person.targets.values()].map(row => accountView(row, at)),
  }
}

function grantViews(registers: Needed, person: PersonAggregate): PersonView['grants'] {
  const { settings } = registers
  const { at } = nowOf(registers)
  return grantTimes(person, settings)
    .map(times => {
      const { grant } = times
      const { status, endsAt } = standingAt(times, settings, at)
      const { id, atom, access, unit, from, request, line } = grant
      const until = lastDay(endsAt, grant, registers)
      const toCertify = grant.origin === 'adoption' && status !== 'ended'
      return { id, atom, access, unit, from, until, request, line, status, toCertify }
    })
    .sort((one, other) => (key(one) < key(other) ? -1 : 1))
}

const key = ({ request, line, atom }: Pick<Grant, 'request' | 'line' | 'atom'>) =>
  `${request} ${line.slice(0, 1)}${line.slice(1).padStart(3, '0')} ${atom}`

/** The last day with access, of the first instant without; a grant that never began keeps the day it was filed with. */
function lastDay(endsAt: string | null, grant: Grant, { settings }: Needed): string | null {
  if (endsAt === null) return null
  const day = dayOf(new Date(Date.parse(endsAt) - 1).toISOString(), settings.timeZone)
  return day < grant.from ? (grant.until ?? grant.from) : day
}

/** What is due is not known to be as it should, also where its target rests. */
function accountView(row: TargetRow, at: string): PersonView['accounts'][number] {
  const { observed } = row
  return {
    system: row.target,
    accountId: observed?.accountId ?? row.accountId,
    name: observed?.name ?? row.name,
    state: observed?.state ?? 'absent',
    expiresAt: observed?.expiresAt ?? null,
    observedAt: row.observedAt,
    converged:
      row.state === 'converged' &&
      row.appliedVersion >= row.desiredVersion &&
      (row.dueAt === null || row.dueAt > at),
    parked: row.state === 'parked',
    credentialSetAt: row.credentialSetAt,
  }
}
