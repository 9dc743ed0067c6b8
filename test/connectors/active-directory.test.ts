import { describeExisting } from './active-directory-existing-suite.ts'
import { describeGroups } from './active-directory-groups-suite.ts'
import { openDirectoryHarness, patience } from './active-directory-harness.ts'
import { describeDirectoryList } from './active-directory-listing-suite.ts'
import { describePasswords } from './active-directory-passwords-suite.ts'
import { describeSight } from './active-directory-sight-suite.ts'
import { describeActiveDirectory } from './active-directory-suite.ts'
import { describeConnector } from './contract-suite.ts'
import { openEmbeddedDirectory } from './embedded-directory.ts'

const open = async () => openDirectoryHarness(await openEmbeddedDirectory())

describeConnector('Active Directory connector, embedded directory', open, {
  faults: ['down', 'frozen', 'empty', 'slow'],
  restarts: true,
  unreadable: false,
  readOnly: true,
  rights: true,
  lists: true,
  retires: true,
  armsEnd: true,
  patience,
})

describeActiveDirectory('Active Directory accounts, embedded directory', open)
describeGroups('Active Directory groups, embedded directory', open)
describeExisting('Active Directory accounts that were there before, embedded directory', open)
describePasswords('Active Directory passwords, embedded directory', open)
describeSight('Active Directory sight, embedded directory', open, { rights: false })
describeDirectoryList('Active Directory list of accounts, embedded directory', open, { crowd: 1_100 })
