import type { Grant, KeptLine } from '../../schemas/request.ts'
import { TargetId } from '../../schemas/settings.ts'
import type { Step } from '../../schemas/target.ts'
import { absentAccount } from '../domain/absent-account.ts'
import { dayOf } from '../domain/civil-time.ts'
import { desiredAccess } from '../domain/desired-access.ts'
import { type Reach, reachesGrant, reachOf } from '../domain/ending.ts'
import { grantsOf, standingGrants } from '../domain/granting.ts'
import { planSteps } from '../domain/plan.ts'
import { fitted } from '../domain/target-traits.ts'
import type { PersonAggregate } from '../stores/people.ts'
import { type Engine, targetSettings } from './engine.ts'
import type { DecidedRequest } from './file-requests.ts'

/** What one line would do in one system, planned from what was last read of it. */
export interface PlannedLine {
  readonly line: string
  readonly person: string
  readonly system: TargetId
  readonly steps: readonly Step[]
}

/** The number of a form that is only tried: later than every other. */
const notFiled = '9999-999999'

/** `dryRun`: the steps each accepted line would lead to, on top of the lines before it. Writes and observes nothing. */
export function planRequest(
  engine: Engine,
  { kind, unit, signer, lines }: DecidedRequest,
  people: ReadonlyMap<string, PersonAggregate>,
  asOf: string,
): PlannedLine[] {
  const after = new Map([...people].map(([id, person]) => [id, [...person.grants]]))
  const zone = engine.settings.timeZone
  const today = dayOf(asOf, zone)
  const steps: PlannedLine[] = []
  for (const line of lines) {
    const person = line.personId === null ? undefined : people.get(line.personId)
    if (line.decision !== 'accepted' || line.personId === null || person === undefined) continue
    const before = after.get(line.personId) ?? []
    const granting = { personId: line.personId, unit, request: notFiled, recordedAt: asOf, origin: kind }
    const standing = standingGrants({ ...person, grants: before }, engine.settings, asOf)
    const next =
      line.kind === 'activation'
        ? [...before, ...grantsOf(line, granting, standing)]
        : ended(before, line, reachOf(line.filed, signer, unit, person, today, zone), asOf)
    after.set(line.personId, next)
    for (const target of TargetId.options) {
      const wanted = (grants: readonly Grant[]) =>
        fitted(
          desiredAccess(
            { events: person.events, holds: person.holds, grants },
            target,
            engine.settings,
            asOf,
          ),
          targetSettings(engine.settings, target),
        )
      const seen = person.targets.get(target)?.observed ?? absentAccount
      const settled = planSteps(wanted(before), seen, seen.profileHash ?? '')
      const planned = planSteps(wanted(next), seen, seen.profileHash ?? '')
      const fresh = planned.filter(
        step => !settled.some(other => JSON.stringify(other) === JSON.stringify(step)),
      )
      if (fresh.length > 0)
        steps.push({ line: line.line, person: person.row.nationalId, system: target, steps: fresh })
    }
  }
  return steps
}

function ended(
  grants: readonly Grant[],
  line: KeptLine & { kind: 'deactivation' },
  reach: Reach,
  asOf: string,
): Grant[] {
  return grants.map(grant =>
    reachesGrant(reach, grant)
      ? { ...grant, ended: { at: asOf, request: notFiled, line: line.line } }
      : grant,
  )
}
