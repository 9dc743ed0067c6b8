import { createPeopleStore } from '../stores/people.ts'
import { createSystemStore } from '../stores/systems.ts'
import { openTables } from '../stores/tables.ts'
import type { Engine } from '../workflows/engine.ts'
import { environment, logger, settings } from './compose-settings.ts'

export { logger, settings } from './compose-settings.ts'

/** A function that was not granted a table has no name for it, and cannot touch it. */
export const tables = openTables({
  state: environment('STATE_TABLE'),
  ledger: process.env.LEDGER_TABLE ?? '',
  doors: process.env.DOORS_TABLE ?? '',
})

/** What is given to a workflow that rings no doorbell: without the queues' client a bundle is a fifth smaller. */
export const base: Pick<Engine, 'settings' | 'people' | 'systems' | 'clock' | 'log'> = {
  settings,
  people: createPeopleStore(tables),
  systems: createSystemStore(tables, settings),
  clock: () => Date.now(),
  log: (code, fields) => logger.info(code, { ...fields }),
}
