import type { Instant } from '../../schemas/calendar.ts'
import type { Settings } from '../../schemas/settings.ts'
import type { VisitExit, VisitPlan, VisitRow, VisitState } from '../../schemas/visit.ts'
import { addDays, dayOf } from './civil-time.ts'
import type { CodedFault } from './refusal.ts'

type Times = Pick<Settings, 'timeZone' | 'dataCentre'>

const hourMilliseconds = 3_600_000
const dayMilliseconds = 86_400_000
/** Days that a visit may be announced for. */
const mostDays = 31

/** When a visit took place; before anybody came, when it was to be. */
export const timeOfVisit = ({ entry, planned, recordedAt }: VisitRow): Instant =>
  entry?.at ?? planned?.from ?? recordedAt

/** The days on which a visit may enter, both included: an announced one on its own, any other on the day it was recorded. */
const daysOfVisit = ({ planned, recordedAt }: VisitRow, zone: string) => ({
  first: dayOf(planned?.from ?? recordedAt, zone),
  last: dayOf(planned?.until ?? recordedAt, zone),
})

/** Nobody is sent away for coming early or late on the day itself. */
export function mayEnterOn(visit: VisitRow, today: string, { timeZone }: Times): boolean {
  const { first, last } = daysOfVisit(visit, timeZone)
  return first <= today && today <= last
}

/** As it stands on a day, whether or not it was already noted that nobody came. */
export const stateOn = (visit: VisitRow, today: string, { timeZone }: Times): VisitState =>
  visit.state === 'expected' && daysOfVisit(visit, timeZone).last < today ? 'lapsed' : visit.state

/** Nothing more is to be done about it: not inside, not to come, and the authority has nothing to say. */
export const isSettled = ({ state, approval }: VisitRow): boolean =>
  (state === 'left' || state === 'lapsed') && approval?.state !== 'pending'

export const lastExit = ({ exits }: VisitRow): VisitExit | null => exits.at(-1) ?? null

/** Inside for longer than visits last. */
export const isOverdue = ({ state, entry }: VisitRow, { dataCentre }: Times, now: Instant): boolean =>
  state === 'inside' &&
  entry !== null &&
  Date.parse(entry.at) + dataCentre.visitHours * hourMilliseconds <= Date.parse(now)

/** Visits that took place before this instant no longer tell of whom. */
export const forgottenBefore = ({ dataCentre }: Times, now: Instant): Instant =>
  new Date(Date.parse(now) - dataCentre.visitDays * dayMilliseconds).toISOString()

/** Without the visitor, and without whatever somebody wrote: only that there was a visit, when, and who answered for it. */
export const withoutNames = (visit: VisitRow): VisitRow => ({
  ...visit,
  visitor: null,
  reason: null,
  emergency: visit.emergency && { ...visit.emergency, reason: null },
  approval: visit.approval && { ...visit.approval, comment: null },
  exits: visit.exits.map(exit => ({ ...exit, reason: null })),
})

/** A visit as it may be shown now: what is to be forgotten is not shown, even where it was not blanked yet. */
export const asShown = (visit: VisitRow, settings: Times, now: Instant): VisitRow =>
  visit.state !== 'inside' && timeOfVisit(visit) < forgottenBefore(settings, now)
    ? withoutNames(visit)
    : visit

/** The exit as it was known at an instant; null: by then nobody had said that the visitor left. */
export const exitAsKnown = ({ exits }: VisitRow, at: Instant): VisitExit | null =>
  exits.findLast(({ recordedAt }) => recordedAt <= at) ?? null

/** What is wrong with the period of an announced visit. */
export function faultsOfPlan({ from, until }: VisitPlan, now: Instant, { timeZone }: Times): CodedFault[] {
  if (until <= from) return [{ pointer: '/planned/until', code: 'visit.until-before-from' }]
  if (until < now) return [{ pointer: '/planned/until', code: 'visit.planned-past' }]
  return dayOf(until, timeZone) > addDays(dayOf(from, timeZone), mostDays - 1)
    ? [{ pointer: '/planned/until', code: 'visit.planned-too-long' }]
    : []
}
