import type { Observation, Step } from '../../../schemas/target.ts'
import { absentAccount } from '../../domain/absent-account.ts'
import { ConnectorError, type Profile } from '../contract.ts'
import { groupsFor, groupsOf, type Modules, rightsOf } from '../module-groups.ts'
import { hashShownName, shownName } from '../shown-name.ts'

/** What of a user of Tryton this system reads and writes. Everything else in it is the ERP's own. */
export interface TrytonAccount {
  readonly id: number
  readonly login: string
  readonly name: string
  readonly active: boolean
  /** All of them, also those of the ERP. */
  readonly groups: ReadonlySet<number>
  /** Sessions that are open, and keys of applications that may enter in the user's name. */
  readonly entries: number
  readonly applications: readonly number[]
  /** What a write insists on: it changes with every change of the user. */
  readonly timestamp: string
  /**
   * `mine`: it bears this person's mark. `unfinished`: our own creation that broke off before the mark. `lost`: known by its
   * key and login, but the mark is gone. `unmarked`: theirs by adoption or by the national id of the employee behind it.
   */
  readonly mark: 'mine' | 'unfinished' | 'lost' | 'unmarked'
}

export function observationOf(
  modules: Modules<number>,
  account: TrytonAccount | null,
  adopted: boolean,
): Observation {
  if (account === null) return absentAccount
  return {
    state: account.active ? 'enabled' : 'disabled',
    accountId: String(account.id),
    name: account.login,
    expiresAt: null,
    rights: rightsOf(modules, account.groups),
    retired: null,
    profileHash: hashShownName(account.name),
    ...(adopted && account.mark === 'unmarked' ? { unmarked: true as const } : {}),
    ...(account.active ? {} : { sessionsOpen: account.entries > 0 }),
  }
}

/** An account as the steps want it. */
export interface Wanted {
  readonly name: string
  readonly active: boolean
  readonly groups: ReadonlySet<number>
  readonly marks: boolean
  readonly endsSessions: boolean
  /** A right that the ERP cannot hold as narrow as it was granted: all else is done, and a human decides. */
  readonly fault: ConnectorError | null
}

/** The account as the steps want it, whatever it was: a step already done changes nothing. */
export function afterSteps(
  system: string,
  modules: Modules<number>,
  before: TrytonAccount | null,
  profile: Profile,
  steps: readonly Step[],
): Wanted {
  if (before === null && steps.every(step => step.act !== 'create'))
    throw new ConnectorError(system, 'missing', true)
  let wanted: Wanted = {
    name: before === null || before.mark === 'unfinished' ? shownName(profile) : before.name,
    active: before?.active ?? false,
    groups: before?.groups ?? new Set(),
    marks: before === null || before.mark === 'unfinished' || before.mark === 'lost',
    endsSessions: false,
    fault: null,
  }
  for (const step of steps) wanted = afterStep(system, modules, wanted, profile, step)
  return wanted
}

function afterStep(
  system: string,
  modules: Modules<number>,
  wanted: Wanted,
  profile: Profile,
  step: Step,
): Wanted {
  const unable = { ...wanted, fault: new ConnectorError(system, 'misconfigured', false, { code: 'NARROW' }) }
  switch (step.act) {
    case 'enable':
      return { ...wanted, active: true }
    case 'disable':
    case 'end-sessions':
      return { ...wanted, active: step.act === 'disable' ? false : wanted.active, endsSessions: true }
    case 'retire':
      return {
        ...wanted,
        active: false,
        endsSessions: true,
        groups: without(wanted.groups, ourGroups(modules)),
      }
    case 'set-profile':
      return { ...wanted, name: shownName(profile) }
    case 'adopt':
      return { ...wanted, marks: true }
    case 'grant': {
      const given = groupsFor(modules, step.right)
      if (given === null) return unable
      const others = without(wanted.groups, groupsOf(modules.get(step.right.id)))
      return { ...wanted, groups: new Set([...others, ...given]) }
    }
    case 'revoke':
      return { ...wanted, groups: without(wanted.groups, groupsOf(modules.get(step.right))) }
    case 'set-expiry':
      return step.expiresAt === null ? wanted : unable
    case 'create':
    case 'restore':
      return wanted
  }
}

const ourGroups = (modules: Modules<number>): number[] => [...modules.values()].flatMap(groupsOf)

const without = (groups: ReadonlySet<number>, taken: readonly number[]): ReadonlySet<number> =>
  new Set([...groups].filter(group => !taken.includes(group)))
