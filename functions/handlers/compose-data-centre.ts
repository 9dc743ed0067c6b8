import { createBadgesConnector } from '../connectors/badges/index.ts'
import type { Connector } from '../connectors/contract.ts'
import { createManualConnector } from '../connectors/manual/index.ts'
import { createDoorUserStore } from '../stores/door-users.ts'
import { settings, tables, worker } from './compose-worker.ts'

/** Nobody enters a door controller: what it is to hold is left in the table from which it is told. There is no secret to read. */
function connectorOfDoors(): Connector {
  const own = settings.targets.find(({ id }) => id === 'data-centre')
  if (own?.kind === 'manual') return createManualConnector(own)
  if (own?.kind !== 'security-push') throw new Error('nobody enters data-centre')
  const { doors } = settings
  return createBadgesConnector(own, { doors, rows: createDoorUserStore(tables), clock: worker.clock })
}

const made = connectorOfDoors()

export const connector = async () => made
