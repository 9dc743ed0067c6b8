import { describeConnector } from './contract-suite.ts'
import { openMicrosoft } from './microsoft-365-harness.ts'

describeConnector('Microsoft 365 mailboxes, a double of Microsoft Graph 1.0', openMicrosoft, {
  faults: ['down', 'frozen', 'empty', 'slow'],
  restarts: true,
  unreadable: true,
  readOnly: true,
  rights: false,
  retires: false,
  armsEnd: false,
  lists: true,
  patience: 20_000,
})
