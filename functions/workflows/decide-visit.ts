import type { SentApproval } from '../../schemas/api-visits.ts'
import type { VisitApproval, VisitRow } from '../../schemas/visit.ts'
import type { Caller } from '../domain/entitlement.ts'
import { type Refusal, refuse, refuseWith } from '../domain/refusal.ts'
import { nowOf, tries } from './registers.ts'
import { actorAs, isVisitor, type VisitDesk, visitDraft, wordsOf } from './visit-desk.ts'

/**
 * The authority says afterwards whether it had let somebody in without an escort (R16); never the one who wrote it down. The
 * same decision by the same person is answered again.
 */
export async function decideVisit(
  desk: VisitDesk,
  caller: Caller,
  id: string,
  sent: SentApproval,
): Promise<VisitRow | Refusal> {
  const state = sent.decision === 'approve' ? 'approved' : 'rejected'
  const comment = sent.comment ?? null
  for (let attempt = 1; attempt <= tries; attempt++) {
    const visit = await desk.visits.load(id)
    if (visit === null) return refuse('not-found')
    const { emergency, approval } = visit
    if (emergency === null || approval === null) return refuseWith('conflict', 'visit.no-approval')
    if (emergency.askedBy === caller.personId && approval.state === 'pending')
      return refuseWith('forbidden', 'visit.approval-own')
    if (await isVisitor(desk, caller, visit.visitor?.nationalId))
      return refuseWith('forbidden', 'visit.oneself')
    if (approval.state !== 'pending')
      return approval.decidedBy === caller.personId && approval.state === state
        ? visit
        : refuseWith('conflict', 'visit.approval-decided')
    const { at } = nowOf(desk)
    const decided: VisitApproval = { state, decidedBy: caller.personId, decidedAt: at, comment }
    const entry = visitDraft(visit, 'visit-decided', at, actorAs(caller, 'authority'), {
      before: { approval: approval.state },
      after: { approval: state, askedBy: emergency.askedBy },
      evidence: { comment: wordsOf(comment) },
    })
    const changed = await desk.visits.change(visit, { ...visit, approval: decided }, entry)
    if (typeof changed !== 'string') return changed
  }
  return refuse('busy')
}
