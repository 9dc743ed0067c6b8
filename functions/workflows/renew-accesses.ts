import { type AlreadyRenewed, type RenewalOrder, RenewalsKept } from '../../schemas/renewal.ts'
import type { KeptLine, Signer } from '../../schemas/request.ts'
import type { Unit } from '../../schemas/unit.ts'
import { dayOf } from '../domain/civil-time.ts'
import type { Caller } from '../domain/entitlement.ts'
import { type CodedFault, type Refusal, refuse, refuseWith } from '../domain/refusal.ts'
import { type EndingGrant, type Round, roundOf } from '../domain/renewal.ts'
import { mayConcern, signerFor } from '../domain/signing.ts'
import type { EndingGrantStore } from '../stores/ending-grants.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { IdempotencyKey, KeptRequest } from '../stores/requests.ts'
import { type Engine, instantOf, latest } from './engine.ts'
import { type DecidedRequest, fileRequests, loadPeople } from './file-requests.ts'
import { askedIn, endingOf, type JudgedLine, judgeRenewals } from './judge-renewals.ts'
import { namesOf } from './known-people.ts'
import { type PlannedLine, planRequest } from './plan-request.ts'
import { type UnitReader, unitInOffice } from './units-in-office.ts'

type Needed = Engine & {
  readonly units: UnitReader
  readonly ending: EndingGrantStore
  /** Requests that one transaction takes. */
  readonly requestsAtOnce: number
}

export interface Renewing {
  readonly caller: Caller
  readonly order: RenewalOrder
  readonly idempotency: Omit<IdempotencyKey, 'callerId' | 'route'> | null
  readonly dryRun: boolean
  readonly eventAt: string
}

type Beside = Omit<RenewalsKept, 'numbers'>

/** Renewals that were filed (or would be), with their decisions. */
export type Renewed = Beside &
  (
    | { readonly filed: readonly KeptRequest[] }
    | {
        readonly tried: readonly {
          readonly lines: readonly KeptLine[]
          readonly plan: readonly PlannedLine[]
        }[]
      }
  )

const route = 'POST /renewals'

/**
 * Renews what a unit chooses of what ends on 31 December, for the next year: one or more requests, filed in one transaction,
 * each line decided by the rules, then applied like a form's. What is renewed already is told and left alone. A repeat with
 * the same key answers the same; rights are checked again.
 */
export async function renewAccesses(engine: Needed, renewing: Renewing): Promise<Renewed | Refusal> {
  const { caller, order, dryRun } = renewing
  const asOf = latest(renewing.eventAt, instantOf(engine.clock()))
  const today = dayOf(asOf, engine.settings.timeZone)
  const place = await unitInOffice(engine, order.unit, asOf)
  if (place === null) return refuse('forbidden')
  const signing = {
    ...place,
    callerId: caller.personId,
    callerRoles: caller.roles,
    day: today,
    deactivationsOnly: false,
  }
  const first = signerFor(signing)
  if (first === null) return refuse('forbidden')
  const key: IdempotencyKey | null =
    renewing.idempotency === null || dryRun
      ? null
      : { callerId: caller.personId, route, ...renewing.idempotency }
  const replayed = key === null ? null : await replay(engine, key)
  if (replayed !== null) return replayed

  // A call that came before midnight is in time, whenever it is got to.
  const calledOn = dayOf(renewing.eventAt, engine.settings.timeZone)
  const round = roundOf(engine.settings, order.year ?? Number(calledOn.slice(0, 4)), calledOn)
  if (round.state === 'not-open') return refuseWith('conflict', 'renewal.not-open')
  if (round.state === 'over') return refuseWith('conflict', 'renewal.over')
  const selected = await select(engine, order, round, { ...place, first })
  if ('refused' in selected) return selected
  const subjects = [...selected.ids]
  const signer = subjects.length === 0 ? first : signerFor({ ...signing, subjects })
  if (signer === null) return refuse('forbidden')
  const { lines, alreadyRenewed } = await choose(engine, order, selected, { ...place, signer, round })
  const parts = inParts(lines, engine.settings.limits.linesPerRequest)
  const left = parts
    .slice(engine.requestsAtOnce)
    .flat(2)
    .reduce((sum, line) => sum + line.renews.length, 0)
  const requests = parts
    .slice(0, engine.requestsAtOnce)
    .map((part): DecidedRequest => ({ kind: 'renewal', unit: order.unit, signer, lines: numbered(part) }))
  const beside: Beside = { year: round.year, alreadyRenewed, left }
  if (dryRun)
    return {
      ...beside,
      tried: requests.map(request => ({
        lines: request.lines,
        plan: planRequest(engine, request, selected.people, asOf),
      })),
    }
  if (requests.length === 0) return { ...beside, filed: [] }
  const filed = await fileRequests(engine, requests, {
    asOf,
    key,
    refOf: numbers => JSON.stringify({ ...beside, numbers: [...numbers] } satisfies RenewalsKept),
  })
  if (filed === null) return (key === null ? null : await replay(engine, key)) ?? refuse('busy')
  return 'refused' in filed ? filed : { ...beside, filed }
}

async function replay({ requests }: Needed, key: IdempotencyKey): Promise<Renewed | Refusal | null> {
  const before = await requests.replayOf(key)
  if (before === null) return null
  if (before.bodyHash !== key.bodyHash) return refuse('key-reused')
  const { numbers, ...beside } = RenewalsKept.parse(JSON.parse(before.ref))
  const filed = await Promise.all(numbers.map(number => requests.load(number)))
  return { ...beside, filed: filed.filter(kept => kept !== null) }
}

/** Whose accesses are chosen from, by what is written of the unit's grants. */
interface Selected {
  readonly ids: ReadonlySet<string>
  readonly people: ReadonlyMap<string, PersonAggregate>
  readonly ending: ReadonlyMap<string, EndingGrant>
}

/** Of `all`, those whom the signer may renew at all; of named ones, everyone concerned. */
async function select(
  engine: Needed,
  { unit: unitId, grants }: RenewalOrder,
  round: Round,
  { unit, ancestors, first }: { unit: Unit; ancestors: readonly Unit[]; first: Signer },
): Promise<Selected | Refusal> {
  const found = await engine.ending.ofUnit(unitId, `${round.year}-12-31`)
  const chosen = grants === undefined ? null : new Set(grants)
  const concerned = found.filter(({ grant, personId }) =>
    chosen === null ? mayConcern(first, unit, ancestors, personId) : chosen.has(grant),
  )
  const ids = new Set(concerned.map(({ personId }) => personId))
  const people = await loadPeople(engine, ids)
  const ending = new Map(
    [...people.values()].flatMap(person =>
      endingOf(engine, person, unitId, round).map(one => [one.grant.id, one] as const),
    ),
  )
  const faults = (grants ?? []).flatMap((id, index): CodedFault[] =>
    ending.has(id) ? [] : [{ pointer: `/grants/${index}`, code: 'renewal.unknown-grant' }],
  )
  return faults.length > 0 ? refuse('invalid', faults) : { ids, people, ending }
}

/** The lines to file, person by person in the order of their names, and what needs none. */
async function choose(
  engine: Needed,
  { unit, grants, until }: RenewalOrder,
  { people, ending }: Selected,
  place: Parameters<typeof judgeRenewals>[3],
): Promise<{ lines: JudgedLine[][]; alreadyRenewed: AlreadyRenewed[] }> {
  const asked = await askedIn(engine, unit)
  const alreadyRenewed: AlreadyRenewed[] = []
  const fresh = new Map<string, EndingGrant[]>()
  for (const [id, one] of ending) {
    if (grants !== undefined && !grants.includes(id)) continue
    const before = one.renewedBy ?? asked.get(id)
    if (before === undefined) {
      const { personId } = one.grant
      fresh.set(personId, [...(fresh.get(personId) ?? []), one])
    } else alreadyRenewed.push({ id, request: before.request, line: before.line })
  }
  const nameOf = (person: PersonAggregate) => {
    const names = namesOf(engine, person)
    return names === null ? '' : `${names.surnames} ${names.givenNames}`
  }
  const lines = [...fresh]
    .flatMap(([personId, chosen]) => {
      const person = people.get(personId)
      return person === undefined ? [] : [{ person, chosen, name: nameOf(person) }]
    })
    .sort((one, other) => one.name.localeCompare(other.name, 'es'))
    .map(({ person, chosen }) =>
      judgeRenewals(engine, person, chosen, place, until ?? null).filter(
        ({ decided: { decision } }) =>
          grants !== undefined || decision === 'accepted' || decision === 'awaiting-approval',
      ),
    )
  return { lines: lines.filter(each => each.length > 0), alreadyRenewed }
}

/** Cut so that a request holds no more lines than a form, and one person's lines stay together. */
function inParts(lines: readonly JudgedLine[][], most: number): JudgedLine[][][] {
  const parts: JudgedLine[][][] = []
  let size = most
  for (const person of lines)
    for (let first = 0; first < person.length; first += most) {
      const some = person.slice(first, first + most)
      if (size + some.length > most) {
        parts.push([])
        size = 0
      }
      parts.at(-1)?.push(some)
      size += some.length
    }
  return parts
}

const numbered = (part: readonly JudgedLine[][]): KeptLine[] =>
  part.flat().map(({ personId, filed, renews, decided }, index) => ({
    kind: 'activation',
    line: `A${index + 1}`,
    personId,
    filed,
    from: filed.from,
    renews,
    ...decided,
  }))
