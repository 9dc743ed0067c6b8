import { describe, it } from 'vitest'
import { findPostgresql } from '../servers/postgresql/installed.ts'
import { realServersRequired } from '../servers/samba/installed.ts'
import { openHostileErp } from './erp-hostile-harness.ts'
import { describeHostility } from './hostile-suite.ts'

const installed = findPostgresql()

if (installed.usable)
  describeHostility(`ERP by mapping made hostile, ${installed.title}`, () =>
    openHostileErp(installed.programs),
  )
else
  describe('ERP by mapping made hostile, PostgreSQL', () => {
    it('is proven on a real PostgreSQL server', context => {
      if (realServersRequired) throw new Error(installed.reason)
      process.stderr.write(`skipped: ${installed.reason}\n`)
      context.skip(installed.reason)
    })
  })
