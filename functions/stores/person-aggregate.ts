import { BadgeRow } from '../../schemas/badges.ts'
import type { Instant } from '../../schemas/calendar.ts'
import { Hold } from '../../schemas/hold.ts'
import { HrEvent } from '../../schemas/hr-event.ts'
import { ToldRow } from '../../schemas/notice.ts'
import { AppliedLines, Grant, LineId } from '../../schemas/request.ts'
import { Ending, PersonRow, RoleRow } from '../../schemas/rows.ts'
import type { TargetId } from '../../schemas/settings.ts'
import type { TargetRow } from '../../schemas/target.ts'
import { reachesGrant } from '../domain/ending.ts'
import { bare, readTargetRow } from './target-rows.ts'

/** An HR event with the instant at which it came, which is ours: `recordedAt` is whatever its sender says. */
export type KeptEvent = HrEvent & { readonly receivedAt: Instant }

/** Something recorded that the guard has stopped: it counts for nothing as long as its batch is held. */
export interface StoppedFact {
  readonly hold: string
  /** The key within the person's partition. */
  readonly sk: string
  /** Set where it is an event. */
  readonly event: KeptEvent | null
  /** Set where it is lines that were not applied for it: of which request, which part of one person's lines, and which. */
  readonly lines: {
    readonly request: string
    readonly part: string
    readonly named: readonly LineId[]
  } | null
}

/** Everything kept about a person: one query of one partition. */
export interface PersonAggregate {
  readonly row: PersonRow
  readonly events: readonly KeptEvent[]
  /** All that was ever granted; what a deactivation line ended carries `ended`. */
  readonly grants: readonly Grant[]
  readonly holds: readonly Hold[]
  readonly targets: ReadonlyMap<TargetId, TargetRow>
  readonly applied: readonly AppliedLines[]
  readonly roles: readonly RoleRow[]
  /** Which ends the person was told ahead; null: none yet. */
  readonly told: ToldRow | null
  /** The card they have and those they had; null: nothing was said of any. */
  readonly badge: BadgeRow | null
  /** What is stopped and not decided: in none of the lists above. What was discarded is in no list at all. */
  readonly stopped: readonly StoppedFact[]
}

type Item = Record<string, unknown>

const readEvent = (item: Item): KeptEvent => {
  const { receivedAt, ...event } = bare(item)
  const parsed = HrEvent.parse(event)
  return { ...parsed, receivedAt: (receivedAt as string | undefined) ?? parsed.recordedAt }
}

/** What `withheld` says of a fact whose batch was discarded. */
export const discarded = 'discarded'

const readStopped = (item: Item): StoppedFact[] => {
  const { withheld, ...fact } = item
  if (withheld === discarded) return []
  const sk = item.sk as string
  return [
    {
      hold: withheld as string,
      sk,
      event: sk.startsWith('EVENT#') ? readEvent(fact) : null,
      lines: linesOf(item),
    },
  ]
}

const linesOf = (item: Item): StoppedFact['lines'] => {
  const [kind, request = '', part = ''] = (item.sk as string).split('#')
  return kind === 'APPLIED' ? { request, part, named: LineId.array().parse(item.named) } : null
}

/** Null: nobody is kept under this key. */
export function aggregate(items: readonly Item[]): PersonAggregate | null {
  const counting = items.filter(item => item.withheld === undefined)
  const starting = (prefix: string) => counting.filter(item => (item.sk as string).startsWith(prefix))
  const own = items.find(item => item.sk === 'PERSON')
  if (own === undefined) return null
  const endings = starting('ENDING#').map(item => Ending.parse(bare(item)))
  const targets = starting('TARGET#').map(readTargetRow)
  return {
    row: PersonRow.parse(bare(own)),
    events: starting('EVENT#').map(readEvent),
    grants: starting('GRANT#').map(item => {
      const { facts, ...rest } = bare(item)
      const grant = Grant.parse(rest)
      const ending = endings
        .filter(candidate => ends(candidate, grant, facts as number))
        .sort((one, other) => one.facts - other.facts)[0]
      return ending === undefined
        ? grant
        : { ...grant, ended: { at: ending.at, request: ending.request, line: ending.line } }
    }),
    holds: starting('HOLD#').map(item => Hold.parse(bare(item))),
    targets: new Map(targets.map(row => [row.target, row])),
    applied: starting('APPLIED#').map(item => AppliedLines.parse(bare(item))),
    roles: starting('ROLE#').map(item => RoleRow.parse(bare(item))),
    told: starting('TOLD').map(item => ToldRow.parse(bare(item)))[0] ?? null,
    badge: starting('BADGE').map(item => BadgeRow.parse(bare(item)))[0] ?? null,
    stopped: items.filter(item => item.withheld !== undefined).flatMap(readStopped),
  }
}

/**
 * When in doubt an access ends: a deactivation in the same form as an activation prevails, and so does one filed after an
 * activation whose lines could only be applied, or were only approved, later.
 */
function ends(ending: Ending, grant: Grant, grantFacts: number): boolean {
  return (
    (grantFacts <= ending.facts || filedNoLater(grant.request, ending.request)) && reachesGrant(ending, grant)
  )
}

/** Numbers of requests in the order of filing: the year, then the counter, which may outgrow its six digits. */
function filedNoLater(one: string, other: string): boolean {
  const year = one.slice(0, 4)
  const otherYear = other.slice(0, 4)
  return year === otherYear ? Number(one.slice(5)) <= Number(other.slice(5)) : year < otherYear
}
