import { createErpConnector } from '../connectors/erp/index.ts'
import { createScimConnector } from '../connectors/scim/index.ts'
import { createTrytonConnector } from '../connectors/tryton/index.ts'
import { connectorOf } from './compose-connector.ts'

export const connector = connectorOf('erp', {
  sql: createErpConnector,
  tryton: createTrytonConnector,
  scim: createScimConnector,
})
