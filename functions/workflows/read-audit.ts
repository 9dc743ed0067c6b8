import type { AuditEntry, AuditPage, AuditQuery } from '../../schemas/api.ts'
import { Instant } from '../../schemas/calendar.ts'
import { addDays, normalInstant, startOfDay } from '../domain/civil-time.ts'
import { parseNationalId } from '../domain/national-id.ts'
import { type CodedFault, type Refusal, refuse } from '../domain/refusal.ts'
import type { EntryKey, LedgerIndex, LedgerStore, WindowRange } from '../stores/ledger.ts'
import { openCursor, sealCursor } from './cursor.ts'
import { entriesOfDay } from './entries-of-day.ts'
import { entryView } from './entry-view.ts'
import { knownPeople } from './known-people.ts'
import type { Registers } from './registers.ts'

type Needed = Pick<Registers, 'people' | 'ledger' | 'settings' | 'clock'> & {
  readonly windowShards: readonly Parameters<LedgerStore['window']>[1][]
}

const pageSize = 100
/** Entries looked at for one page at most: a filter that fits little then answers a short page and a cursor. */
const lookedAt = 1_000
const longestDays = 31
/** Where a page ends: an entry's instant and id. */
const isPlace = (place: string) =>
  /^.{24}#[0-9a-f-]{36}$/.test(place) && Instant.safeParse(place.slice(0, 24)).success

/** Entries of the ledger, oldest first. One of subject, actor and request, or a period of at most 31 days, has to be given. */
export async function readAudit(registers: Needed, query: AuditQuery): Promise<AuditPage | Refusal> {
  const { settings } = registers
  const cursor = openCursor(query.cursor)
  const range = { from: startOf(query.from, settings.timeZone), to: endOf(query.to, settings.timeZone) }
  const named = query.subject ?? query.actor ?? query.request
  const faults: CodedFault[] = []
  const astray = cursor !== null && cursor.place !== null && !isPlace(cursor.place)
  if (cursor === null || astray) faults.push({ pointer: '/query/cursor', code: 'query.bad-cursor' })
  const days = daysBetween(query.from, query.to)
  if (named === undefined && (days === null || days > longestDays))
    faults.push({ pointer: '/query', code: 'query.too-wide' })
  if (days !== null && days < 0) faults.push({ pointer: '/query/to', code: 'query.bad-parameter' })
  const subject = await personOf(registers, query.subject)
  const actor = await personOf(registers, query.actor)
  if (subject === undefined) faults.push({ pointer: '/query/subject', code: 'query.bad-parameter' })
  if (actor === undefined) faults.push({ pointer: '/query/actor', code: 'query.bad-parameter' })
  if (faults.length > 0 || cursor === null) return refuse('invalid', faults)
  // Somebody unknown has no entries.
  if (subject === 'unknown' || actor === 'unknown') return { entries: [], cursor: null }

  const fits = (entry: AuditEntry) =>
    (!subject || entry.subject.personId === subject) &&
    (!actor || entry.actor.personId === actor) &&
    (query.request === undefined || entry.request === query.request) &&
    (query.act === undefined || entry.act === query.act) &&
    (query.system === undefined || entry.system === query.system)
  // One character after the last entry seen: both bounds of a range are included.
  const from = cursor.place === null ? (range.from ?? '0') : `${cursor.place}!`
  const keys = search(registers, { subject, actor, request: query.request }, { from, to: range.to ?? '9' })
  return page(registers, keys, fits)
}

type Searched = {
  readonly subject: string | null | undefined
  readonly actor: string | null | undefined
  readonly request: string | undefined
}

/** Keys of what may fit, oldest first, in portions. */
async function* search(
  { ledger, windowShards }: Needed,
  { subject, actor, request }: Searched,
  range: WindowRange,
): AsyncGenerator<EntryKey[]> {
  const index: [LedgerIndex, string] | null =
    request !== undefined
      ? ['by-request', request]
      : subject
        ? ['by-subject', subject]
        : actor
          ? ['by-actor', actor]
          : null
  for (let { from } = range; from <= range.to; ) {
    const found =
      index === null
        ? await entriesOfDay(ledger, windowShards, { ...range, from }, pageSize)
        : await ledger.find(...index, { ...range, from, limit: pageSize })
    yield found
    const last = found.at(-1)
    if (found.length >= pageSize && last !== undefined) from = `${last.windowSort}!`
    else if (index === null) from = addDays(from.slice(0, 10), 1)
    else return
  }
}

async function page(
  registers: Needed,
  search: AsyncGenerator<EntryKey[]>,
  fits: (entry: AuditEntry) => boolean,
): Promise<AuditPage> {
  const people = knownPeople(registers)
  const entries: AuditEntry[] = []
  let looked = 0
  for await (const keys of search) {
    const places = new Map(keys.map(one => [`${one.chain}#${one.sequence}`, one.windowSort]))
    const sealed = await registers.ledger.read(keys)
    const views = await Promise.all(sealed.map(entry => entryView(entry, people)))
    for (const [index, view] of views.entries()) {
      looked += 1
      if (fits(view)) entries.push(view)
      const last = sealed[index]
      const place = places.get(`${last?.chain}#${last?.sequence}`) ?? ''
      if (entries.length === pageSize || looked === lookedAt) return { entries, cursor: sealCursor(place) }
    }
  }
  return { entries, cursor: null }
}

/** The opaque id of somebody named by it or by national id; `unknown` for nobody, undefined for what is neither. */
export async function personOf(
  { people, settings }: Pick<Needed, 'people' | 'settings'>,
  written: string | undefined,
): Promise<string | null | undefined> {
  if (written === undefined) return null
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(written)) return written.toLowerCase()
  const parsed = parseNationalId(settings.nationalId, written)
  if (!parsed.ok) return undefined
  return (await people.idOf(parsed.value)) ?? 'unknown'
}

const isDay = (text: string) => text.length === 10

/** Days of 24 hours between two instants; between two days, whatever the clocks did meanwhile, as the calendar counts. */
const daysBetween = (from: string | undefined, to: string | undefined): number | null =>
  from === undefined || to === undefined ? null : (Date.parse(to) - Date.parse(from)) / 86_400_000

/** A day counts from its beginning, and to its end, in the body's zone. */
const startOf = (text: string | undefined, zone: string) =>
  text === undefined ? null : isDay(text) ? startOfDay(text, zone) : normalInstant(text)

/** Everything up to and including the instant; entries sort as `<instant>#<id>`, and `~` comes after `#`. */
const endOf = (text: string | undefined, zone: string) =>
  text === undefined ? null : isDay(text) ? startOfDay(addDays(text, 1), zone) : `${normalInstant(text)}~`
