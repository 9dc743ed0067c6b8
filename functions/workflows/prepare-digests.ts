import type { Edition } from '../../schemas/digest.ts'
import type { Recipient } from '../../schemas/notice.ts'
import type { Unit } from '../../schemas/unit.ts'
import { dayOf } from '../domain/civil-time.ts'
import { editionDue, isReminderDay, isWeekly, remindsOn, roundOn } from '../domain/digest-times.ts'
import { hasTaskNews } from '../domain/notice-digests.ts'
import { deputiesOn } from '../domain/office.ts'
import type { DigestStore } from '../stores/digests.ts'
import type { UnitStore } from '../stores/units.ts'
import { type Engine, instantOf, latest, placeOf } from './engine.ts'
import { type Doer, gatherTasks, type TaskSource } from './gather-tasks.ts'
import { inParallel } from './in-parallel.ts'
import { ancestorsOf, type Looking, tellEnds } from './tell-ends.ts'

export interface Digesting
  extends TaskSource,
    Pick<Engine, 'settings' | 'people' | 'lists' | 'requests' | 'clock' | 'log'> {
  readonly digests: DigestStore
  readonly units: Pick<UnitStore, 'all'>
}

export interface Prepared {
  /** The edition that was worked on; null: none was due. */
  readonly edition: string | null
  readonly people: number
  readonly mails: number
  /** People whose record could not be read because of a bug: the others went on. */
  readonly broken: number
  readonly finished: boolean
}

const perPage = 100
/** What is written just now may not be in an index yet: it belongs to the next edition. */
const settlingMilliseconds = 60_000
/** What was before the first edition is new to it. */
const beginning = '2000-01-01T00:00:00.000Z'

type Mutable = { -readonly [Key in 'people' | 'mails' | 'broken']: number }

/**
 * Makes the digests of a day, once: walks everybody, tells people of ends ahead and puts them into their unit's digest, then
 * writes one mail a recipient. Where the walk stands is kept after each page. A run that dies is gone on with by the next,
 * and whatever it repeats bears the same ids.
 *
 * @param eventAt the schedule's own time; the later of it and the clock counts
 * @param mayGoOn false once so little time is left that the next run should go on
 */
export async function prepareDigests(
  engine: Digesting,
  eventAt: string,
  mayGoOn: () => boolean,
): Promise<Prepared> {
  const counted = { people: 0, mails: 0, broken: 0 }
  const at = latest(eventAt, instantOf(engine.clock()))
  const units = new Map((await engine.units.all()).map(({ unit }) => [unit.id, unit]))
  let edition = await begin(engine, at)
  if (edition === null) return { edition: null, ...counted, finished: true }
  const told = { edition: edition.edition, ...counted }
  while (!edition.walked) {
    if (!mayGoOn()) return { ...told, ...counted, finished: false }
    const next: Edition | null = await lookAtPage(
      engine,
      edition,
      lookingAt(engine, edition, units, at),
      counted,
    )
    if (next === null) return { ...told, ...counted, finished: false }
    edition = next
  }
  await writeDigests(engine, edition, units, at, counted)
  const day = dayOf(at, engine.settings.timeZone)
  const finished = await engine.digests.moveEdition(edition, { ...edition, finishedOn: day })
  engine.log('digests-prepared', { people: counted.people, mails: counted.mails })
  return { ...told, ...counted, finished }
}

/** The edition that is under way, or a new one if it is time for it. */
async function begin(engine: Digesting, at: string): Promise<Edition | null> {
  const { settings, digests } = engine
  const before = await digests.edition()
  if (before !== null && before.finishedOn === null) return before
  const edition = editionDue(settings, before, at)
  if (edition === null) return null
  const today = dayOf(at, settings.timeZone)
  const round = roundOn(settings, today)
  const reminds = round !== null && remindsOn(round, today, before?.remindedOn ?? null)
  const since = before?.until ?? beginning
  const next: Edition = {
    version: 1,
    edition,
    since,
    until: latest(since, instantOf(Date.parse(at) - settlingMilliseconds)),
    round: reminds,
    remindedOn: reminds ? today : (before?.remindedOn ?? null),
    place: null,
    walked: false,
    finishedOn: null,
  }
  return (await digests.moveEdition(before, next)) ? next : null
}

function lookingAt(
  { settings }: Digesting,
  { edition, round }: Edition,
  units: Looking['units'],
  at: string,
): Looking {
  const day = dayOf(at, settings.timeZone)
  return { at, day, edition, units, renewable: round ? (roundOn(settings, day)?.lastDay ?? null) : null }
}

/** Null: another run has moved the walk. */
async function lookAtPage(
  engine: Digesting,
  edition: Edition,
  looking: Looking,
  counted: Mutable,
): Promise<Edition | null> {
  const { items, next } = await engine.lists.people(edition.place, perPage)
  await inParallel(items, async personId => {
    try {
      await tellEnds(engine, personId, looking)
    } catch (bug) {
      // What is wrong with one person's record keeps nobody else from being told.
      engine.log('broken', { personId, target: null, ...placeOf(bug) })
      counted.broken++
    }
    counted.people++
  })
  const moved: Edition = { ...edition, place: next, walked: next === null }
  return (await engine.digests.moveEdition(edition, moved)) ? moved : null
}

async function writeDigests(
  engine: Digesting,
  edition: Edition,
  units: ReadonlyMap<string, Unit>,
  at: string,
  counted: Mutable,
): Promise<void> {
  const day = dayOf(at, engine.settings.timeZone)
  await addObserved(engine, edition, day)
  await addContested(engine, edition, day)
  const wanted = new Map<string, { readonly to: Recipient; readonly units: string[] }>()
  await inParallel([...units.values()], async unit => {
    const items = await engine.digests.items({ edition: edition.edition, unit: unit.id })
    if (!items.some(item => !('news' in item) || item.news)) return
    for (const to of recipientsOf(unit, units, day)) {
      const key = JSON.stringify(to)
      wanted.set(key, { to, units: [...(wanted.get(key)?.units ?? []), unit.id] })
    }
  })
  const about = { personId: null, task: null, target: null, request: null, edition: edition.edition }
  const fact = `digest ${edition.edition}`
  for (const { to, units: of } of wanted.values()) {
    await engine.digests.write(
      { template: 'digest-unit', to, about: { ...about, units: of.sort() }, fact },
      at,
    )
    counted.mails++
  }
  const { since, until } = edition
  for (const to of doers(engine)) {
    const found = await gatherTasks(engine, to, { since, until })
    if (!hasTaskNews(found, to.kind === 'it' && isWeekly(day))) continue
    const template = to.kind === 'it' ? 'digest-it' : 'digest-tasks'
    await engine.digests.write({ template, to, about: { ...about, since, until }, fact }, at)
    counted.mails++
  }
}

/** Who is told of a unit: its head and the deputies in force; where there is neither, those above; at last `it`. */
function recipientsOf(unit: Unit, units: ReadonlyMap<string, Unit>, day: string): Recipient[] {
  for (const one of [unit, ...ancestorsOf(unit, units)]) {
    const ids = [...(one.head === null ? [] : [one.head]), ...deputiesOn(one, day)]
    if (ids.length > 0) return [...new Set(ids)].map(personId => ({ kind: 'person', personId }))
  }
  return [{ kind: 'it' }]
}

const doers = ({ settings }: Digesting): Doer[] => [
  { kind: 'it' },
  { kind: 'escalation' },
  ...settings.targets.flatMap(({ id }): Doer[] =>
    settings.notices.vendors[id] === undefined ? [] : [{ kind: 'vendor', target: id }],
  ),
]

/** Lines that wait for their unit; all of them stand among the requests that are not settled. */
async function addObserved(engine: Digesting, { edition }: Edition, day: string): Promise<void> {
  await inParallel(await engine.requests.unsettled(), async number => {
    const request = await engine.requests.load(number)
    if (request === null || request.row.kind !== 'form') return
    if (!request.lines.some(({ decision }) => decision === 'observed')) return
    const filedOn = dayOf(request.row.filedAt, engine.settings.timeZone)
    await engine.digests.putItem(
      { edition, unit: request.row.unit },
      { version: 1, kind: 'observed', request: number, news: isReminderDay(filedOn, day) },
    )
  })
}

/** What the people concerned call wrong, as long as the task is open. */
async function addContested(
  engine: Digesting,
  { edition, since, until }: Edition,
  day: string,
): Promise<void> {
  const places = await engine.tasks.places('contested')
  const tasks = await engine.tasks.some(places.map(({ id }) => id))
  const numbers = new Set([...tasks.values()].flatMap(({ request }) => request ?? []))
  const rows = await engine.requests.rows([...numbers])
  const unitOf = new Map(rows.map(({ number, unit }) => [number, unit]))
  for (const { id, openedAt, request, line } of tasks.values()) {
    const unit = request === null ? undefined : unitOf.get(request)
    if (unit === undefined || request === null || line === null) continue
    const fresh = since < openedAt && openedAt <= until
    const openedOn = dayOf(openedAt, engine.settings.timeZone)
    await engine.digests.putItem(
      { edition, unit },
      {
        version: 1,
        kind: 'contested',
        request,
        line,
        task: id,
        news: fresh || isReminderDay(openedOn, day),
      },
    )
  }
}
