import { describe, it } from 'vitest'
import { findPostgresql } from '../servers/postgresql/installed.ts'
import { realServersRequired } from '../servers/samba/installed.ts'
import { describeConnector } from './contract-suite.ts'
import { openLegacyErp } from './erp-legacy-harness.ts'
import { describeLegacy } from './erp-legacy-suite.ts'

const installed = findPostgresql()

if (installed.usable) {
  const open = () => openLegacyErp(installed.programs)
  describeConnector(`SQL by mapping on ${installed.title}, legacy schema`, open, {
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
  describeLegacy(`SQL by mapping on ${installed.title}, what was there before`, open)
} else
  describe('SQL by mapping on PostgreSQL, legacy schema', () => {
    it('is proven on a real PostgreSQL server', context => {
      if (realServersRequired) throw new Error(installed.reason)
      process.stderr.write(`skipped: ${installed.reason}\n`)
      context.skip(installed.reason)
    })
  })
