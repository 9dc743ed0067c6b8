import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { guidText } from '../../functions/connectors/active-directory/attributes.ts'
import type { AccountRef } from '../../functions/connectors/contract.ts'
import type { Step } from '../../schemas/target.ts'
import type { DirectoryHarness } from './active-directory-harness.ts'
import { addValue, replaceValue } from './active-directory-harness.ts'
import { bring, errorOf, observeOne, resultOf } from './asking.ts'
import type { Sample } from './harness.ts'
import { samplePerson } from './sample-people.ts'

const opening: Step[] = [{ act: 'create' }, { act: 'enable' }]
const dotted = (nationalId: string) => nationalId.replace(/\B(?=(\d{3})+-)/g, '.')

/** Accounts that were there before this system. The same sentences for the embedded directory and for Samba. */
export function describeExisting(title: string, open: () => Promise<DirectoryHarness>): void {
  describe(title, () => {
    let harness: DirectoryHarness
    beforeAll(async () => {
      harness = await open()
    })
    afterAll(async () => harness?.close())

    /** An account as an administrator made it, and its key. */
    async function planted(name: string, more: Record<string, string> = {}, place?: string): Promise<string> {
      const dn = `CN=${name},${place ?? harness.settings.activeOu}`
      const basic = { objectClass: 'user', sAMAccountName: name, userAccountControl: '514' }
      await harness.administrator.add(dn, { ...basic, ...more })
      await harness.administrator.modify(dn, [
        replaceValue('unicodePwd', Buffer.from('"Cl4ve-de-antes"', 'utf16le')),
        replaceValue('userAccountControl', '512'),
      ])
      const { searchEntries } = await harness.administrator.search(dn, {
        scope: 'base',
        attributes: ['objectGUID'],
        explicitBufferAttributes: ['objectGUID'],
      })
      const guid = searchEntries[0]?.objectGUID
      if (!Buffer.isBuffer(guid)) throw new Error('the account has no key')
      return guidText(guid)
    }
    const adopting = (sample: Sample, accountId: string): AccountRef => ({
      ...sample.account,
      accountId,
      adopted: true,
    })
    const oldName = (sample: Sample) => `x${sample.account.name}`.slice(0, 20)

    describe('an adopted account', () => {
      it('shows that it bears no mark, is marked once, and keeps what it has', async () => {
        const sample = samplePerson(harness)
        const name = oldName(sample)
        const account = adopting(
          sample,
          await planted(name, { description: 'de antes', mail: 'a@muni.test' }),
        )
        const before = await observeOne(harness.connector, account)
        expect(before).toMatchObject({ state: 'enabled', name, unmarked: true })
        for (const time of ['first', 'second']) {
          const { observed } = await bring(harness.connector, { ...sample, account }, [{ act: 'adopt' }])
          expect(observed.unmarked, time).toBeUndefined()
          expect(observed.accountId).toBe(account.accountId)
        }
        const entry = await harness.entry(name)
        expect(entry).toMatchObject({
          employeeID: sample.account.nationalId,
          description: 'de antes',
          mail: 'a@muni.test',
          userAccountControl: '512',
        })
        expect(entry.displayName).toBeUndefined()
      })

      it('takes the same plan to adopt it twice', async () => {
        const sample = samplePerson(harness)
        const account = adopting(sample, await planted(oldName(sample)))
        const observed = await observeOne(harness.connector, account)
        const plan = { ...sample, account, observed, steps: [{ act: 'adopt' }] as Step[] }
        resultOf((await harness.connector.apply([plan]))[0])
        resultOf((await harness.connector.apply([plan]))[0])
        expect((await observeOne(harness.connector, account)).unmarked).toBeUndefined()
      })

      it('is closed without a mark, too', async () => {
        const sample = samplePerson(harness)
        const account = adopting(sample, await planted(oldName(sample)))
        const { observed } = await bring(harness.connector, { ...sample, account }, [
          { act: 'disable' },
          { act: 'retire' },
        ])
        expect(observed).toMatchObject({ state: 'disabled', retired: true, unmarked: true })
      })

      it('that bears somebody else’s mark is a conflict, also if it came between looking and acting', async () => {
        const sample = samplePerson(harness)
        const name = oldName(sample)
        const account = adopting(sample, await planted(name))
        const observed = await observeOne(harness.connector, account)
        const { dn } = await harness.entry(name)
        await harness.administrator.modify(dn, addValue('employeeID', '7654321-6'))
        const plan = { ...sample, account, observed, steps: [{ act: 'adopt' }] as Step[] }
        const conflict = { kind: 'conflict', retryable: false }
        expect(errorOf((await harness.connector.apply([plan]))[0])).toMatchObject(conflict)
        expect(errorOf((await harness.connector.observe([account]))[0])).toMatchObject(conflict)
        expect((await harness.entry(name)).employeeID).toBe('7654321-6')
      })

      it('whose mark is spelled in another way is marked already', async () => {
        const sample = samplePerson(harness)
        const employeeID = dotted(sample.account.nationalId).toLowerCase()
        const account = adopting(sample, await planted(oldName(sample), { employeeID }))
        const observed = await observeOne(harness.connector, account)
        expect(observed.unmarked).toBeUndefined()
        expect(observed.profileHash).not.toBe(harness.connector.profileHash(sample.profile))
        const mended = await bring(harness.connector, { ...sample, account }, [{ act: 'set-profile' }])
        expect(mended.observed.profileHash).toBe(harness.connector.profileHash(sample.profile))
      })

      it('cannot be one outside the managed OUs or a protected one', async () => {
        const outside = samplePerson(harness)
        const inUsers = `CN=Users,${harness.settings.baseDn}`
        const away = adopting(outside, await planted(oldName(outside), {}, inUsers))
        const guarded = samplePerson(harness)
        const account = adopting(guarded, await planted(oldName(guarded)))
        const { dn } = await harness.entry(oldName(guarded))
        await harness.administrator.modify(`CN=Domain Admins,${inUsers}`, addValue('member', dn))
        for (const ref of [away, account])
          expect(errorOf((await harness.connector.observe([ref]))[0])).toMatchObject({ kind: 'refused' })
      })
    })

    describe('without a key', () => {
      it('an account that bears the national id is theirs under whatever name, and is acted on', async () => {
        const sample = samplePerson(harness)
        const accountId = await planted(oldName(sample), { employeeID: dotted(sample.account.nationalId) })
        const { observed } = await bring(harness.connector, sample, [{ act: 'disable' }])
        expect(observed).toMatchObject({ accountId, name: oldName(sample), state: 'disabled' })
        expect(await harness.look(sample.account.name)).toEqual([])
      })

      it('it is theirs also where the reserved name is somebody else’s', async () => {
        const sample = samplePerson(harness)
        await harness.plantForeign(sample.account.name)
        const { nationalId: employeeID } = sample.account
        const accountId = await planted(oldName(sample), { employeeID })
        expect((await observeOne(harness.connector, sample.account)).accountId).toBe(accountId)
      })

      it('two such are a conflict', async () => {
        const sample = samplePerson(harness)
        const { nationalId: employeeID } = sample.account
        await planted(oldName(sample), { employeeID })
        await planted(`y${oldName(sample)}`.slice(0, 20), { employeeID }, harness.settings.inactiveOu)
        expect(errorOf((await harness.connector.observe([sample.account]))[0])).toMatchObject({
          kind: 'conflict',
          retryable: true,
        })
      })

      it('one outside the managed OUs is nobody’s', async () => {
        const sample = samplePerson(harness)
        const { nationalId: employeeID } = sample.account
        await planted(oldName(sample), { employeeID }, `CN=Users,${harness.settings.baseDn}`)
        expect((await observeOne(harness.connector, sample.account)).state).toBe('absent')
      })

      it('the account of a run that died is not made a second time', async () => {
        const sample = samplePerson(harness)
        const { observed } = await bring(harness.connector, sample, opening)
        const again = { ...sample.account, name: `z${sample.account.name}`.slice(0, 20) }
        expect((await observeOne(harness.connector, again)).accountId).toBe(observed.accountId)
      })
    })
  })
}
