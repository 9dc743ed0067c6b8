import type { Step } from '../../../schemas/target.ts'
import type { Applied, ConnectorError, Outcome, Plan } from '../contract.ts'
import { alone, inTurns } from '../in-turns.ts'
import { groupsFor, groupsOf, type Modules } from '../module-groups.ts'
import { refusalUnder, type ScimClient } from './client.ts'
import { changeGroup, type Delta, type Memberships } from './groups.ts'
import { type Found, lookAtUsers, userPath } from './look.ts'
import { markChanges, newUser, profileChanges, type User, userOf } from './user.ts'

/** What a plan wants of an account, whatever it was. */
interface Wanted {
  readonly creates: boolean
  readonly marks: boolean
  readonly names: boolean
  readonly active: boolean | null
  readonly groups: ReadonlySet<string>
  /** A right that the ERP cannot hold as narrow as it was granted: all else is done, and a human decides. */
  readonly narrow: boolean
}

/** One person's part of a batch. `error`: what went wrong first; nothing that gives is done after it. */
interface Part {
  readonly plan: Plan
  readonly wanted: Wanted
  readonly before: ReadonlySet<string>
  user: User | null
  error: ConnectorError | null
}

const without = (groups: ReadonlySet<string>, taken: readonly string[]): ReadonlySet<string> =>
  new Set([...groups].filter(group => !taken.includes(group)))

function wantedBy(modules: Modules<string>, held: ReadonlySet<string>, steps: readonly Step[]): Wanted {
  let wanted: Wanted = {
    creates: false,
    marks: false,
    names: false,
    active: null,
    groups: held,
    narrow: false,
  }
  for (const step of steps) wanted = afterStep(modules, wanted, step)
  return wanted
}

function afterStep(modules: Modules<string>, wanted: Wanted, step: Step): Wanted {
  switch (step.act) {
    case 'create':
      return { ...wanted, creates: true }
    case 'adopt':
      return { ...wanted, marks: true }
    case 'set-profile':
      return { ...wanted, names: true }
    case 'enable':
      return { ...wanted, active: true }
    case 'disable':
      return { ...wanted, active: false }
    case 'retire':
      return {
        ...wanted,
        active: false,
        groups: without(wanted.groups, [...modules.values()].flatMap(groupsOf)),
      }
    case 'revoke':
      return { ...wanted, groups: without(wanted.groups, groupsOf(modules.get(step.right))) }
    case 'grant': {
      const given = groupsFor(modules, step.right)
      if (given === null) return { ...wanted, narrow: true }
      const others = without(wanted.groups, groupsOf(modules.get(step.right.id)))
      return { ...wanted, groups: new Set([...others, ...given]) }
    }
    case 'set-expiry':
      return { ...wanted, narrow: wanted.narrow || step.expiresAt !== null }
    case 'end-sessions':
    case 'restore':
      return wanted
  }
}

/**
 * All plans of a batch: whoever is closed is closed first; then users are made, named and marked; then each group is changed
 * once, by what differs; and only who is complete is opened.
 */
export async function applyPlans(
  client: ScimClient,
  memberships: Memberships,
  found: readonly Outcome<Found>[],
  plans: readonly Plan[],
): Promise<Outcome<Applied>[]> {
  const parts = plans.map((plan, at): Part => {
    const own = found[at]
    const user = own?.ok ? own.value.user : null
    const before = user === null ? new Set<string>() : memberships.of(user.id)
    const error = own === undefined ? client.fault('missing', true) : own.ok ? null : own.error
    return { plan, wanted: wantedBy(memberships.modules, before, plan.steps), before, user, error }
  })
  await each(parts, part => close(client, part))
  await each(parts, part => complete(client, part))
  await changeGroups(client, memberships, parts)
  await each(parts, part => open(client, part))
  return parts.map(({ user, error, wanted }) => {
    if (error !== null) return { ok: false, error }
    if (user === null) return { ok: false, error: client.fault('missing', true) }
    if (wanted.narrow) return { ok: false, error: client.fault('misconfigured', false, { code: 'NARROW' }) }
    return { ok: true, value: { accountId: user.id, name: user.name } }
  })
}

/** For those with whom nothing went wrong so far. */
async function each(parts: readonly Part[], act: (part: Part) => Promise<void>): Promise<void> {
  const sound = parts.filter(part => part.error === null)
  const outcomes = await inTurns(sound, act)
  for (const [at, outcome] of outcomes.entries()) {
    const part = sound[at]
    if (part !== undefined && !outcome.ok) part.error = outcome.error
  }
}

/** Without a version, and whatever was read: when in doubt it happens. */
async function close(client: ScimClient, { wanted, user }: Part): Promise<void> {
  if (wanted.active === false && user !== null)
    await client.patch(userPath(user.id), [{ op: 'replace', path: 'active', value: false }])
}

async function complete(client: ScimClient, part: Part): Promise<void> {
  const { plan, wanted } = part
  if (part.user === null) {
    if (!wanted.creates) throw client.fault('missing', true)
    part.user = await create(client, plan)
    return
  }
  const { user } = part
  const changes = [
    ...(wanted.names ? profileChanges(plan.profile) : []),
    ...(wanted.marks ? markChanges(plan.account, user, await client.provider()) : []),
  ]
  if (changes.length === 0) return
  // Closing has just changed what was read.
  await client.patch(
    userPath(user.id),
    changes,
    wanted.active === false ? null : await versionOf(client, user),
  )
}

/** The name is taken (409): by this person, if an earlier attempt got this far. */
async function create(client: ScimClient, { account, profile }: Plan): Promise<User> {
  try {
    const made = userOf(await client.create('/Users', newUser(account, profile, await client.provider())))
    // Whether it holds what it was given, the next look says; that it is closed has to be so at once.
    if (made === null || made.active) throw client.fault('misconfigured', true, { code: 'USER' })
    return made
  } catch (error) {
    if (refusalUnder(error)?.status !== 409) throw error
    const [found] = await lookAtUsers(client, [{ ...account, accountId: null }])
    if (found?.ok && found.value.user !== null) return found.value.user
    throw found?.ok === false ? found.error : client.fault('conflict', false)
  }
}

/** On condition that nobody wrote since it was read, where the service keeps versions. */
async function versionOf(client: ScimClient, user: User): Promise<string | null> {
  return (await client.provider()).versions ? user.version : null
}

/** Each group in one write; one that is not taken is tried for each person alone, so that nobody pays for another. */
async function changeGroups(
  client: ScimClient,
  memberships: Memberships,
  parts: readonly Part[],
): Promise<void> {
  const { versions } = await client.provider()
  const moves = parts.flatMap(part => {
    const { user, error, wanted, before } = part
    if (error !== null || user === null) return []
    return [...new Set([...before, ...wanted.groups])]
      .filter(group => before.has(group) !== wanted.groups.has(group))
      .map(group => ({ group, part, user: user.id, joins: wanted.groups.has(group) }))
  })
  const deltaOf = (some: typeof moves): Delta => ({
    added: some.filter(({ joins }) => joins).map(({ user }) => user),
    removed: some.filter(({ joins }) => !joins).map(({ user }) => user),
  })
  for (const group of new Set(moves.map(move => move.group))) {
    const some = moves.filter(move => move.group === group)
    const version = versions ? memberships.versionOf(group) : null
    const together = await alone(() => changeGroup(client, group, deltaOf(some), version))
    if (together.ok) continue
    for (const move of some) {
      const mayLieInOne = some.length > 1 && together.error.kind !== 'unreachable'
      const own = mayLieInOne
        ? await alone(() => changeGroup(client, group, deltaOf([move]), null))
        : together
      if (!own.ok) move.part.error ??= own.error
    }
  }
}

/** Only who has everything that was to come before it. */
async function open(client: ScimClient, { wanted, user }: Part): Promise<void> {
  if (wanted.active === true && user !== null)
    await client.patch(userPath(user.id), [{ op: 'replace', path: 'active', value: true }])
}
