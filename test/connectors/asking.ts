import type { AccountRef, Connector, ConnectorError, Outcome } from '../../functions/connectors/contract.ts'
import type { Observation, Step } from '../../schemas/target.ts'
import type { Sample } from './harness.ts'

/** The value, or a test failure that names the connector's error kind and what lay under it. */
export function resultOf<T>(outcome: Outcome<T> | undefined): T {
  if (outcome === undefined)
    throw new Error('the connector answered with fewer results than it was asked for')
  if (!outcome.ok) throw outcome.error
  return outcome.value
}

export function errorOf<T>(outcome: Outcome<T> | undefined): ConnectorError {
  if (outcome === undefined || outcome.ok)
    throw new Error(`an error was due, the answer was ${JSON.stringify(outcome?.value ?? null)}`)
  return outcome.error
}

export async function observeOne(connector: Connector, account: AccountRef): Promise<Observation> {
  return resultOf((await connector.observe([account]))[0])
}

/** Looks, acts, looks again, as the engine does; afterwards the account is found by the target's own key. */
export async function bring(
  connector: Connector,
  sample: Sample,
  steps: readonly Step[],
): Promise<{ sample: Sample; observed: Observation }> {
  const before = await observeOne(connector, sample.account)
  const applied = resultOf((await connector.apply([{ ...sample, observed: before, steps }]))[0])
  const account = { ...sample.account, accountId: applied.accountId }
  return { sample: { ...sample, account }, observed: await observeOne(connector, account) }
}
