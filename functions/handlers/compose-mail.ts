import { createMailConnector } from '../connectors/mail/index.ts'
import { createMicrosoftConnector } from '../connectors/microsoft-365/index.ts'
import { connectorOf } from './compose-connector.ts'

export const connector = connectorOf('mail', {
  postfixadmin: createMailConnector,
  'microsoft-365': createMicrosoftConnector,
})
