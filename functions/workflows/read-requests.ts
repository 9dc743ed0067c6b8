import type { RequestList, RequestsQuery, WholeRequest } from '../../schemas/api.ts'
import type { Unit } from '../../schemas/unit.ts'
import { type Caller, holdsAny, leads, readersOfAll, requestSight } from '../domain/entitlement.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { KeptRequest } from '../stores/requests.ts'
import { openCursor, sealCursor } from './cursor.ts'
import { entryView } from './entry-view.ts'
import { factsOf, type KnownPeople, knownPeople } from './known-people.ts'
import { nowOf, type Registers } from './registers.ts'
import { statusOfRequest, viewLines } from './view-request.ts'

type Needed = Pick<Registers, 'people' | 'requests' | 'units' | 'ledger' | 'settings' | 'clock'>

const pageSize = 25
/** Requests looked at for one page at most: a filter that fits little then answers a short page and a cursor. */
const lookedAt = 250
const atOnce = 8

/** A unit that no body has: reading it costs what reading any unit costs. */
const noUnit = '-'

/**
 * One request, whole; somebody who is only concerned by it sees the lines and entries about themselves. Unknown and none of
 * the caller's business get the same answer after the same reads.
 */
export async function readRequest(
  registers: Needed,
  caller: Caller,
  number: string,
): Promise<WholeRequest | Refusal> {
  const kept = await registers.requests.load(number)
  const unit = await registers.units.load(kept?.row.unit ?? noUnit)
  const sight = kept === null ? 'nothing' : sightOf(registers, caller, kept, unit?.unit ?? null)
  if (kept === null || sight === 'nothing') return refuse('not-found')
  const people = knownPeople(registers)
  const lines = await viewLines(registers, kept, people)
  const own = (subject: string | null) => sight === 'whole' || subject === caller.personId
  const visible = lines.filter((_, index) => own(kept.lines[index]?.personId ?? null))
  const history = (await entriesOf(registers, number, people)).filter(entry => own(entry.subject.personId))
  const { kind, unit: place, filedAt } = kept.row
  return {
    number,
    kind,
    unit: place,
    status: statusOfRequest(lines),
    filedAt,
    signer: await signerOf(kept, people),
    lines: visible,
    history,
  }
}

/** Requests the caller may see, newest first. A unit that is unknown, or not theirs, has none. */
export async function listRequests(
  registers: Needed,
  caller: Caller,
  query: RequestsQuery,
): Promise<RequestList | Refusal> {
  const opened = openCursor(query.cursor)
  if (opened === null) return refuse('invalid', [{ pointer: '/query/cursor', code: 'query.bad-cursor' }])
  const units = new Map((await registers.units.all()).map(({ unit }) => [unit.id, unit]))
  const me = await registers.people.load(caller.personId)
  const own = me === null ? [] : [...new Set(me.applied.map(({ request }) => request))]
  const home = me === null ? null : factsOf(registers, me).unit
  const places = placesOf(registers, caller, [...units.values()], home)
  const listed = query.unit === undefined ? places : places.filter(unit => unit === query.unit)
  const people = knownPeople(registers)
  const requests: RequestList['requests'] = []
  let before = opened.place
  for (let looked = 0; looked < lookedAt; ) {
    const batch = await numbersBefore(registers, listed, own, before)
    for (let first = 0; first < batch.length && looked < lookedAt; first += atOnce) {
      const some = batch.slice(first, first + atOnce)
      const seen = await Promise.all(
        some.map(number => summary(registers, caller, number, query, units, people)),
      )
      for (const [index, found] of seen.entries()) {
        looked += 1
        before = some[index] ?? before
        if (found !== null) requests.push(found)
        if (requests.length === pageSize) return { requests, cursor: sealCursor(before ?? '') }
      }
    }
    if (batch.length === 0) return { requests, cursor: null }
  }
  return { requests, cursor: sealCursor(before ?? '') }
}

function sightOf(registers: Needed, caller: Caller, { row, lines }: KeptRequest, unit: Unit | null) {
  const subjects = lines.map(({ personId }) => personId)
  const { today } = nowOf(registers)
  const forAuthority = lines.some(
    ({ decision, decisions }) => decision === 'awaiting-approval' || decisions !== undefined,
  )
  return requestSight(caller, { unit, signerId: row.signer.personId, subjects, forAuthority }, today)
}

/** Units among whose requests there may be some that the caller may see. */
function placesOf(registers: Needed, caller: Caller, units: readonly Unit[], home: string | null): string[] {
  if (holdsAny(caller, [...readersOfAll, 'authority'])) return units.map(({ id }) => id)
  const { today } = nowOf(registers)
  const led = new Set(units.filter(unit => leads(unit, caller.personId, today)).map(({ id }) => id))
  // Whoever stands above a unit signs for its head, and sees what they signed.
  const below = units.filter(({ parent }) =>
    parent === null ? holdsAny(caller, ['authority']) : led.has(parent),
  )
  return [...new Set([...led, ...below.map(({ id }) => id), ...(home === null ? [] : [home])])]
}

async function numbersBefore(
  { requests }: Needed,
  units: readonly string[],
  own: readonly string[],
  before: string | null,
): Promise<string[]> {
  const lists = await Promise.all(units.map(unit => requests.numbersOfUnit(unit, before, pageSize)))
  const older = own.filter(number => before === null || number < before)
  const numbers = [...new Set([...lists.flat(), ...older])].sort((one, other) => (one < other ? 1 : -1))
  return numbers.slice(0, pageSize)
}

async function summary(
  registers: Needed,
  caller: Caller,
  number: string,
  query: RequestsQuery,
  units: ReadonlyMap<string, Unit>,
  people: KnownPeople,
): Promise<RequestList['requests'][number] | null> {
  const kept = await registers.requests.load(number)
  if (kept === null || (query.unit !== undefined && query.unit !== kept.row.unit)) return null
  const sight = sightOf(registers, caller, kept, units.get(kept.row.unit) ?? null)
  if (sight === 'nothing') return null
  const lines = await viewLines(registers, kept, people)
  const status = statusOfRequest(lines)
  if (query.status !== undefined && query.status !== status) return null
  const { kind, unit, filedAt } = kept.row
  return {
    number,
    kind,
    unit,
    status,
    filedAt,
    signer: await signerOf(kept, people),
    lines: lines
      .filter((_, index) => sight === 'whole' || kept.lines[index]?.personId === caller.personId)
      .map(({ line, status: stands, reasons, hash }) => ({ line, status: stands, reasons, hash })),
  }
}

async function signerOf({ row }: KeptRequest, people: KnownPeople): Promise<WholeRequest['signer']> {
  const { personId, capacity, onBehalfOf } = row.signer
  return {
    person: await people.ref(personId),
    capacity,
    onBehalfOf: onBehalfOf === null ? null : await people.ref(onBehalfOf),
  }
}

async function entriesOf(
  { ledger }: Needed,
  number: string,
  people: KnownPeople,
): Promise<WholeRequest['history']> {
  const found = await ledger.find('by-request', number, { from: '0', to: '9' })
  const entries = await ledger.read(found)
  return Promise.all(entries.map(entry => entryView(entry, people)))
}
