import { createServer } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { AccountPage } from '../../functions/connectors/contract.ts'
import { retryAfter } from '../../functions/connectors/http-exchange.ts'
import { createMicrosoftConnector } from '../../functions/connectors/microsoft-365/index.ts'
import { absentAccount } from '../../functions/domain/absent-account.ts'
import type { Step } from '../../schemas/target.ts'
import { bring, errorOf, observeOne, resultOf } from './asking.ts'
import type { Sample } from './harness.ts'
import { type MicrosoftHarness, microsoftSettings, openMicrosoft } from './microsoft-365-harness.ts'
import { samplePerson } from './sample-people.ts'

const opening: Step[] = [{ act: 'create' }, { act: 'enable' }]

describe('Microsoft 365 mailboxes, a double of Microsoft Graph 1.0', () => {
  let harness: MicrosoftHarness
  beforeAll(async () => {
    harness = await openMicrosoft()
  })
  afterAll(async () => harness?.close())
  afterEach(() => harness.calm())

  const requestsDuring = async (act: () => Promise<unknown>) => {
    const { requests } = harness.server
    const from = requests.length
    await act()
    return requests.slice(from)
  }

  describe('the service', () => {
    it('is asked for one token by however many at once, and again shortly before its end', async () => {
      const connector = harness.fresh()
      const account = samplePerson(harness).account
      const tokens = (requests: readonly string[]) => requests.filter(one => one === 'POST token').length
      const many = await requestsDuring(() =>
        Promise.all(Array.from({ length: 5 }, () => connector.observe([account]))),
      )
      expect(tokens(many)).toBe(1)
      harness.server.tokenLife = 0.2
      const short = harness.fresh()
      await short.observe([account])
      await new Promise(resolve => setTimeout(resolve, 150))
      expect(tokens(await requestsDuring(() => short.observe([account])))).toBe(1)
    })

    it('that no longer takes a token is asked for another, once', async () => {
      const { sample } = await bring(harness.connector, samplePerson(harness), opening)
      harness.server.forgetTokens()
      expect((await observeOne(harness.connector, sample.account)).state).toBe('enabled')
    })

    it('that does not take the secret is a matter of configuration, for everybody, and tried again', async () => {
      const connector = createMicrosoftConnector(microsoftSettings, harness.secretOf('llavero', 'old'))
      const refs = [samplePerson(harness).account, samplePerson(harness).account]
      for (const outcome of await connector.observe(refs))
        expect(errorOf(outcome)).toMatchObject({ kind: 'misconfigured', retryable: true })
      expect(errorOf(await connector.list(null))).toMatchObject({ kind: 'misconfigured', retryable: true })
    })

    it('is asked for twenty-four people in three exchanges', async () => {
      const samples = []
      for (let count = 0; count < 24; count++) samples.push(samplePerson(harness))
      const applied = await harness.connector.apply(
        samples.map(sample => ({ ...sample, observed: absentAccount, steps: opening })),
      )
      const refs = samples.map((sample, at) => ({
        ...sample.account,
        accountId: resultOf(applied[at]).accountId,
      }))
      const asked = await requestsDuring(() => harness.connector.observe(refs))
      expect(asked.filter(one => one.startsWith('GET /v1.0/users/'))).toHaveLength(24)
      expect(asked).toHaveLength(24)
    })

    it('that asks to be left alone is: nothing more is sent until it may be', async () => {
      const { sample } = await bring(harness.connector, samplePerson(harness), opening)
      const connector = harness.fresh()
      harness.server.throttle = { letThrough: 0, retryAfter: '30' }
      expect(errorOf((await connector.observe([sample.account]))[0])).toMatchObject({
        kind: 'throttled',
        retryable: true,
      })
      harness.server.throttle = null
      const meanwhile = await requestsDuring(async () => {
        expect(errorOf((await connector.observe([sample.account]))[0]).kind).toBe('throttled')
        expect(errorOf(await connector.list(null)).kind).toBe('throttled')
      })
      expect(meanwhile).toEqual([])
    })

    it('that asks for a short pause gets it, and the work goes on', async () => {
      const { sample } = await bring(harness.connector, samplePerson(harness), opening)
      const connector = harness.fresh()
      harness.server.throttle = { letThrough: 0, retryAfter: '1' }
      await connector.observe([sample.account])
      harness.server.throttle = null
      expect((await observeOne(connector, sample.account)).state).toBe('enabled')
    })

    it.each([
      ['30', 30_000],
      ['0', 1_000],
      ['86400', 300_000],
      ['soon', 10_000],
      [undefined, 10_000],
      ['Fri, 20 Nov 2026 15:00:20 GMT', 20_000],
    ])('that asks for a pause of %s gets %i milliseconds', (header, milliseconds) => {
      expect(retryAfter(header, Date.parse('2026-11-20T15:00:00Z'))).toBe(milliseconds)
    })

    it('is entered over TLS alone, unless it is this machine', async () => {
      for (const graph of [
        'http://graph.example',
        'ftp://127.0.0.1',
        'https://a:b@graph.example',
        'nonsense',
      ]) {
        const secret = { ...harness.secretOf('llavero', 'first'), graph }
        const connector = createMicrosoftConnector(microsoftSettings, secret)
        const [outcome] = await connector.observe([samplePerson(harness).account])
        expect(errorOf(outcome), graph).toMatchObject({ kind: 'misconfigured', retryable: true })
      }
    })

    it('that sends us elsewhere is not followed: the token would go with us', async () => {
      let visited = 0
      const elsewhere = createServer((_, response) => {
        visited++
        response.end('{}')
      })
      await new Promise<void>(resolve => elsewhere.listen(0, '127.0.0.1', resolve))
      const address = elsewhere.address()
      const port = typeof address === 'object' ? address?.port : 0
      const redirecting = createServer((request, response) => {
        if (request.url?.endsWith('/token'))
          return response.end('{"token_type":"Bearer","expires_in":3599,"access_token":"t"}')
        return response.writeHead(307, { location: `http://127.0.0.1:${port}/` }).end()
      })
      await new Promise<void>(resolve => redirecting.listen(0, '127.0.0.1', resolve))
      const own = redirecting.address()
      const url = `http://127.0.0.1:${typeof own === 'object' ? own?.port : 0}`
      const secret = { ...harness.secretOf('llavero', 'first'), graph: url, login: url }
      const connector = createMicrosoftConnector(microsoftSettings, secret)
      expect(errorOf((await connector.observe([samplePerson(harness).account]))[0]).kind).toBe(
        'misconfigured',
      )
      expect(visited).toBe(0)
      await connector.close()
      elsewhere.close()
      redirecting.close()
    })
  })

  describe('the list of mailboxes', () => {
    const page = async (cursor: string | null): Promise<AccountPage> =>
      resultOf(await harness.connector.list(cursor))

    it('is walked page by page to the end that the service confirms', async () => {
      harness.server.largestPage = 3
      const ids: string[] = []
      for (let cursor: string | null = null; ; ) {
        const { accounts, next } = await page(cursor)
        ids.push(...accounts.map(account => account.accountId))
        cursor = next
        if (cursor === null) break
      }
      expect(ids.sort()).toEqual(harness.server.tenant.users.map(user => user.id).sort())
    })

    it('is not continued anywhere but at the service itself', async () => {
      for (const cursor of [
        'https://evil.example/v1.0/users?$skiptoken=x',
        `${harness.server.publicUrl}/beta/users?$skiptoken=x`,
        'x',
      ])
        expect(errorOf(await harness.connector.list(cursor)).kind).toBe('misconfigured')
    })

    it('that is cut, or shows nobody, is an error', async () => {
      harness.server.truncates = true
      try {
        expect(errorOf(await harness.connector.list(null)).kind).toBe('unreachable')
      } finally {
        harness.server.truncates = false
      }
      harness.server.showsNobody = true
      expect(errorOf(await harness.connector.list(null)).kind).toBe('misconfigured')
    })

    it('tells whom nobody may take over: guests, other domains, users of the body’s directory', async () => {
      const guest = harness.plant(samplePerson(harness).account.name, { userType: 'Guest' })
      const kept = harness.plant(samplePerson(harness).account.name, { onPremisesSyncEnabled: true })
      const { accounts } = await page(null)
      const untouchable = accounts.filter(account => account.untouchable).map(account => account.name)
      expect(untouchable).toEqual(
        expect.arrayContaining([
          guest.userPrincipalName,
          kept.userPrincipalName,
          'admin@body.onmicrosoft.com',
        ]),
      )
    })
  })

  describe('a password', () => {
    const set = async (sample: Sample, password: string) =>
      resultOf(await harness.connector.setPassword?.(sample.account, password))

    it('is set for the person’s own account, and neither opens nor closes it', async () => {
      const { sample } = await bring(harness.connector, samplePerson(harness), [{ act: 'create' }])
      expect(await set(sample, 'Lluvia-9-verde!')).toEqual({ set: true })
      expect(harness.stored(sample)).toMatchObject({
        password: 'Lluvia-9-verde!',
        mustChangePassword: false,
        accountEnabled: false,
      })
    })

    it.each([
      ['Ab1!', 'too-short'],
      [`Ab1!${'x'.repeat(260)}`, 'too-long'],
      ['solominusculas', 'too-simple'],
      ['Municipio-2026', 'policy'],
    ])('that the policy does not take is an answer in the policy’s words (%#)', async (password, why) => {
      const { sample } = await bring(harness.connector, samplePerson(harness), opening)
      const before = harness.stored(sample).password
      expect(await set(sample, password)).toEqual({ set: false, why })
      expect(harness.stored(sample).password).toBe(before)
    })

    it('that holds the name of the mailbox is refused as such', async () => {
      const { sample } = await bring(harness.connector, samplePerson(harness), opening)
      const word = sample.account.name.slice(0, sample.account.name.indexOf('@'))
      expect(await set(sample, `Xy-9-${word}!`)).toEqual({ set: false, why: 'contains-name' })
    })

    it('is nowhere in an error, and is not set for somebody else’s account', async () => {
      const sample = samplePerson(harness)
      harness.plant(sample.account.name, { employeeId: '11111111-1' })
      const error = errorOf(await harness.connector.setPassword?.(sample.account, 'Lluvia-9-verde!'))
      expect(error.kind).toBe('conflict')
      const { sample: own } = await bring(harness.connector, samplePerson(harness), opening)
      const { rights } = harness.server.clients.get('llavero') ?? { rights: new Set() }
      rights.delete('password')
      try {
        const refused = errorOf(await harness.connector.setPassword?.(own.account, 'Lluvia-9-verde!'))
        expect(refused).toMatchObject({ kind: 'refused', retryable: false })
        const told = JSON.stringify([refused.message, refused.cause])
        for (const secret of ['Lluvia', own.account.name, own.account.nationalId])
          expect(told).not.toContain(secret)
      } finally {
        rights.add('password')
      }
    })
  })
})
