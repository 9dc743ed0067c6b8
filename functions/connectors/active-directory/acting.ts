import { Attribute, type Change, type Client } from 'ldapts'
import type { Step } from '../../../schemas/target.ts'
import type { Plan } from '../contract.ts'
import { type Account, keysOf, lacksMark } from './account.ts'
import {
  addOne,
  bornExpired,
  deleteOne,
  disabledFlag,
  discardedPassword,
  exchange,
  exchangeOrAdd,
  expiresThen,
  never,
  normalAccountFlag,
  passwordlessFlag,
  profileAttributes,
  profileValues,
  replace,
  ticksOfInstant,
} from './attributes.ts'
import type { Connections } from './connections.ts'
import { childOf, keyOf, ownRelativeName, relativeName } from './distinguished-name.ts'
import { fault, resultCode } from './faults.ts'
import type { Finding } from './finding.ts'
import type { Layout } from './layout.ts'
import type { Protection } from './protection.ts'

const attributeActs = ['adopt', 'disable', 'enable', 'set-expiry', 'set-profile'] as const
type AttributeStep = Extract<Step, { act: (typeof attributeActs)[number] }>
const isAttributeStep = (step: Step): step is AttributeStep => attributeActs.some(act => act === step.act)

const attemptsAgainstOthers = 3
/** Active Directory's own rule for a `sAMAccountName`. */
const writableName = /^[^"/\\[\]:;|=,+*?<>@\p{C}]{1,20}$/u
const closed = normalAccountFlag | disabledFlag
const domainUsers = 513

/** Carries out one plan, step by step, on one account. Knows at each point how the account stands. */
export class Acting {
  readonly #connections: Connections
  readonly #layout: Layout
  readonly #protection: Protection
  readonly #finding: Finding
  readonly #plan: Plan
  #account: Account | null

  /** `known`: the account as it was read and found ours a moment ago, or null to read it now. */
  constructor(
    connections: Connections,
    layout: Layout,
    protection: Protection,
    finding: Finding,
    plan: Plan,
    known: Account | null,
  ) {
    this.#connections = connections
    this.#layout = layout
    this.#protection = protection
    this.#finding = finding
    this.#plan = plan
    this.#account = known
  }

  async run(): Promise<Account> {
    const { steps, observed } = this.#plan
    const starts = steps[0]?.act === 'create' && observed.state === 'absent'
    if (this.#account === null && !starts) this.#account = await this.#find()
    for (let at = 0; at < steps.length; ) {
      const step = steps[at]
      if (step === undefined) break
      if (isAttributeStep(step)) {
        // Neighbours that change attributes of the account go in one write: all of them or none.
        const together = [step]
        for (let next = steps[++at]; next && isAttributeStep(next); next = steps[++at]) together.push(next)
        await this.#write(together)
      } else {
        await this.#take(step)
        at += 1
      }
    }
    return this.#current()
  }

  async #take(step: Exclude<Step, AttributeStep>): Promise<void> {
    switch (step.act) {
      case 'create':
        this.#account ??= await this.#create()
        return
      case 'restore':
        return this.#moveTo(this.#layout.settings.activeOu, this.#layout.isRetired(this.#current().key))
      case 'grant':
        return this.#join(this.#groupOf(step.right.id))
      case 'revoke':
        return this.#leave(this.#groupOf(step.right))
      case 'retire':
        return this.#retire()
      case 'end-sessions':
        // Active Directory keeps none: a ticket that was given out lives its own time, whatever becomes of the account.
        return
    }
  }

  #current(): Account {
    if (this.#account === null) throw fault('missing', true)
    return this.#account
  }

  /** The account as it stands now, if it is this person's and may be touched. `observed` may have found it under a key. */
  async #find(): Promise<Account | null> {
    const { account, observed } = this.#plan
    const key = observed.accountId ?? account.accountId
    return this.#touchable(
      await (key === null ? this.#finding.withoutKey(account) : this.#finding.byKey(key)),
    )
  }

  async #touchable(account: Account | null): Promise<Account | null> {
    if (account === null) return null
    lacksMark(account, this.#plan.account)
    await this.#protection.check(account)
    return account
  }

  async #look(): Promise<Account> {
    const account = await this.#touchable(await this.#finding.byKey(this.#current().guid))
    if (account === null) throw fault('missing', true)
    this.#account = account
    return account
  }

  /** Disabled and expired; then a password nobody knows, in the write that takes the latter away. */
  async #create(): Promise<Account> {
    const { account, profile } = this.#plan
    const { activeOu, upnSuffix } = this.#layout.settings
    if (!writableName.test(account.name) || account.name.endsWith('.')) throw fault('refused', false)
    const dn = childOf(activeOu, relativeName('CN', account.name))
    if (!this.#layout.isManaged(keyOf(dn))) throw fault('misconfigured', false)
    const written = profileValues(profile)
    const values: Record<string, string> = {
      objectClass: 'user',
      sAMAccountName: account.name,
      userPrincipalName: `${account.name}@${upnSuffix}`,
      userAccountControl: String(closed),
      accountExpires: bornExpired,
      ...Object.fromEntries(Object.entries(written).filter(([, value]) => value !== '')),
    }
    const attributes = Object.entries(values).map(([type, value]) => new Attribute({ type, values: [value] }))
    try {
      await this.#connections.write(client => client.add(dn, attributes))
    } catch (error) {
      // 68: the name is taken (19: the principal name). If by this person, an earlier attempt got this far.
      const code = resultCode(error)
      if (code !== 68 && code !== 19) throw error
      const found = await this.#touchable(await this.#finding.withoutKey(account))
      if (found !== null) return found
      throw fault(code === 68 ? 'conflict' : 'refused', false, error)
    }
    const changes = [discardedPassword(), ...exchange('accountExpires', bornExpired, never)]
    const [keys] = await Promise.all([
      this.#connections.read(client => keysOf(client, dn)),
      this.#connections.write(client => client.modify(dn, changes)),
    ])
    return {
      ...keys,
      dn,
      key: keyOf(dn),
      name: account.name,
      flags: closed,
      expires: never,
      passwordless: false,
      groups: new Map(),
      profile: written,
      primaryGroup: domainUsers,
      service: false,
    }
  }

  /** Compares, and writes only what differs, on condition that it still is what was compared. */
  async #write(steps: readonly AttributeStep[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const account = this.#current()
      const { changes, after } = this.#changesFor(account, steps)
      if (changes.length === 0) return
      try {
        await this.#connections.write(client => client.modify(account.dn, changes))
        this.#account = after
        return
      } catch (error) {
        const code = resultCode(error)
        const overtaken = code === 16 || code === 20 || code === 32
        if (!overtaken || attempt === attemptsAgainstOthers) throw error
        await this.#look()
      }
    }
  }

  #changesFor(account: Account, steps: readonly AttributeStep[]): { changes: Change[]; after: Account } {
    const changes: Change[] = []
    let { flags, expires, profile, passwordless } = account
    for (const step of steps) {
      if (step.act === 'disable') flags |= disabledFlag
      if (step.act === 'enable') {
        if (passwordless) {
          changes.push(discardedPassword())
          flags &= ~passwordlessFlag
          passwordless = false
          if (expires === bornExpired) expires = never
        }
        flags &= ~disabledFlag
      }
      if (step.act === 'adopt') profile = { ...profile, employeeID: this.#plan.account.nationalId }
      if (step.act === 'set-profile') profile = profileValues(this.#plan.profile)
      if (step.act === 'set-expiry')
        if (!expiresThen(expires, step.expiresAt)) expires = ticksOfInstant(step.expiresAt)
    }
    for (const attribute of profileAttributes)
      if (profile[attribute] !== account.profile[attribute])
        changes.push(
          ...(attribute === 'employeeID'
            ? exchangeOrAdd(attribute, account.profile.employeeID, profile.employeeID)
            : [replace(attribute, profile[attribute])]),
        )
    if (expires !== null && expires !== account.expires)
      changes.push(...exchangeOrAdd('accountExpires', account.expires, expires))
    if (flags !== account.flags)
      changes.push(...exchange('userAccountControl', String(account.flags), String(flags)))
    return { changes, after: { ...account, flags, expires, profile, passwordless } }
  }

  #groupOf(right: string): string {
    const dn = this.#layout.groupOfRight.get(right)
    if (dn === undefined) throw fault('misconfigured', false)
    return dn
  }

  async #join(group: string): Promise<void> {
    const key = keyOf(group)
    if (this.#current().groups.has(key)) return
    await this.#changeMembership(group, addOne, 68, account => account.groups.has(key))
    const account = this.#current()
    this.#account = { ...account, groups: new Map(account.groups).set(key, group) }
  }

  async #leave(group: string): Promise<void> {
    const key = keyOf(group)
    if (!this.#current().groups.has(key)) return
    await this.#changeMembership(group, deleteOne, 53, account => !account.groups.has(key))
    const account = this.#current()
    const groups = new Map(account.groups)
    groups.delete(key)
    this.#account = { ...account, groups }
  }

  /**
   * One member, one way, never the whole list. `code` is what the server says when it was so already (68 and 53 mean
   * other things too): then the account is read again, and only its own list decides.
   */
  async #changeMembership(
    group: string,
    change: (type: string, value: string) => Change,
    code: number,
    isSo: (account: Account) => boolean,
  ): Promise<void> {
    await this.#protection.checkGroup(group)
    for (let attempt = 1; ; attempt++) {
      const { dn } = this.#current()
      try {
        return await this.#connections.write(client => client.modify(group, change('member', dn)))
      } catch (error) {
        const answered = resultCode(error)
        if (answered !== code && answered !== 20 && answered !== 16 && answered !== 32) throw error
        const account = await this.#look()
        if (isSo(account)) return
        const moved = account.dn !== dn && attempt < attemptsAgainstOthers
        if (!moved) throw answered === 32 ? fault('missing', false, error) : error
      }
    }
  }

  /** Strips every group that is ours to write, then moves the account among the inactive. */
  async #retire(): Promise<void> {
    for (const [key, dn] of this.#current().groups)
      if (this.#layout.isManagedGroup(key) && !(await this.#protection.isProtectedGroup(key)))
        await this.#leave(dn)
    await this.#moveTo(this.#layout.settings.inactiveOu, !this.#layout.isRetired(this.#current().key))
  }

  async #moveTo(ou: string, needed: boolean): Promise<void> {
    if (!needed) return
    const account = this.#current()
    const dn = childOf(ou, ownRelativeName(account.dn))
    if (!this.#layout.isManaged(keyOf(dn))) throw fault('misconfigured', false)
    try {
      await this.#connections.write((client: Client) => client.modifyDN(account.dn, dn))
      this.#account = { ...account, dn, key: keyOf(dn) }
    } catch (error) {
      const code = resultCode(error)
      if (code !== 32 && code !== 68) throw error
      const now = await this.#look()
      if (now.key !== keyOf(dn)) throw code === 68 ? fault('conflict', false, error) : error
    }
  }
}
