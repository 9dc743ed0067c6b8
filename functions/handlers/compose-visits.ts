import { createDeviceSightStore } from '../stores/device-sights.ts'
import { createPresenceStore } from '../stores/presences.ts'
import { createVisitStore } from '../stores/visits.ts'
import type { VisitDesk } from '../workflows/visit-desk.ts'
import { settings, tables } from './compose-base.ts'
import { registers } from './compose-registers.ts'

export { front } from './compose-front.ts'

export const visits = createVisitStore(tables, settings)

/** What only the visit log is given beside the registers. */
export const desk: VisitDesk = {
  ...registers,
  visits,
  presences: createPresenceStore(tables),
  devices: createDeviceSightStore(tables),
}
