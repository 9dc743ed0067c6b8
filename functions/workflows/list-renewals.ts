import type { RenewalList, RenewalsQuery, RenewalView } from '../../schemas/renewal.ts'
import type { Signer } from '../../schemas/request.ts'
import type { Unit } from '../../schemas/unit.ts'
import { type Caller, holdsAny, leads, readersOfAll } from '../domain/entitlement.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { type EndingGrant, type Round, roundOf } from '../domain/renewal.ts'
import { mayConcern, signerFor } from '../domain/signing.ts'
import { say } from '../domain/texts/index.ts'
import type { EndingGrantStore } from '../stores/ending-grants.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { UnitStore } from '../stores/units.ts'
import { openCursor, sealCursor } from './cursor.ts'
import { loadPeople } from './file-requests.ts'
import { askedIn, endingOf, judgeRenewals } from './judge-renewals.ts'
import { namesOf } from './known-people.ts'
import { nowOf, type Registers } from './registers.ts'
import { unitInOffice } from './units-in-office.ts'

type Needed = Pick<Registers, 'people' | 'requests' | 'settings' | 'clock'> & {
  readonly units: Pick<UnitStore, 'all' | 'withAncestors'>
  readonly ending: EndingGrantStore
}

/** People looked at for one page, and units: a page may be short, and then has a cursor. */
const peopleAtOnce = 40
const unitsAtOnce = 25

/** A unit, and whom of its people the caller may see: everybody, or those for whom they sign. */
interface Sight {
  readonly unit: Unit
  readonly ancestors: readonly Unit[]
  readonly sees: (personId: string) => boolean
  readonly signerOf: (personId: string) => Signer
}

/**
 * What ends on 31 December of a year in the units the caller signs for, or in the one asked for; with what would be decided
 * of renewing it. Whoever may read everything sees every unit. A unit that is none of theirs is as unknown.
 */
export async function listRenewals(
  registers: Needed,
  caller: Caller,
  query: RenewalsQuery,
): Promise<RenewalList | Refusal> {
  const opened = openCursor(query.cursor)
  if (opened === null) return refuse('invalid', [{ pointer: '/query/cursor', code: 'query.bad-cursor' }])
  const { today } = nowOf(registers)
  const round = roundOf(registers.settings, Number(query.year ?? today.slice(0, 4)), today)
  const sights = await sightsOf(registers, caller, query.unit, today)
  if (query.unit !== undefined && sights.length === 0) return refuse('not-found')
  const units = sights.map(({ unit }) => unit.id)
  const renewals: RenewalView[] = []
  const answer = (place: string | null): RenewalList => ({
    ...round,
    units,
    renewals,
    cursor: place === null ? null : sealCursor(place),
  })
  const [unitBefore = '', personBefore = ''] = (opened.place ?? '').split('#')
  let people = peopleAtOnce
  const ahead = sights.filter(({ unit }) => unit.id >= unitBefore)
  for (const [index, sight] of ahead.entries()) {
    if (index >= unitsAtOnce) return answer(`${sight.unit.id}#`)
    const after = sight.unit.id === unitBefore ? personBefore : ''
    const found = await registers.ending.ofUnit(sight.unit.id, `${round.year}-12-31`)
    const left = [...new Set(found.map(({ personId }) => personId))].filter(
      id => id > after && sight.sees(id),
    )
    const some = left.slice(0, people)
    people -= some.length
    if (some.length > 0) renewals.push(...(await viewsOf(registers, sight, round, some)))
    if (some.length < left.length) return answer(`${sight.unit.id}#${some.at(-1) ?? after}`)
  }
  return answer(null)
}

async function sightsOf(
  registers: Needed,
  caller: Caller,
  asked: string | undefined,
  day: string,
): Promise<Sight[]> {
  if (asked !== undefined) {
    const place = await unitInOffice(registers, asked, nowOf(registers).at)
    return place === null ? [] : sightOf(caller, place.unit, place.ancestors, day)
  }
  const all = new Map((await registers.units.all()).map(({ unit }) => [unit.id, unit]))
  const above = (unit: Unit, seen: readonly Unit[] = []): readonly Unit[] => {
    const parent = unit.parent === null ? undefined : all.get(unit.parent)
    return parent === undefined || seen.includes(parent) ? seen : above(parent, [...seen, parent])
  }
  return [...all.values()].flatMap(unit => sightOf(caller, unit, above(unit), day))
}

function sightOf(caller: Caller, unit: Unit, ancestors: readonly Unit[], day: string): Sight[] {
  const signing = {
    unit,
    ancestors,
    callerId: caller.personId,
    callerRoles: caller.roles,
    day,
    deactivationsOnly: false,
  }
  const whole = holdsAny(caller, readersOfAll) || leads(unit, caller.personId, day)
  const first = signerFor(signing)
  if (!whole && first === null) return []
  const signerOf = (personId: string) => signerFor({ ...signing, subjects: [personId] }) ?? first
  const sees = (personId: string) => {
    const signer = signerOf(personId)
    return whole || (signer !== null && mayConcern(signer, unit, ancestors, personId))
  }
  // Who only reads is told what any signer would be: nobody renews for themselves.
  const reader: Signer = { personId: caller.personId, capacity: 'hr', onBehalfOf: null }
  return [{ unit, ancestors, sees, signerOf: personId => signerOf(personId) ?? reader }]
}

async function viewsOf(
  registers: Needed,
  sight: Sight,
  round: Round,
  personIds: readonly string[],
): Promise<RenewalView[]> {
  const [people, asked] = await Promise.all([
    loadPeople(registers, personIds),
    askedIn(registers, sight.unit.id),
  ])
  return personIds
    .flatMap(personId => people.get(personId) ?? [])
    .flatMap(person =>
      endingOf(registers, person, sight.unit.id, round).flatMap(ending =>
        viewOf(registers, sight, round, person, ending, asked.get(ending.grant.id) ?? null),
      ),
    )
}

function viewOf(
  registers: Needed,
  { unit, ancestors, signerOf }: Sight,
  round: Round,
  person: PersonAggregate,
  ending: EndingGrant,
  asked: RenewalView['renewedBy'],
): RenewalView[] {
  const { settings } = registers
  const { grant, contract, prospect, renewedBy } = ending
  const place = { unit, ancestors, signer: signerOf(grant.personId), round }
  const [judged] = judgeRenewals(registers, person, [ending], place, null)
  const names = namesOf(registers, person)
  if (judged === undefined || names === null) return []
  const { decision, reasons } = judged.decided
  const told = renewedBy !== null ? 'renewal.already' : asked === null ? null : 'renewal.asked'
  return [
    {
      id: grant.id,
      unit: unit.id,
      person: {
        personId: grant.personId,
        nationalId: person.row.nationalId,
        name: `${names.givenNames} ${names.surnames}`,
      },
      contract,
      atom: grant.atom,
      access: grant.access,
      until: `${round.year}-12-31`,
      next: { from: prospect.from, until: prospect.until },
      contractRenewed: prospect.contractRenewed,
      accessRenewed: renewedBy !== null,
      renewedBy: renewedBy === null ? asked : { request: renewedBy.request, line: renewedBy.line },
      sensitive: judged.sensitive,
      renewable: told === null && (decision === 'accepted' || decision === 'awaiting-approval'),
      reasons: told === null ? reasons : [{ rule: 'R3', message: say(settings.locale, told) }],
    },
  ]
}
