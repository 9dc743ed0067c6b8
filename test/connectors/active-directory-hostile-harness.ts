import { createDirectoryConnector } from '../../functions/connectors/active-directory/index.ts'
import { type TestCertificate, testCertificates } from '../servers/certificates.ts'
import { type LineFault, openHostileProxy } from '../servers/hostile-proxy.ts'
import { type Lie, openLyingDirectory } from '../servers/lying-directory.ts'
import { type DirectoryServer, openDirectoryHarness, replaceValue } from './active-directory-harness.ts'
import type { HostileHarness, MakeHazard, TakeBackup } from './hostile-harness.ts'

/** What only the server itself can do. */
export interface DirectoryEnemy {
  readonly server: DirectoryServer
  readonly takeBackup: TakeBackup
  readonly clock: MakeHazard | string
}

/** A directory as an enemy: behind a line that can break, a certificate that can change, and somebody who lies. */
export async function openHostileDirectory(enemy: DirectoryEnemy): Promise<HostileHarness> {
  const { server } = enemy
  const { settings, service } = server
  const behind = new URL(server.url)
  const direct = await openDirectoryHarness(server)
  const [own, strangers] = [await testCertificates(), await testCertificates()]
  let lie: Lie | null = null
  const certified = (certificate: TestCertificate) => openLyingDirectory(behind, certificate, () => lie)
  const doors = {
    sound: await certified(own.sound),
    expired: await certified(own.expired),
    strangers: await certified(strangers.sound),
  }
  let door = doors.sound
  const line = await openHostileProxy(() => door.port)
  const connector = createDirectoryConnector(settings, {
    ...service,
    url: `ldaps://127.0.0.1:${line.port}`,
    ca: own.sound.ca,
  })

  /** Connections that are open know nothing of what has changed since. */
  const breakOff = async () => {
    await line.setFault('frozen')
    await line.setFault(null)
  }
  const onLine =
    (fault: LineFault): MakeHazard =>
    async () => {
      await line.setFault(fault)
      return () => line.setFault(null)
    }
  const telling =
    (what: Lie): MakeHazard =>
    async () => {
      lie = what
      return async () => {
        lie = null
      }
    }
  const showing =
    (other: typeof door): MakeHazard =>
    async () => {
      door = other
      await breakOff()
      return async () => {
        door = doors.sound
      }
    }
  const changePassword = async (password: string) => {
    const written = Buffer.from(`"${password}"`, 'utf16le')
    await direct.entry('svc-llavero')
    await direct.administrator.modify(service.bindDn, replaceValue('unicodePwd', written))
    await breakOff()
  }

  return {
    settings,
    connector,
    look: direct.look,
    async remake(name, nationalId) {
      await direct.look(name)
      await direct.administrator.add(`CN=${name},${settings.activeOu}`, {
        objectClass: 'user',
        sAMAccountName: name,
        employeeID: nationalId,
        userAccountControl: '546',
      })
    },
    hazards: {
      unreachable: onLine('unreachable'),
      'reset mid-answer': onLine('reset-mid-answer'),
      frozen: onLine('frozen'),
      slow: onLine('slow'),
      'empty answer': telling('empty'),
      'no permission to read': server.hide ?? 'everybody may read here: proven on Samba',
      'truncated page': telling('cut'),
      'restored from an old backup': enemy.takeBackup,
      'clock ten minutes off': enemy.clock,
      'certificate expired': showing(doors.expired),
      'wrong CA': showing(doors.strangers),
      'service password changed': async () => {
        await changePassword('Otr4-clave-de-servicio!')
        return () => changePassword(service.password)
      },
      throttled: telling('busy'),
    },
    async close() {
      await connector.close()
      await line.close()
      for (const each of Object.values(doors)) await each.close()
      await direct.close()
    },
  }
}
