import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDirectoryConnector } from '../../functions/connectors/active-directory/index.ts'
import type { Step } from '../../schemas/target.ts'
import type { DirectoryHarness } from './active-directory-harness.ts'
import { addValue, list, replaceValue } from './active-directory-harness.ts'
import { bring, errorOf, observeOne, resultOf } from './asking.ts'
import { samplePerson } from './sample-people.ts'

const unicodePwd = (password: string) => replaceValue('unicodePwd', Buffer.from(`"${password}"`, 'utf16le'))
const opening: Step[] = [{ act: 'create' }, { act: 'enable' }]

/** What Active Directory asks beyond the common contract. The same sentences for the embedded directory and for Samba. */
export function describeActiveDirectory(title: string, open: () => Promise<DirectoryHarness>): void {
  describe(title, () => {
    let harness: DirectoryHarness
    beforeAll(async () => {
      harness = await open()
    })
    afterAll(async () => harness?.close())

    const opened = async () => bring(harness.connector, samplePerson(harness), opening)
    const setByAdministrator = async (name: string, password: string) => {
      const { dn } = await harness.entry(name)
      await harness.administrator.modify(dn, unicodePwd(password))
      return dn
    }

    describe('passwords', () => {
      it('are set by an administrator after the form: then the person binds', async () => {
        const { sample } = await opened()
        const dn = await setByAdministrator(sample.account.name, 'Cl4ve-de-la-persona')
        expect(await harness.tryBind(dn, 'Cl4ve-de-la-persona')).toBeNull()
      })

      it('do not open a deactivated account: 49 with data 533', async () => {
        const { sample } = await opened()
        const dn = await setByAdministrator(sample.account.name, 'Cl4ve-de-la-persona')
        await bring(harness.connector, sample, [{ act: 'disable' }])
        expect(await harness.tryBind(dn, 'Cl4ve-de-la-persona')).toMatch(/data 533[\s\S]*0x31/)
      })

      it('do not open an account past its end: 49 with data 701', async () => {
        const { sample } = await opened()
        const dn = await setByAdministrator(sample.account.name, 'Cl4ve-de-la-persona')
        const past = '2021-01-01T03:00:00.000Z'
        const { observed } = await bring(harness.connector, sample, [{ act: 'set-expiry', expiresAt: past }])
        expect(observed).toMatchObject({ state: 'enabled', expiresAt: past })
        expect(await harness.tryBind(dn, 'Cl4ve-de-la-persona')).toMatch(/data 701[\s\S]*0x31/)
      })

      it('that a person has set survive being closed, put away and reopened', async () => {
        const { sample } = await opened()
        await setByAdministrator(sample.account.name, 'Cl4ve-de-la-persona')
        await bring(harness.connector, sample, [{ act: 'disable' }, { act: 'retire' }])
        await bring(harness.connector, sample, [
          { act: 'restore' },
          { act: 'set-profile' },
          { act: 'enable' },
        ])
        const { dn } = await harness.entry(sample.account.name)
        expect(await harness.tryBind(dn, 'Cl4ve-de-la-persona')).toBeNull()
      })

      it('that must be changed at the next logon are not replaced by a reactivation', async () => {
        const { sample } = await opened()
        const dn = await setByAdministrator(sample.account.name, 'Cl4ve-de-la-persona')
        await harness.administrator.modify(dn, replaceValue('pwdLastSet', '0'))
        await bring(harness.connector, sample, [{ act: 'disable' }])
        await bring(harness.connector, sample, [{ act: 'enable' }])
        await harness.administrator.modify(dn, replaceValue('pwdLastSet', '-1'))
        expect(await harness.tryBind(dn, 'Cl4ve-de-la-persona')).toBeNull()
      })

      it.each([
        ['born expired', { userAccountControl: '514', accountExpires: '1' }],
        ['as a console leaves it', { userAccountControl: '546' }],
      ])('are never empty: an account made without one gets one before it opens (%s)', async (_, broken) => {
        const sample = samplePerson(harness)
        const { name, nationalId } = sample.account
        const dn = `CN=${name},${harness.settings.activeOu}`
        const marked = { objectClass: 'user', sAMAccountName: name, employeeID: nationalId }
        await harness.administrator.add(dn, { ...marked, ...broken })
        const steps: Step[] = [{ act: 'set-profile' }, { act: 'enable' }]
        const { observed } = await bring(harness.connector, sample, steps)
        expect(observed).toMatchObject({ state: 'enabled', expiresAt: null })
        const entry = await harness.entry(name)
        expect(entry.userAccountControl).toBe('512')
        expect(entry.pwdLastSet).not.toBe('0')
      })

      it('that were never set leave an account expired, whoever enables it', async () => {
        const sample = samplePerson(harness)
        const { name, nationalId } = sample.account
        const dn = `CN=${name},${harness.settings.activeOu}`
        const marked = { objectClass: 'user', sAMAccountName: name, employeeID: nationalId }
        await harness.administrator.add(dn, { ...marked, userAccountControl: '514', accountExpires: '1' })
        expect((await observeOne(harness.connector, sample.account)).expiresAt).not.toBeNull()
      })
    })

    describe('the end of an account', () => {
      it.each([
        ['2027-01-01T03:00:00.000Z', '134432460000000000'],
        ['2026-09-06T04:00:00.000Z', '134331408000000000'],
      ])('is armed as %s = %s', async (expiresAt, ticks) => {
        const { sample } = await opened()
        await bring(harness.connector, sample, [{ act: 'set-expiry', expiresAt }])
        expect((await harness.entry(sample.account.name)).accountExpires).toBe(ticks)
      })

      it.each(['0', '9223372036854775807'])('%s reads as never and is left as it is', async ticks => {
        const { sample } = await opened()
        const { dn } = await harness.entry(sample.account.name)
        await harness.administrator.modify(dn, replaceValue('accountExpires', ticks))
        const { observed } = await bring(harness.connector, sample, [{ act: 'set-expiry', expiresAt: null }])
        expect(observed.expiresAt).toBeNull()
        expect((await harness.entry(sample.account.name)).accountExpires).toBe(ticks)
      })

      it('before the calendar of the directory is past, not never', async () => {
        const { sample } = await opened()
        const steps: Step[] = [{ act: 'set-expiry', expiresAt: '1601-01-01T00:00:00.000Z' }]
        const { observed } = await bring(harness.connector, sample, steps)
        expect(observed.expiresAt).not.toBeNull()
      })
    })

    describe('an account that others moved', () => {
      it('is still found by its objectGUID, and acted on where it is', async () => {
        const { sample } = await opened()
        const { dn } = await harness.entry(sample.account.name)
        const elsewhere = `CN=Renamed \\#${sample.account.name}\\, moved,${harness.settings.inactiveOu}`
        await harness.administrator.modifyDN(dn, elsewhere)
        const { observed } = await bring(harness.connector, sample, [{ act: 'disable' }])
        expect(observed).toMatchObject({ state: 'disabled', retired: true })
        expect((await bring(harness.connector, sample, [{ act: 'restore' }])).observed.retired).toBe(false)
        expect((await harness.entry(sample.account.name)).dn).toContain(harness.settings.activeOu)
      })

      it('between looking and acting is acted on in its new place', async () => {
        const { sample } = await opened()
        const observed = await observeOne(harness.connector, sample.account)
        const { dn } = await harness.entry(sample.account.name)
        await harness.administrator.modifyDN(dn, `CN=${sample.account.name}-b,${harness.settings.inactiveOu}`)
        const [right] = harness.rights
        if (right === undefined) throw new Error('a right is needed')
        const steps: Step[] = [{ act: 'disable' }, { act: 'grant', right }]
        resultOf((await harness.connector.apply([{ ...sample, observed, steps }]))[0])
        expect(await observeOne(harness.connector, sample.account)).toMatchObject({
          state: 'disabled',
          rights: [right],
        })
      })

      it('out of the managed OUs between looking and acting is not touched', async () => {
        const { sample } = await opened()
        const observed = await observeOne(harness.connector, sample.account)
        const { dn } = await harness.entry(sample.account.name)
        await harness.administrator.modifyDN(
          dn,
          `CN=${sample.account.name},CN=Users,${harness.settings.baseDn}`,
        )
        const plan = { ...sample, observed, steps: [{ act: 'disable' }] as Step[] }
        expect(errorOf((await harness.connector.apply([plan]))[0])).toMatchObject({ kind: 'refused' })
        expect(await harness.look(sample.account.name)).toMatchObject([{ enabled: true }])
      })

      it('away and whose place was taken is not brought back over the other', async () => {
        const { sample } = await opened()
        await bring(harness.connector, sample, [{ act: 'disable' }, { act: 'retire' }])
        await harness.administrator.add(`CN=${sample.account.name},${harness.settings.activeOu}`, {
          objectClass: 'contact',
        })
        const observed = await observeOne(harness.connector, sample.account)
        const plan = { ...sample, observed, steps: [{ act: 'restore' }] as Step[] }
        expect(errorOf((await harness.connector.apply([plan]))[0])).toMatchObject({ kind: 'conflict' })
      })
    })

    describe('an account that was deleted', () => {
      it('is absent, and made anew under a new objectGUID', async () => {
        const { sample } = await opened()
        await harness.administrator.del((await harness.entry(sample.account.name)).dn)
        expect((await observeOne(harness.connector, sample.account)).state).toBe('absent')
        const again = await bring(harness.connector, sample, opening)
        expect(again.observed.state).toBe('enabled')
        expect(again.observed.accountId).not.toBe(sample.account.accountId)
      })

      it('and made anew by a run that died is found again by its name and mark', async () => {
        const { sample } = await opened()
        await harness.administrator.del((await harness.entry(sample.account.name)).dn)
        const again = await bring(harness.connector, sample, opening)
        const seen = await observeOne(harness.connector, sample.account)
        expect(seen.accountId).toBe(again.observed.accountId)
      })
    })

    describe('flags and names', () => {
      it('somebody set between looking and acting survive', async () => {
        const { sample } = await opened()
        const observed = await observeOne(harness.connector, sample.account)
        const { dn } = await harness.entry(sample.account.name)
        await harness.administrator.modify(dn, replaceValue('userAccountControl', '66048'))
        const plan = { ...sample, observed, steps: [{ act: 'disable' }] as Step[] }
        resultOf((await harness.connector.apply([plan]))[0])
        expect((await harness.entry(sample.account.name)).userAccountControl).toBe('66050')
      })

      it('taken in the OU by something else are a conflict', async () => {
        const sample = samplePerson(harness)
        await harness.administrator.add(`CN=${sample.account.name},${harness.settings.activeOu}`, {
          objectClass: 'contact',
        })
        const observed = await observeOne(harness.connector, sample.account)
        const plan = { ...sample, observed, steps: opening }
        expect(errorOf((await harness.connector.apply([plan]))[0])).toMatchObject({
          kind: 'conflict',
          retryable: false,
        })
      })

      it.each(['veintiunletras.muchas', 'a"b', 'a/b', 'a*', 'a,b', 'fin.', ''])(
        'the directory cannot hold are refused before they are sent: %s',
        async name => {
          const sample = samplePerson(harness)
          const account = { ...sample.account, name }
          const observed = await observeOne(harness.connector, sample.account)
          const plan = { ...sample, account, observed, steps: opening }
          expect(errorOf((await harness.connector.apply([plan]))[0])).toMatchObject({
            kind: 'refused',
            retryable: false,
          })
        },
      )

      it('with filter signs find nobody', async () => {
        for (const name of ['*', ')(objectClass=*', '\\2a', 'a)(|(cn=*'])
          expect(
            (await observeOne(harness.connector, { ...samplePerson(harness).account, name })).state,
          ).toBe('absent')
      })
    })

    describe('a secret that is wrong', () => {
      const asked = async (secret: object) => {
        const connector = harness.connect(secret)
        try {
          return errorOf((await connector.observe([samplePerson(harness).account]))[0])
        } finally {
          await connector.close()
        }
      }
      it('in its password is a matter of configuration', async () => {
        expect(await asked({ password: 'not-this-one' })).toMatchObject({
          kind: 'misconfigured',
          retryable: true,
        })
      })
      it('in being empty never binds as nobody', async () => {
        expect(await asked({ password: '' })).toMatchObject({ kind: 'misconfigured' })
        expect(await asked({ bindDn: '' })).toMatchObject({ kind: 'misconfigured' })
      })
      it('in its authority trusts nobody else', async () => {
        expect(await asked({ ca: '' })).toMatchObject({ kind: 'misconfigured' })
        expect(await asked({ ca: 'no certificate' })).toMatchObject({ kind: 'misconfigured' })
      })
      it('in its address is not answered in clear text', async () => {
        expect(await asked({ url: 'ldap://127.0.0.1' })).toMatchObject({ kind: 'misconfigured' })
        expect(await asked({ url: 'ldaps://127.0.0.1:1' })).toMatchObject({
          kind: 'unreachable',
          retryable: true,
        })
      })
      it('as freshly synthesized is a matter of configuration too', async () => {
        const empty = {} as Parameters<typeof createDirectoryConnector>[1]
        const connector = createDirectoryConnector(harness.settings, empty)
        const [outcome] = await connector.observe([samplePerson(harness).account])
        expect(errorOf(outcome)).toMatchObject({ kind: 'misconfigured' })
      })
    })

    it('opens each connection once, however many ask at the same time', async () => {
      const { sample } = await opened()
      const connector = harness.connect({}, { connections: 2 })
      const asked = await Promise.all(Array.from({ length: 40 }, () => connector.observe([sample.account])))
      expect(new Set(asked.map(([outcome]) => resultOf(outcome).accountId)).size).toBe(1)
      await connector.close()
      expect(errorOf((await connector.observe([sample.account]))[0]).kind).toBe('unreachable')
    })

    it('leaves other memberships alone, and strips on retiring what lies in the managed OUs', async () => {
      const { sample } = await opened()
      const { dn } = await harness.entry(sample.account.name)
      const inside = `CN=Grupo ${sample.account.name},${harness.settings.activeOu}`
      const outside = `CN=Grupo ajeno ${sample.account.name},CN=Users,${harness.settings.baseDn}`
      for (const [at, group] of [inside, outside].entries()) {
        const sAMAccountName = `g${at}-${sample.account.name}`
        await harness.administrator.add(group, { objectClass: 'group', sAMAccountName })
        await harness.administrator.modify(group, addValue('member', dn))
      }
      await bring(harness.connector, sample, [{ act: 'disable' }])
      expect(list(await harness.entry(sample.account.name), 'memberOf')).toHaveLength(2)
      await harness.administrator.modify(inside, replaceValue('member'))
      expect((await bring(harness.connector, sample, [{ act: 'retire' }])).observed.retired).toBe(true)
      expect(list(await harness.entry(sample.account.name), 'memberOf')).toEqual([outside])
    })
  })
}
