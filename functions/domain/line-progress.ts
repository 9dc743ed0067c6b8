import type { Instant } from '../../schemas/calendar.ts'
import type { Decision, LineAnswer, LineStatus, RequestStatus } from '../../schemas/request.ts'
import type { TaskRow } from '../../schemas/rows.ts'
import type { TargetRow } from '../../schemas/target.ts'
import type { Standing } from './standing.ts'

/** A target that a line needs. `neededVersion`: the desired version of `AppliedLines` that the line must see applied. */
export interface LineTarget extends Pick<TargetRow, 'appliedVersion' | 'state' | 'lastAsOf' | 'dueAt'> {
  readonly neededVersion: number
}

export interface LineProgress {
  readonly kind: 'activation' | 'deactivation'
  readonly decision: Decision
  /** Whether its grants (or their ends) are in the person's record. */
  readonly applied: boolean
  /** Where the line's own grants stand now; none for a deactivation. */
  readonly grants: readonly Pick<Standing, 'status' | 'startsAt'>[]
  readonly targets: readonly LineTarget[]
  /** What became of what the person concerned said of it (R12); null: nothing is said, or it is to be asked anew. */
  readonly answer?: 'acknowledged' | 'contested' | 'in-review' | null
}

/**
 * What the last answer comes to: an objection is looked into until its task is closed; then the person is asked anew, or it
 * stays contested where nothing could be done.
 */
export const answerOf = (
  answers: readonly LineAnswer[] | undefined,
  task: Pick<TaskRow, 'closedAt' | 'outcome'> | null,
): NonNullable<LineProgress['answer']> | null => {
  const last = answers?.at(-1)
  if (last === undefined) return null
  if (last.correct) return 'acknowledged'
  if (task === null) return 'contested'
  if (task.closedAt === null) return 'in-review'
  return task.outcome === 'done' ? null : 'contested'
}

/**
 * Whether the last run saw all that there is to do at `startsAt`: it looked then or later, or it found that nothing changes
 * until after it. Where another grant already gives the same, the beginning of an access is nothing to do.
 */
const lookedAt = ({ lastAsOf, state, dueAt }: LineTarget, startsAt: Instant): boolean =>
  lastAsOf !== null &&
  (startsAt <= lastAsOf || (state === 'converged' && (dueAt === null || startsAt < dueAt)))

/** A target has done its part once a run has applied the line's version and seen to the time at which the access began. */
const reached = (target: LineTarget, startsAt: Instant | null): boolean =>
  target.appliedVersion >= target.neededVersion && (startsAt === null || lookedAt(target, startsAt))

/** Where a line stands; derived, never stored. An activation whose access begins later stays `accepted` until then. */
export const lineStatus = (line: LineProgress): LineStatus => {
  if (line.decision !== 'accepted') return line.decision
  if (!line.applied) return 'accepted'
  if (line.grants.length > 0 && line.grants.every(({ status }) => status === 'ended')) return 'ended'
  const begun = line.grants.filter(({ status }) => status === 'live' || status === 'held')
  if (line.grants.length > 0 && begun.length === 0) return 'accepted'
  const startsAt = begun
    .map(grant => grant.startsAt)
    .sort()
    .at(-1)
  const left = line.targets.filter(target => !reached(target, startsAt ?? null))
  if (left.some(target => target.state === 'parked')) return 'failed'
  if (left.length > 0) return 'in-progress'
  if (line.kind === 'deactivation') return 'done'
  return line.answer === 'in-review' ? 'in-progress' : (line.answer ?? 'done')
}

const FINAL: readonly LineStatus[] = ['done', 'acknowledged', 'ended']
const AT_WORK: readonly LineStatus[] = ['in-progress', 'failed', 'contested']

/** The request's status out of its lines', in the order written here. */
export const requestStatus = (lines: readonly LineStatus[]): RequestStatus => {
  const others = lines.filter(status => status !== 'rejected')
  if (others.length === 0) return 'rejected'
  if (others.includes('observed')) return 'observed'
  if (others.includes('awaiting-approval')) return 'awaiting-approval'
  if (others.some(status => AT_WORK.includes(status))) return 'in-progress'
  if (others.every(status => FINAL.includes(status))) return 'done'
  return others.length < lines.length ? 'partly-accepted' : 'accepted'
}
