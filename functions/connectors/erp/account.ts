import type { ErpSettings } from '../../../schemas/settings.ts'
import type { Observation, Right, Step } from '../../../schemas/target.ts'
import { absentAccount } from '../../domain/absent-account.ts'
import { ConnectorError, type Profile } from '../contract.ts'
import { hashShownName, shownName } from '../shown-name.ts'
import { writeInstant } from '../sql-instants.ts'
import { moduleCode, moduleId, readSpecifics, writeSpecifics } from './vocabulary.ts'

/** One person's row for one module of the ERP. */
export interface Permission {
  readonly module: string | number
  readonly read: boolean
  readonly insert: boolean
  readonly update: boolean
  readonly delete: boolean
  readonly specific: string | null
  readonly endsAt: string | null
  /** A flag was neither yes nor no, or the pair stood twice: the next grant writes it anew. */
  readonly odd: boolean
}

/** What of an ERP's user this system reads and writes. Everything else in the row is the ERP's own. */
export interface ErpAccount {
  /** Null until the ERP has given one. */
  readonly id: string | null
  /** As stored: what a write insists on. */
  readonly login: string
  readonly name: string
  readonly active: boolean
  readonly endsAt: string | null
  /** The person's mark as stored, null where it bears none. */
  readonly mark: string | null
  readonly mail: string | null
  /** By the module's code as text. */
  readonly permissions: ReadonlyMap<string, Permission>
}

/** Not a right of ours: an ERP that lets somebody write without reading. It makes the difference to the right visible. */
const withoutReading = 'sin consulta'

/** `adopted`: it is this person's although it may not bear their mark yet. */
export function observationOf(
  settings: ErpSettings,
  account: ErpAccount | null,
  adopted: boolean,
): Observation {
  if (account === null) return absentAccount
  return {
    state: account.active ? 'enabled' : 'disabled',
    accountId: account.id,
    name: account.login.trimEnd(),
    expiresAt: account.endsAt,
    rights: rightsOf(settings, account),
    retired: null,
    profileHash: hashShownName(account.name),
    ...(adopted && account.mark === null ? { unmarked: true as const } : {}),
  }
}

export const rightsOf = (settings: ErpSettings, account: ErpAccount): Right[] =>
  [...account.permissions.values()]
    .flatMap(permission => rightOf(settings, permission))
    .sort((a, b) => (a.id < b.id ? -1 : 1))

function rightOf(settings: ErpSettings, permission: Permission): Right[] {
  const id = moduleId(settings.mapping, permission.module)
  const operations: Right['operations'] = [
    ...(permission.insert ? (['ingreso'] as const) : []),
    ...(permission.update ? (['modificacion'] as const) : []),
    ...(permission.delete ? (['eliminacion'] as const) : []),
  ]
  if (id === null || (!permission.read && operations.length === 0)) return []
  const specific = readSpecifics(permission.specific)
  if (!permission.read) specific.push(withoutReading)
  return [{ id, operations, specific: specific.sort(), until: permission.endsAt }]
}

/**
 * The account as the steps want it, whatever it was: a step already done changes nothing.
 * Closing also takes the permissions for modules that are not ours to report: they are access too (R9).
 */
export function afterSteps(
  settings: ErpSettings,
  login: string,
  before: ErpAccount | null,
  profile: Profile,
  steps: readonly Step[],
  mark: string,
): ErpAccount {
  let account = before
  for (const step of steps) {
    if (step.act === 'create') account ??= newAccount(login, profile, mark)
    else if (account === null) throw new ConnectorError(settings.id, 'missing', true)
    else if (step.act === 'adopt') account = { ...account, mark: account.mark ?? mark }
    else account = afterStep(settings, account, profile, step)
  }
  if (account === null) throw new ConnectorError(settings.id, 'missing', true)
  return account
}

const newAccount = (login: string, profile: Profile, mark: string): ErpAccount => ({
  id: null,
  login,
  name: shownName(profile),
  active: false,
  endsAt: null,
  mark,
  mail: null,
  permissions: new Map(),
})

function afterStep(settings: ErpSettings, account: ErpAccount, profile: Profile, step: Step): ErpAccount {
  const { mapping } = settings
  const permissions = new Map(account.permissions)
  switch (step.act) {
    case 'enable':
      return { ...account, active: true }
    case 'disable':
      for (const [code, { module }] of permissions)
        if (moduleId(mapping, module) === null) permissions.delete(code)
      return { ...account, active: false, permissions }
    case 'retire':
      return { ...account, active: false, permissions: new Map() }
    case 'set-profile':
      return { ...account, name: shownName(profile) }
    case 'set-expiry':
      return { ...account, endsAt: writeInstant(step.expiresAt) }
    case 'grant': {
      const granted = permissionOf(settings, step.right)
      return { ...account, permissions: permissions.set(String(granted.module), granted) }
    }
    case 'revoke':
      permissions.delete(String(moduleCode(mapping, step.right)))
      return { ...account, permissions }
    case 'create':
    case 'adopt':
    case 'end-sessions':
    case 'restore':
      return account
  }
}

/** Every right includes reading: a `consulta` is that and nothing more (R4). */
function permissionOf({ mapping }: ErpSettings, right: Right): Permission {
  return {
    module: moduleCode(mapping, right.id),
    read: true,
    insert: right.operations.includes('ingreso'),
    update: right.operations.includes('modificacion'),
    delete: right.operations.includes('eliminacion'),
    specific: writeSpecifics(right.specific),
    endsAt: writeInstant(right.until),
    odd: false,
  }
}
