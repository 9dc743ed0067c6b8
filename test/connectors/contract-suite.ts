import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connector } from '../../functions/connectors/contract.ts'
import { absentAccount } from '../../functions/domain/absent-account.ts'
import type { Step } from '../../schemas/target.ts'
import { bring, errorOf, observeOne, resultOf } from './asking.ts'
import { describeFailures } from './contract-suite-failures.ts'
import { describeListing } from './contract-suite-listing.ts'
import type { Capabilities, Harness } from './harness.ts'
import { awkwardProfiles, samplePerson } from './sample-people.ts'

/**
 * What every connector promises (`functions/connectors/contract.ts`), as tests. One call per target; the title names the server.
 * Each case makes its own people: the target may hold others.
 */
export function describeConnector(
  title: string,
  openHarness: () => Promise<Harness>,
  capabilities: Capabilities,
): void {
  describe(title, () => {
    let harness: Harness
    let connector: Connector
    beforeAll(async () => {
      harness = await openHarness()
      connector = harness.connector
    })
    afterAll(async () => harness?.close())

    const end = capabilities.armsEnd ? '2027-01-01T03:00:00.000Z' : null
    const grants = (): Step[] => harness.rights.map(right => ({ act: 'grant', right }))
    const arming = (expiresAt: string | null): Step[] =>
      capabilities.armsEnd ? [{ act: 'set-expiry', expiresAt }] : []
    const opening = (): Step[] => [{ act: 'create' }, ...grants(), ...arming(end), { act: 'enable' }]
    const closing = (): Step[] => [
      { act: 'disable' },
      ...harness.rights.map(right => ({ act: 'revoke', right: right.id }) as const),
      { act: 'retire' },
    ]
    const open = async (changes = {}) => bring(connector, samplePerson(harness, changes), opening())
    const rightIds = () => harness.rights.map(right => right.id).sort()

    describe('an account is made', () => {
      it('is absent before it was ever made', async () => {
        expect(await observeOne(connector, samplePerson(harness).account)).toMatchObject({
          state: 'absent',
          accountId: null,
          rights: [],
        })
      })

      it('starts disabled, without rights, under its reserved name', async () => {
        const { sample, observed } = await bring(connector, samplePerson(harness), [{ act: 'create' }])
        expect(observed).toEqual({
          state: 'disabled',
          accountId: sample.account.accountId,
          name: sample.account.name,
          expiresAt: observed.expiresAt,
          rights: [],
          retired: capabilities.retires ? false : null,
          profileHash: connector.profileHash(sample.profile),
          sessionsOpen: observed.sessionsOpen,
        })
        expect(observed.sessionsOpen).not.toBe(true)
        expect(await harness.look(sample.account.name)).toMatchObject([{ enabled: false, rights: [] }])
      })

      it('is complete and open after its whole plan', async () => {
        const { sample, observed } = await open()
        expect(observed).toMatchObject({ state: 'enabled', expiresAt: end, rights: harness.rights })
        expect(await harness.look(sample.account.name)).toMatchObject([{ enabled: true, rights: rightIds() }])
      })

      it('is found by its name as well as by the key of the target', async () => {
        const { sample, observed } = await open()
        expect(await observeOne(connector, { ...sample.account, accountId: null })).toEqual(observed)
      })

      it('is made once when the same plan is applied twice', async () => {
        const sample = samplePerson(harness)
        const plan = { ...sample, observed: absentAccount, steps: opening() }
        const first = resultOf((await connector.apply([plan]))[0])
        const second = resultOf((await connector.apply([plan]))[0])
        expect(second).toEqual(first)
        expect(await harness.look(sample.account.name)).toHaveLength(1)
        expect(await observeOne(connector, { ...sample.account, accountId: first.accountId })).toMatchObject({
          state: 'enabled',
          rights: harness.rights,
        })
      })

      it('is finished by the same plan wherever the first attempt broke off', async () => {
        for (let reached = 0; reached <= opening().length; reached++) {
          const sample = samplePerson(harness)
          if (reached > 0) await bring(connector, sample, opening().slice(0, reached))
          const { observed } = await bring(connector, sample, opening())
          expect(observed, `after ${reached} steps`).toMatchObject({
            state: 'enabled',
            expiresAt: end,
            rights: harness.rights,
          })
          expect(await harness.look(sample.account.name)).toHaveLength(1)
        }
      })
    })

    describe('an account is opened and closed', () => {
      it('stays disabled when it is disabled twice', async () => {
        const { sample } = await open()
        await bring(connector, sample, [{ act: 'disable' }])
        const { observed } = await bring(connector, sample, [{ act: 'disable' }])
        expect(observed.state).toBe('disabled')
        expect(await harness.look(sample.account.name)).toMatchObject([{ enabled: false }])
      })

      it('stays disabled when the same plan to disable it is applied twice', async () => {
        const { sample, observed } = await open()
        const plan = { ...sample, observed, steps: [{ act: 'disable' }] as Step[] }
        resultOf((await connector.apply([plan]))[0])
        resultOf((await connector.apply([plan]))[0])
        expect((await observeOne(connector, sample.account)).state).toBe('disabled')
      })

      it('stays enabled when it is enabled twice', async () => {
        const { sample } = await open()
        await bring(connector, sample, [{ act: 'enable' }])
        const { observed } = await bring(connector, sample, [{ act: 'enable' }])
        expect(observed.state).toBe('enabled')
      })

      it('keeps its rights and its end when it is only disabled', async () => {
        const { sample } = await open()
        const { observed } = await bring(connector, sample, [{ act: 'disable' }])
        expect(observed).toMatchObject({ state: 'disabled', expiresAt: end, rights: harness.rights })
      })

      it('is closed, stripped and put away, and once more without harm', async () => {
        const { sample } = await open()
        for (const time of ['first', 'second']) {
          const { observed } = await bring(connector, sample, closing())
          expect(observed, time).toMatchObject({
            state: 'disabled',
            rights: [],
            retired: capabilities.retires ? true : null,
            accountId: sample.account.accountId,
          })
        }
        expect(await harness.look(sample.account.name)).toMatchObject([{ enabled: false, rights: [] }])
      })

      it('comes back in place, as the same account, with what it is granted now', async () => {
        const { sample } = await open()
        await bring(connector, sample, closing())
        const again: Step[] = [
          { act: 'restore' },
          { act: 'set-profile' },
          ...grants().slice(0, 1),
          ...arming(null),
          { act: 'enable' },
        ]
        for (const time of ['first', 'second']) {
          const { observed } = await bring(connector, sample, again)
          expect(observed, time).toMatchObject({
            state: 'enabled',
            accountId: sample.account.accountId,
            rights: harness.rights.slice(0, 1),
            retired: capabilities.retires ? false : null,
          })
        }
        expect(await harness.look(sample.account.name)).toHaveLength(1)
      })

      it('has no session left once it is disabled', async () => {
        const { sample } = await open()
        const { observed } = await bring(connector, sample, [{ act: 'disable' }])
        expect(observed).toMatchObject({ state: 'disabled' })
        expect(observed.sessionsOpen).not.toBe(true)
      })

      if (capabilities.armsEnd)
        it('ends at the instant it was given, and never when it has no end', async () => {
          const { sample } = await open()
          for (const expiresAt of ['2026-09-06T04:00:00.000Z', end, null, null, end]) {
            const { observed } = await bring(connector, sample, arming(expiresAt))
            expect(observed.expiresAt).toBe(expiresAt)
          }
        })
    })

    if (capabilities.rights)
      describe('rights are given and taken', () => {
        it('are the same after giving them twice', async () => {
          const { sample } = await open()
          const { observed } = await bring(connector, sample, grants())
          expect(observed.rights).toEqual(harness.rights)
        })

        it('are the same after the same plan twice', async () => {
          const { sample, observed } = await bring(connector, samplePerson(harness), [{ act: 'create' }])
          const plan = { ...sample, observed, steps: grants() }
          resultOf((await connector.apply([plan]))[0])
          resultOf((await connector.apply([plan]))[0])
          expect((await observeOne(connector, sample.account)).rights).toEqual(harness.rights)
        })

        it('leave the others when one is taken, also when it is taken twice', async () => {
          const { sample, observed: before } = await open()
          const [taken, ...kept] = harness.rights
          if (taken === undefined) throw new Error('the harness names no right')
          const plan = { ...sample, observed: before, steps: [{ act: 'revoke', right: taken.id }] as Step[] }
          resultOf((await connector.apply([plan]))[0])
          resultOf((await connector.apply([plan]))[0])
          const { observed } = await bring(connector, sample, [{ act: 'revoke', right: taken.id }])
          expect(observed).toMatchObject({ state: 'enabled', rights: kept })
        })

        it('of one person never touch those of another', async () => {
          const first = await open()
          const second = await open()
          await bring(connector, first.sample, closing())
          expect((await observeOne(connector, second.sample.account)).rights).toEqual(harness.rights)
        })
      })

    describe('names', () => {
      for (const [at, changes] of awkwardProfiles.entries())
        it(`are kept whole whatever their letters and signs (${at + 1} of ${awkwardProfiles.length})`, async () => {
          const { sample, observed } = await open(changes)
          expect(observed.profileHash).toBe(connector.profileHash(sample.profile))
          const [looked] = await harness.look(sample.account.name)
          if (looked?.shownName != null)
            expect(looked.shownName).toBe(`${sample.profile.givenNames} ${sample.profile.surnames}`)
        })

      it('follow the person: a change of name or post reaches the target', async () => {
        const { sample } = await open()
        const profile = { ...sample.profile, surnames: 'Toro Ñanculef', position: 'Jefa de sección' }
        const { observed } = await bring(connector, { ...sample, profile }, [{ act: 'set-profile' }])
        expect(observed.profileHash).toBe(connector.profileHash(profile))
        expect(observed.profileHash).not.toBe(connector.profileHash(sample.profile))
        expect(observed).toMatchObject({ state: 'enabled', rights: harness.rights })
      })

      it('that belong to somebody else already are a conflict, and nothing is touched', async () => {
        const sample = samplePerson(harness)
        await harness.plantForeign(sample.account.name)
        const before = await harness.look(sample.account.name)
        expect(errorOf((await connector.observe([sample.account]))[0])).toMatchObject({
          kind: 'conflict',
          retryable: false,
        })
        const plan = { ...sample, observed: absentAccount, steps: opening() }
        expect(errorOf((await connector.apply([plan]))[0])).toMatchObject({
          kind: 'conflict',
          retryable: false,
        })
        expect(await harness.look(sample.account.name)).toEqual(before)
      })
    })

    describe('lists', () => {
      it('are answered one by one, in order', async () => {
        const samples = Array.from({ length: 24 }, () => samplePerson(harness))
        const plans = samples.map(sample => ({ ...sample, observed: absentAccount, steps: opening() }))
        const applied = (await connector.apply(plans)).map(resultOf)
        expect(applied.map(done => done.name)).toEqual(samples.map(sample => sample.account.name))
        const observed = await connector.observe(samples.map(sample => sample.account))
        expect(observed.map(outcome => resultOf(outcome).accountId)).toEqual(
          applied.map(done => done.accountId),
        )
      })

      it('may be empty', async () => {
        expect(await connector.observe([])).toEqual([])
        expect(await connector.apply([])).toEqual([])
      })

      it('are not spoiled by one bad element', async () => {
        const samples = [samplePerson(harness), samplePerson(harness), samplePerson(harness)]
        const [, bad] = samples
        if (bad) await harness.plantForeign(bad.account.name)
        const seen = await connector.observe(samples.map(sample => sample.account))
        expect(seen.map(outcome => outcome.ok)).toEqual([true, false, true])
        const done = await connector.apply(
          samples.map(sample => ({ ...sample, observed: absentAccount, steps: opening() })),
        )
        expect(done.map(outcome => outcome.ok)).toEqual([true, false, true])
        for (const sample of [samples[0], samples[2]])
          if (sample) expect((await observeOne(connector, sample.account)).state).toBe('enabled')
      })
    })

    describe('what others wrote', () => {
      it('survives being opened, closed and reopened', async () => {
        const { sample } = await open()
        const survives = await harness.plantUnknown(sample.account.name)
        await bring(connector, sample, [{ act: 'disable' }])
        expect(await survives()).toBe(true)
        await bring(connector, sample, closing())
        expect(await survives()).toBe(true)
        const { observed } = await bring(connector, sample, [
          { act: 'restore' },
          { act: 'set-profile' },
          { act: 'enable' },
        ])
        expect(observed.state).toBe('enabled')
        expect(await survives()).toBe(true)
      })
    })

    if (capabilities.lists) describeListing(() => harness, opening)
    describeFailures(() => harness, capabilities, opening)
  })
}
