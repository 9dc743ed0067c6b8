import { createAdoptionStore } from '../stores/adoptions.ts'
import { readings, tables } from './compose.ts'
import { registers } from './compose-registers.ts'

/** What only the reconciliation is given beside the registers. */
export const reconciliation = {
  ...registers,
  readings,
  adoptions: createAdoptionStore(tables),
}
