import { describe, expect, it } from 'vitest'
import { ConnectorError, type Outcome } from '../../functions/connectors/contract.ts'
import type { Step } from '../../schemas/target.ts'
import { bring, errorOf, observeOne, resultOf } from './asking.ts'
import type { Capabilities, Harness } from './harness.ts'
import { samplePerson } from './sample-people.ts'

/** The part of the contract that is about targets which do not answer, lie, or refuse. */
export function describeFailures(
  opened: () => Harness,
  capabilities: Capabilities,
  opening: () => Step[],
): void {
  const can = (fault: string) => capabilities.faults.some(known => known === fault)
  const kinds = (outcomes: readonly Outcome<unknown>[]) => outcomes.map(outcome => errorOf(outcome).kind)

  /** One known account and one that never was, asked for while `fault` holds; healed whatever happens. */
  async function askDuring(fault: 'down' | 'frozen' | 'empty' | 'slow') {
    const harness = opened()
    const { sample } = await bring(harness.connector, samplePerson(harness), opening())
    const stranger = samplePerson(harness)
    const plan = {
      ...sample,
      observed: await observeOne(harness.connector, sample.account),
      steps: [{ act: 'disable' }] as Step[],
    }
    await harness.setFault?.(fault)
    try {
      const started = Date.now()
      const observed = await harness.connector.observe([sample.account, stranger.account])
      const waited = Date.now() - started
      const applied = await harness.connector.apply([plan])
      return { sample, observed, applied, waited }
    } finally {
      await harness.setFault?.(null)
    }
  }

  describe('a target that fails', () => {
    if (can('down'))
      it('is unreachable when it is down, for everybody, and answers again afterwards', async () => {
        const { sample, observed, applied } = await askDuring('down')
        expect(kinds(observed)).toEqual(['unreachable', 'unreachable'])
        expect(kinds(applied)).toEqual(['unreachable'])
        expect(observed.every(outcome => !outcome.ok && outcome.error.retryable)).toBe(true)
        expect((await observeOne(opened().connector, sample.account)).state).toBe('enabled')
      })

    if (can('frozen'))
      it('is unreachable when it hangs, within its time limit, and answers again afterwards', async () => {
        const { sample, observed, applied, waited } = await askDuring('frozen')
        expect(kinds(observed)).toEqual(['unreachable', 'unreachable'])
        expect(kinds(applied)).toEqual(['unreachable'])
        expect(waited).toBeLessThan(capabilities.patience)
        expect(['enabled', 'disabled']).toContain(
          (await observeOne(opened().connector, sample.account)).state,
        )
      })

    if (can('empty'))
      it('is never taken for a target without accounts when it answers with nothing', async () => {
        const { sample, observed } = await askDuring('empty')
        for (const outcome of observed) expect(['misconfigured', 'missing']).toContain(errorOf(outcome).kind)
        expect((await observeOne(opened().connector, sample.account)).accountId).toBe(
          sample.account.accountId,
        )
      })

    if (can('slow'))
      it('is waited for when it is slow', async () => {
        const { observed } = await askDuring('slow')
        expect(observed.map(outcome => resultOf(outcome).state)).toEqual(['enabled', 'absent'])
      })

    if (capabilities.unreadable)
      it('is never taken for a target without accounts when the right to read is missing', async () => {
        const harness = opened()
        const { sample } = await bring(harness.connector, samplePerson(harness), opening())
        const giveBack = await harness.makeUnreadable?.()
        try {
          const refs = [sample.account, { ...sample.account, accountId: null }, samplePerson(harness).account]
          for (const outcome of await harness.connector.observe(refs))
            expect(['misconfigured', 'missing', 'refused']).toContain(errorOf(outcome).kind)
        } finally {
          await giveBack?.()
        }
        expect((await observeOne(harness.connector, sample.account)).state).toBe('enabled')
      })

    if (capabilities.restarts)
      it('is worked with again after its restart, by the same connector', async () => {
        const harness = opened()
        const { sample } = await bring(harness.connector, samplePerson(harness), opening())
        await harness.restart?.()
        expect((await observeOne(harness.connector, sample.account)).state).toBe('enabled')
        await harness.restart?.()
        const { observed } = await bring(harness.connector, sample, [{ act: 'disable' }])
        expect(observed.state).toBe('disabled')
      })

    if (capabilities.readOnly)
      it('that refuses to be written says so, and nothing has changed', async () => {
        const harness = opened()
        const { sample, observed } = await bring(harness.connector, samplePerson(harness), opening())
        const reader = await harness.readOnlyConnector?.()
        if (reader === undefined) throw new Error('the harness promised a read-only connector')
        try {
          const plan = { ...sample, observed, steps: [{ act: 'disable' }] as Step[] }
          expect(errorOf((await reader.apply([plan]))[0])).toMatchObject({
            kind: 'refused',
            retryable: false,
          })
        } finally {
          await reader.close()
        }
        expect(await observeOne(harness.connector, sample.account)).toEqual(observed)
      })

    it('is described without a word about the person', async () => {
      const harness = opened()
      const sample = samplePerson(harness)
      await harness.plantForeign(sample.account.name)
      const error = errorOf((await harness.connector.observe([sample.account]))[0])
      expect(error).toBeInstanceOf(ConnectorError)
      expect(error.system).toBe(harness.connector.system)
      for (const secret of [sample.account.name, sample.account.nationalId, sample.profile.surnames])
        expect(error.message).not.toContain(secret)
    })
  })
}
