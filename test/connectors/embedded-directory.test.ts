import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, Control, EqualityFilter } from 'ldapts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { guidText } from '../../functions/connectors/active-directory/attributes.ts'
import { type LocalDirectory, startDirectory } from '../../infra/local/directory/index.ts'
import { addValue, directorySettings, inHandfuls, list, replaceValue } from './active-directory-harness.ts'

const settings = directorySettings('DC=ad,DC=muni,DC=test', 'muni.test')
const unicodePwd = (password: string) => replaceValue('unicodePwd', Buffer.from(`"${password}"`, 'utf16le'))

describe('The embedded directory', () => {
  let dataDir: string
  let directory: LocalDirectory
  let clients: Client[] = []
  let offset = 0

  const start = async () => {
    directory = await startDirectory({ dataDir, settings, now: () => Date.now() + offset })
  }
  const bind = async (bindDn: string, password: string) => {
    const client = new Client({ url: directory.url, timeout: 10_000, tlsOptions: { ca: directory.ca } })
    clients.push(client)
    await client.bind(bindDn, password)
    return client
  }
  const asService = () => bind(directory.bindDn, directory.password)
  const asAdministrator = () => bind(directory.administrator.bindDn, directory.administrator.password)
  const makeUser = async (client: Client, name: string, more = {}) => {
    const dn = `CN=${name},${settings.activeOu}`
    await client.add(dn, { objectClass: 'user', sAMAccountName: name, ...more })
    return dn
  }

  beforeEach(async () => {
    offset = 0
    dataDir = await mkdtemp(join(tmpdir(), 'llavero-directory-'))
    await start()
  })
  afterEach(async () => {
    for (const client of clients) await client.unbind()
    clients = []
    await directory.close()
    await rm(dataDir, { recursive: true, force: true })
  })

  it('finds everything again after it was killed, with the same passwords and certificate', async () => {
    const before = directory
    const dn = await makeUser(await asService(), 'ana.rojas')
    const client = await asService()
    await client.modify(dn, unicodePwd('Cl4ve-propia'))
    await client.modify(settings.groups.removableStorage, addValue('member', dn))
    const gone = await makeUser(client, 'borrada')
    const keyed = { attributes: ['objectGUID'], explicitBufferAttributes: ['objectGUID'] }
    const objectGUID = (await client.search(gone, keyed)).searchEntries[0]?.objectGUID
    await client.del(gone)
    // A second one on the same folder, as after a kill: nothing was said to the first.
    await start()
    expect([directory.ca, directory.password]).toEqual([before.ca, before.password])
    const { searchEntries } = await (await asService()).search(settings.activeOu, {
      scope: 'one',
      attributes: ['sAMAccountName', 'memberOf'],
    })
    expect(searchEntries.map(entry => [entry.sAMAccountName, list(entry, 'memberOf').length])).toEqual([
      ['ana.rojas', 1],
    ])
    const tombstone = `<GUID=${guidText(objectGUID as Buffer)}>`
    const amongDeleted = new Control('1.2.840.113556.1.4.2064', { critical: true })
    const shape = { scope: 'base' as const, attributes: ['isDeleted', 'sAMAccountName'] }
    await expect((await asService()).search(tombstone, shape)).rejects.toMatchObject({ code: 32 })
    expect((await (await asService()).search(tombstone, shape, amongDeleted)).searchEntries).toMatchObject([
      { isDeleted: 'TRUE', sAMAccountName: 'borrada' },
    ])
    const enable = replaceValue('userAccountControl', '512')
    await (await asService()).modify(dn, enable)
    await expect(bind('ana.rojas@muni.test', 'Cl4ve-propia')).rejects.toThrow(/52e/)
    await expect(bind(dn, 'Cl4ve-propia')).resolves.toBeDefined()
    await before.close()
  })

  it('goes back to what it was', async () => {
    const client = await asService()
    const snapshot = directory.snapshot()
    await makeUser(client, 'ana.rojas')
    directory.restore(snapshot)
    const { searchEntries } = await client.search(settings.activeOu, { scope: 'one' })
    expect(searchEntries).toEqual([])
    await makeUser(client, 'ana.rojas')
  })

  it('lets the delegated account write its OUs and the members of its groups, and nothing else', async () => {
    const client = await asService()
    const denied = { code: 50 }
    const dn = await makeUser(client, 'ana.rojas')
    await expect(makeUser(client, `x,CN=Users`)).rejects.toThrow()
    const outside = `CN=ajena,CN=Users,${settings.baseDn}`
    await expect(client.add(outside, { objectClass: 'user', sAMAccountName: 'a' })).rejects.toMatchObject(
      denied,
    )
    await expect(
      client.modify(directory.administrator.bindDn, unicodePwd('Otr4-clave')),
    ).rejects.toMatchObject(denied)
    await expect(client.modify(settings.activeOu, replaceValue('description', 'x'))).rejects.toMatchObject(
      denied,
    )
    await expect(client.del(settings.inactiveOu)).rejects.toMatchObject(denied)
    await expect(client.modifyDN(dn, `CN=a,CN=Users,${settings.baseDn}`)).rejects.toMatchObject(denied)
    const admins = `CN=Domain Admins,CN=Users,${settings.baseDn}`
    await expect(client.modify(admins, addValue('member', dn))).rejects.toMatchObject(denied)
    const vpn = settings.groups.entitlements.vpn ?? ''
    await expect(client.modify(vpn, replaceValue('description', 'x'))).rejects.toMatchObject(denied)
    await client.modify(vpn, addValue('member', dn))
  })

  it('says nothing to those who have not bound', async () => {
    const client = await bind('', '')
    await expect(client.search(settings.baseDn)).rejects.toMatchObject({ code: 1 })
    expect((await client.search('', { scope: 'base' })).searchEntries).toHaveLength(1)
    await expect(bind(directory.bindDn, '')).rejects.toMatchObject({ code: 49 })
  })

  it('closes an account at the instant it ends, by its own clock', async () => {
    const client = await asService()
    const dn = await makeUser(client, 'ana.rojas', { accountExpires: '138000000000000000' })
    await client.modify(dn, [unicodePwd('Cl4ve-propia'), replaceValue('userAccountControl', '512')])
    await expect(bind(dn, 'Cl4ve-propia')).resolves.toBeDefined()
    offset = 20 * 366 * 86_400_000
    await expect(bind(dn, 'Cl4ve-propia')).rejects.toThrow(/data 701/)
    offset = 0
    await client.modify(dn, replaceValue('pwdLastSet', '0'))
    await expect(bind(dn, 'Cl4ve-propia')).rejects.toThrow(/data 773/)
  })

  it('answers as strictly as Microsoft’s', async () => {
    const client = await asService()
    const dn = await makeUser(client, 'jose.rojas', { userPrincipalName: 'jose@muni.test' })
    await expect(makeUser(client, 'JOSÉ.rojas')).rejects.toMatchObject({ code: 68 })
    const principal = { userPrincipalName: 'Jose@muni.test' }
    await expect(makeUser(client, 'otro', principal)).rejects.toMatchObject({ code: 19 })
    await expect(makeUser(client, 'veintiuna.letras.hoy1')).rejects.toMatchObject({ code: 19 })
    await expect(client.modify(dn, replaceValue('userAccountControl', '512'))).rejects.toMatchObject({
      code: 53,
    })
    await expect(client.modify(dn, replaceValue('unicodePwd', 'IgBhACIA'))).rejects.toMatchObject({
      code: 53,
    })
    await expect(client.modify(dn, unicodePwd('corta'))).rejects.toMatchObject({ code: 19 })
    await expect(client.modify(dn, unicodePwd('Jose.Rojas-1'))).rejects.toThrow('0000052D')
    await expect(client.modify(dn, replaceValue('pwdLastSet', '5'))).rejects.toMatchObject({ code: 53 })
    await expect(client.modify(dn, replaceValue('noSuchThing', '5'))).rejects.toMatchObject({ code: 16 })
    const group = settings.groups.removableStorage
    await client.modify(group, addValue('member', dn))
    await expect(client.modify(group, addValue('member', dn))).rejects.toMatchObject({ code: 68 })
    await client.modify(
      group,
      addValue('member', dn),
      new Control('1.2.840.113556.1.4.1413', { critical: true }),
    )
  })

  it('hands out at most 1,000 entries, the rest by pages, and lists by ranges of 1,500', async () => {
    const client = await asAdministrator()
    const names = Array.from({ length: 1_501 }, (_, at) => `CN=c${at},${settings.inactiveOu}`)
    await inHandfuls(names, dn => client.add(dn, { objectClass: 'contact' }))
    const search = { scope: 'one' as const, attributes: ['cn'] }
    await expect(client.search(settings.inactiveOu, search)).rejects.toMatchObject({ code: 4 })
    const paged = await client.search(settings.inactiveOu, { ...search, paged: { pageSize: 400 } })
    expect(paged.searchEntries).toHaveLength(1_501)
    const group = settings.groups.removableStorage
    await client.modify(group, addValue('member', ...names))
    const read = async (attribute: string) => {
      const { searchEntries } = await client.search(group, { scope: 'base', attributes: [attribute] })
      const [entry] = searchEntries
      return Object.keys(entry ?? {}).filter(key => key.startsWith('member;'))
    }
    expect(await read('member')).toEqual(['member;range=0-1499'])
    expect(await read('member;range=1500-*')).toEqual(['member;range=1500-*'])
    const bySign = new EqualityFilter({ attribute: 'cn', value: 'C7' })
    expect((await client.search(settings.baseDn, { filter: bySign })).searchEntries).toHaveLength(1)
    expect(
      (await client.search(settings.baseDn, { filter: '(&(cn=c1*0)(!(cn=c10)))' })).searchEntries,
    ).toHaveLength(61)
  })
})
