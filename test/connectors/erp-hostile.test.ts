import { describe, it } from 'vitest'
import { findPostgresql } from '../servers/postgresql/installed.ts'
import { realServersRequired } from '../servers/samba/installed.ts'
import { openHostileErp } from './erp-hostile-harness.ts'
import { describeHostility } from './hostile-suite.ts'

const installed = findPostgresql()

if (installed.usable)
  describeHostility(`A hostile ERP, SQL by mapping on ${installed.title}`, () =>
    openHostileErp(installed.programs),
  )
else
  describe('A hostile ERP, SQL by mapping on PostgreSQL', () => {
    it('is proven on a real PostgreSQL server', context => {
      if (realServersRequired) throw new Error(installed.reason)
      process.stderr.write(`skipped: ${installed.reason}\n`)
      context.skip(installed.reason)
    })
  })
