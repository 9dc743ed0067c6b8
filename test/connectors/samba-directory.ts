import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Attribute, Change, Client, Control } from 'ldapts'
import type { DirectorySettings } from '../../schemas/settings.ts'
import {
  administrator,
  baseDn,
  type DomainController,
  provisionOnce,
  restoreController,
} from '../servers/samba/domain-controller.ts'
import { type DirectoryServer, directorySettings, replaceValue } from './active-directory-harness.ts'
import type { TakeBackup } from './hostile-harness.ts'

/** The account that the connector binds as. */
export const service = { bindDn: `CN=svc-llavero,CN=Users,${baseDn}`, password: 'Serv1ce-Passw0rd!' }

const userClass = 'bf967aba-0de6-11d0-a285-00aa003049e2'
const groupClass = 'bf967a9c-0de6-11d0-a285-00aa003049e2'
const memberAttribute = 'bf9679c0-0de6-11d0-a285-00aa003049e2'
const resetPassword = '00299570-246d-11d0-a768-00aa006e0529'

/** The least that the connector needs; `docs/active-directory.md` tells the same to the body's administrators. */
const delegation = (sid: string) => ({
  accounts: [
    `(OA;CI;CCDC;${userClass};;${sid})`,
    `(OA;CIIO;RPWP;;${userClass};${sid})`,
    `(OA;CIIO;CR;${resetPassword};${userClass};${sid})`,
  ].join(''),
  groups: `(OA;CIIO;RPWP;${memberAttribute};${groupClass};${sid})`,
  deleted: `(A;;RPLC;;;${sid})`,
})

export async function bindAs(
  controller: { url: string; ca: string },
  who: { bindDn: string; password: string },
) {
  const client = new Client({ url: controller.url, timeout: 20_000, tlsOptions: { ca: controller.ca } })
  await client.bind(who.bindDn, who.password)
  return client
}

const sidText = (sid: Buffer): string =>
  `S-1-5-${Array.from({ length: (sid.length - 8) / 4 }, (_, at) => sid.readUInt32LE(8 + at * 4)).join('-')}`

async function serviceSid(client: Client): Promise<string> {
  const { searchEntries } = await client.search(service.bindDn, {
    scope: 'base',
    attributes: ['objectSid'],
    explicitBufferAttributes: ['objectSid'],
  })
  const sid = searchEntries[0]?.objectSid
  if (!Buffer.isBuffer(sid)) throw new Error('the service account has no SID')
  return sidText(sid)
}

async function plantSettings(controller: DomainController, settings: DirectorySettings): Promise<void> {
  const client = await bindAs(controller, administrator)
  const { activeOu, inactiveOu, groups } = settings
  const municipality = `OU=Municipalidad,${baseDn}`
  for (const dn of [municipality, activeOu, inactiveOu, `OU=Accesos,${municipality}`])
    await client.add(dn, { objectClass: 'organizationalUnit' })
  const named = [
    groups.removableStorage,
    ...Object.values(groups.internet),
    ...Object.values(groups.entitlements),
  ]
  for (const [at, dn] of named.entries())
    await client.add(dn, { objectClass: 'group', sAMAccountName: `acceso-${at + 1}` })
  await client.add(service.bindDn, {
    objectClass: 'user',
    sAMAccountName: 'svc-llavero',
    userAccountControl: '514',
  })
  await client.modify(service.bindDn, [
    replaceValue('unicodePwd', Buffer.from(`"${service.password}"`, 'utf16le')),
    replaceValue('userAccountControl', '66048'),
  ])
  const { accounts, groups: members, deleted } = delegation(await serviceSid(client))
  for (const ou of [activeOu, inactiveOu])
    await controller.tool('dsacl', 'set', `--objectdn=${ou}`, `--sddl=${accounts}`)
  await controller.tool('dsacl', 'set', `--objectdn=OU=Accesos,${municipality}`, `--sddl=${members}`)
  // `samba-tool dsacl` finds no deleted objects.
  const ofDeleted = `O:DAG:DAD:PAI(A;;RPWPCCDCLCSWRCWDWOSD;;;SY)(A;;RPLC;;;BA)${deleted}`
  await controller.ldif(
    [
      `dn: CN=Deleted Objects,${baseDn}`,
      ...['changetype: modify', 'replace: nTSecurityDescriptor', `nTSecurityDescriptor: ${ofDeleted}`],
    ],
    'show_deleted:1',
  )
  await client.unbind()
}

/** A fresh domain: provisioned once per version of these recipes, then restored from a snapshot in a third of a second. */
export async function startSamba(): Promise<DomainController & { settings: DirectorySettings }> {
  const settings = directorySettings(baseDn, 'muni.test')
  const recipes = [
    './samba-directory.ts',
    './active-directory-harness.ts',
    '../servers/samba/domain-controller.ts',
  ]
  const digest = createHash('sha256')
  for (const recipe of recipes) digest.update(readFileSync(new URL(recipe, import.meta.url)))
  const cache = join(import.meta.dirname, '..', '..', '.cache', 'samba')
  await mkdir(cache, { recursive: true })
  const snapshot = join(cache, `domain-${digest.digest('hex').slice(0, 16)}.tgz`)
  if (!existsSync(snapshot)) await provisionOnce(snapshot, controller => plantSettings(controller, settings))
  const controller = await restoreController(snapshot)
  await controller.start()
  return Object.assign(controller, { settings })
}

/** Only the discretionary list: `LDAP_SERVER_SD_FLAGS_OID` with DACL_SECURITY_INFORMATION. */
class OnlyDacl extends Control {
  constructor() {
    super('1.2.840.113556.1.4.801', { critical: true })
  }
  override writeControl(writer: { writeBuffer(value: Buffer, tag: number): void }): void {
    writer.writeBuffer(Buffer.from([0x30, 0x03, 0x02, 0x01, 0x04]), 0x04)
  }
}

/** Puts an entry of rights on each of these objects, written for the service account; the answer undoes it. */
async function writeRights(
  controller: DomainController,
  objects: readonly string[],
  entry: (sid: string) => string,
) {
  const client = await bindAs(controller, administrator)
  const sid = await serviceSid(client)
  const kept: [string, Buffer][] = []
  for (const dn of objects) {
    const { searchEntries } = await client.search(
      dn,
      {
        scope: 'base',
        attributes: ['nTSecurityDescriptor'],
        explicitBufferAttributes: ['nTSecurityDescriptor'],
      },
      new OnlyDacl(),
    )
    const descriptor = searchEntries[0]?.nTSecurityDescriptor
    if (!Buffer.isBuffer(descriptor)) throw new Error('the object has no security descriptor')
    kept.push([dn, descriptor])
    await controller.tool('dsacl', 'set', `--objectdn=${dn}`, `--sddl=${entry(sid)}`)
  }
  return async () => {
    for (const [dn, descriptor] of kept) {
      const modification = new Attribute({ type: 'nTSecurityDescriptor', values: [descriptor] })
      await client.modify(dn, new Change({ operation: 'replace', modification }), new OnlyDacl())
    }
    await client.unbind()
  }
}

export async function openSambaDirectory(): Promise<DirectoryServer & { takeBackup: TakeBackup }> {
  const samba = await startSamba()
  return {
    url: samba.url,
    ca: samba.ca,
    caPath: samba.caPath,
    settings: samba.settings,
    service,
    administrator,
    async setFault(fault) {
      if (fault === 'down') await samba.stop()
      else if (fault === 'frozen') samba.freeze()
      else if (fault === null) {
        samba.thaw()
        await samba.start()
      } else throw new Error(`Samba cannot be made ${fault}`)
    },
    async restart() {
      await samba.stop()
      await samba.start()
    },
    hide: () => writeRights(samba, samba.settings.managedOus, sid => `(D;CI;RPLCLO;;;${sid})`),
    takeBackup: () => samba.takeBackup(),
    rightsOn: (dn, entry) => writeRights(samba, [dn], entry),
    close: () => samba.close(),
  }
}
