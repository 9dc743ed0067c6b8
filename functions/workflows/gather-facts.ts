import type { WholeLine } from '../../schemas/api.ts'
import type { DigestItem } from '../../schemas/digest.ts'
import type { NoticeRow } from '../../schemas/notice.ts'
import type { KeptLine } from '../../schemas/request.ts'
import { roundOn } from '../domain/digest-times.ts'
import { endsAhead } from '../domain/ends-ahead.ts'
import type { LineFacts, NoticeFacts, PersonEnds, RequestFacts, UnitDigest } from '../domain/notice-facts.ts'
import { renderNotice } from '../domain/notice-texts.ts'
import type { DigestStore } from '../stores/digests.ts'
import type { NoticeStore } from '../stores/notices.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { TaskStore } from '../stores/tasks.ts'
import type { UnitStore } from '../stores/units.ts'
import type { Engine } from './engine.ts'
import { type Doer, gatherTasks, mostNamed, nameOf } from './gather-tasks.ts'
import { inParallel } from './in-parallel.ts'
import { factsOf, type KnownPeople, knownPeople, namesOf } from './known-people.ts'
import { nowOf } from './registers.ts'
import { viewLines } from './view-request.ts'

export interface FactSource extends Pick<Engine, 'settings' | 'people' | 'requests' | 'clock'> {
  readonly tasks: Pick<TaskStore, 'load' | 'places' | 'some'>
  readonly units: Pick<UnitStore, 'some' | 'withAncestors'>
  readonly digests: Pick<DigestStore, 'items'>
  readonly notices: Pick<NoticeStore, 'countParked' | 'countDeferred' | 'deferred'>
}

/** What a mail tells, as it stands when it is sent: names joined, what is settled meanwhile left out. */
export async function factsFor(source: FactSource, row: NoticeRow, instead = false): Promise<NoticeFacts> {
  const { settings } = source
  const { personId, target, task, request } = row.about
  const people = knownPeople(source)
  const person = personId === null ? null : await people.person(personId)
  return {
    settings,
    about: row.about,
    person: person && named(source, person),
    target,
    task: task === null ? null : await source.tasks.load(task),
    request:
      request === null || task !== null ? null : await requestFacts(source, request, people, decides(row)),
    account: (target !== null && person?.targets.get(target)?.name) || null,
    instead,
    ends: person && row.template === 'access-ending' ? endsAhead(person, settings, nowOf(source).at) : [],
    units: row.template === 'digest-unit' ? await unitDigests(source, row, people) : [],
    tasks: await tasksOf(source, row),
  }
}

function named(source: FactSource, person: PersonAggregate): { name: string; unit: string } | null {
  const facts = factsOf(source, person)
  const names = namesOf(source, person, facts)
  if (names === null) return null
  return {
    name: `${names.givenNames} ${names.surnames}`,
    unit: facts.unit ?? person.row.declared?.unit ?? '-',
  }
}

/** Mails of what was decided tell that, and not how far it has come by the time they are sent. */
const decides = ({ template }: NoticeRow): 'decision' | 'status' =>
  template === 'request-filed' || template === 'line-decided' ? 'decision' : 'status'

/** The form's own word names somebody who is not in the register; a deactivation knows a national id only, which no mail has. */
async function lineFacts(
  { reasons, status }: Pick<WholeLine, 'reasons' | 'status'>,
  { line, personId, ...kept }: KeptLine,
  people: KnownPeople,
): Promise<LineFacts> {
  const known = personId === null ? null : (await people.ref(personId)).name
  const common = { line, status, reasons, access: kept.filed.access }
  if (kept.kind === 'deactivation') return { ...common, kind: kept.kind, person: known, until: null }
  const { person, until } = kept.filed
  const declared = `${person.givenNames} ${person.surnames}`
  return { ...common, kind: kept.kind, person: known ?? declared, until }
}

async function requestFacts(
  source: FactSource,
  number: string,
  people: KnownPeople,
  told: 'decision' | 'status',
  wanted: (line: WholeLine) => boolean = () => true,
): Promise<RequestFacts | null> {
  const kept = await source.requests.load(number)
  if (kept === null) return null
  const whole = await viewLines(source, kept, people)
  const lines = kept.lines.flatMap(line => {
    const seen = whole.find(one => one.line === line.line)
    return seen !== undefined && wanted(seen)
      ? [lineFacts({ ...seen, status: seen[told] }, line, people)]
      : []
  })
  return { number, unit: await nameOfUnit(source, kept.row.unit), lines: await Promise.all(lines) }
}

const nameOfUnit = async ({ units }: FactSource, id: string): Promise<string> =>
  (await units.some([id]))[0]?.unit.name ?? id

const unitDigests = async (
  source: FactSource,
  { about }: NoticeRow,
  people: KnownPeople,
): Promise<UnitDigest[]> =>
  Promise.all((about.units ?? []).map(unit => unitDigest(source, about.edition ?? '', unit, people)))

async function unitDigest(
  source: FactSource,
  edition: string,
  unit: string,
  people: KnownPeople,
): Promise<UnitDigest> {
  const items = await source.digests.items({ edition, unit })
  const observed: RequestFacts[] = []
  const contested: RequestFacts[] = []
  for (const item of items) {
    if (item.kind === 'observed') {
      const found = await requestFacts(
        source,
        item.request,
        people,
        'status',
        ({ status }) => status === 'observed',
      )
      if (found !== null) observed.push(found)
    }
    if (item.kind === 'contested' && (await source.tasks.load(item.task))?.closedAt === null) {
      const found = await requestFacts(
        source,
        item.request,
        people,
        'status',
        ({ line }) => line === item.line,
      )
      if (found !== null) contested.push(found)
    }
  }
  return {
    unit: await nameOfUnit(source, unit),
    ends: await endsOf(source, items, 'ends', people),
    round: roundOn(source.settings, edition),
    renewable: await endsOf(source, items, 'round', people),
    observed: observed.filter(({ lines }) => lines.length > 0),
    contested: contested.filter(({ lines }) => lines.length > 0),
  }
}

/** By name; whose end was moved since, or who is held, is left out. */
async function endsOf(
  source: FactSource,
  items: readonly DigestItem[],
  kind: 'ends' | 'round',
  people: KnownPeople,
): Promise<PersonEnds[]> {
  const found: PersonEnds[] = []
  const concerned = items.flatMap(item => (item.kind === kind ? [item] : []))
  await inParallel(concerned, async ({ personId, ends: told }) => {
    const person = await people.person(personId)
    const names = person && named(source, person)
    if (person === null || names === null) return
    const ends = endsAhead(person, source.settings, nowOf(source).at)
    const still = ends.filter(({ endsAt }) => told.includes(endsAt))
    if (still.length > 0) found.push({ person: names.name, ends: still })
  })
  return found.sort((one, other) => one.person.localeCompare(other.person, 'es'))
}

async function tasksOf(source: FactSource, { template, to, about }: NoticeRow) {
  if (template !== 'digest-it' && template !== 'digest-tasks') return null
  const { since = '', until = '' } = about
  // The help desk's call tells the same subject, and no text.
  const doer: Doer = to.kind === 'vendor' ? to : { kind: to.kind === 'escalation' ? 'escalation' : 'it' }
  const found = await gatherTasks(source, doer, { since, until })
  const rows = await source.notices.deferred(nameOf(doer), since, until, mostNamed)
  const subjects: string[] = []
  for (const row of rows) {
    const mail = renderNotice(row.template, await factsFor(source, row))
    const { task } = row.about
    if (mail !== null) subjects.push(task === null ? mail.subject : `${mail.subject} (${task})`)
  }
  return { ...found, deferred: { ...found.deferred, subjects } }
}
