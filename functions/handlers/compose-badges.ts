import { createBadgeStore } from '../stores/badges.ts'
import { createDoorAlarmStore } from '../stores/door-alarms.ts'
import { settings, tables } from './compose-base.ts'
import { registers } from './compose-registers.ts'

export { front } from './compose-registers.ts'

/** What is said of cards, and to whom: beside the registers their rows, and the alarm of a copy. */
export const badges = {
  ...registers,
  badges: createBadgeStore(tables, settings),
  alarms: createDoorAlarmStore(tables),
}
