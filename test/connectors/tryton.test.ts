import { describe, it } from 'vitest'
import { realServersRequired } from '../servers/samba/installed.ts'
import { prepareTryton } from '../servers/tryton/tryton.ts'
import { describeConnector } from './contract-suite.ts'
import { openTryton } from './tryton-harness.ts'
import { describeTryton } from './tryton-suite.ts'

const tryton = await prepareTryton()

if (tryton.usable) {
  const title = `ERP on Tryton, ${tryton.title}`
  describeTryton(title)
  describeConnector(title, openTryton, {
    faults: ['down', 'frozen', 'empty', 'slow'],
    restarts: true,
    unreadable: true,
    readOnly: true,
    rights: true,
    armsEnd: false,
    lists: true,
    retires: false,
    patience: 20_000,
  })
} else
  describe('ERP on Tryton, the real server', () => {
    it('are proven on the real server', context => {
      if (realServersRequired) throw new Error(tryton.reason)
      process.stderr.write(`skipped: ${tryton.reason}\n`)
      context.skip(tryton.reason)
    })
  })
