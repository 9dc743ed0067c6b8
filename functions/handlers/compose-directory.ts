import { createDirectoryConnector } from '../connectors/active-directory/index.ts'
import { connectorOf } from './compose-connector.ts'

export const connector = connectorOf('directory', { 'active-directory': createDirectoryConnector })
