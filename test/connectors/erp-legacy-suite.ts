import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AccountPage, ListedAccount } from '../../functions/connectors/contract.ts'
import type { Step } from '../../schemas/target.ts'
import { bring, errorOf, observeOne, resultOf } from './asking.ts'
import type { LegacyHarness } from './erp-legacy-harness.ts'
import type { Sample } from './harness.ts'
import { samplePerson } from './sample-people.ts'

/** What stands in an ERP before this system comes: accounts under other names, spelled in many ways, some of them nobody's. */
export function describeLegacy(title: string, open: () => Promise<LegacyHarness>): void {
  describe(title, () => {
    let harness: LegacyHarness
    beforeAll(async () => {
      harness = await open()
    })
    afterAll(async () => harness?.close())

    const opening = (): Step[] => [
      { act: 'create' },
      ...harness.rights.map(right => ({ act: 'grant', right }) as const),
      { act: 'enable' },
    ]

    /** A user that somebody else made; answers with its key. */
    async function plant(login: string, rut: string | null): Promise<string> {
      const [row] = await harness.server.query(
        `INSERT INTO "SMC_SEG"."TUSU00" ("USU_LOGIN", "USU_RUT", "USU_NOM", "USU_EST", "USU_MAIL")
         VALUES ($1, $2, 'FUNCIONARIO ANTIGUO', 'S', 'antiguo@valleclaro.example') RETURNING "USU_COD" AS id`,
        [login, rut],
      )
      return String(row?.id)
    }
    const rutOf = async (id: string) => {
      const [row] = await harness.server.query(
        'SELECT "USU_RUT" AS rut FROM "SMC_SEG"."TUSU00" WHERE "USU_COD" = $1',
        [id],
      )
      return row?.rut === null ? null : String(row?.rut).trimEnd()
    }
    const dotted = (rut: string) => rut.replace(/\B(?=(\d{3})+-)/g, '.')
    const other = (sample: Sample) => `X${sample.account.name}`.slice(0, 20)

    async function walk(): Promise<ListedAccount[]> {
      const all: ListedAccount[] = []
      for (let cursor: string | null = null; ; ) {
        const page: AccountPage = resultOf(await harness.connector.list(cursor))
        all.push(...page.accounts)
        cursor = page.next
        if (cursor === null) return all
      }
    }

    it('finds a person by the national id under another login, however it is written, and makes no second user', async () => {
      for (const write of [
        (rut: string) => rut,
        dotted,
        (rut: string) => rut.replace('-', '').toLowerCase(),
        (rut: string) => `0${rut}`,
      ]) {
        const sample = samplePerson(harness)
        const id = await plant(other(sample), write(sample.account.nationalId))
        expect(await observeOne(harness.connector, sample.account)).toMatchObject({
          state: 'enabled',
          accountId: id,
          name: other(sample),
        })
        const { observed } = await bring(harness.connector, sample, opening())
        expect(observed).toMatchObject({ accountId: id, rights: harness.rights })
        expect(await harness.look(sample.account.name)).toEqual([])
      }
    })

    it('says that it is a conflict where two users bear one national id', async () => {
      const sample = samplePerson(harness)
      await plant(other(sample), sample.account.nationalId)
      await plant(sample.account.name, dotted(sample.account.nationalId))
      expect(errorOf((await harness.connector.observe([sample.account]))[0])).toMatchObject({
        kind: 'conflict',
        retryable: true,
      })
    })

    it('takes a user without national id as this person’s once it is adopted, and writes it there', async () => {
      for (const empty of [null, '', '   ']) {
        const sample = samplePerson(harness)
        const id = await plant(other(sample), empty)
        const adopted = { ...sample, account: { ...sample.account, accountId: id, adopted: true } }
        expect((await observeOne(harness.connector, adopted.account)).unmarked).toBe(true)
        const steps: Step[] = [{ act: 'adopt' }, { act: 'set-profile' }, ...opening().slice(1)]
        const { observed } = await bring(harness.connector, adopted, steps)
        expect(observed).toMatchObject({ accountId: id, state: 'enabled', rights: harness.rights })
        expect(observed.unmarked).toBeUndefined()
        expect(await rutOf(id)).toBe(sample.account.nationalId)
        await bring(harness.connector, adopted, steps)
        expect(await rutOf(id)).toBe(sample.account.nationalId)
      }
    })

    it('never takes an adopted user that bears somebody else’s national id', async () => {
      const sample = samplePerson(harness)
      const id = await plant(other(sample), '11111111-1')
      const account = { ...sample.account, accountId: id, adopted: true }
      expect(errorOf((await harness.connector.observe([account]))[0]).kind).toBe('conflict')
      expect(await rutOf(id)).toBe('11111111-1')
    })

    it('lets nobody have the ERP’s own users, and shows them', async () => {
      const all = await walk()
      for (const login of ['SUPERVISOR', 'CIERRE']) {
        const told = all.find(account => account.name === login)
        expect(told).toMatchObject({ untouchable: true, state: 'enabled', nationalId: null })
        const account = { ...samplePerson(harness).account, accountId: told?.accountId ?? '', adopted: true }
        expect(errorOf((await harness.connector.observe([account]))[0]).kind).toBe('conflict')
      }
    })

    it('tells a list longer than a page, each once, with address and national id', async () => {
      await harness.server.query(
        `INSERT INTO "SMC_SEG"."TUSU00" ("USU_LOGIN", "USU_NOM", "USU_EST", "USU_RUT", "USU_MAIL")
         SELECT 'MASA' || n, 'MASA ' || n, 'N', n || '-K', 'masa' || n || '@valleclaro.example' FROM generate_series(1, 450) n`,
      )
      const all = await walk()
      const mass = all.filter(account => account.name.startsWith('MASA'))
      expect(mass).toHaveLength(450)
      expect(new Set(all.map(account => account.accountId)).size).toBe(all.length)
      expect(mass.find(account => account.name === 'MASA7')).toMatchObject({
        state: 'disabled',
        nationalId: '7-K',
        personId: null,
        shownName: 'MASA 7',
        mail: 'masa7@valleclaro.example',
        untouchable: false,
      })
    })

    it('does not take a number that a restored database has given to somebody else for the person’s own', async () => {
      const [first, second] = [
        await bring(harness.connector, samplePerson(harness), opening()),
        await bring(harness.connector, samplePerson(harness), opening()),
      ]
      const stale = { ...first.sample.account, accountId: second.sample.account.accountId }
      expect((await observeOne(harness.connector, stale)).accountId).toBe(first.sample.account.accountId)
      const gone = { ...samplePerson(harness).account, accountId: second.sample.account.accountId }
      expect((await observeOne(harness.connector, gone)).state).toBe('absent')
    })
  })
}
