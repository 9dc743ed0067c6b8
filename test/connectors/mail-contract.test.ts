import { describeConnector } from './contract-suite.ts'
import { openMail } from './mail-harness.ts'

describeConnector('PostfixAdmin mailboxes, embedded PostgreSQL 18', openMail, {
  faults: ['down', 'frozen', 'empty', 'slow'],
  restarts: true,
  unreadable: true,
  readOnly: true,
  rights: false,
  retires: false,
  lists: true,
  armsEnd: true,
  patience: 20_000,
})
