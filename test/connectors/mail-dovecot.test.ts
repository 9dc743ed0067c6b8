import { describe, it } from 'vitest'
import { findMailServer } from '../servers/dovecot/installed.ts'
import { realServersRequired } from '../servers/samba/installed.ts'
import { describeConnector } from './contract-suite.ts'
import { describeMailLogins } from './mail-logins-suite.ts'
import { openRealMail } from './mail-server.ts'

const installed = findMailServer()

if (installed.usable) {
  describeConnector(`PostfixAdmin mailboxes, ${installed.title}`, () => openRealMail(), {
    faults: ['down', 'frozen', 'empty', 'slow'],
    restarts: true,
    unreadable: true,
    readOnly: true,
    rights: false,
    retires: false,
    armsEnd: true,
    lists: true,
    patience: 20_000,
  })
  describeMailLogins(`PostfixAdmin mailboxes, ${installed.title}`, () => openRealMail())
} else
  describe('PostfixAdmin mailboxes, Dovecot on PostgreSQL', () => {
    it('is proven on a real mail server', context => {
      if (realServersRequired) throw new Error(installed.reason)
      process.stderr.write(`skipped: ${installed.reason}\n`)
      context.skip(installed.reason)
    })
  })
