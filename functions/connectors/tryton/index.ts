import type { TrytonSettings } from '../../../schemas/settings.ts'
import { inBatches } from '../batches.ts'
import {
  type AccountRef,
  type Applied,
  type Connector,
  ConnectorError,
  type Outcome,
  type Plan,
} from '../contract.ts'
import type { Modules } from '../module-groups.ts'
import { hashShownName, shownName } from '../shown-name.ts'
import { afterSteps, observationOf, type TrytonAccount } from './account.ts'
import { openClient, type TrytonClient, type TrytonSecret } from './client.ts'
import { openGroups } from './groups.ts'
import { listUsers } from './listing.ts'
import { lookAtAccounts } from './look.ts'
import { writePassword } from './password.ts'
import { type Change, changeAccounts, closeAccounts } from './write.ts'

/** Accounts in one call: Tryton writes all of them or none, twenty times as fast as one by one. */
const peopleAtOnce = 20

/**
 * Users of an ERP on Tryton, by JSON-RPC. Modules are sets of its groups, as the settings name them. It arms no end, and a
 * part of a module it cannot hold. What its administrator makes once for it, `docs/tryton.md` tells.
 */
export function createTrytonConnector(
  settings: TrytonSettings,
  secret: TrytonSecret,
  clock: () => number = Date.now,
): Connector {
  const client = openClient(settings, secret, clock)
  const groups = openGroups(client, settings)
  return {
    system: settings.id,
    profileHash: profile => hashShownName(shownName(profile)),
    observe: accounts =>
      inBatches(
        accounts,
        async some => {
          const modules = await groups()
          return (await lookAtAccounts(client, settings, some)).map((found, at) =>
            found.ok
              ? { ok: true, value: observationOf(modules, found.value, some[at]?.adopted === true) }
              : found,
          )
        },
        peopleAtOnce,
      ),
    apply: plans =>
      inBatches(plans, async some => applyPlans(client, settings, await groups(), some), peopleAtOnce),
    list: cursor => alone(async () => listUsers(client, settings, await groups(), cursor)),
    setPassword: (account, password) =>
      alone(async () => {
        const [found] = await lookAtAccounts(client, settings, [account])
        if (found?.ok === false) throw found.error
        if (found?.value == null || found.value.mark === 'unfinished')
          throw new ConnectorError(settings.id, 'missing', true)
        insistOnOwner(settings, found.value, account)
        return writePassword(client, found.value.id, password)
      }),
    close: () => client.close(),
  }
}

async function applyPlans(
  client: TrytonClient,
  settings: TrytonSettings,
  modules: Modules<number>,
  plans: readonly Plan[],
): Promise<Outcome<Applied>[]> {
  const drafts = await draftChanges(client, settings, modules, plans)
  const changes = drafts.flatMap(draft => (draft.ok ? [draft.value] : []))
  await closeAccounts(client, changes)
  const ids = await changeAccounts(client, settings.id, changes)
  return drafts.map(draft => {
    if (!draft.ok) return draft
    const { before, ref, wanted } = draft.value
    if (wanted.fault !== null) return { ok: false, error: wanted.fault }
    const accountId = String(ids[changes.indexOf(draft.value)])
    return { ok: true, value: { accountId, name: before?.login ?? ref.name } }
  })
}

/** What a clerk's data alone say to be this person's is shown, and not touched before a human has adopted it. */
function insistOnOwner(settings: TrytonSettings, found: TrytonAccount, account: AccountRef): void {
  if (found.mark === 'unmarked' && !account.adopted) throw new ConnectorError(settings.id, 'conflict', false)
}

/** What has to change, from what is there now: `plan.observed` may be old, and a plan may come twice. */
async function draftChanges(
  client: TrytonClient,
  settings: TrytonSettings,
  modules: Modules<number>,
  plans: readonly Plan[],
): Promise<Outcome<Change>[]> {
  const looked = await lookAtAccounts(
    client,
    settings,
    plans.map(plan => plan.account),
  )
  return plans.map(({ account, profile, steps }, at) => {
    const found = looked[at]
    try {
      if (found === undefined) throw new ConnectorError(settings.id, 'missing', true)
      if (!found.ok) return found
      if (found.value !== null) insistOnOwner(settings, found.value, account)
      const wanted = afterSteps(settings.id, modules, found.value, profile, steps)
      return { ok: true, value: { ref: account, before: found.value, wanted } }
    } catch (error) {
      if (error instanceof ConnectorError) return { ok: false, error }
      throw error
    }
  })
}

/** One question by itself: asked again on a new connection when the old one broke. */
async function alone<T>(ask: () => Promise<T>): Promise<Outcome<T>> {
  const [outcome] = await inBatches([ask], async () => [{ ok: true, value: await ask() }])
  if (outcome === undefined) throw new Error('one question has one answer')
  return outcome
}
