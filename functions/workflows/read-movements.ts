import type { Movement, MovementPage, MovementsQuery } from '../../schemas/api-movements.ts'
import { Instant } from '../../schemas/calendar.ts'
import type { MovementChunk } from '../../schemas/movements.ts'
import { addDays, daysBetween, endOfAccess, laterOf, startOfDay } from '../domain/civil-time.ts'
import { eventInWords } from '../domain/movement-words.ts'
import { type CodedFault, type Refusal, refuse } from '../domain/refusal.ts'
import type { instantAt, MovementStore } from '../stores/movements.ts'
import { openCursor, sealCursor } from './cursor.ts'
import type { Engine } from './engine.ts'
import { inParallel } from './in-parallel.ts'
import { type KnownPeople, knownPeople } from './known-people.ts'
import { personOf } from './read-audit.ts'
import { nowOf } from './registers.ts'

export interface ReadingMovements extends Pick<Engine, 'settings' | 'people' | 'clock' | 'log'> {
  readonly movements: Pick<MovementStore, 'ofDay'>
  readonly instantAt: typeof instantAt
}

const usualDays = 7
const mostDays = 31
const pageSize = 1_000
/** Events looked at for one page, day by day: a person who moved little then gets a short page and a cursor. */
const lookedAt = 50_000

interface Asked {
  readonly from: string
  readonly to: string
  readonly page: number
  /** Instant, serial, epoch and index of the last entry told; null: the beginning. */
  readonly place: string | null
  readonly serials: readonly string[]
  /** `unknown`: somebody who is not in the register has moved nowhere. */
  readonly person: string | null
}

/**
 * A page of what the doors reported, oldest first (by `security` or `authority` only, R21). Who reads is in the log of the call;
 * that it was read, and how much, in its own.
 */
export async function readMovements(
  needed: ReadingMovements,
  query: MovementsQuery,
): Promise<MovementPage | Refusal> {
  const asked = await read(needed, query)
  if ('refused' in asked) return asked
  const { from, to, page } = asked
  const { entries, place } = await pageOf(needed, asked)
  needed.log('movements-read', { entries: entries.length, page })
  return { from, to, page, entries, cursor: place === null ? null : sealCursor(`${page + 1}|${place}`) }
}

async function read(needed: ReadingMovements, query: MovementsQuery): Promise<Asked | Refusal> {
  const faults: CodedFault[] = []
  const { today } = nowOf(needed)
  const to = query.to ?? today
  const from = query.from ?? addDays(to, 1 - usualDays)
  if (from > to) faults.push({ pointer: '/query/from', code: 'query.bad-parameter' })
  else if (daysBetween(from, to) >= mostDays)
    faults.push({ pointer: '/query/from', code: 'movement.too-long' })
  const serials = needed.settings.doors.map(({ serial }) => serial)
  if (query.door !== undefined && !serials.includes(query.door))
    faults.push({ pointer: '/query/door', code: 'catalogue.unknown-door' })
  const person = await personOf(needed, query.person)
  if (person === undefined) faults.push({ pointer: '/query/person', code: 'query.bad-parameter' })
  const cursor = openPlace(query.cursor)
  if (cursor === null) faults.push({ pointer: '/query/cursor', code: 'query.bad-cursor' })
  if (faults.length > 0 || cursor === null) return refuse('invalid', faults)
  return {
    from,
    to,
    ...cursor,
    serials: query.door === undefined ? serials : [query.door],
    person: person ?? null,
  }
}

const placeShape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z#[A-Za-z0-9-]{1,32}#\d{8}#\d{10}$/

function openPlace(
  cursor: string | undefined,
): { readonly page: number; readonly place: string | null } | null {
  const opened = openCursor(cursor)
  if (opened === null || opened.place === null) return opened && { page: 1, place: null }
  const [page = '', place = ''] = opened.place.split('|')
  const sound = placeShape.test(place) && Instant.safeParse(place.slice(0, 24)).success
  return sound && /^[1-9]\d{0,5}$/.test(page) ? { page: Number(page), place } : null
}

/** What a chunk holds, unpacked, in the order of time and count. */
interface Found {
  readonly place: string
  readonly chunk: MovementChunk
  readonly event: MovementChunk['events'][number]
}

async function pageOf(
  needed: ReadingMovements,
  asked: Asked,
): Promise<{ entries: Movement[]; place: string | null }> {
  const { timeZone } = needed.settings
  const [start, end] = [startOfDay(asked.from, timeZone), endOfAccess(asked.to, timeZone)]
  const people = knownPeople(needed)
  const entries: Movement[] = []
  if (asked.person === 'unknown') return { entries, place: null }
  const first = laterOf(asked.place ?? start, start).slice(0, 10)
  const last = new Date(Date.parse(end) - 1).toISOString().slice(0, 10)
  let looked = 0
  for (let day = first; day <= last; day = addDays(day, 1)) {
    const { all, found } = await eventsOf(needed, asked, day)
    const wanted = found.filter(
      ({ place }) => place >= start && place < end && (asked.place === null || place > asked.place),
    )
    const told = wanted.slice(0, pageSize - entries.length)
    for (const one of told) entries.push(await view(needed, one, people))
    looked += all
    if (told.length < wanted.length) return { entries, place: told.at(-1)?.place ?? null }
    if (day < last && (entries.length === pageSize || looked >= lookedAt))
      return { entries, place: endOfDay(day) }
  }
  return { entries, place: null }
}

/** Behind every event of a day: they come by the second. */
const endOfDay = (day: string): string => placeAt(`${day}T23:59:59.999Z`, '-', 0, 0)

const placeAt = (at: string, serial: string, epoch: number, index: number): string =>
  `${at}#${serial}#${String(epoch).padStart(8, '0')}#${String(index).padStart(10, '0')}`

/** What the doors asked about reported of one day, of the person asked about; `all`: of everybody. */
async function eventsOf(
  needed: ReadingMovements,
  asked: Asked,
  day: string,
): Promise<{ readonly all: number; readonly found: readonly Found[] }> {
  const { at } = nowOf(needed)
  const found: Found[] = []
  let all = 0
  await inParallel(asked.serials, async serial => {
    for (const chunk of await needed.movements.ofDay(serial, day, at))
      for (const event of chunk.events) {
        all += 1
        if (asked.person !== null && chunk.people[event[4]] !== asked.person) continue
        found.push({
          place: placeAt(needed.instantAt(event[1]), serial, chunk.epoch, event[0]),
          chunk,
          event,
        })
      }
  })
  return { all, found: found.sort((one, other) => (one.place < other.place ? -1 : 1)) }
}

async function view(
  needed: ReadingMovements,
  { chunk, event }: Found,
  people: KnownPeople,
): Promise<Movement> {
  const [index, seconds, code, lock, pin, card, way] = event
  const personId = chunk.people[pin]
  const name = needed.settings.doors.find(({ serial }) => serial === chunk.serial)?.name ?? null
  return {
    at: needed.instantAt(seconds),
    door: { serial: chunk.serial, name },
    lock,
    event: code,
    message: eventInWords(needed.settings, code),
    way: way === '' ? null : way,
    pin: pin === '' ? null : pin,
    person: personId === undefined ? null : await people.ref(personId),
    card: personId === undefined && card !== '' ? card : null,
    epoch: chunk.epoch,
    index,
  }
}
