import type { RequestList, RequestsQuery, WholeRequest } from '../../schemas/api.ts'
import type { KeptLine } from '../../schemas/request.ts'
import type { Unit } from '../../schemas/unit.ts'
import { type Caller, holdsAny, leads, readersOfAll, requestSight } from '../domain/entitlement.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { standsAbove } from '../domain/signing.ts'
import type { KeptRequest } from '../stores/requests.ts'
import { openCursor, sealCursor } from './cursor.ts'
import type { Engine } from './engine.ts'
import { entryView } from './entry-view.ts'
import { factsOf, type KnownPeople, knownPeople } from './known-people.ts'
import { nowOf, type Registers } from './registers.ts'
import { signerView, statusOfRequest, viewLines } from './view-request.ts'

type Needed = Pick<Registers, 'people' | 'requests' | 'units' | 'ledger' | 'settings' | 'clock'> &
  Pick<Engine, 'tasks'>

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
  const sight = await sightAlone(registers, caller, kept)
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
    signer: await signerView(kept.row.signer, people),
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

type Seeing = Pick<Registers, 'units' | 'settings' | 'clock'>

/** What the caller may see of a request that is read alone; of one that does not exist, nothing. */
async function sightAlone(registers: Seeing, caller: Caller, kept: KeptRequest | null) {
  const row = await registers.units.load(kept?.row.unit ?? noUnit)
  if (kept === null) return 'nothing'
  // Few requests are signed from above: for the others the units above make no difference.
  const place =
    row !== null && signedAbove(kept, row.unit) ? await registers.units.withAncestors(row.unit.id) : null
  return sightOf(registers, caller, kept, row?.unit ?? null, place?.ancestors ?? [])
}

/** Why somebody may not act on a line: forbidden to those who may see it, unknown to everybody else. */
export async function refuseUnseen(
  registers: Seeing,
  caller: Caller,
  kept: KeptRequest | null,
  line: KeptLine | undefined,
): Promise<Refusal> {
  const sight = await sightAlone(registers, caller, kept)
  const seen = sight === 'whole' || (sight === 'own-lines' && line?.personId === caller.personId)
  return refuse(seen && line !== undefined ? 'forbidden' : 'not-found')
}

/** Whether the request is one that whoever stands above the unit signs. */
const signedAbove = ({ row }: KeptRequest, unit: Unit): boolean =>
  row.signer.capacity === 'parent-head' || row.signer.capacity === 'authority' || unit.head === null

function sightOf(
  registers: Pick<Seeing, 'settings' | 'clock'>,
  caller: Caller,
  kept: KeptRequest,
  unit: Unit | null,
  ancestors: readonly Unit[],
) {
  const { row, lines } = kept
  const subjects = lines.map(({ personId }) => personId)
  const { today } = nowOf(registers)
  const forSuperior = unit !== null && signedAbove(kept, unit) && standsAbove(unit, ancestors, caller, today)
  const forAuthority = lines.some(
    ({ decision, decisions }) => decision === 'awaiting-approval' || decisions !== undefined,
  )
  const asked = { unit, signerId: row.signer.personId, subjects, forAuthority, forSuperior }
  return requestSight(caller, asked, today)
}

/** Units among whose requests there may be some that the caller may see. */
function placesOf(registers: Needed, caller: Caller, units: readonly Unit[], home: string | null): string[] {
  if (holdsAny(caller, [...readersOfAll, 'authority'])) return units.map(({ id }) => id)
  const { today } = nowOf(registers)
  const led = units.filter(unit => leads(unit, caller.personId, today))
  // Whoever stands above a unit signs for its head, and sees what is signed from above.
  const byId = new Map(units.map(unit => [unit.id, unit]))
  const below = units.filter(
    unit => led.some(({ id }) => id === unit.parent) || standsAbove(unit, above(byId, unit), caller, today),
  )
  return [...new Set([...[...led, ...below].map(({ id }) => id), ...(home === null ? [] : [home])])]
}

/** The units above one, nearest first. */
function above(units: ReadonlyMap<string, Unit>, unit: Unit): Unit[] {
  const line: Unit[] = []
  for (let next = units.get(unit.parent ?? ''); next !== undefined; next = units.get(next.parent ?? '')) {
    if (line.includes(next)) break
    line.push(next)
  }
  return line
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
  const place = units.get(kept.row.unit) ?? null
  const sight = sightOf(registers, caller, kept, place, place === null ? [] : above(units, place))
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
    signer: await signerView(kept.row.signer, people),
    lines: lines
      .filter((_, index) => sight === 'whole' || kept.lines[index]?.personId === caller.personId)
      .map(({ line, status: stands, reasons, hash }) => ({ line, status: stands, reasons, hash })),
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
