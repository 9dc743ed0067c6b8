import { describe, expect, it } from 'vitest'
import type { AccountPage, ListedAccount } from '../../functions/connectors/contract.ts'
import type { Step } from '../../schemas/target.ts'
import { bring, resultOf } from './asking.ts'
import type { Harness } from './harness.ts'
import { samplePerson } from './sample-people.ts'

/** The part of the contract that is about the list of all accounts, for whoever starts from what exists. */
export function describeListing(opened: () => Harness, opening: () => Step[]): void {
  async function walk(): Promise<ListedAccount[]> {
    const { connector } = opened()
    if (connector.list === undefined) throw new Error('the capability promises a list')
    const found: ListedAccount[] = []
    for (let cursor: string | null = null; ; ) {
      const page: AccountPage = resultOf(await connector.list(cursor))
      found.push(...page.accounts)
      cursor = page.next
      if (cursor === null) return found
    }
  }

  describe('the list of accounts', () => {
    it('tells everybody once, with the mark, the state and what they hold', async () => {
      const harness = opened()
      const people = Array.from({ length: 7 }, () => samplePerson(harness))
      const made = []
      for (const person of people) made.push(await bring(harness.connector, person, opening()))
      const closed = made[3]?.sample
      if (closed !== undefined) await bring(harness.connector, closed, [{ act: 'disable' }])
      const all = await walk()
      expect(new Set(all.map(account => account.accountId)).size).toBe(all.length)
      for (const { sample, observed } of made) {
        const told = all.find(account => account.accountId === observed.accountId)
        expect(told).toMatchObject({
          name: sample.account.name,
          state: sample === closed ? 'disabled' : 'enabled',
          expiresAt: observed.expiresAt,
          rights: observed.rights,
          untouchable: false,
        })
        const { nationalId, personId } = sample.account
        expect([told?.nationalId === nationalId, told?.personId === personId]).toContain(true)
        if (told?.shownName != null)
          expect(told.shownName).toBe(`${sample.profile.givenNames} ${sample.profile.surnames}`)
      }
    })

    it('tells accounts that others made, too', async () => {
      const harness = opened()
      const { account } = samplePerson(harness)
      await harness.plantForeign(account.name)
      const told = (await walk()).filter(one => one.name === account.name)
      expect(told).toHaveLength(1)
      expect(told[0]?.personId).not.toBe(account.personId)
      expect(told[0]?.nationalId).not.toBe(account.nationalId)
    })
  })
}
