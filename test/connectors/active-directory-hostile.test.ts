import { describe, it } from 'vitest'
import { findSamba, realServersRequired } from '../servers/samba/installed.ts'
import { openHostileDirectory } from './active-directory-hostile-harness.ts'
import { openEmbeddedDirectory } from './embedded-directory.ts'
import { describeHostility } from './hostile-suite.ts'
import { openSambaDirectory } from './samba-directory.ts'

const samba = findSamba()

describeHostility('Active Directory made hostile, embedded directory', async () => {
  let offset = 0
  const server = await openEmbeddedDirectory(() => Date.now() + offset)
  const clock = async () => {
    offset = -600_000
    return async () => {
      offset = 0
    }
  }
  return openHostileDirectory({ server, takeBackup: server.takeBackup, clock })
})

if (samba.usable)
  describeHostility(`Active Directory made hostile, ${samba.title}`, async () => {
    const server = await openSambaDirectory()
    const clock =
      'accounts end by the controller’s own clock: they are off by as much, and nothing else is; proven on the embedded directory'
    return openHostileDirectory({ server, takeBackup: server.takeBackup, clock })
  })
else
  describe('Active Directory made hostile, Samba', () => {
    it('is proven on a real domain controller', context => {
      if (realServersRequired) throw new Error(samba.reason)
      process.stderr.write(`skipped: ${samba.reason}\n`)
      context.skip(samba.reason)
    })
  })
