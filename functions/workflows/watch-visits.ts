import type { DoorAlarm } from '../../schemas/doors.ts'
import type { VisitRow } from '../../schemas/visit.ts'
import { dayOf } from '../domain/civil-time.ts'
import { forgottenBefore, isOverdue, stateOn, withoutNames } from '../domain/visits.ts'
import type { DoorAlarmStore } from '../stores/door-alarms.ts'
import type { EntryDraft } from '../stores/ledger.ts'
import type { VisitStore } from '../stores/visits.ts'
import { type Engine, placeOf } from './engine.ts'
import { visitDraft } from './visit-desk.ts'

/** What whoever watches over the visits is given; it needs no caller. */
export interface VisitWatch extends Pick<Engine, 'settings' | 'log'> {
  readonly visits: Pick<VisitStore, 'unsettled' | 'page' | 'change'>
  readonly alarms: Pick<DoorAlarmStore, 'raise'>
}

const system: EntryDraft['actor'] = { personId: null, role: 'system', onBehalfOf: null }
/** Blanked in one run; whoever is left over is in the next one. */
const mostForgotten = 100

/**
 * Finds visitors who are inside for longer than visits last, and raises an alarm for each, once; and announced visits to which
 * nobody came. An alarm is raised before it is noted: a run that dies between the two raises it again, which counts once.
 */
export async function findOverdueVisits(
  watch: VisitWatch,
  now: string,
): Promise<{ readonly overdue: number; readonly lapsed: number; readonly broken: number }> {
  const { settings, visits, alarms, log } = watch
  const today = dayOf(now, settings.timeZone)
  let [overdue, lapsed, broken] = [0, 0, 0]
  for (const visit of await visits.unsettled())
    try {
      if (visit.overdueAt === null && isOverdue(visit, settings, now)) {
        await alarms.raise(overdueAlarm(visit, now))
        if (await note(watch, { ...visit, overdueAt: now }, visit, 'visit-overdue', now)) overdue++
        log('visit-overdue', { visit: visit.id })
      }
      if (visit.state === 'expected' && stateOn(visit, today, settings) === 'lapsed')
        if (await note(watch, { ...visit, state: 'lapsed' }, visit, 'visit-lapsed', now)) lapsed++
    } catch (bug) {
      // What is wrong with one visit keeps nobody from looking at the others.
      log('broken', { visit: visit.id, ...placeOf(bug) })
      broken++
    }
  return { overdue, lapsed, broken }
}

const overdueAlarm = ({ id, escort }: VisitRow, at: string): DoorAlarm => ({
  kind: 'visit-overdue',
  serial: null,
  pin: null,
  personId: escort,
  visit: id,
  at,
})

/**
 * Blanks visits whose time of retention is over (`visitDays`): nobody can say any longer who it was, only that somebody was
 * there, when, and who answered for it.
 */
export async function forgetOldVisits(
  watch: VisitWatch,
  now: string,
): Promise<{ readonly forgotten: number }> {
  const { settings, visits, log } = watch
  const before = forgottenBefore(settings, now)
  const range = { parts: ['settled'], from: '0', until: before, newestFirst: false } as const
  const old = await visits.page(range, null, mostForgotten)
  // What still waits for the authority is forgotten all the same.
  const waiting = (await visits.unsettled()).filter(
    visit => visit.state !== 'inside' && visit.state !== 'expected' && visit.forgottenAt === null,
  )
  let forgotten = 0
  for (const visit of [...old.visits, ...waiting.filter(one => (one.entry?.at ?? one.recordedAt) < before)])
    if (await note(watch, { ...withoutNames(visit), forgottenAt: now }, visit, 'visit-forgotten', now))
      forgotten++
  if (forgotten > 0) log('visits-forgotten', { visits: forgotten })
  return { forgotten }
}

/** False: somebody else wrote meanwhile, and the next run looks again. */
async function note(
  { visits }: VisitWatch,
  next: VisitRow,
  visit: VisitRow,
  act: 'visit-overdue' | 'visit-lapsed' | 'visit-forgotten',
  at: string,
): Promise<boolean> {
  const entry = visitDraft(visit, act, at, system, {
    before: { state: visit.state },
    after: { state: next.state },
  })
  return typeof (await visits.change(visit, next, entry)) !== 'string'
}
