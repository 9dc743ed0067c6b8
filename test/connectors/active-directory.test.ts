import { openDirectoryHarness, patience } from './active-directory-harness.ts'
import { describeConnector } from './contract-suite.ts'
import { openEmbeddedDirectory } from './embedded-directory.ts'

describeConnector(
  'Active Directory connector, embedded directory',
  async () => openDirectoryHarness(await openEmbeddedDirectory()),
  {
    faults: ['down', 'frozen', 'empty', 'slow'],
    restarts: true,
    unreadable: false,
    readOnly: true,
    rights: true,
    retires: true,
    patience,
  },
)
