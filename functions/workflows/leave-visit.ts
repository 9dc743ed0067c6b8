import type { SentCorrection } from '../../schemas/api-visits.ts'
import type { VisitExit, VisitRow } from '../../schemas/visit.ts'
import { normalInstant } from '../domain/civil-time.ts'
import { type Caller, holdsAny } from '../domain/entitlement.ts'
import { isRefusal, type Refusal, refuse, refuseWith } from '../domain/refusal.ts'
import { lastExit } from '../domain/visits.ts'
import { nowOf, tries } from './registers.ts'
import { actorAs, isVisitor, type VisitDesk, visitDraft, wordsOf } from './visit-desk.ts'

/** An exit that was seen and verified as it happened (by `it`). Whoever has left is left alone. */
export function leaveVisit(desk: VisitDesk, caller: Caller, id: string): Promise<VisitRow | Refusal> {
  return say(desk, caller, id, visit => {
    if (visit.state === 'left') return visit
    const { at } = nowOf(desk)
    return { leftAt: at, recordedAt: at, by: caller.personId, corrected: false, reason: null }
  })
}

/**
 * An exit that nobody wrote down, or wrote down wrongly (by `it` or `security`): when the visitor left after all, and how that
 * is known. What was said before stays in the visit, and both in the ledger.
 */
export function correctVisit(
  desk: VisitDesk,
  caller: Caller,
  id: string,
  sent: SentCorrection,
): Promise<VisitRow | Refusal> {
  const leftAt = normalInstant(sent.leftAt)
  return say(desk, caller, id, visit => {
    const { at } = nowOf(desk)
    const last = lastExit(visit)
    if (last?.corrected && last.leftAt === leftAt && last.by === caller.personId) return visit
    if (visit.entry !== null && leftAt < visit.entry.at)
      return refuse('invalid', [{ pointer: '/leftAt', code: 'visit.left-before-entry' }])
    if (leftAt > at) return refuse('invalid', [{ pointer: '/leftAt', code: 'visit.left-ahead' }])
    return { leftAt, recordedAt: at, by: caller.personId, corrected: true, reason: sent.reason }
  })
}

/** Adds an exit to a visit that has entered, and makes room in the same transaction (R17). */
async function say(
  desk: VisitDesk,
  caller: Caller,
  id: string,
  exitOf: (visit: VisitRow) => VisitExit | VisitRow | Refusal,
): Promise<VisitRow | Refusal> {
  for (let attempt = 1; attempt <= tries; attempt++) {
    const visit = await desk.visits.load(id)
    if (visit === null) return refuse('not-found')
    if (await isVisitor(desk, caller, visit.visitor?.nationalId))
      return refuseWith('forbidden', 'visit.oneself')
    if (visit.entry === null) return refuseWith('conflict', 'visit.not-inside')
    const exit = exitOf(visit)
    if ('id' in exit || isRefusal(exit)) return exit
    const left = await leave(desk, caller, visit, exit)
    if (typeof left !== 'string') return left
  }
  return refuse('busy')
}

function leave(desk: VisitDesk, caller: Caller, visit: VisitRow, exit: VisitExit) {
  const { leftAt, corrected, reason, recordedAt } = exit
  const before = lastExit(visit)
  const next: VisitRow = { ...visit, state: 'left', exits: [...visit.exits, exit] }
  const role = holdsAny(caller, ['it']) ? 'it' : 'security'
  const act = corrected ? 'visit-corrected' : 'visit-left'
  const entry = visitDraft(visit, act, recordedAt, actorAs(caller, role), {
    before: { leftAt: before?.leftAt ?? null },
    after: { leftAt },
    evidence: { reason: wordsOf(reason) },
  })
  return desk.visits.change(visit, next, entry, visit.state === 'inside' ? { room: { by: -1 } } : {})
}
