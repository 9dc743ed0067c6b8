import { readdir, readFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Whether anything takes connections on a port of this machine. */
export const answers = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket
      .once('connect', () => socket.destroy(resolve(true) ?? undefined))
      .once('error', () => resolve(false))
  })

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/**
 * A run that was killed leaves its server and its folder: both are recognised by the folder's own files, and ended.
 *
 * @param pidFile where in the folder the server writes the id of its first process
 */
export async function clearCrashedRuns(
  prefix: string,
  pidFile: string,
  end: (master: number) => void,
): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(prefix)) continue
    const folder = join(tmpdir(), name)
    const read = async (file: string) => Number(await readFile(join(folder, file), 'utf8').catch(() => ''))
    const owner = await read('owner')
    if (!(owner > 1) || isAlive(owner)) continue
    const master = await read(pidFile)
    const command = await readFile(`/proc/${master}/cmdline`, 'utf8').catch(() => '')
    if (master > 1 && command.includes(folder)) end(master)
    await rm(folder, { recursive: true, force: true })
  }
}
