import { createDigestStore } from '../stores/digests.ts'
import { createListStore } from '../stores/lists.ts'
import { createNoticeStore } from '../stores/notices.ts'
import { createRequestStore } from '../stores/requests.ts'
import { createTaskStore } from '../stores/tasks.ts'
import { createUnitStore } from '../stores/units.ts'
import type { Digesting } from '../workflows/prepare-digests.ts'
import { base, settings, tables } from './compose-base.ts'

/** What the digests are made from; nothing is rung, for the sweeper rings for every mail. */
export const digesting: Digesting = {
  ...base,
  tasks: createTaskStore(tables, settings),
  lists: createListStore(tables),
  requests: createRequestStore(tables, settings),
  units: createUnitStore(tables),
  digests: createDigestStore(tables, settings),
  notices: createNoticeStore(tables),
}
