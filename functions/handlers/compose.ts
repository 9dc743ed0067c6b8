import { createDueLaneStore } from '../stores/due-lanes.ts'
import { createKeyHolderStore } from '../stores/key-holders.ts'
import { createLedgerStore } from '../stores/ledger.ts'
import { createRequestStore } from '../stores/requests.ts'
import { createStoppedFactStore } from '../stores/stopped-facts.ts'
import { createTaskStore } from '../stores/tasks.ts'
import type { Engine } from '../workflows/engine.ts'
import { settings, tables, worker } from './compose-worker.ts'

export { logger, readings, tables, units } from './compose-worker.ts'

/** Everything a workflow of the engine is given, put together once per function instance. */
export const engine: Engine = {
  ...worker,
  tasks: createTaskStore(tables, settings),
  lanes: createDueLaneStore(tables),
  stoppedFacts: createStoppedFactStore(tables),
  requests: createRequestStore(tables, settings),
  keyHolders: createKeyHolderStore(tables),
}

export const ledger = createLedgerStore(tables)
