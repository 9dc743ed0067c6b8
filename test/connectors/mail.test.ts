import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connector } from '../../functions/connectors/contract.ts'
import { createMailConnector } from '../../functions/connectors/mail/index.ts'
import { absentAccount } from '../../functions/domain/absent-account.ts'
import type { Step } from '../../schemas/target.ts'
import { bring, errorOf, observeOne, resultOf } from './asking.ts'
import { type MailHarness, mailSettings, openMail } from './mail-harness.ts'
import { samplePerson } from './sample-people.ts'
import { urlAs } from './sql-servers.ts'

const opening: Step[] = [{ act: 'create' }, { act: 'enable' }]
describe('A mailbox', () => {
  let harness: MailHarness
  let connector: Connector
  const query = (text: string, values?: readonly unknown[]) => harness.server.query(text, values)
  const rowOf = async (address: string) =>
    (await query('SELECT * FROM mailbox WHERE username = $1', [address]))[0]
  const aliasOf = async (address: string) =>
    (await query('SELECT * FROM alias WHERE address = $1', [address]))[0]
  const open = (changes = {}) => bring(connector, samplePerson(harness, changes), opening)

  beforeAll(async () => {
    harness = await openMail()
    connector = harness.connector
  })
  afterAll(async () => harness?.close())

  it('is made as PostfixAdmin makes it, with the quota of the settings', async () => {
    const { sample } = await bring(connector, samplePerson(harness), [{ act: 'create' }])
    const address = sample.account.name
    const localPart = address.split('@')[0]
    expect(await rowOf(address)).toMatchObject({
      name: 'Rosa Amelia Pizarro Quilodrán',
      maildir: `valleclaro.example/${localPart}/`,
      quota: String(2048 * 1_024_000),
      local_part: localPart,
      domain: 'valleclaro.example',
      active: false,
      valid_until: null,
    })
    expect(await aliasOf(address)).toMatchObject({
      goto: address,
      domain: 'valleclaro.example',
      active: false,
    })
  })

  it('starts with a well-formed password that nobody knows, another for each', async () => {
    const made = [await open(), await open()]
    const passwords = await Promise.all(
      made.map(async one => (await rowOf(one.sample.account.name))?.password),
    )
    for (const password of passwords)
      expect(password).toMatch(/^\{BLF-CRYPT\}\$2y\$10\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}$/)
    expect(passwords[0]).not.toBe(passwords[1])
  })

  it('keeps the password its owner has set, whatever is applied later', async () => {
    const { sample } = await open()
    await query("UPDATE mailbox SET password = '{BLF-CRYPT}own' WHERE username = $1", [sample.account.name])
    await bring(connector, sample, [{ act: 'disable' }])
    await bring(connector, sample, [...opening, { act: 'set-profile' }])
    expect((await rowOf(sample.account.name))?.password).toBe('{BLF-CRYPT}own')
  })

  it('is closed without deleting anything, and takes no mail while it is closed (R25)', async () => {
    const { sample } = await open()
    const address = sample.account.name
    expect(await aliasOf(address)).toMatchObject({ active: true })
    await bring(connector, sample, [{ act: 'disable' }, { act: 'retire' }])
    expect(await rowOf(address)).toMatchObject({ active: false, maildir: expect.stringContaining('/') })
    expect(await aliasOf(address)).toMatchObject({ active: false, goto: address })
    await bring(connector, sample, [{ act: 'enable' }])
    expect(await aliasOf(address)).toMatchObject({ active: true })
  })

  it('keeps the copies that its unit had sent to the head (R5)', async () => {
    const { sample } = await open()
    const goto = `${sample.account.name},jefatura@valleclaro.example`
    await query('UPDATE alias SET goto = $2 WHERE address = $1', [sample.account.name, goto])
    await bring(connector, sample, [{ act: 'disable' }, { act: 'enable' }])
    expect((await aliasOf(sample.account.name))?.goto).toBe(goto)
  })

  it('lets nobody in from the instant at which it ends, by the login query alone', async () => {
    const login = `SELECT username FROM mailbox
      WHERE username = $1 AND active AND (valid_until IS NULL OR valid_until > now())`
    const { sample } = await open()
    expect(await query(login, [sample.account.name])).toHaveLength(1)
    await bring(connector, sample, [{ act: 'set-expiry', expiresAt: '2020-01-01T03:00:00.000Z' }])
    expect(await query(login, [sample.account.name])).toHaveLength(0)
    await bring(connector, sample, [{ act: 'set-expiry', expiresAt: '2999-01-01T03:00:00.000Z' }])
    expect(await query(login, [sample.account.name])).toHaveLength(1)
  })

  it('takes names and addresses that are statements for what they are: text', async () => {
    const attack = "x'); DROP TABLE mailbox; --"
    const { sample, observed } = await open({ givenNames: attack, surnames: '$1 \\ " ; /* %s' })
    expect(observed.profileHash).toBe(connector.profileHash(sample.profile))
    const nasty = { ...samplePerson(harness).account, name: "a' or '1'='1'; --@valleclaro.example" }
    expect((await observeOne(connector, nasty)).state).toBe('absent')
    expect((await observeOne(connector, sample.account)).state).toBe('enabled')
  })

  describe('whose address is taken', () => {
    it('by a list or a forwarding is a conflict', async () => {
      const { account, profile } = samplePerson(harness)
      await query(
        "INSERT INTO alias (address, goto, domain) VALUES ($1, 'otro@valleclaro.example', 'valleclaro.example')",
        [account.name],
      )
      expect(errorOf((await connector.observe([account]))[0]).kind).toBe('conflict')
      const plan = { account, profile, observed: absentAccount, steps: opening }
      expect(errorOf((await connector.apply([plan]))[0]).kind).toBe('conflict')
      expect(await rowOf(account.name)).toBeUndefined()
    })

    it('by another person whom this system gave it is a conflict, also by its key', async () => {
      const { sample } = await open()
      const other = { ...samplePerson(harness).account, name: sample.account.name }
      for (const account of [other, { ...other, accountId: sample.account.name }])
        expect(errorOf((await connector.observe([account]))[0])).toMatchObject({
          kind: 'conflict',
          retryable: false,
        })
    })

    it('since the mailbox was removed by hand and made anew for somebody else is a conflict', async () => {
      const { sample } = await open()
      await query('DELETE FROM mailbox WHERE username = $1', [sample.account.name])
      await harness.plantForeign(sample.account.name)
      expect(errorOf((await connector.observe([sample.account]))[0]).kind).toBe('conflict')
    })

    it('in another domain is refused', async () => {
      const account = { ...samplePerson(harness).account, name: 'x@otra.example' }
      expect(errorOf((await connector.observe([account]))[0])).toMatchObject({
        kind: 'misconfigured',
        retryable: false,
      })
    })
  })

  describe('is absent', () => {
    it('when it was removed by hand, and can be made again', async () => {
      const { sample } = await open()
      await query('DELETE FROM alias WHERE address = $1', [sample.account.name])
      await query('DELETE FROM mailbox WHERE username = $1', [sample.account.name])
      expect((await observeOne(connector, sample.account)).state).toBe('absent')
      expect((await bring(connector, sample, opening)).observed.state).toBe('enabled')
    })

    it('when the mailbox alone was removed and its alias left behind, and can be made again', async () => {
      const { sample } = await open()
      await query('DELETE FROM mailbox WHERE username = $1', [sample.account.name])
      expect((await observeOne(connector, sample.account)).state).toBe('absent')
      expect((await bring(connector, sample, opening)).observed.state).toBe('enabled')
      const [alias] = await query('SELECT goto, active FROM alias WHERE address = $1', [sample.account.name])
      expect(alias).toEqual({ goto: sample.account.name, active: true })
      // Nobody else gets the name by it, nor one whose mail now goes elsewhere.
      await query('DELETE FROM mailbox WHERE username = $1', [sample.account.name])
      const other = { ...samplePerson(harness).account, name: sample.account.name }
      expect(errorOf((await connector.observe([other]))[0]).kind).toBe('conflict')
      await query("UPDATE alias SET goto = 'otra@valleclaro.example' WHERE address = $1", [
        sample.account.name,
      ])
      expect(errorOf((await connector.observe([sample.account]))[0]).kind).toBe('conflict')
    })

    it('never when the domain itself is not shown', async () => {
      const { sample } = await open()
      const foreign = createMailConnector(
        { ...mailSettings, domain: 'otra.example' },
        { url: harness.server.postgres.mailUrl },
      )
      try {
        for (const account of [sample.account, { ...sample.account, name: 'nadie@otra.example' }])
          expect(errorOf((await foreign.observe([account]))[0]).kind).toBe('misconfigured')
      } finally {
        await foreign.close()
      }
    })

    it('never when the mailboxes alone have vanished, for those who had one', async () => {
      const { sample } = await open()
      const kept = await harness.server.postgres.snapshot()
      await query('TRUNCATE mailbox CASCADE')
      try {
        const known = errorOf((await connector.observe([sample.account]))[0])
        expect(known).toMatchObject({ kind: 'misconfigured', retryable: true })
        // Its alias is still there, so that not even its name passes for a free one.
        errorOf((await connector.observe([{ ...sample.account, accountId: null }]))[0])
      } finally {
        await harness.server.postgres.restore(kept)
      }
      expect((await observeOne(connector, sample.account)).state).toBe('enabled')
    })
  })

  describe('in a list', () => {
    it('of twenty-four is closed within a handful of answers, however slow the server', async () => {
      const people = Array.from({ length: 24 }, () => samplePerson(harness))
      const made = (
        await connector.apply(people.map(one => ({ ...one, observed: absentAccount, steps: opening })))
      ).map(resultOf)
      const plans = people.map((one, at) => ({
        ...one,
        account: { ...one.account, accountId: made[at]?.accountId ?? null },
        observed: absentAccount,
        steps: [{ act: 'disable' }] as Step[],
      }))
      await harness.setFault?.('slow')
      const started = Date.now()
      try {
        expect((await connector.apply(plans)).every(outcome => outcome.ok)).toBe(true)
      } finally {
        await harness.setFault?.(null)
      }
      expect(Date.now() - started).toBeLessThan(12_000)
      const seen = await connector.observe(plans.map(plan => plan.account))
      expect(seen.map(outcome => resultOf(outcome).state)).toEqual(plans.map(() => 'disabled'))
    })

    it('is not spoiled by one that the server cannot even read', async () => {
      const people = [samplePerson(harness), samplePerson(harness), samplePerson(harness)]
      const [, bad] = people
      const broken = people.map(one =>
        one === bad ? { ...one, account: { ...one.account, name: 'a\0b@valleclaro.example' } } : one,
      )
      const seen = await connector.observe(broken.map(one => one.account))
      expect(seen.map(outcome => outcome.ok)).toEqual([true, false, true])
      const done = await connector.apply(
        broken.map(one => ({ ...one, observed: absentAccount, steps: opening })),
      )
      expect(done.map(outcome => outcome.ok)).toEqual([true, false, true])
      expect(errorOf(done[1])).toMatchObject({ kind: 'refused', retryable: false })
    })

    it('does not wait for another one that somebody holds locked', async () => {
      const [locked, free] = [await open(), await open()]
      const closing = [locked, free].map(({ sample, observed }) => ({
        ...sample,
        observed,
        steps: [{ act: 'disable' }] as Step[],
      }))
      const holder = query(
        `DO $$ BEGIN PERFORM 1 FROM mailbox WHERE username = '${locked.sample.account.name}' FOR UPDATE; PERFORM pg_sleep(10); END $$`,
      )
      // On a busy machine it takes its time until the row is locked.
      while ((await query(`SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'`)).length === 0)
        await new Promise(resolve => setTimeout(resolve, 50))
      const [first, second] = await connector.apply(closing)
      expect(errorOf(first)).toMatchObject({ kind: 'throttled', retryable: true })
      expect(resultOf(second).name).toBe(free.sample.account.name)
      expect((await observeOne(connector, free.sample.account)).state).toBe('disabled')
      await holder
    })

    it('is made once when two workers make it at the same time', async () => {
      const second = createMailConnector(mailSettings, { url: harness.server.postgres.mailUrl })
      try {
        const people = Array.from({ length: 10 }, () => samplePerson(harness))
        const plans = people.map(one => ({ ...one, observed: absentAccount, steps: opening }))
        const answers = await Promise.all([connector.apply(plans), second.apply(plans)])
        for (const outcome of answers.flat())
          if (!outcome.ok) expect(['conflict', 'throttled']).toContain(outcome.error.kind)
        const seen = await connector.observe(people.map(one => one.account))
        expect(seen.map(outcome => resultOf(outcome).state)).toEqual(people.map(() => 'enabled'))
      } finally {
        await second.close()
      }
    })
  })

  describe('that cannot be reached as agreed', () => {
    const errorWith = async (change: (url: string) => string) => {
      const stranger = createMailConnector(mailSettings, { url: change(harness.server.postgres.mailUrl) })
      try {
        return errorOf((await stranger.observe([samplePerson(harness).account]))[0])
      } finally {
        await stranger.close()
      }
    }

    it('is a fault of the installation when the login, the database or the address of the server is wrong', async () => {
      for (const change of [
        (url: string) => urlAs(url, 'llavero', 'wrong'),
        (url: string) => url.replace('/mail', '/nothing'),
        () => 'not an address',
      ])
        expect(await errorWith(change)).toMatchObject({ kind: 'misconfigured', retryable: true })
    })

    it('is unreachable when nobody listens', async () => {
      expect(await errorWith(url => url.replace(/:\d+\//, ':1/'))).toMatchObject({
        kind: 'unreachable',
        retryable: true,
      })
    })

    it('is never entered in clear on another machine, nor where TLS is asked for', async () => {
      // 0.0.0.0 leads here too, and is none of this machine's own names. The server offers no TLS: nothing is sent to it.
      for (const change of [
        (url: string) => url.replace('127.0.0.1', '0.0.0.0'),
        (url: string) => `${url}?sslmode=require`,
      ])
        expect(await errorWith(change)).toMatchObject({ kind: 'misconfigured', retryable: true })
    })

    it('is closed even if the right to touch anything else is missing, and says that something was refused', async () => {
      const { sample, observed } = await open()
      await query('REVOKE UPDATE ON alias FROM llavero')
      try {
        const plan = { ...sample, observed, steps: [{ act: 'disable' }] as Step[] }
        expect(errorOf((await connector.apply([plan]))[0])).toMatchObject({
          kind: 'refused',
          retryable: false,
        })
      } finally {
        await query('GRANT UPDATE ON alias TO llavero')
      }
      expect((await observeOne(connector, sample.account)).state).toBe('disabled')
    })

    it('tells the fault by its code, never by what the server quoted', async () => {
      const { sample } = await open()
      await query('ALTER TABLE mailbox ADD CONSTRAINT odd CHECK (name NOT LIKE $$%Prohibido%$$)')
      try {
        const profile = { ...sample.profile, surnames: 'Prohibido' }
        const plan = {
          ...sample,
          profile,
          observed: absentAccount,
          steps: [{ act: 'set-profile' }] as Step[],
        }
        const error = errorOf((await connector.apply([plan]))[0])
        expect(error).toMatchObject({ kind: 'refused', cause: { code: '23514' } })
        expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain(
          'Prohibido',
        )
      } finally {
        await query('ALTER TABLE mailbox DROP CONSTRAINT odd')
      }
    })
  })
})
