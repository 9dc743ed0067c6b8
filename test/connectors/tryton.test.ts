import { describe, it } from 'vitest'
import { realServersRequired } from '../servers/samba/installed.ts'
import { prepareTryton } from '../servers/tryton/tryton.ts'
import { describeConnector } from './contract-suite.ts'
import { openTryton } from './tryton-harness.ts'
import { describeTryton } from './tryton-suite.ts'

const tryton = await prepareTryton()

if (tryton.usable) {
  describeTryton(`Sessions, passwords, groups and marks, on ${tryton.title}`)
  describeConnector(`Users and groups of an ERP, on ${tryton.title}`, openTryton, {
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
  describe('Users and groups of an ERP, on Tryton', () => {
    it('are proven on the real server', context => {
      if (realServersRequired) throw new Error(tryton.reason)
      process.stderr.write(`skipped: ${tryton.reason}\n`)
      context.skip(tryton.reason)
    })
  })
