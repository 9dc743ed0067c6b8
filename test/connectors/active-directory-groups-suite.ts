import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDirectoryConnector } from '../../functions/connectors/active-directory/index.ts'
import type { DirectorySettings } from '../../schemas/settings.ts'
import type { Observation, Step } from '../../schemas/target.ts'
import type { DirectoryHarness } from './active-directory-harness.ts'
import { addValue, inHandfuls, list, replaceValue } from './active-directory-harness.ts'
import { bring, errorOf, observeOne, resultOf } from './asking.ts'
import type { Sample } from './harness.ts'
import { samplePerson } from './sample-people.ts'

const many = 1_501
const opening: Step[] = [{ act: 'create' }, { act: 'enable' }]

/** Protected accounts and groups of any size. The same sentences for the embedded directory and for Samba. */
export function describeGroups(title: string, open: () => Promise<DirectoryHarness>): void {
  describe(title, () => {
    let harness: DirectoryHarness
    let crowd: string[] = []
    beforeAll(async () => {
      harness = await open()
      const folder = `OU=Multitud,${harness.settings.baseDn}`
      await harness.administrator.add(folder, { objectClass: 'organizationalUnit' })
      crowd = Array.from({ length: many }, (_, at) => `CN=Contacto ${at},${folder}`)
      await inHandfuls(crowd, dn => harness.administrator.add(dn, { objectClass: 'contact' }))
    })
    afterAll(async () => harness?.close())

    const opened = async () => bring(harness.connector, samplePerson(harness), opening)
    const group = async (name: string, parent: string) => {
      const dn = `CN=${name},${parent}`
      await harness.administrator.add(dn, { objectClass: 'group', sAMAccountName: name })
      return dn
    }
    const inUsers = (name: string) => group(name, `CN=Users,${harness.settings.baseDn}`)
    const withSettings = async <T>(
      changes: Partial<DirectorySettings>,
      use: (connector: ReturnType<typeof createDirectoryConnector>) => Promise<T>,
    ) => {
      const { url, ca, service } = harness.server
      const connector = createDirectoryConnector({ ...harness.settings, ...changes }, { url, ca, ...service })
      try {
        return await use(connector)
      } finally {
        await connector.close()
      }
    }
    const membersOf = async (dn: string): Promise<string[]> => {
      const filter = `(memberOf=${dn})`
      const search = { filter, attributes: ['1.1'], paged: { pageSize: 500 } }
      return (await harness.administrator.search(harness.settings.baseDn, search)).searchEntries.map(
        ({ dn }) => dn,
      )
    }

    /** Neither seen nor changed: refused on looking and, with an observation from elsewhere, on acting. */
    async function expectUntouchable(sample: Sample): Promise<void> {
      const before = await harness.entry(sample.account.name)
      const refusal = { kind: 'refused', retryable: false }
      await withSettings({}, async connector => {
        const byGuid = await connector.observe([sample.account])
        expect(errorOf(byGuid[0])).toMatchObject(refusal)
        const observed: Observation = {
          state: 'enabled',
          accountId: sample.account.accountId,
          name: sample.account.name,
          expiresAt: null,
          rights: [],
          retired: false,
          profileHash: null,
        }
        const steps: Step[] = [{ act: 'disable' }, { act: 'retire' }]
        expect(errorOf((await connector.apply([{ ...sample, observed, steps }]))[0])).toMatchObject(refusal)
      })
      const after = await harness.entry(sample.account.name)
      expect([after.dn, after.userAccountControl]).toEqual([before.dn, before.userAccountControl])
    }
    const guidOf = async (name: string) => {
      const { objectGUID } = await harness.entry(name)
      const hex = (Buffer.isBuffer(objectGUID) ? objectGUID : Buffer.from(String(objectGUID))).toString('hex')
      const swap = (from: number, to: number) => hex.slice(from, to).match(/../g)?.reverse().join('') ?? ''
      return [swap(0, 8), swap(8, 12), swap(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
    }

    describe('protected accounts are refused and left alone', () => {
      it('being members of a protected group', async () => {
        const { sample } = await opened()
        const { dn } = await harness.entry(sample.account.name)
        await harness.administrator.modify(
          `CN=Domain Admins,CN=Users,${harness.settings.baseDn}`,
          addValue('member', dn),
        )
        await expectUntouchable(sample)
      })

      it('being members through groups nested in one another', async () => {
        const { sample } = await opened()
        const { dn } = await harness.entry(sample.account.name)
        const inner = await inUsers(`interno-${sample.account.name}`.slice(0, 20))
        const outer = await inUsers(`externo-${sample.account.name}`.slice(0, 20))
        await harness.administrator.modify(outer, addValue('member', inner))
        await harness.administrator.modify(
          `CN=Administrators,CN=Builtin,${harness.settings.baseDn}`,
          addValue('member', outer),
        )
        await harness.administrator.modify(inner, addValue('member', dn))
        await expectUntouchable(sample)
      })

      it('being the last of 1,501 members of a protected group', async () => {
        const { sample } = await opened()
        const { dn } = await harness.entry(sample.account.name)
        const large = await inUsers('protegido-grande')
        await harness.administrator.modify(large, addValue('member', ...crowd.slice(1), dn))
        const protectedGroups = [large]
        await withSettings({ protectedGroups }, async connector =>
          expect(errorOf((await connector.observe([sample.account]))[0])).toMatchObject({ kind: 'refused' }),
        )
      })

      it('having a protected group as primary group, which no list shows', async () => {
        const { sample } = await opened()
        const { dn } = await harness.entry(sample.account.name)
        const admins = `CN=Domain Admins,CN=Users,${harness.settings.baseDn}`
        const { searchEntries } = await harness.administrator.search(admins, {
          scope: 'base',
          explicitBufferAttributes: ['objectSid'],
        })
        const sid = searchEntries[0]?.objectSid
        if (!Buffer.isBuffer(sid)) throw new Error('the group has no SID')
        await harness.administrator.modify(admins, addValue('member', dn))
        await harness.administrator.modify(dn, replaceValue('primaryGroupID', String(sid.readUInt32LE(24))))
        await expectUntouchable(sample)
      })

      it('being a service account', async () => {
        const { sample } = await opened()
        const { dn } = await harness.entry(sample.account.name)
        await harness.administrator.modify(
          dn,
          addValue('servicePrincipalName', `HTTP/${sample.account.name}.muni.test`),
        )
        await expectUntouchable(sample)
      })

      it('being marked by the directory itself (adminCount)', async () => {
        const { sample } = await opened()
        const { dn } = await harness.entry(sample.account.name)
        await harness.administrator.modify(dn, replaceValue('adminCount', '1'))
        await expectUntouchable(sample)
      })

      it.each(['Administrator', 'krbtgt'])('being built in: %s', async name => {
        const sample = samplePerson(harness)
        const accountId = await guidOf(name)
        await expectUntouchable({ ...sample, account: { ...sample.account, accountId, name } })
      })

      it('lying outside the managed OUs, whatever their mark', async () => {
        const sample = samplePerson(harness)
        const { name, nationalId } = sample.account
        const dn = `CN=${name},CN=Users,${harness.settings.baseDn}`
        await harness.administrator.add(dn, {
          objectClass: 'user',
          sAMAccountName: name,
          employeeID: nationalId,
        })
        await expectUntouchable({ ...sample, account: { ...sample.account, accountId: await guidOf(name) } })
        await expectUntouchable(sample)
      })

      it('and all of them when the protected groups cannot be read', async () => {
        const { sample } = await opened()
        const protectedGroups = [`CN=Unknown,${harness.settings.baseDn}`]
        await withSettings({ protectedGroups }, async connector =>
          expect(errorOf((await connector.observe([sample.account]))[0])).toMatchObject({
            kind: 'misconfigured',
          }),
        )
      })
    })

    describe('groups', () => {
      const [right] = [{ id: 'entitlement:vpn', operations: [], specific: [], until: null }]

      it('of 1,501 members lose nobody when one comes and goes', async () => {
        const { sample } = await opened()
        const vpn = harness.settings.groups.entitlements.vpn ?? ''
        await harness.administrator.modify(vpn, addValue('member', ...crowd))
        const before = (await membersOf(vpn)).length
        expect(before).toBeGreaterThanOrEqual(many)
        for (const act of [0, 1]) {
          const { observed } = await bring(harness.connector, sample, [{ act: 'grant', right }])
          expect(observed.rights, String(act)).toEqual([right])
        }
        expect(await membersOf(vpn)).toHaveLength(before + 1)
        await bring(harness.connector, sample, [{ act: 'revoke', right: right.id }])
        expect(await membersOf(vpn)).toHaveLength(before)
      })

      it('are all seen by somebody who is in more than 1,500', async () => {
        const { sample } = await opened()
        const { dn } = await harness.entry(sample.account.name)
        const folder = `OU=Listas,${harness.settings.baseDn}`
        await harness.administrator.add(folder, { objectClass: 'organizationalUnit' })
        const names = Array.from({ length: many }, (_, at) => `lista-${at}`)
        await inHandfuls(names, name =>
          harness.administrator.add(`CN=${name},${folder}`, {
            objectClass: 'group',
            sAMAccountName: name,
            member: dn,
          }),
        )
        const { observed } = await bring(harness.connector, sample, [{ act: 'grant', right }])
        expect(observed.rights).toEqual([right])
        const withdrawn = await bring(harness.connector, sample, [{ act: 'revoke', right: right.id }])
        expect(withdrawn.observed.rights).toEqual([])
      }, 120_000)

      it('that do not exist are missing, and the account stays as it was', async () => {
        const { sample } = await opened()
        const entitlements = { vpn: `CN=No existe,OU=Accesos,OU=Municipalidad,${harness.settings.baseDn}` }
        const groups = { ...harness.settings.groups, entitlements }
        await withSettings({ groups }, async connector => {
          const observed = await observeOne(connector, sample.account)
          const plan = { ...sample, observed, steps: [{ act: 'grant', right }] as Step[] }
          expect(errorOf((await connector.apply([plan]))[0])).toMatchObject({
            kind: 'missing',
            retryable: false,
          })
          expect(await observeOne(connector, sample.account)).toEqual(observed)
        })
      })

      it('that would give protected powers are never granted', async () => {
        const { sample } = await opened()
        const entitlements = { vpn: `CN=Domain Admins,CN=Users,${harness.settings.baseDn}` }
        const groups = { ...harness.settings.groups, entitlements }
        await withSettings({ groups }, async connector => {
          const observed = await observeOne(connector, sample.account)
          const plan = { ...sample, observed, steps: [{ act: 'grant', right }] as Step[] }
          expect(errorOf((await connector.apply([plan]))[0])).toMatchObject({ kind: 'misconfigured' })
        })
        expect(list(await harness.entry(sample.account.name), 'memberOf')).toEqual([])
      })

      it('that the settings do not name are a matter of configuration', async () => {
        const { sample, observed } = await opened()
        const steps: Step[] = [{ act: 'revoke', right: 'entitlement:unknown' }]
        expect(errorOf((await harness.connector.apply([{ ...sample, observed, steps }]))[0])).toMatchObject({
          kind: 'misconfigured',
        })
      })

      it('are compared without regard to case, spaces and escapes in the settings', async () => {
        const { sample } = await opened()
        const spelled = harness.settings.groups.internet.libre
          .replace('\\,', '\\2C')
          .replace('CN=', 'cn = ')
          .replaceAll(',OU=', ' , ou=')
          .toLowerCase()
        const groups = {
          ...harness.settings.groups,
          internet: { ...harness.settings.groups.internet, libre: spelled },
        }
        const libre = { ...right, id: 'internet:libre' }
        await withSettings({ groups }, async connector => {
          const { observed } = await bring(connector, sample, [{ act: 'grant', right: libre }])
          expect(observed.rights).toEqual([libre])
          resultOf(
            (await connector.apply([{ ...sample, observed, steps: [{ act: 'grant', right: libre }] }]))[0],
          )
        })
      })
    })
  })
}
