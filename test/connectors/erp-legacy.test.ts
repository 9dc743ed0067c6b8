import { describe, it } from 'vitest'
import { findPostgresql } from '../servers/postgresql/installed.ts'
import { realServersRequired } from '../servers/samba/installed.ts'
import { describeConnector } from './contract-suite.ts'
import { openLegacyErp } from './erp-legacy-harness.ts'
import { describeLegacy } from './erp-legacy-suite.ts'

const installed = findPostgresql()

if (installed.usable) {
  const title = `ERP by mapping, ${installed.title} with a legacy schema`
  const open = () => openLegacyErp(installed.programs)
  describeConnector(title, open, {
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
  describeLegacy(title, open)
} else
  describe('ERP by mapping, PostgreSQL with a legacy schema', () => {
    it('is proven on a real PostgreSQL server', context => {
      if (realServersRequired) throw new Error(installed.reason)
      process.stderr.write(`skipped: ${installed.reason}\n`)
      context.skip(installed.reason)
    })
  })
