import type { VisitEntry } from '../../schemas/registers.ts'
import type { VisitRow } from '../../schemas/visit.ts'
import { asShown, exitAsKnown } from '../domain/visits.ts'
import type { VisitStore } from '../stores/visits.ts'
import { type Needed as NeededOfPeople, type PeopleThen, peopleThen } from './people-then.ts'
import { nowOf } from './registers.ts'
import type { PageLimits, Walked } from './walk-people.ts'

export type Needed = NeededOfPeople & {
  readonly visits: Pick<VisitStore, 'page'>
  readonly limits: PageLimits
}

/** Read together: a visit is at most some 6 KB. */
const portion = 100

/**
 * Visits that took place in a period, the first entry first, as they were known at an instant: who has left since then was
 * inside. Whom they were about is told as long as it may be told now.
 *
 * @param start where the page before ended
 */
export async function walkVisits(
  needed: Needed,
  period: { readonly from: string; readonly until: string },
  at: string,
  start: string | null,
): Promise<Walked<VisitEntry>> {
  const { visits, limits, settings } = needed
  const people = peopleThen(needed, at)
  const now = nowOf(needed).at
  const range = { parts: ['unsettled', 'settled', 'forgotten'], newestFirst: false, ...period } as const
  const entries: VisitEntry[] = []
  let place = start
  let bytes = 0
  for (let looked = 0; looked < limits.people && bytes < limits.bytes; looked += portion) {
    const page = await visits.page(range, place, portion)
    const rows = await Promise.all(
      page.visits.map(visit => entryOf(people, asShown(visit, settings, now), at)),
    )
    entries.push(...rows.flat())
    bytes += JSON.stringify(rows).length
    place = page.next
    if (place === null) break
  }
  return { entries, place }
}

/** None where nobody had entered by then. */
async function entryOf(people: PeopleThen, visit: VisitRow, at: string): Promise<VisitEntry[]> {
  const { id, entry, visitor, reason, approval } = visit
  if (entry === null || entry.at > at) return []
  const exit = exitAsKnown(visit, at)
  const decided = approval?.decidedAt != null && approval.decidedAt <= at
  return [
    {
      visit: id,
      enteredAt: entry.at,
      leftAt: exit?.leftAt ?? null,
      exit: exit === null ? null : exit.corrected ? 'corrected' : 'verified',
      visitor,
      reason,
      escort: visit.escort === null ? null : await people.ref(visit.escort),
      escorted: entry.escorted,
      approval: approval === null ? null : decided ? approval.state : 'pending',
      enteredBy: await people.ref(entry.by),
    },
  ]
}
