import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connector } from '../../functions/connectors/contract.ts'
import type { Step } from '../../schemas/target.ts'
import { bring, errorOf, observeOne } from './asking.ts'
import { type MailHarness, openMail } from './mail-harness.ts'
import { samplePerson } from './sample-people.ts'

const opening: Step[] = [{ act: 'create' }, { act: 'enable' }]
const right = { id: 'copy-to-head', operations: [], specific: [], until: null }
const head = 'jefatura@valleclaro.example'

describe('What is sent from a mailbox (R5)', () => {
  let harness: MailHarness
  let connector: Connector
  /** As Postfix asks for each sender. */
  const copyOf = async (address: string) =>
    (
      await harness.server.query(
        'SELECT copy_to FROM llavero_copy WHERE account = $1 AND copy_to IS NOT NULL',
        [address],
      )
    )[0]?.copy_to ?? null
  async function copied(headAddress = head) {
    const { sample } = await bring(connector, samplePerson(harness), opening)
    const profile = { ...sample.profile, headAddress }
    return bring(connector, { ...sample, profile }, [{ act: 'grant', right }])
  }

  beforeAll(async () => {
    harness = await openMail()
    connector = harness.connector
  })
  afterAll(async () => harness?.close())

  it('is copied to nobody unless it was granted', async () => {
    const { sample, observed } = await bring(connector, samplePerson(harness), opening)
    expect(observed.rights).toEqual([])
    expect(await copyOf(sample.account.name)).toBeNull()
  })

  it('is copied to the head as long as that is granted, given and taken twice without harm', async () => {
    const { sample, observed } = await copied()
    expect(observed).toMatchObject({ rights: [right], profileHash: connector.profileHash(sample.profile) })
    expect(await copyOf(sample.account.name)).toBe(head)
    await bring(connector, sample, [{ act: 'grant', right }])
    for (const time of ['first', 'second']) {
      const { observed: after } = await bring(connector, sample, [{ act: 'revoke', right: right.id }])
      expect(after, time).toMatchObject({ state: 'enabled', rights: [] })
    }
    expect(await copyOf(sample.account.name)).toBeNull()
  })

  it('is copied to nobody any more once the mailbox is closed', async () => {
    const { sample } = await copied()
    const { observed } = await bring(connector, sample, [
      { act: 'disable' },
      { act: 'revoke', right: right.id },
    ])
    expect(observed).toMatchObject({ state: 'disabled', rights: [] })
    expect(await copyOf(sample.account.name)).toBeNull()
  })

  it('goes to the new head when the head changes; another recipient, by whatever hand, shows as a difference', async () => {
    const { sample } = await copied()
    const profile = { ...sample.profile, headAddress: 'otra.jefatura@valleclaro.example' }
    expect((await observeOne(connector, sample.account)).profileHash).not.toBe(connector.profileHash(profile))
    const { observed } = await bring(connector, { ...sample, profile }, [{ act: 'set-profile' }])
    expect(observed.profileHash).toBe(connector.profileHash(profile))
    expect(await copyOf(sample.account.name)).toBe(profile.headAddress)
    await harness.server.query("UPDATE llavero_copy SET copy_to = 'ajeno@otra.example' WHERE account = $1", [
      sample.account.name,
    ])
    expect((await observeOne(connector, sample.account)).profileHash).not.toBe(connector.profileHash(profile))
  })

  it('is copied to nobody any more when there is no head left to read it', async () => {
    const { sample } = await copied()
    const { headAddress: _, ...profile } = sample.profile
    const { observed } = await bring(connector, { ...sample, profile }, [{ act: 'set-profile' }])
    expect(observed).toMatchObject({ rights: [], profileHash: connector.profileHash(profile) })
    expect(await copyOf(sample.account.name)).toBeNull()
  })

  it('is copied to nobody when no head is known: the rest of the plan is done, and a human is asked', async () => {
    const sample = samplePerson(harness)
    const observed = await observeOne(connector, sample.account)
    const steps: Step[] = [{ act: 'create' }, { act: 'grant', right }, { act: 'enable' }]
    expect(errorOf((await connector.apply([{ ...sample, observed, steps }]))[0])).toMatchObject({
      kind: 'misconfigured',
      retryable: false,
    })
    expect(await observeOne(connector, sample.account)).toMatchObject({ state: 'enabled', rights: [] })
  })

  it('shows neither the person nor the head in what is told of it', async () => {
    const { observed } = await copied()
    expect(JSON.stringify(observed)).not.toContain(head)
  })
})
