import { describeConnector } from './contract-suite.ts'
import { openErp } from './erp-harness.ts'

describeConnector('Users and permissions of an ERP, on PostgreSQL', openErp, {
  faults: ['down', 'frozen', 'empty', 'slow'],
  restarts: true,
  unreadable: true,
  readOnly: true,
  rights: true,
  retires: false,
  armsEnd: true,
  patience: 20_000,
})
