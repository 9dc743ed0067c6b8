import { readFileSync } from 'node:fs'
import { Logger } from '@aws-lambda-powertools/logger'
import { SQSClient } from '@aws-sdk/client-sqs'
import { Settings } from '../../schemas/settings.ts'
import { createDoorbells, type Queues } from '../stores/doorbells.ts'
import { createDueLaneStore } from '../stores/due-lanes.ts'
import { createLedgerStore } from '../stores/ledger.ts'
import { createListStore } from '../stores/lists.ts'
import { createPeopleStore } from '../stores/people.ts'
import { createReadingStore } from '../stores/readings.ts'
import { createRequestStore } from '../stores/requests.ts'
import { createSystemStore } from '../stores/systems.ts'
import { openTables } from '../stores/tables.ts'
import { createTargetStore } from '../stores/targets.ts'
import { createTaskStore } from '../stores/tasks.ts'
import { createUnitStore } from '../stores/units.ts'
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

/** A function that was not granted the ledger has no name for it, and cannot touch it. */
export const tables = openTables({
  state: environment('STATE_TABLE'),
  ledger: process.env.LEDGER_TABLE ?? '',
})

/** Queues a function is not given have no name: ringing one it was not granted is a bug, and says so. */
const queues: Queues = {
  directory: queuesOf('DIRECTORY'),
  mail: queuesOf('MAIL'),
  erp: queuesOf('ERP'),
  notices: process.env.QUEUE_NOTICES ?? '',
}
function queuesOf(target: string) {
  return {
    normal: process.env[`QUEUE_${target}`] ?? '',
    urgent: process.env[`QUEUE_${target}_URGENT`] ?? '',
  }
}

/** Everything a workflow of the engine is given, put together once per function instance. */
export const engine: Engine = {
  settings,
  people: createPeopleStore(tables),
  targets: createTargetStore(tables, settings),
  systems: createSystemStore(tables),
  tasks: createTaskStore(tables, settings),
  lanes: createDueLaneStore(tables),
  lists: createListStore(tables),
  requests: createRequestStore(tables),
  bells: createDoorbells(new SQSClient({}), queues),
  clock: () => Date.now(),
  log: (code, fields) => logger.info(code, { ...fields }),
}

export const ledger = createLedgerStore(tables)

export const units = createUnitStore(tables)

export const readings = createReadingStore(tables)
