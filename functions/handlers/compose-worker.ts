import { SQSClient } from '@aws-sdk/client-sqs'
import { createDoorbells, type Queues } from '../stores/doorbells.ts'
import { createGuardStore } from '../stores/guards.ts'
import { createListStore } from '../stores/lists.ts'
import { createReadingStore } from '../stores/readings.ts'
import { createStoppedBatchStore } from '../stores/stopped-batches.ts'
import { createTargetStore } from '../stores/targets.ts'
import { createUnitStore } from '../stores/units.ts'
import { base, settings, tables } from './compose-base.ts'

export { logger, settings, tables } from './compose-base.ts'

/** Queues a function is not given have no name: ringing one it was not granted is a bug, and says so. */
const queues: Queues = {
  directory: queuesOf('DIRECTORY'),
  mail: queuesOf('MAIL'),
  erp: queuesOf('ERP'),
  'data-centre': queuesOf('DATA_CENTRE'),
  notices: process.env.QUEUE_NOTICES ?? '',
}
function queuesOf(target: string) {
  return {
    normal: process.env[`QUEUE_${target}`] ?? '',
    urgent: process.env[`QUEUE_${target}_URGENT`] ?? '',
  }
}

/** What a target's worker is given: what belongs to requests, lists and tasks is not in its bundle. */
export const worker = {
  ...base,
  targets: createTargetStore(tables, settings),
  lists: createListStore(tables),
  guards: createGuardStore(tables),
  batches: createStoppedBatchStore(tables, settings),
  bells: createDoorbells(new SQSClient({}), queues),
}

export const units = createUnitStore(tables)

export const readings = createReadingStore(tables)
