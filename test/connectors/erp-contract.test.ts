import { describeConnector } from './contract-suite.ts'
import { openErp } from './erp-harness.ts'

describeConnector('ERP by mapping, embedded PostgreSQL 18', () => openErp(), {
  faults: ['down', 'frozen', 'empty', 'slow'],
  restarts: true,
  unreadable: true,
  readOnly: true,
  rights: true,
  retires: false,
  armsEnd: true,
  lists: true,
  patience: 20_000,
})
