import { createMailConnector } from '../connectors/mail/index.ts'
import { connectorOf } from './compose-connector.ts'

export const connector = connectorOf('mail', 'postfixadmin', createMailConnector)
