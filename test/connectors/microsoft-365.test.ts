import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { absentAccount } from '../../functions/domain/absent-account.ts'
import type { Step } from '../../schemas/target.ts'
import { sampleLicence } from '../servers/graph/graph-server.ts'
import { bring, errorOf, observeOne } from './asking.ts'
import { type MicrosoftHarness, openMicrosoft } from './microsoft-365-harness.ts'
import { samplePerson } from './sample-people.ts'

const opening: Step[] = [{ act: 'create' }, { act: 'enable' }]

describe('Microsoft 365 mailboxes, a double of Microsoft Graph 1.0', () => {
  let harness: MicrosoftHarness
  beforeAll(async () => {
    harness = await openMicrosoft()
  })
  afterAll(async () => harness?.close())
  afterEach(() => harness.calm())

  describe('a mailbox', () => {
    it('is made closed, located, licensed and marked with the national id, under a password nobody knows', async () => {
      const { sample } = await bring(harness.connector, samplePerson(harness), [{ act: 'create' }])
      expect(harness.stored(sample)).toMatchObject({
        accountEnabled: false,
        employeeId: sample.account.nationalId,
        usageLocation: 'CL',
        assignedLicenses: [{ skuId: sampleLicence }],
        mustChangePassword: true,
      })
    })

    it('keeps its licence, and with it all mail, when it is closed and put away (R25)', async () => {
      const { sample } = await bring(harness.connector, samplePerson(harness), opening)
      const { observed } = await bring(harness.connector, sample, [{ act: 'disable' }, { act: 'retire' }])
      expect(observed.state).toBe('disabled')
      expect(harness.stored(sample).assignedLicenses).toHaveLength(1)
      expect(harness.stored(sample).mail).toBe(sample.account.name)
    })

    it('that lost its licence is a difference, and gets it back before it is open', async () => {
      const { sample } = await bring(harness.connector, samplePerson(harness), opening)
      harness.alter(sample, { assignedLicenses: [] })
      const seen = await observeOne(harness.fresh(), sample.account)
      expect(seen.profileHash).not.toBe(harness.connector.profileHash(sample.profile))
      await bring(harness.fresh(), sample, [{ act: 'set-profile' }])
      expect(harness.stored(sample).assignedLicenses).toHaveLength(1)
    })

    it('keeps the services switched off that IT switched off in its licence', async () => {
      const { sample } = await bring(harness.connector, samplePerson(harness), opening)
      const disabledPlans = ['efb87545-963c-4e0d-99df-69c6916d9eb0']
      harness.alter(sample, { assignedLicenses: [{ skuId: sampleLicence, disabledPlans }] })
      await bring(harness.connector, sample, [{ act: 'set-profile' }, { act: 'enable' }])
      expect(harness.stored(sample).assignedLicenses).toEqual([{ skuId: sampleLicence, disabledPlans }])
    })

    it('is not opened while no licence is left, and waits for whoever buys one', async () => {
      const { licences } = harness.server.tenant
      licences.set(sampleLicence, 0)
      const sample = samplePerson(harness)
      const plan = { ...sample, observed: absentAccount, steps: opening }
      expect(errorOf((await harness.connector.apply([plan]))[0])).toMatchObject({
        kind: 'misconfigured',
        retryable: true,
      })
      expect(harness.stored(sample).accountEnabled).toBe(false)
      licences.set(sampleLicence, 5_000)
      const { observed } = await bring(harness.connector, sample, opening)
      expect(observed.state).toBe('enabled')
    })

    it('copies nothing to the head (R5): all the rest is done, and a human is told', async () => {
      const sample = samplePerson(harness)
      const right = { id: 'copy-to-head', operations: [], specific: [], until: null }
      const steps: Step[] = [{ act: 'create' }, { act: 'grant', right }, { act: 'enable' }]
      const [outcome] = await harness.connector.apply([{ ...sample, observed: absentAccount, steps }])
      expect(errorOf(outcome)).toMatchObject({ kind: 'misconfigured', retryable: false })
      expect(harness.stored(sample).accountEnabled).toBe(true)
    })
  })

  describe('sessions', () => {
    it('are revoked when the mailbox is closed, and that is read back', async () => {
      const { sample } = await bring(harness.connector, samplePerson(harness), opening)
      const before = harness.stored(sample).signInSessionsValidFromDateTime
      const { observed } = await bring(harness.connector, sample, [{ act: 'disable' }])
      expect(observed).toMatchObject({ state: 'disabled', sessionsOpen: false })
      expect(harness.stored(sample).signInSessionsValidFromDateTime > before).toBe(true)
    })

    it('of a mailbox that was opened and closed within one second are revoked until it shows', async () => {
      harness.server.tenant.resolution = 1_000
      const { sample } = await bring(harness.connector, samplePerson(harness), opening)
      harness.alter(sample, { signInSessionsValidFromDateTime: harness.server.tenant.now() })
      const { observed } = await bring(harness.connector, sample, [{ act: 'disable' }])
      expect(observed.sessionsOpen).toBe(false)
    })

    it('of a mailbox that somebody closed by hand are still open, until they are ended', async () => {
      const { sample } = await bring(harness.connector, samplePerson(harness), opening)
      await new Promise(resolve => setTimeout(resolve, 5))
      harness.alter(sample, { accountEnabled: false })
      const connector = harness.fresh()
      expect(await observeOne(connector, sample.account)).toMatchObject({
        state: 'disabled',
        sessionsOpen: true,
      })
      const { observed } = await bring(connector, sample, [{ act: 'end-sessions' }])
      expect(observed).toMatchObject({ state: 'disabled', sessionsOpen: false })
    })

    it('are open as long as closing broke off before they were revoked', async () => {
      const { sample } = await bring(harness.connector, samplePerson(harness), opening)
      const from = harness.stored(sample).signInSessionsValidFromDateTime
      harness.alter(sample, {
        accountEnabled: false,
        onPremisesExtensionAttributes: { extensionAttribute15: from },
      })
      expect((await observeOne(harness.fresh(), sample.account)).sessionsOpen).toBe(true)
    })
  })

  describe('replicas that lag', () => {
    it('are waited for: what was written a moment ago is read back', async () => {
      harness.server.tenant.lag = 400
      const { sample, observed } = await bring(harness.connector, samplePerson(harness), opening)
      expect(observed.state).toBe('enabled')
      const closed = await bring(harness.connector, sample, [{ act: 'disable' }])
      expect(closed.observed).toMatchObject({ state: 'disabled', sessionsOpen: false })
    })

    it('never make anybody twice, also when another worker cannot see yet what was made', async () => {
      const sample = samplePerson(harness)
      const plan = { ...sample, observed: absentAccount, steps: opening }
      harness.server.tenant.lag = 700
      const [first, second] = await Promise.all([
        harness.fresh().apply([plan]),
        harness.fresh().apply([plan]),
      ])
      const made = [first[0], second[0]].filter(outcome => outcome?.ok)
      expect(made.length).toBeGreaterThan(0)
      for (const outcome of [first[0], second[0]])
        if (outcome?.ok === false) expect(outcome.error).toMatchObject({ kind: 'throttled', retryable: true })
      expect(harness.stored(sample).employeeId).toBe(sample.account.nationalId)
    })

    it('that do not catch up are told as such, and nothing is read out of them', async () => {
      const { sample } = await bring(harness.connector, samplePerson(harness), opening)
      harness.server.tenant.stalledAt = performance.now()
      const plan = { ...sample, observed: absentAccount, steps: [{ act: 'disable' }] as Step[] }
      await harness.connector.apply([plan])
      const error = errorOf((await harness.connector.observe([sample.account]))[0])
      expect(error).toMatchObject({ kind: 'throttled', retryable: true })
    })
  })

  describe('whose it is', () => {
    it('is told by the national id, under whatever name and however it is written', async () => {
      const sample = samplePerson(harness)
      const dotted = sample.account.nationalId.replace(/\B(?=(\d{3})+-)/g, '.')
      const old = harness.plant(`old-${sample.account.name}`, { employeeId: dotted })
      expect(await observeOne(harness.connector, sample.account)).toMatchObject({
        state: 'enabled',
        accountId: old.id,
        name: `old-${sample.account.name}`,
      })
    })

    it('is a conflict where two bear the same national id', async () => {
      const sample = samplePerson(harness)
      harness.plant(`one-${sample.account.name}`, { employeeId: sample.account.nationalId })
      harness.plant(`two-${sample.account.name}`, { employeeId: sample.account.nationalId })
      expect(errorOf((await harness.connector.observe([sample.account]))[0])).toMatchObject({
        kind: 'conflict',
        retryable: true,
      })
    })

    it('is adopted by its key, and bears the mark from then on', async () => {
      const sample = samplePerson(harness)
      const there = harness.plant(sample.account.name)
      const account = { ...sample.account, accountId: there.id, adopted: true }
      expect(await observeOne(harness.connector, account)).toMatchObject({ state: 'enabled', unmarked: true })
      const { observed } = await bring(harness.connector, { ...sample, account }, [{ act: 'adopt' }])
      expect(observed.unmarked).toBeUndefined()
      expect(harness.stored(sample)).toMatchObject({
        employeeId: sample.account.nationalId,
        displayName: 'Otra persona',
        accountEnabled: true,
      })
    })

    it('is never adopted away from whoever’s mark it bears', async () => {
      const sample = samplePerson(harness)
      const there = harness.plant(sample.account.name, { employeeId: '11111111-1' })
      const account = { ...sample.account, accountId: there.id, adopted: true }
      expect(errorOf((await harness.connector.observe([account]))[0]).kind).toBe('conflict')
    })

    it('is left to a human where the account was deleted by hand: a new one would begin without its mail', async () => {
      const { sample, observed } = await bring(harness.connector, samplePerson(harness), opening)
      harness.server.tenant.remove(observed.accountId ?? '')
      const connector = harness.fresh()
      expect((await observeOne(connector, sample.account)).state).toBe('absent')
      const plan = { ...sample, observed: absentAccount, steps: opening }
      expect(errorOf((await connector.apply([plan]))[0])).toMatchObject({
        kind: 'conflict',
        retryable: false,
      })
      expect(await harness.look(sample.account.name)).toHaveLength(0)
    })

    it('stays with the body’s directory where that keeps it: sessions end, the rest is a human’s', async () => {
      const { sample } = await bring(harness.connector, samplePerson(harness), opening)
      harness.alter(sample, { onPremisesSyncEnabled: true })
      const before = harness.stored(sample).signInSessionsValidFromDateTime
      const connector = harness.fresh()
      const observed = await observeOne(connector, sample.account)
      expect(observed).toMatchObject({ state: 'enabled', profileHash: null })
      for (const steps of [[{ act: 'disable' }], [{ act: 'set-profile' }]] as Step[][])
        expect(errorOf((await connector.apply([{ ...sample, observed, steps }]))[0])).toMatchObject({
          kind: 'misconfigured',
          retryable: false,
        })
      expect(harness.stored(sample).signInSessionsValidFromDateTime > before).toBe(true)
      expect(harness.stored(sample).accountEnabled).toBe(true)
    })
  })
})
