import { SQSClient } from '@aws-sdk/client-sqs'
import { createDoorbells, type Queues } from '../stores/doorbells.ts'
import { createDueLaneStore } from '../stores/due-lanes.ts'
import { createLedgerStore } from '../stores/ledger.ts'
import { createListStore } from '../stores/lists.ts'
import { createReadingStore } from '../stores/readings.ts'
import { createRequestStore } from '../stores/requests.ts'
import { createTargetStore } from '../stores/targets.ts'
import { createTaskStore } from '../stores/tasks.ts'
import { createUnitStore } from '../stores/units.ts'
import type { Engine } from '../workflows/engine.ts'
import { base, settings, tables } from './compose-base.ts'

export { logger, settings, tables } from './compose-base.ts'

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
  ...base,
  targets: createTargetStore(tables, settings),
  tasks: createTaskStore(tables, settings),
  lanes: createDueLaneStore(tables),
  lists: createListStore(tables),
  requests: createRequestStore(tables),
  bells: createDoorbells(new SQSClient({}), queues),
}

export const ledger = createLedgerStore(tables)

export const units = createUnitStore(tables)

export const readings = createReadingStore(tables)
