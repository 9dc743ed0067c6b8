import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDirectory } from '../../infra/local/directory/index.ts'
import { type DirectoryServer, directorySettings } from './active-directory-harness.ts'
import type { TakeBackup } from './hostile-harness.ts'

/** The laptop's own directory, with a data folder that is gone afterwards. */
export async function openEmbeddedDirectory(
  now?: () => number,
): Promise<DirectoryServer & { takeBackup: TakeBackup }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'llavero-directory-'))
  const settings = directorySettings('DC=ad,DC=muni,DC=test', 'muni.test')
  const directory = await startDirectory({ dataDir, settings, ...(now ? { now } : {}) })
  return {
    url: directory.url,
    ca: directory.ca,
    caPath: directory.caPath,
    settings,
    service: { bindDn: directory.bindDn, password: directory.password },
    administrator: directory.administrator,
    setFault: directory.setFault,
    async restart() {
      await directory.setFault('down')
      await directory.setFault(null)
    },
    hide: null,
    rightsOn: null,
    async takeBackup() {
      const kept = directory.snapshot()
      return async () => directory.restore(kept)
    },
    async close() {
      await directory.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
