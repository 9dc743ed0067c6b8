import { instantOf, latest, placeOf } from './engine.ts'
import { type Watched, type Watching, watchDoors } from './watch-doors.ts'
import { findOverdueVisits, forgetOldVisits, type VisitWatch } from './watch-visits.ts'

export interface WatchedCentre extends Watched {
  readonly overdue: number
  readonly lapsed: number
}

/**
 * Every minute: visits, then doors, so that an alarm about a visit is told in the same minute. What is wrong with the visits
 * keeps no alarm of a door from being told.
 *
 * @param eventAt the schedule's own time; the later of it and the clock counts
 */
export async function watchDataCentre(
  watching: Watching & VisitWatch,
  eventAt: string,
): Promise<WatchedCentre> {
  const at = latest(eventAt, instantOf(watching.clock()))
  let broken = 0
  const unbroken = async <T>(work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work()
    } catch (bug) {
      watching.log('broken', { target: 'data-centre', ...placeOf(bug) })
      broken++
      return otherwise
    }
  }
  const visits = await unbroken(() => findOverdueVisits(watching, at), { overdue: 0, lapsed: 0, broken: 0 })
  await unbroken(() => forgetOldVisits(watching, at), { forgotten: 0 })
  const doors = await watchDoors(watching, at)
  return { ...visits, ...doors, broken: broken + visits.broken + doors.broken }
}
