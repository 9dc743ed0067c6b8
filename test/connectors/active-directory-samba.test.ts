import { describe, it } from 'vitest'
import { findSamba, realServersRequired } from '../servers/samba/installed.ts'
import { describeExisting } from './active-directory-existing-suite.ts'
import { describeGroups } from './active-directory-groups-suite.ts'
import { openDirectoryHarness, patience } from './active-directory-harness.ts'
import { describeDirectoryList } from './active-directory-listing-suite.ts'
import { describePasswords } from './active-directory-passwords-suite.ts'
import { describeSight } from './active-directory-sight-suite.ts'
import { describeActiveDirectory } from './active-directory-suite.ts'
import { describeConnector } from './contract-suite.ts'
import { openSambaDirectory } from './samba-directory.ts'

const samba = findSamba()

if (samba.usable) {
  const title = `Active Directory connector, ${samba.title}`
  const open = async () => openDirectoryHarness(await openSambaDirectory())
  describeConnector(title, open, {
    faults: ['down', 'frozen'],
    restarts: true,
    unreadable: true,
    readOnly: true,
    rights: true,
    lists: true,
    retires: true,
    armsEnd: true,
    patience,
  })
  describeActiveDirectory(`Active Directory accounts, ${samba.title}`, open)
  describeExisting(`Active Directory accounts that were there before, ${samba.title}`, open)
  describePasswords(`Active Directory passwords, ${samba.title}`, open)
  describeGroups(`Active Directory groups, ${samba.title}`, open)
  describeSight(`Active Directory sight, ${samba.title}`, open, { rights: true })
  describeDirectoryList(`Active Directory list of accounts, ${samba.title}`, open, { crowd: 600 })
} else
  describe('Active Directory connector, Samba', () => {
    it('is proven on a real domain controller', context => {
      if (realServersRequired) throw new Error(samba.reason)
      process.stderr.write(`skipped: ${samba.reason}\n`)
      context.skip(samba.reason)
    })
  })
