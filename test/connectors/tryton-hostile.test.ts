import { describe, it } from 'vitest'
import { realServersRequired } from '../servers/samba/installed.ts'
import { prepareTryton } from '../servers/tryton/tryton.ts'
import { describeHostility } from './hostile-suite.ts'
import { openHostileTryton } from './tryton-hostile-harness.ts'

const tryton = await prepareTryton()

if (tryton.usable) describeHostility(`ERP on Tryton made hostile, ${tryton.title}`, openHostileTryton)
else
  describe('ERP on Tryton made hostile, the real server', () => {
    it('is proven on the real server', context => {
      if (realServersRequired) throw new Error(tryton.reason)
      process.stderr.write(`skipped: ${tryton.reason}\n`)
      context.skip(tryton.reason)
    })
  })
