import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PasswordRefusal } from '../../functions/connectors/contract.ts'
import type { Step } from '../../schemas/target.ts'
import type { DirectoryHarness } from './active-directory-harness.ts'
import { replaceValue } from './active-directory-harness.ts'
import { bring, errorOf, observeOne, resultOf } from './asking.ts'
import type { Sample } from './harness.ts'
import { samplePerson } from './sample-people.ts'

const opening: Step[] = [{ act: 'create' }, { act: 'enable' }]
const chosen = 'Cl4ve-de-la-persona "ñ" €'

/** Passwords that people set themselves. The same sentences for the embedded directory and for Samba. */
export function describePasswords(title: string, open: () => Promise<DirectoryHarness>): void {
  describe(title, () => {
    let harness: DirectoryHarness
    beforeAll(async () => {
      harness = await open()
    })
    afterAll(async () => harness?.close())

    const set = async ({ account }: Sample, password: string) => {
      if (harness.connector.setPassword === undefined) throw new Error('the directory has passwords')
      return harness.connector.setPassword(account, password)
    }
    const opened = async () => (await bring(harness.connector, samplePerson(harness), opening)).sample
    const bindAs = async ({ account }: Sample, password = chosen) =>
      harness.tryBind((await harness.entry(account.name)).dn, password)

    it('open nothing before the person has set one, and let them in afterwards', async () => {
      const sample = await opened()
      expect(await bindAs(sample)).toMatch(/data 52e/)
      expect(resultOf(await set(sample, chosen))).toEqual({ set: true })
      expect(await bindAs(sample)).toBeNull()
      expect((await harness.entry(sample.account.name)).pwdLastSet).not.toBe('0')
    })

    it('survive being closed, put away, brought back, opened, and every plan twice', async () => {
      const sample = await opened()
      resultOf(await set(sample, chosen))
      const closing: Step[] = [{ act: 'disable' }, { act: 'retire' }]
      const again: Step[] = [
        { act: 'restore' },
        { act: 'set-profile' },
        { act: 'set-expiry', expiresAt: null },
        { act: 'enable' },
      ]
      for (const [steps, words] of [
        [closing, /data 533/],
        [again, null],
        [opening, null],
      ] as const)
        for (const time of ['first', 'second']) {
          await bring(harness.connector, sample, steps)
          const said = await bindAs(sample)
          if (words === null) expect(said, time).toBeNull()
          else expect(said, time).toMatch(words)
        }
    })

    it('neither open nor close an account', async () => {
      const sample = await opened()
      const { observed: closed } = await bring(harness.connector, sample, [{ act: 'disable' }])
      resultOf(await set(sample, chosen))
      expect(await observeOne(harness.connector, sample.account)).toEqual(closed)
      expect(await bindAs(sample)).toMatch(/data 533/)
    })

    it('end what "create" had left half-done, so that the next plan does not throw them away', async () => {
      const sample = samplePerson(harness)
      const { name, nationalId } = sample.account
      const dn = `CN=${name},${harness.settings.activeOu}`
      const marked = { objectClass: 'user', sAMAccountName: name, employeeID: nationalId }
      await harness.administrator.add(dn, { ...marked, userAccountControl: '546', accountExpires: '1' })
      resultOf(await set(sample, chosen))
      expect(await observeOne(harness.connector, sample.account)).toMatchObject({
        state: 'disabled',
        expiresAt: null,
      })
      await bring(harness.connector, sample, [{ act: 'enable' }])
      expect(await bindAs(sample)).toBeNull()
    })

    it.each([
      ['born expired', { userAccountControl: '514', accountExpires: '1' }],
      ['as a console leaves it', { userAccountControl: '546' }],
    ])(
      'set between looking and enabling are not replaced by the first, discarded one (%s)',
      async (_, broken) => {
        const sample = samplePerson(harness)
        const { name, nationalId } = sample.account
        const dn = `CN=${name},${harness.settings.activeOu}`
        const marked = { objectClass: 'user', sAMAccountName: name, employeeID: nationalId }
        await harness.administrator.add(dn, { ...marked, ...broken })
        const observed = await observeOne(harness.connector, sample.account)
        const other = harness.connect()
        expect(await other.setPassword?.(sample.account, chosen)).toMatchObject({ value: { set: true } })
        await other.close()
        const steps: Step[] = [{ act: 'set-expiry', expiresAt: null }, { act: 'enable' }]
        resultOf((await harness.connector.apply([{ ...sample, observed, steps }]))[0])
        expect(await bindAs(sample)).toBeNull()
      },
    )

    it('set by the help desk to be changed at the next logon need not be changed once the person did', async () => {
      const sample = await opened()
      const { dn } = await harness.entry(sample.account.name)
      await harness.administrator.modify(dn, replaceValue('pwdLastSet', '0'))
      resultOf(await set(sample, chosen))
      expect(await bindAs(sample)).toBeNull()
    })

    it.each<[string, PasswordRefusal]>([
      ['', 'too-short'],
      ['aA1-', 'too-short'],
      ['aaaaaaaaaaaaaa', 'too-simple'],
      ['aA1-'.repeat(32), 'too-long'],
    ])('against the domain’s policy are answered with its reason: "%s" is %s', async (password, why) => {
      const sample = await opened()
      resultOf(await set(sample, chosen))
      expect(resultOf(await set(sample, password))).toEqual({ set: false, why })
      expect(await bindAs(sample), 'the one before still holds').toBeNull()
    })

    it('are not set for an account that is not theirs, may not be touched, or is not there', async () => {
      const stranger = samplePerson(harness)
      await harness.plantForeign(stranger.account.name)
      expect(errorOf(await set(stranger, chosen))).toMatchObject({ kind: 'conflict' })
      const outside = await opened()
      const { dn } = await harness.entry(outside.account.name)
      await harness.administrator.modifyDN(
        dn,
        `CN=${outside.account.name},CN=Users,${harness.settings.baseDn}`,
      )
      expect(errorOf(await set(outside, chosen))).toMatchObject({ kind: 'refused' })
      expect(errorOf(await set(samplePerson(harness), chosen))).toMatchObject({ kind: 'missing' })
    })

    it('are in no error', async () => {
      const sample = await opened()
      const reader = await harness.readOnlyConnector?.()
      const error = errorOf((await reader?.setPassword?.(sample.account, chosen)) ?? undefined)
      expect(error).toMatchObject({ kind: 'refused', retryable: false })
      expect(`${error.message} ${String(error.cause)} ${error.stack}`).not.toContain('Cl4ve')
      await reader?.close()
    })
  })
}
