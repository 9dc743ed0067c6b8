import type { KeptLine, Signer } from '../../schemas/request.ts'
import type { Unit } from '../../schemas/unit.ts'
import { aboutAccess, type Decided } from '../domain/eligibility.ts'
import { foldEvents } from '../domain/register.ts'
import {
  decideRenewal,
  type EndingGrant,
  endingWith,
  firstDayAfter,
  type RenewalLine,
  type Round,
  renewalLines,
} from '../domain/renewal.ts'
import type { PersonAggregate } from '../stores/people.ts'
import { namesOf } from './known-people.ts'
import { nowOf, type Registers } from './registers.ts'

type Needed = Pick<Registers, 'people' | 'requests' | 'settings' | 'clock'>

/** By whose signature a renewal is judged, in which unit and round. */
export interface RenewalPlace {
  readonly unit: Unit
  readonly ancestors: readonly Unit[]
  readonly signer: Signer
  readonly round: Round
}

export interface JudgedLine extends RenewalLine {
  readonly personId: string
  readonly decided: Decided
  readonly sensitive: boolean
}

/** What a unit gave somebody and ends with the round's year. */
export const endingOf = (
  needed: Needed,
  person: PersonAggregate,
  unit: string,
  { year }: Round,
): EndingGrant[] => endingWith(person, unit, year, needed.settings, nowOf(needed).at)

/** The lines that would renew these grants of one person, each decided by the rules. Nobody without a name has any. */
export function judgeRenewals(
  needed: Needed,
  person: PersonAggregate,
  ending: readonly EndingGrant[],
  { round, ...place }: RenewalPlace,
  until: string | null,
): JudgedLine[] {
  const names = namesOf(needed, person)
  if (names === null) return []
  const { settings } = needed
  const { at, today } = nowOf(needed)
  const from = firstDayAfter(round.year)
  const facts = foldEvents(person.events, from, settings.timeZone)
  const declares = settings.personnelRegister === 'declared' && !facts.known
  const named = { ...names, nationalId: person.row.nationalId }
  return renewalLines(ending, { person: named, from, until, declares }).map(line => {
    const context = {
      settings,
      today,
      ...place,
      personId: person.row.personId,
      facts,
      heldGrantsOfUnit: true,
      prospect: line.prospect,
      lateSince: round.state === 'late' ? round.closesOn : null,
      now: at,
    }
    return {
      ...line,
      personId: person.row.personId,
      decided: decideRenewal(line.filed, context),
      sensitive: aboutAccess(line.filed, context).length > 0,
    }
  })
}

/** Requests of a unit that are looked at for renewals that wait. */
const lookedAt = 50

/** Grants that a line asks to renew which waits, for an approval or to be completed: by which line. */
export async function askedIn(
  { requests }: Needed,
  unit: string,
): Promise<Map<string, { request: string; line: string }>> {
  const rows = await requests.rows(await requests.numbersOfUnit(unit, null, lookedAt))
  const asked = new Map<string, { request: string; line: string }>()
  for (const { number } of rows.filter(({ kind }) => kind === 'renewal')) {
    const waiting = ((await requests.load(number))?.lines ?? []).filter(waits)
    for (const { line, renews } of waiting)
      for (const { grant } of renews ?? []) asked.set(grant, { request: number, line })
  }
  return asked
}

const waits = (line: KeptLine): line is KeptLine & { kind: 'activation' } =>
  line.kind === 'activation' && (line.decision === 'awaiting-approval' || line.decision === 'observed')
