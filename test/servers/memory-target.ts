import { createHash, randomUUID } from 'node:crypto'
import {
  type AccountPage,
  type AccountRef,
  type Applied,
  type Connector,
  ConnectorError,
  type ConnectorFault,
  type Outcome,
  type PasswordRefusal,
  type Plan,
  type Profile,
} from '../../functions/connectors/contract.ts'
import { absentAccount } from '../../functions/domain/absent-account.ts'
import type { Observation, Right, Step } from '../../schemas/target.ts'

/** An account as the target holds it; a test may change it by hand. */
export interface MemoryAccount {
  accountId: string
  name: string
  /** The national id it bears; null: an account made by hand that bears no mark. */
  owner: string | null
  enabled: boolean
  expiresAt: string | null
  rights: Map<string, Right>
  retired: boolean
  profileHash: string
  shownName?: string
  mail?: string
  untouchable?: boolean
  /** Left out: the one it was made with, which nobody knows. */
  password?: string
}

/** Accounts of one page of `list`. */
const pageSize = 3

/** A target in memory, for what is under test around it. It counts what was done to it and can be made to fail. */
export interface MemoryTarget extends Connector {
  readonly accounts: Map<string, MemoryAccount>
  /** Every step that changed something, in order. */
  readonly changes: { readonly accountId: string; readonly act: Step['act'] }[]
  /** Null: well. Otherwise every call fails like this; `after`: the steps happen and the answer is lost. */
  fault: { kind: ConnectorFault; retryable: boolean; after?: boolean } | null
  /** Called before each step; throwing there is the process dying. */
  beforeStep: (step: Step) => void
  /** What its policy says of the next password; null: it takes it. */
  policy: PasswordRefusal | null
  /** Called before a password is set. */
  beforePassword: () => void | Promise<void>
}

export function memoryTarget(system: string): MemoryTarget {
  const accounts = new Map<string, MemoryAccount>()
  const changes: MemoryTarget['changes'] = []
  const profileHash = (profile: Profile) => createHash('sha256').update(JSON.stringify(profile)).digest('hex')

  const find = (ref: AccountRef) => {
    const all = [...accounts.values()]
    return ref.accountId === null || !accounts.has(ref.accountId)
      ? (all.find(account => account.owner === ref.nationalId) ??
          all.find(account => account.name === ref.name))
      : accounts.get(ref.accountId)
  }

  const failure = (): { ok: false; error: ConnectorError } => ({
    ok: false,
    error: new ConnectorError(system, target.fault?.kind ?? 'unreachable', target.fault?.retryable ?? true),
  })

  const take = (account: MemoryAccount, step: Step, plan: Plan) => {
    target.beforeStep(step)
    changes.push({ accountId: account.accountId, act: step.act })
    if (step.act === 'disable') account.enabled = false
    if (step.act === 'enable') account.enabled = true
    if (step.act === 'adopt') account.owner = plan.account.nationalId
    if (step.act === 'restore') account.retired = false
    if (step.act === 'retire') {
      account.retired = true
      account.rights.clear()
    }
    if (step.act === 'set-profile') account.profileHash = profileHash(plan.profile)
    if (step.act === 'set-expiry') account.expiresAt = step.expiresAt
    if (step.act === 'revoke') account.rights.delete(step.right)
    if (step.act === 'grant') account.rights.set(step.right.id, step.right)
  }

  const applyOne = (plan: Plan): Outcome<Applied> => {
    let account = find(plan.account)
    for (const step of plan.steps) {
      if (step.act === 'create') {
        if (account !== undefined) return { ok: false, error: new ConnectorError(system, 'conflict', false) }
        target.beforeStep(step)
        account = {
          accountId: randomUUID(),
          name: plan.account.name,
          owner: plan.account.nationalId,
          enabled: false,
          expiresAt: null,
          rights: new Map(),
          retired: false,
          profileHash: profileHash(plan.profile),
        }
        accounts.set(account.accountId, account)
        changes.push({ accountId: account.accountId, act: 'create' })
      } else if (account !== undefined) take(account, step, plan)
    }
    if (account === undefined) return { ok: false, error: new ConnectorError(system, 'missing', true) }
    return { ok: true, value: { accountId: account.accountId, name: account.name } }
  }

  const target: MemoryTarget = {
    system,
    accounts,
    changes,
    fault: null,
    beforeStep: () => {},
    policy: null,
    beforePassword: () => {},
    profileHash,
    async observe(refs) {
      await Promise.resolve()
      return refs.map((ref): Outcome<Observation> => {
        if (target.fault !== null && target.fault.after !== true) return failure()
        const account = find(ref)
        if (account === undefined) return { ok: true, value: absentAccount }
        const unmarked = account.owner === null && ref.adopted && account.accountId === ref.accountId
        if (account.owner !== ref.nationalId && !unmarked)
          return { ok: false, error: new ConnectorError(system, 'conflict', false) }
        return {
          ok: true,
          value: {
            state: account.enabled ? 'enabled' : 'disabled',
            accountId: account.accountId,
            name: account.name,
            expiresAt: account.expiresAt,
            rights: [...account.rights.values()].sort((one, other) => (one.id < other.id ? -1 : 1)),
            retired: account.retired,
            profileHash: account.profileHash,
            ...(unmarked && { unmarked }),
          },
        }
      })
    },
    async list(cursor): Promise<Outcome<AccountPage>> {
      await Promise.resolve()
      if (target.fault !== null) return failure()
      const all = [...accounts.values()].sort((one, other) => (one.accountId < other.accountId ? -1 : 1))
      const page = all
        .filter(({ accountId }) => cursor === null || accountId > cursor)
        .slice(0, pageSize)
        .map(account => ({
          accountId: account.accountId,
          name: account.name,
          state: account.enabled ? ('enabled' as const) : ('disabled' as const),
          expiresAt: account.expiresAt,
          rights: [...account.rights.values()].sort((one, other) => (one.id < other.id ? -1 : 1)),
          nationalId: account.owner,
          personId: null,
          shownName: account.shownName ?? null,
          mail: account.mail ?? null,
          untouchable: account.untouchable ?? false,
        }))
      const last = page.at(-1)?.accountId
      const more = last !== undefined && all.some(({ accountId }) => accountId > last)
      return { ok: true, value: { accounts: page, next: more ? last : null } }
    },
    async apply(plans) {
      await Promise.resolve()
      return plans.map(plan => {
        if (target.fault !== null && target.fault.after !== true) return failure()
        const result = applyOne(plan)
        return target.fault?.after === true ? failure() : result
      })
    },
    async setPassword(ref, password) {
      await target.beforePassword()
      if (target.fault !== null && target.fault.after !== true) return failure()
      const account = find(ref)
      if (account === undefined) return { ok: false, error: new ConnectorError(system, 'missing', false) }
      if (account.owner !== ref.nationalId)
        return { ok: false, error: new ConnectorError(system, 'conflict', false) }
      if (target.policy !== null) return { ok: true, value: { set: false, why: target.policy } }
      account.password = password
      return target.fault?.after === true ? failure() : { ok: true, value: { set: true } }
    },
    close: () => Promise.resolve(),
  }
  return target
}
