import type { SentVisit } from '../../schemas/api-visits.ts'
import type { VisitRow } from '../../schemas/visit.ts'
import { dayOf, laterOf, normalInstant } from '../domain/civil-time.ts'
import { type Caller, holdsAny, leads } from '../domain/entitlement.ts'
import { parseNationalId } from '../domain/national-id.ts'
import { type CodedFault, isRefusal, type Refusal, refuse, refuseWith } from '../domain/refusal.ts'
import { faultsOfPlan } from '../domain/visits.ts'
import type { IdempotencyKey } from '../stores/requests.ts'
import type { NewVisit } from '../stores/visits.ts'
import { bodyHashOf } from './file-once.ts'
import { nowOf } from './registers.ts'
import {
  actorAs,
  emergencyBy,
  escortNamed,
  isVisitor,
  pendingNotices,
  type VisitDesk,
  visitDraft,
  wordsOf,
} from './visit-desk.ts'

/** Whether somebody leads any unit today. */
export const leadsAny = async (desk: VisitDesk, { personId }: Caller): Promise<boolean> => {
  const { today } = nowOf(desk)
  return (await desk.units.all()).some(({ unit }) => leads(unit, personId, today))
}

/** In which role a visit is recorded: `it` any; whoever leads a unit announces; the authority lets in without an escort. */
async function roleFor(
  desk: VisitDesk,
  caller: Caller,
  { planned, emergency }: SentVisit,
): Promise<'it' | 'authority' | 'head' | Refusal> {
  if (emergency !== undefined && holdsAny(caller, ['authority'])) return 'authority'
  if (holdsAny(caller, ['it'])) return 'it'
  if (!(await leadsAny(desk, caller))) return refuse('forbidden')
  return planned === undefined ? refuseWith('forbidden', 'visit.announce-only') : 'head'
}

/**
 * Writes a visit into the log (R16): announced, by `it` or whoever leads a unit today, or on the spot, by `it`. Nobody enters
 * by it. The same caller, key and body is the same visit.
 */
export async function recordVisit(
  desk: VisitDesk,
  caller: Caller,
  sent: SentVisit,
  clientKey: string | null,
): Promise<VisitRow | Refusal> {
  const role = await roleFor(desk, caller, sent)
  if (typeof role !== 'string') return role
  const key: IdempotencyKey | null =
    clientKey === null
      ? null
      : { callerId: caller.personId, route: 'POST /visits', key: clientKey, bodyHash: bodyHashOf(sent) }
  const before = await replayed(desk, key)
  if (before !== null) return before
  const visit = await drafted(desk, caller, sent)
  if (isRefusal(visit)) return visit
  const { recordedAt: at, planned, escort, approval, reason, emergency } = visit
  const entry = visitDraft(visit, 'visit-recorded', at, actorAs(caller, role), {
    after: { planned, escort, ...(approval !== null && { approval: approval.state }) },
    evidence: { reason: wordsOf(reason), ...(emergency && { emergency: wordsOf(emergency.reason) }) },
  })
  const row = await desk.visits.record(visit, entry, pendingNotices(visit), key)
  // Two with the same key at once: the other one's is the visit.
  return row ?? (await replayed(desk, key)) ?? refuse('busy')
}

async function replayed(desk: VisitDesk, key: IdempotencyKey | null): Promise<VisitRow | Refusal | null> {
  const before = key === null ? null : await desk.requests.replayOf(key)
  if (key === null || before === null) return null
  return before.bodyHash === key.bodyHash ? desk.visits.load(before.ref) : refuse('key-reused')
}

/** The visit as it is to be, or every fault of what was sent. */
async function drafted(desk: VisitDesk, caller: Caller, sent: SentVisit): Promise<NewVisit | Refusal> {
  const { settings } = desk
  const { at, today } = nowOf(desk)
  const faults: CodedFault[] = []
  const planned = sent.planned
    ? { from: normalInstant(sent.planned.from), until: normalInstant(sent.planned.until) }
    : null
  if (planned !== null) faults.push(...faultsOfPlan(planned, at, settings))
  const { nationalId: written, passport = null, company = null, givenNames, surnames } = sent.visitor
  const parsed = written === undefined ? null : parseNationalId(settings.nationalId, written)
  if (parsed?.ok === false) faults.push({ pointer: '/visitor/nationalId', code: parsed.code })
  const nationalId = parsed?.ok ? parsed.value : null
  const day = planned === null ? today : laterOf(today, dayOf(planned.from, settings.timeZone))
  const escort =
    sent.escort === undefined ? null : await escortNamed(desk, sent.escort.nationalId, nationalId, day)
  if (escort !== null && 'fault' in escort) faults.push(escort.fault)
  if (faults.length > 0 || (escort !== null && 'fault' in escort)) return refuse('invalid', faults)
  if (await isVisitor(desk, caller, nationalId)) return refuseWith('forbidden', 'visit.oneself')
  return {
    version: 1,
    id: desk.newId(desk.clock()),
    state: 'expected',
    recordedAt: at,
    recordedBy: caller.personId,
    planned,
    visitor: { givenNames, surnames, nationalId, passport, company },
    reason: sent.reason,
    escort: escort?.row.personId ?? null,
    ...(sent.emergency === undefined
      ? { emergency: null, approval: null }
      : emergencyBy(caller, sent.emergency.reason, at)),
    entry: null,
    exits: [],
    overdueAt: null,
    forgottenAt: null,
  }
}
