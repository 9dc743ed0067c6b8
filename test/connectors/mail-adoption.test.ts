import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type {
  AccountPage,
  AccountRef,
  Connector,
  ListedAccount,
} from '../../functions/connectors/contract.ts'
import { createMailConnector } from '../../functions/connectors/mail/index.ts'
import type { Step } from '../../schemas/target.ts'
import { bring, errorOf, observeOne, resultOf } from './asking.ts'
import { type MailHarness, mailSettings, openMail } from './mail-harness.ts'
import { samplePerson } from './sample-people.ts'

const opening: Step[] = [{ act: 'create' }, { act: 'enable' }]

describe('A mail server that is not empty', () => {
  let harness: MailHarness
  let connector: Connector
  const query = (text: string, values?: readonly unknown[]) => harness.server.query(text, values)
  const markOf = async (address: string) =>
    (await query('SELECT person_id FROM llavero_owner WHERE account = $1', [address]))[0]?.person_id
  /** Somebody whose mailbox was there before this system, and of whom a human said so. */
  async function found() {
    const sample = samplePerson(harness)
    await harness.plantForeign(sample.account.name)
    const account: AccountRef = { ...sample.account, accountId: sample.account.name, adopted: true }
    return { ...sample, account }
  }

  beforeAll(async () => {
    harness = await openMail()
    connector = harness.connector
  })
  afterAll(async () => harness?.close())

  describe('whose mailbox is adopted', () => {
    it('shows it as it is, without a mark; the adoption writes the mark and nothing else', async () => {
      const sample = await found()
      const rowOf = async () =>
        (await query('SELECT * FROM mailbox WHERE username = $1', [sample.account.name]))[0]
      const before = await rowOf()
      expect(await observeOne(connector, sample.account)).toMatchObject({ state: 'enabled', unmarked: true })
      for (const time of ['first', 'second']) {
        const { observed } = await bring(connector, sample, [{ act: 'adopt' }])
        expect(observed.unmarked, time).toBeUndefined()
        expect(await markOf(sample.account.name)).toBe(sample.account.personId)
        expect(await rowOf()).toEqual(before)
      }
      expect((await observeOne(connector, { ...sample.account, adopted: false })).state).toBe('enabled')
    })

    it('closes it also before it was marked: a deactivation waits for nothing', async () => {
      const sample = await found()
      const { observed } = await bring(connector, sample, [{ act: 'disable' }])
      expect(observed).toMatchObject({ state: 'disabled', unmarked: true })
      expect(await markOf(sample.account.name)).toBeUndefined()
    })

    it('marks, names and opens it in one plan, and keeps the password that is there', async () => {
      const sample = await found()
      await query('UPDATE mailbox SET active = false WHERE username = $1', [sample.account.name])
      const { observed } = await bring(connector, sample, [
        { act: 'adopt' },
        { act: 'set-profile' },
        { act: 'enable' },
      ])
      expect(observed).toMatchObject({
        state: 'enabled',
        profileHash: connector.profileHash(sample.profile),
      })
      expect(
        await query('SELECT password FROM mailbox WHERE username = $1', [sample.account.name]),
      ).toMatchObject([{ password: '{BLF-CRYPT}x' }])
    })

    it('is a conflict when it bears somebody else’s mark, or only its name was said', async () => {
      const sample = await found()
      for (const account of [
        { ...sample.account, adopted: false },
        { ...sample.account, accountId: null },
      ])
        expect(errorOf((await connector.observe([account]))[0]).kind).toBe('conflict')
      await bring(connector, { ...(await found()), account: sample.account }, [{ act: 'adopt' }])
      const other = { ...sample.account, personId: samplePerson(harness).account.personId }
      expect(errorOf((await connector.observe([other]))[0])).toMatchObject({
        kind: 'conflict',
        retryable: false,
      })
    })

    it('is absent when it was removed meanwhile', async () => {
      const sample = await found()
      await query('DELETE FROM mailbox WHERE username = $1', [sample.account.name])
      expect((await observeOne(connector, sample.account)).state).toBe('absent')
    })
  })

  it('gives nobody a second mailbox: one that bears the person’s mark is theirs under whatever address', async () => {
    const { sample } = await bring(connector, samplePerson(harness), opening)
    const elsewhere = samplePerson(harness).account.name
    const forgotten = { ...sample.account, accountId: null, name: elsewhere }
    expect(await observeOne(connector, forgotten)).toMatchObject({ accountId: sample.account.name })
    await bring(connector, { ...sample, account: forgotten }, opening)
    expect(await harness.look(elsewhere)).toEqual([])
    await harness.plantForeign(elsewhere)
    await query('INSERT INTO llavero_owner (account, person_id) VALUES ($1, $2)', [
      elsewhere,
      sample.account.personId,
    ])
    expect(errorOf((await connector.observe([forgotten]))[0]).kind).toBe('conflict')
  })

  describe('with mailboxes of no person', () => {
    it('shows them, and touches none of them', async () => {
      const settings = { ...mailSettings, untouchable: ['alcaldia@valleclaro.example'] }
      const careful = createMailConnector(settings, { url: harness.server.postgres.mailUrl })
      try {
        for (const address of ['alcaldia@valleclaro.example', 'root@valleclaro.example']) {
          await harness.plantForeign(address)
          const { account, profile } = samplePerson(harness)
          const adopted = { ...account, name: address, accountId: address, adopted: true }
          expect(errorOf((await careful.observe([adopted]))[0])).toMatchObject({
            kind: 'refused',
            retryable: false,
          })
          const fresh = { ...account, name: address }
          expect(errorOf((await careful.observe([fresh]))[0])).toMatchObject({
            kind: 'conflict',
            retryable: false,
          })
          const observed = await observeOne(connector, account)
          const plan = { account: adopted, profile, observed, steps: [{ act: 'disable' }] as Step[] }
          expect(errorOf((await careful.apply([plan]))[0]).kind).toBe('refused')
          expect(await harness.look(address)).toMatchObject([{ enabled: true }])
          const told = (await walk(careful)).find(one => one.accountId === address)
          expect(told).toMatchObject({ untouchable: true, personId: null })
        }
      } finally {
        await careful.close()
      }
    })
  })

  describe('tells all its mailboxes', () => {
    it('page by page, each once, and only those of the domain', async () => {
      await query(`
        INSERT INTO domain (domain) VALUES ('otra.example');
        INSERT INTO mailbox (username, name, local_part, domain)
          SELECT 'lista' || n || '@valleclaro.example', 'Persona ' || n, 'lista' || n, 'valleclaro.example'
          FROM generate_series(1, 450) n;
        INSERT INTO mailbox (username, local_part, domain) VALUES ('x@otra.example', 'x', 'otra.example')`)
      const all = await walk(connector)
      const rows = await query(
        "SELECT count(*)::int AS mailboxes FROM mailbox WHERE domain = 'valleclaro.example'",
      )
      expect(all).toHaveLength(Number(rows[0]?.mailboxes))
      expect(new Set(all.map(one => one.accountId)).size).toBe(all.length)
      expect(all.find(one => one.accountId === 'lista7@valleclaro.example')).toEqual({
        accountId: 'lista7@valleclaro.example',
        name: 'lista7@valleclaro.example',
        state: 'enabled',
        expiresAt: null,
        rights: [],
        nationalId: null,
        personId: null,
        shownName: 'Persona 7',
        mail: 'lista7@valleclaro.example',
        untouchable: false,
      })
    })

    it('never a part of them: what is hidden, or gone, is an error', async () => {
      await bring(connector, samplePerson(harness), opening)
      const hide = (condition: string) =>
        query(`ALTER TABLE mailbox ENABLE ROW LEVEL SECURITY;
          CREATE POLICY some_rows ON mailbox FOR SELECT TO llavero USING (${condition})`)
      for (const condition of ["username < 'm'", 'false']) {
        await hide(condition)
        try {
          expect(errorOf(await connector.list(null))).toMatchObject({
            kind: 'misconfigured',
            retryable: true,
          })
        } finally {
          await query('DROP POLICY some_rows ON mailbox; ALTER TABLE mailbox DISABLE ROW LEVEL SECURITY')
        }
      }
      const kept = await harness.server.postgres.snapshot()
      await query('TRUNCATE mailbox CASCADE')
      try {
        expect(errorOf(await connector.list(null)).kind).toBe('misconfigured')
      } finally {
        await harness.server.postgres.restore(kept)
      }
    })

    it('or none, where there is none yet', async () => {
      const empty = createMailConnector(
        { ...mailSettings, domain: 'nueva.example' },
        { url: harness.server.postgres.mailUrl },
      )
      await query("INSERT INTO domain (domain) VALUES ('nueva.example')")
      try {
        expect(resultOf(await empty.list(null))).toEqual({ accounts: [], next: null })
      } finally {
        await empty.close()
      }
    })
  })

  async function walk(asked: Connector): Promise<ListedAccount[]> {
    const all: ListedAccount[] = []
    for (let cursor: string | null = null; ; ) {
      const page: AccountPage = resultOf(await asked.list(cursor))
      expect(page.accounts.length).toBeLessThanOrEqual(200)
      all.push(...page.accounts)
      cursor = page.next
      if (cursor === null) return all
    }
  }
})
