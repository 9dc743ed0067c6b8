import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Step } from '../../schemas/target.ts'
import type { DirectoryHarness } from './active-directory-harness.ts'
import { replaceValue } from './active-directory-harness.ts'
import { bring, errorOf, observeOne } from './asking.ts'
import { samplePerson } from './sample-people.ts'

const vpn = { id: 'entitlement:vpn', operations: [], specific: [], until: null }
const opening: Step[] = [{ act: 'create' }, { act: 'grant', right: vpn }, { act: 'enable' }]
const unseen = { kind: 'misconfigured', retryable: true }
const memberOf = 'bf967991-0de6-11d0-a285-00aa003049e2'
const tokenGroups = 'b7c69e6d-2cc7-11d2-854e-00a0c983f608'

/** What must never be taken for "there is none". `rights`: this server's objects have rights of their own. */
export function describeSight(
  title: string,
  open: () => Promise<DirectoryHarness>,
  { rights }: { rights: boolean },
): void {
  describe(title, () => {
    let harness: DirectoryHarness
    beforeAll(async () => {
      harness = await open()
    })
    afterAll(async () => harness?.close())

    const opened = async (steps = opening) => bring(harness.connector, samplePerson(harness), steps)

    it('is absent when it lies among the deleted objects', async () => {
      const { sample } = await opened()
      await harness.administrator.del((await harness.entry(sample.account.name)).dn)
      expect(await observeOne(harness.connector, sample.account)).toMatchObject({ state: 'absent' })
    })

    it('is not called absent when it was there and the directory does not show that it was deleted', async () => {
      const lost = { ...samplePerson(harness).account, accountId: randomUUID() }
      expect(errorOf((await harness.connector.observe([lost]))[0])).toMatchObject(unseen)
    })

    it('is found again when it was made anew by hand, under its login and mark', async () => {
      const sample = samplePerson(harness)
      const lost = { ...sample.account, accountId: randomUUID() }
      const { observed } = await bring(harness.connector, sample, opening)
      expect(await observeOne(harness.connector, lost)).toEqual(observed)
      const { observed: closed } = await bring(harness.connector, { ...sample, account: lost }, [
        { act: 'disable' },
      ])
      expect(closed).toMatchObject({ accountId: observed.accountId, state: 'disabled' })
    })

    if (!rights) return

    const writing = async (dn: string, entry: (sid: string) => string, then: () => Promise<void>) => {
      const giveBack = await harness.server.rightsOn?.(dn, entry)
      try {
        await then()
      } finally {
        await giveBack?.()
      }
    }
    /** A connector that has proven nothing yet. */
    const freshly = async (sample: { account: Parameters<typeof observeOne>[1] }) => {
      const connector = harness.connect()
      const [outcome] = await connector.observe([sample.account])
      await connector.close()
      return outcome
    }

    it.each([
      ['on the account itself', (dn: string) => dn, ''],
      ['on its OU', (dn: string) => dn.slice(dn.indexOf(',') + 1), 'CIIO'],
    ])('is not without groups because "memberOf" may not be read: %s', async (_, where, flags) => {
      const { sample } = await opened()
      const { dn } = await harness.entry(sample.account.name)
      await writing(
        where(dn),
        sid => `(OD;${flags};RP;${memberOf};;${sid})`,
        async () => {
          expect(errorOf(await freshly(sample))).toMatchObject(unseen)
        },
      )
      expect(await observeOne(harness.connector, sample.account)).toMatchObject({ rights: [vpn] })
    })

    it('is without groups, and said so, only if that can be read in another way', async () => {
      const { sample } = await opened([{ act: 'create' }, { act: 'enable' }])
      const { dn } = await harness.entry(sample.account.name)
      await writing(
        dn,
        sid => `(OD;;RP;${memberOf};;${sid})`,
        async () => {
          expect(await freshly(sample)).toMatchObject({ ok: true, value: { rights: [] } })
        },
      )
      await writing(
        dn,
        sid => `(OD;;RP;${tokenGroups};;${sid})`,
        async () => {
          expect(errorOf(await freshly(sample))).toMatchObject(unseen)
        },
      )
    })

    it('is without groups also where everybody is in one through their primary group', async () => {
      const { sample } = await opened([{ act: 'create' }, { act: 'enable' }])
      const users = `CN=Users,${harness.settings.baseDn}`
      const everybody = `CN=todos-${sample.account.name},${users}`.slice(0, 64)
      const named = { objectClass: 'group', sAMAccountName: `t-${sample.account.name}`.slice(0, 20) }
      await harness.administrator.add(everybody, { ...named, member: `CN=Domain Users,${users}` })
      try {
        expect(await freshly(sample)).toMatchObject({ ok: true, value: { rights: [] } })
      } finally {
        await harness.administrator.del(everybody)
      }
    })

    it('is not absent because none of its attributes may be read', async () => {
      const { sample } = await opened()
      const { dn } = await harness.entry(sample.account.name)
      await writing(
        dn,
        sid => `(D;;RPLCLO;;;${sid})`,
        async () => {
          expect(errorOf(await freshly(sample))).toMatchObject(unseen)
        },
      )
    })

    it('is not absent because a rule hides this one object in an OU that can be read', async () => {
      const { sample } = await opened()
      const { dn } = await harness.entry(sample.account.name)
      const { baseDn, activeOu } = harness.settings
      const service = `CN=Directory Service,CN=Windows NT,CN=Services,CN=Configuration,${baseDn}`
      // "List object" mode: without "list contents" on the OU each object is seen by a right of its own.
      await harness.administrator.modify(service, replaceValue('dSHeuristics', '001'))
      try {
        await writing(
          activeOu,
          sid => `(D;;LC;;;${sid})`,
          async () => {
            const shown = (sid: string) => `(A;;LO;;;${sid})`
            await writing(dn, shown, async () => {
              expect(await freshly(sample)).toMatchObject({ ok: true, value: { state: 'enabled' } })
            })
            expect(errorOf(await freshly(sample))).toMatchObject(unseen)
          },
        )
      } finally {
        await harness.administrator.modify(service, replaceValue('dSHeuristics', '000'))
      }
    })
  })
}
