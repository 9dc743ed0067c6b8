import type { ProhibitionsView, VisitList, VisitsQuery, VisitView } from '../../schemas/api-visits.ts'
import type { VisitRow } from '../../schemas/visit.ts'
import { endOfAccess, startOfDay } from '../domain/civil-time.ts'
import { type Caller, holdsAny } from '../domain/entitlement.ts'
import { prohibitions } from '../domain/prohibitions.ts'
import { isRefusal, type Refusal, refuse } from '../domain/refusal.ts'
import { say } from '../domain/texts/index.ts'
import { asShown, isOverdue, lastExit, stateOn } from '../domain/visits.ts'
import { openCursor, sealCursor } from './cursor.ts'
import { type Filing, fileOnce } from './file-once.ts'
import { type KnownPeople, knownPeople } from './known-people.ts'
import { leadsAny } from './record-visit.ts'
import { nowOf } from './registers.ts'
import type { VisitDesk } from './visit-desk.ts'

const pageSize = 50
/** Pages looked at for one, where few of the log are the caller's. */
const mostPages = 10
/** Besides whoever announced it. */
const readers = ['it', 'security', 'authority'] as const

/** What is read to a visitor before they enter. */
export const readProhibitions = ({ settings }: Pick<VisitDesk, 'settings'>): ProhibitionsView => ({
  version: prohibitions.version,
  prohibitions: prohibitions.texts.map(code => say(settings.locale, code)),
})

/** A visit as whoever may see it sees it now. */
export async function viewVisit(
  desk: VisitDesk,
  row: VisitRow,
  people: KnownPeople = knownPeople(desk),
): Promise<VisitView> {
  const { settings } = desk
  const { at, today } = nowOf(desk)
  const visit = asShown(row, settings, at)
  const exit = lastExit(visit)
  const { entry, emergency, approval } = visit
  const ref = async (personId: string | null) => (personId === null ? null : people.ref(personId))
  return {
    id: visit.id,
    state: stateOn(visit, today, settings),
    recordedAt: visit.recordedAt,
    recordedBy: await people.ref(visit.recordedBy),
    planned: visit.planned,
    visitor: visit.visitor,
    reason: visit.reason,
    escort: await ref(visit.escort),
    emergency: emergency && {
      reason: emergency.reason,
      askedBy: await people.ref(emergency.askedBy),
      askedAt: emergency.askedAt,
    },
    approval: approval?.state ?? null,
    decision:
      approval?.decidedBy == null || approval.decidedAt === null
        ? null
        : { by: await people.ref(approval.decidedBy), at: approval.decidedAt, comment: approval.comment },
    enteredAt: entry?.at ?? null,
    enteredBy: await ref(entry?.by ?? null),
    escorted: entry?.escorted ?? null,
    prohibitions: entry?.prohibitions ?? null,
    leftAt: exit?.leftAt ?? null,
    exit: exit && {
      by: await people.ref(exit.by),
      recordedAt: exit.recordedAt,
      corrected: exit.corrected,
      reason: exit.reason,
    },
    overdue: isOverdue(visit, settings, at),
  }
}

/**
 * What is done with a visit, once under a client's key. Only which visit it was is kept, never the answer: what it tells of the
 * visitor must not outlive the visit's own row.
 */
export async function attend(
  desk: VisitDesk,
  filing: Filing,
  run: () => Promise<VisitRow | Refusal>,
): Promise<VisitView | Refusal> {
  let row: VisitRow | null = null
  const kept = await fileOnce(desk, filing, async () => {
    const done = await run()
    if (isRefusal(done)) return done
    row = done
    return { id: done.id }
  })
  if (isRefusal(kept)) return kept
  const visit = row ?? (await desk.visits.load(kept.id))
  return visit === null ? refuse('not-found') : viewVisit(desk, visit)
}

/** The log, the newest first: all of it for `it`, `security` and `authority`; for whoever leads a unit, what they announced. */
export async function listVisits(
  desk: VisitDesk,
  caller: Caller,
  query: VisitsQuery,
): Promise<VisitList | Refusal> {
  const sees = holdsAny(caller, readers)
  if (!sees && !(await leadsAny(desk, caller))) return refuse('forbidden')
  const opened = openCursor(query.cursor)
  if (opened === null || (opened.place !== null && !/^\d{4}-[\dT:.-]{18}Z#[0-9a-f-]{36}$/.test(opened.place)))
    return refuse('invalid', [{ pointer: '/query/cursor', code: 'query.bad-cursor' }])
  if (query.from !== undefined && query.to !== undefined && query.to < query.from)
    return refuse('invalid', [{ pointer: '/query/to', code: 'query.bad-parameter' }])
  const { settings } = desk
  const { today } = nowOf(desk)
  const isOpen = (visit: VisitRow) => ['expected', 'inside'].includes(stateOn(visit, today, settings))
  const wanted = (visit: VisitRow) =>
    (sees || visit.recordedBy === caller.personId) &&
    (query.open === undefined || isOpen(visit) === (query.open === 'true')) &&
    (query.approval === undefined || visit.approval?.state === query.approval)
  const onlyUnsettled = query.open === 'true' || query.approval === 'pending'
  const range = {
    parts: onlyUnsettled ? (['unsettled'] as const) : (['unsettled', 'settled', 'forgotten'] as const),
    from: query.from === undefined ? '0' : startOfDay(query.from, settings.timeZone),
    until: query.to === undefined ? '9999' : endOfAccess(query.to, settings.timeZone),
    newestFirst: true,
  }
  const found: VisitRow[] = []
  let { place } = opened
  for (let page = 1; page <= mostPages; page++) {
    const { visits, next } = await desk.visits.page(range, place, pageSize)
    found.push(...visits.filter(wanted))
    place = next
    if (next === null || found.length >= pageSize) break
  }
  const people = knownPeople(desk)
  return {
    visits: await Promise.all(found.map(visit => viewVisit(desk, visit, people))),
    cursor: place === null ? null : sealCursor(place),
  }
}
