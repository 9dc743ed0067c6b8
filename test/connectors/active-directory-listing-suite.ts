import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AccountPage, ListedAccount } from '../../functions/connectors/contract.ts'
import type { Step } from '../../schemas/target.ts'
import type { DirectoryHarness } from './active-directory-harness.ts'
import { addValue, inHandfuls, replaceValue } from './active-directory-harness.ts'
import { bring, errorOf, resultOf } from './asking.ts'
import { samplePerson } from './sample-people.ts'

const vpn = { id: 'entitlement:vpn', operations: [], specific: [], until: null }
const opening: Step[] = [{ act: 'create' }, { act: 'grant', right: vpn }, { act: 'enable' }]

/**
 * What a list of all accounts tells. The same sentences for the embedded directory and for Samba. `crowd`: accounts with
 * one beginning, more than the server hands out at once where it keeps to a limit.
 */
export function describeDirectoryList(
  title: string,
  open: () => Promise<DirectoryHarness>,
  { crowd }: { crowd: number },
): void {
  describe(title, () => {
    let harness: DirectoryHarness
    beforeAll(async () => {
      harness = await open()
    })
    afterAll(async () => harness?.close())

    const walk = async (connector = harness.connector) => {
      const found: ListedAccount[] = []
      let pages = 0
      for (let cursor: string | null = null; ; ) {
        const page: AccountPage = resultOf(await connector.list(cursor))
        found.push(...page.accounts)
        pages += 1
        cursor = page.next
        if (cursor === null) return { found, pages }
      }
    }
    const told = async (name: string) => (await walk()).found.find(account => account.name === name)

    it('shows mark, name, mail, state, end and rights as they stand', async () => {
      const { sample, observed } = await bring(harness.connector, samplePerson(harness), opening)
      const { dn } = await harness.entry(sample.account.name)
      await harness.administrator.modify(dn, replaceValue('mail', 'rosa.pizarro@muni.test'))
      expect(await told(sample.account.name)).toEqual({
        accountId: observed.accountId,
        name: sample.account.name,
        state: 'enabled',
        expiresAt: null,
        rights: [vpn],
        nationalId: sample.account.nationalId,
        personId: null,
        shownName: `${sample.profile.givenNames} ${sample.profile.surnames}`,
        mail: 'rosa.pizarro@muni.test',
        untouchable: false,
      })
    })

    it('shows accounts outside the managed OUs, protected ones and services as untouchable', async () => {
      const people = []
      for (const _ of [0, 1, 2])
        people.push((await bring(harness.connector, samplePerson(harness), opening)).sample)
      const [outside, guarded, service] = people.map(({ account }) => account.name)
      const { baseDn } = harness.settings
      const dnOf = async (name = '') => (await harness.entry(name)).dn
      await harness.administrator.modifyDN(await dnOf(outside), `CN=${outside},CN=Users,${baseDn}`)
      await harness.administrator.modify(
        `CN=Domain Admins,CN=Users,${baseDn}`,
        addValue('member', await dnOf(guarded)),
      )
      await harness.administrator.modify(
        await dnOf(service),
        addValue('servicePrincipalName', `HTTP/${service}`),
      )
      const { found } = await walk()
      for (const name of [outside, guarded, service, 'Administrator', 'krbtgt', 'svc-llavero'])
        expect(found.filter(account => account.name === name)).toMatchObject([{ untouchable: true }])
    })

    it('shows no computers', async () => {
      const name = 'PC-CONTRALORIA$'
      const dn = `CN=PC-CONTRALORIA,CN=Users,${harness.settings.baseDn}`
      await harness.administrator.add(dn, {
        objectClass: ['top', 'user', 'computer'],
        sAMAccountName: name,
        userAccountControl: '4098',
      })
      expect(await told(name)).toBeUndefined()
    })

    it('shows the rights of somebody who is in more than 1,500 groups', async () => {
      const { sample } = await bring(harness.connector, samplePerson(harness), opening)
      const { dn } = await harness.entry(sample.account.name)
      const folder = `OU=Listas,${harness.settings.baseDn}`
      await harness.administrator.add(folder, { objectClass: 'organizationalUnit' })
      const names = Array.from({ length: 1_501 }, (_, at) => `lista-${at}`)
      await inHandfuls(names, name =>
        harness.administrator.add(`CN=${name},${folder}`, {
          objectClass: 'group',
          sAMAccountName: name,
          member: dn,
        }),
      )
      expect(await told(sample.account.name)).toMatchObject({ rights: [vpn] })
    }, 180_000)

    it('shows everybody once, however many begin alike and whatever they begin with', async () => {
      const names = Array.from({ length: crowd }, (_, at) => `maria.${at.toString(36)}`)
      const odd = ['maria', 'mar', 'ñanco.ñ', '_servicio', 'a', 'rest']
      await inHandfuls([...names, ...odd], name =>
        harness.administrator.add(`CN=${name},${harness.settings.inactiveOu}`, {
          objectClass: 'user',
          sAMAccountName: name,
          userAccountControl: '514',
        }),
      )
      const { found, pages } = await walk()
      expect(pages).toBeGreaterThan(1)
      const shown = found.map(account => account.name)
      expect(new Set(shown).size).toBe(shown.length)
      expect([...names, ...odd].filter(name => !shown.includes(name))).toEqual([])
    }, 180_000)

    it('goes on from a page on another connection, and refuses a cursor that is none', async () => {
      const first = resultOf(await harness.connector.list(null))
      const other = harness.connect()
      const second = resultOf(await other.list(first.next))
      await other.close()
      const seen = new Set(first.accounts.map(account => account.accountId))
      expect(second.accounts.some(account => seen.has(account.accountId))).toBe(false)
      expect(errorOf(await harness.connector.list('no cursor'))).toMatchObject({ kind: 'refused' })
    })
  })
}
