import type { SentEntry } from '../../schemas/api-visits.ts'
import type { Visitor, VisitRow } from '../../schemas/visit.ts'
import { type Caller, holdsAny } from '../domain/entitlement.ts'
import { prohibitions } from '../domain/prohibitions.ts'
import { isRefusal, type Refusal, refuse, refuseWith } from '../domain/refusal.ts'
import { mayEnterOn } from '../domain/visits.ts'
import type { PersonAggregate } from '../stores/people.ts'
import { nowOf, tries } from './registers.ts'
import {
  actorAs,
  emergencyBy,
  escortNamed,
  escortStands,
  isVisitor,
  pendingNotices,
  type VisitDesk,
  visitDraft,
  wordsOf,
} from './visit-desk.ts'

/**
 * Lets a visitor in (by `it`; by `authority` in an emergency): on its day, the prohibitions accepted, the escort inside by the
 * doors' log (R16), and only while there is room (R17). Said again of somebody who is inside, it is answered again.
 */
export async function enterVisit(
  desk: VisitDesk,
  caller: Caller,
  id: string,
  sent: SentEntry,
): Promise<VisitRow | Refusal> {
  if (sent.prohibitions !== undefined && sent.prohibitions !== prohibitions.version)
    return refuseWith('conflict', 'visit.prohibitions-changed')
  for (let attempt = 1; attempt <= tries; attempt++) {
    const visit = await desk.visits.load(id)
    if (visit === null) return refuse('not-found')
    if (await isVisitor(desk, caller, visit.visitor?.nationalId))
      return refuseWith('forbidden', 'visit.oneself')
    if (visit.state === 'inside') return visit
    const { today } = nowOf(desk)
    if (visit.state === 'left') return refuseWith('conflict', 'visit.over')
    if (visit.state === 'lapsed' || !mayEnterOn(visit, today, desk.settings))
      return refuseWith('conflict', 'visit.not-today')
    if (await isInsideAlready(desk, visit)) return refuseWith('conflict', 'visit.already-inside')
    const led = await ledIn(desk, caller, visit, sent)
    if (isRefusal(led)) return led
    const entered = await enter(desk, caller, visit, led)
    if (entered === 'full') return refuseWith('conflict', 'visit.room-full')
    if (entered !== 'stale') return entered
  }
  return refuse('busy')
}

/** The same document on another visit that nobody has ended. What is written down in the same second is seen a second later. */
async function isInsideAlready({ visits }: VisitDesk, { id, visitor }: VisitRow): Promise<boolean> {
  if (visitor === null) return false
  const documentOf = ({ nationalId, passport }: Visitor) =>
    nationalId ?? `${passport?.country} ${passport?.number}`
  return (await visits.unsettled()).some(
    other =>
      other.id !== id &&
      other.state === 'inside' &&
      other.visitor !== null &&
      documentOf(other.visitor) === documentOf(visitor),
  )
}

/** Who answers for the visitor inside: an escort, or the authority. */
type Led = Pick<VisitRow, 'escort' | 'emergency' | 'approval'> & { readonly escorted: boolean }

/** R16. An emergency that the authority has rejected lets nobody in, and is not told a second time. */
async function ledIn(
  desk: VisitDesk,
  caller: Caller,
  visit: VisitRow,
  sent: SentEntry,
): Promise<Led | Refusal> {
  const { at, today } = nowOf(desk)
  const escort = await escortOf(desk, visit, sent, today)
  if (escort !== null && isRefusal(escort)) return escort
  const told = sent.emergency !== undefined && visit.emergency === null
  const { emergency, approval } = told
    ? emergencyBy(caller, sent.emergency?.reason ?? '', at)
    : { emergency: visit.emergency, approval: visit.approval }
  // Only an emergency is the authority's to let in.
  if (emergency === null && !holdsAny(caller, ['it'])) return refuse('forbidden')
  const standing = await escortStands(desk, escort)
  const led = { escort: escort?.row.personId ?? null, emergency, approval }
  if (standing === 'inside')
    return told ? refuseWith('conflict', 'visit.escort-is-inside') : { ...led, escorted: true }
  if (approval?.state === 'rejected') return refuseWith('conflict', 'visit.rejected')
  return emergency === null ? refuseWith('conflict', standing) : { ...led, escorted: false }
}

async function escortOf(
  desk: VisitDesk,
  visit: VisitRow,
  sent: SentEntry,
  today: string,
): Promise<PersonAggregate | Refusal | null> {
  if (sent.escort === undefined) return visit.escort === null ? null : desk.people.load(visit.escort)
  const nationalId = visit.visitor?.nationalId ?? null
  const named = await escortNamed(desk, sent.escort.nationalId, nationalId, today)
  return 'fault' in named ? refuse('invalid', [named.fault]) : named
}

async function enter(desk: VisitDesk, caller: Caller, visit: VisitRow, led: Led) {
  const { escorted, ...answering } = led
  const { maximumInside } = desk.settings.dataCentre
  // Whoever has a badge is inside by the doors' word, which nobody can count in the same transaction.
  const limit = maximumInside === undefined ? null : maximumInside - (await desk.presences.inside()).length
  if (limit !== null && ((await desk.visits.counted()) >= limit || limit <= 0)) return 'full'
  const { at } = nowOf(desk)
  const next: VisitRow = {
    ...visit,
    ...answering,
    state: 'inside',
    entry: { at, by: caller.personId, escorted, prohibitions: prohibitions.version },
  }
  const { emergency, approval } = next
  const role = holdsAny(caller, ['it']) ? 'it' : 'authority'
  const entry = visitDraft(visit, 'visit-entered', at, actorAs(caller, role), {
    after: {
      escort: next.escort,
      escorted,
      prohibitions: prohibitions.version,
      ...(approval !== null && { approval: approval.state }),
    },
    evidence: visit.emergency === null && emergency ? { emergency: wordsOf(emergency.reason) } : undefined,
  })
  const notices = visit.approval === null ? pendingNotices(next) : []
  return desk.visits.change(visit, next, entry, { room: { by: 1, limit }, notices })
}
