import { describe, it } from 'vitest'
import { findMailServer } from '../servers/dovecot/installed.ts'
import { realServersRequired } from '../servers/samba/installed.ts'
import { describeHostility } from './hostile-suite.ts'
import { openHostileDatabase, openHostileDoveadm } from './mail-hostile-harness.ts'

const installed = findMailServer()

if (installed.usable) {
  describeHostility(`PostfixAdmin mailboxes made hostile, ${installed.title}`, openHostileDatabase)
  describeHostility(
    `Dovecot sessions of PostfixAdmin mailboxes made hostile, ${installed.title}`,
    openHostileDoveadm,
  )
} else
  describe('PostfixAdmin mailboxes made hostile, Dovecot on PostgreSQL', () => {
    it('is proven on a real mail server', context => {
      if (realServersRequired) throw new Error(installed.reason)
      process.stderr.write(`skipped: ${installed.reason}\n`)
      context.skip(installed.reason)
    })
  })
