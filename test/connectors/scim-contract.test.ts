import { scimServerTitle } from '../servers/scim/scimmy-server.ts'
import { describeConnector } from './contract-suite.ts'
import { openScim } from './scim-harness.ts'

describeConnector(`ERP by SCIM, ${scimServerTitle}`, openScim, {
  faults: ['down', 'frozen', 'empty', 'slow'],
  restarts: true,
  unreadable: true,
  readOnly: true,
  rights: true,
  retires: false,
  armsEnd: false,
  lists: true,
  patience: 20_000,
})
