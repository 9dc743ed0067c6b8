import type { ScimSettings } from '../../../schemas/settings.ts'
import type { AccountPage, AccountRef, Connector, Outcome, PasswordAnswer } from '../contract.ts'
import type { HttpLimits } from '../http-exchange.ts'
import { alone } from '../in-turns.ts'
import { hashShownName, shownName } from '../shown-name.ts'
import { refusalUnder, ScimClient, type ScimSecret } from './client.ts'
import { readMemberships } from './groups.ts'
import { lookAtUsers, userPath } from './look.ts'
import { listedOf, observationOf, userOf } from './user.ts'
import { applyPlans } from './write.ts'

export type { ScimSecret } from './client.ts'

/**
 * Users and groups of an ERP that speaks SCIM 2.0 (RFC 7643, 7644). Modules are sets of its groups, as the settings name
 * them. It arms no end, has no sessions that could be asked for, and cannot hold a part of a module. See `docs/scim.md`.
 */
export function createScimConnector(
  settings: ScimSettings,
  secret: ScimSecret,
  limits: Partial<HttpLimits> = {},
): Connector {
  const client = new ScimClient(settings.id, secret, limits)

  async function page(cursor: string | null): Promise<AccountPage> {
    const from = cursor === null ? 1 : Number(cursor)
    if (!Number.isSafeInteger(from) || from < 1) throw client.fault('misconfigured', false)
    const memberships = await readMemberships(client, settings)
    const { resources, total } = await client.page('/Users', from)
    if (total === 0) throw client.fault('misconfigured', true, { code: 'NOBODY' })
    const next = from + resources.length
    return {
      accounts: resources.map(body => {
        const user = userOf(body)
        if (user === null) throw client.fault('misconfigured', true, { code: 'USER' })
        return listedOf(memberships.modules, user, memberships.of(user.id))
      }),
      next: next > total ? null : String(next),
    }
  }

  async function setPassword(account: AccountRef, password: string): Promise<PasswordAnswer> {
    if (!(await client.provider()).changesPassword) throw client.fault('misconfigured', false)
    const [found] = await lookAtUsers(client, [account])
    if (found?.ok === false) throw found.error
    if (found?.value.user == null) throw client.fault('missing', false)
    try {
      await client.patch(userPath(found.value.user.id), [
        { op: 'replace', path: 'password', value: password },
      ])
      return { set: true }
    } catch (error) {
      const refusal = refusalUnder(error)
      // The one value that was sent is the one that it did not like. Which of its rules, SCIM has no word for.
      const disliked = refusal?.scimType === 'invalidValue' || refusal?.scimType === null
      if (refusal?.status === 400 && disliked) return { set: false, why: 'policy' }
      throw error
    }
  }

  return {
    system: settings.id,
    profileHash: profile => hashShownName(shownName(profile)),
    observe: accounts =>
      guarded(accounts, async () => {
        const found = await lookAtUsers(client, accounts)
        const memberships = await readMemberships(client, settings)
        return found.map(one => {
          if (!one.ok) return one
          const { user, unmarked } = one.value
          const held = user === null ? new Set<string>() : memberships.of(user.id)
          return { ok: true, value: observationOf(memberships.modules, user, held, unmarked) }
        })
      }),
    apply: plans =>
      guarded(plans, async () => {
        const found = await lookAtUsers(
          client,
          plans.map(plan => plan.account),
        )
        return applyPlans(client, await readMemberships(client, settings), found, plans)
      }),
    list: cursor => alone(() => page(cursor)),
    setPassword: (account, password) => alone(() => setPassword(account, password)),
    close: async () => client.close(),
  }
}

/** What concerns everybody is everybody's error. */
async function guarded<T>(all: readonly unknown[], act: () => Promise<Outcome<T>[]>): Promise<Outcome<T>[]> {
  if (all.length === 0) return []
  const outcome = await alone(act)
  return outcome.ok ? outcome.value : all.map(() => outcome)
}
