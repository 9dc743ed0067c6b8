import { readFileSync } from 'node:fs'
import { Logger } from '@aws-lambda-powertools/logger'
import { Settings } from '../../schemas/settings.ts'
import { createPeopleStore } from '../stores/people.ts'
import { createSystemStore } from '../stores/systems.ts'
import { openTables } from '../stores/tables.ts'
import type { Engine } from '../workflows/engine.ts'

/** One variable of the function's environment. Missing is a fault of the deployment, and stops the function at its start. */
function environment(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '') throw new Error(`the environment lacks ${name}`)
  return value
}

/** The body's settings lie beside the bundle, validated when it was made and again here. */
export const settings: Settings = Settings.parse(
  JSON.parse(readFileSync(new URL('./settings.json', import.meta.url), 'utf8')),
)

export const logger = new Logger()

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
