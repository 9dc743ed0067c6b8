import type { Instant } from '../../schemas/calendar.ts'
import type { TaskRow } from '../../schemas/rows.ts'
import type { Settings } from '../../schemas/settings.ts'
import type { Step } from '../../schemas/target.ts'

export type TaskSettings = Pick<Settings, 'tasks' | 'notices'>

const hour = 3_600_000
const after = (at: Instant, milliseconds: number): Instant =>
  new Date(Date.parse(at) + milliseconds).toISOString()

/** Until when a task is to be done: hours where somebody is to lose access, days where somebody gains it. */
export const dueBy = ({ tasks }: TaskSettings, urgent: boolean, openedAt: Instant): Instant =>
  after(openedAt, urgent ? tasks.urgentHours * hour : tasks.days * 24 * hour)

/** An overdue task is brought up again and again: urgent ones every day, the others after as many days as they had. */
export const nextReminder = ({ tasks }: TaskSettings, urgent: boolean, at: Instant): Instant =>
  after(at, (urgent ? 1 : tasks.days) * 24 * hour)

/** What takes away comes first in a plan, and cannot wait as long. */
export const takesAway = ({ act }: Step): boolean =>
  act === 'disable' || act === 'revoke' || act === 'end-sessions'

/**
 * Whether people are told of a task by a mail of its own. A target that is down parks thousands: those stand in the daily
 * digest, unless somebody is to lose access.
 */
export const toldSingly = ({ kind, urgent }: Pick<TaskRow, 'kind' | 'urgent'>): boolean =>
  urgent || (kind !== 'parked' && kind !== 'unadopted')
