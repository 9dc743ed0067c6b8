import { createAlarmRecordStore, toldTogether } from '../stores/alarm-records.ts'
import { createDeviceSightStore } from '../stores/device-sights.ts'
import { createDoorAlarmStore, subjectOf } from '../stores/door-alarms.ts'
import { createMovementStore, instantAt } from '../stores/movements.ts'
import { createPresenceStore } from '../stores/presences.ts'
import { createVisitStore } from '../stores/visits.ts'
import type { ReadingDoors } from '../workflows/read-doors.ts'
import type { ReadingMovements } from '../workflows/read-movements.ts'
import type { Watching } from '../workflows/watch-doors.ts'
import type { VisitWatch } from '../workflows/watch-visits.ts'
import { base, settings, tables } from './compose-base.ts'

const doors = {
  ...base,
  alarms: createDoorAlarmStore(tables),
  records: createAlarmRecordStore(tables, settings),
  devices: createDeviceSightStore(tables),
  movements: createMovementStore(tables, settings),
}

/** What looks after the doors is given. It rings nobody: the sweeper rings for every mail. */
export const watching: Watching & VisitWatch = {
  ...doors,
  visits: createVisitStore(tables, settings),
  presences: createPresenceStore(tables),
  subjectOf,
  toldTogether,
}

/** What tells security and the authority of the doors is given. */
export const readingDoors: ReadingDoors & ReadingMovements = { ...doors, instantAt }
