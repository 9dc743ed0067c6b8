import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { MicrosoftMailSettings } from '../../../schemas/settings.ts'
import type { Step } from '../../../schemas/target.ts'
import { ConnectorError, type Plan } from '../contract.ts'
import { fault, refusalUnder } from './faults.ts'
import type { Graph } from './graph.ts'
import { type Looking, userPath } from './look.ts'
import type { RecentWrites, Written } from './recent-writes.ts'
import { beforeAll, isOfDomain, mayHaveSessions, noteOf, profileValues, sameMark, type User } from './user.ts'

/** What stands before the @: Graph's own rule for a `userPrincipalName`. */
const writableName = /^[A-Za-z0-9'._\-!#^~]{1,64}$/
/** Milliseconds to wait for a replica to know what was made a moment ago. */
const patience = [500, 1_000, 2_000]
/** A little more than the second to which the service rounds the moment from which sessions are valid. */
const nextSecond = 1_100

/** Carries out one plan, step by step, on one user. */
export class Acting {
  readonly #graph: Graph
  readonly #settings: MicrosoftMailSettings
  readonly #looking: Looking
  readonly #recent: RecentWrites
  readonly #plan: Plan
  #user: User | null

  constructor(
    graph: Graph,
    settings: MicrosoftMailSettings,
    looking: Looking,
    recent: RecentWrites,
    plan: Plan,
    user: User | null,
  ) {
    this.#graph = graph
    this.#settings = settings
    this.#looking = looking
    this.#recent = recent
    this.#plan = plan
    this.#user = user
  }

  /** What the target cannot hold (R5's copies to the head) is left out, and said once all the rest is done. */
  async run(): Promise<User> {
    const { steps } = this.#plan
    for (const step of steps) await this.#take(step)
    if (steps.some(({ act }) => act === 'grant' || act === 'set-expiry')) throw fault('misconfigured', false)
    return this.#current()
  }

  #current(): User {
    if (this.#user === null) throw fault('missing', true)
    return this.#user
  }

  async #take(step: Step): Promise<void> {
    switch (step.act) {
      case 'create':
        this.#user ??= await this.#create()
        return this.#license()
      case 'adopt':
        return this.#mark()
      case 'set-profile':
        await this.#write(profileValues(this.#plan.profile), { profile: profileValues(this.#plan.profile) })
        return this.#license()
      case 'enable':
        await this.#license()
        return this.#write({ accountEnabled: true, ...this.#note(null) }, { enabled: true, closedAt: null })
      case 'disable':
        return this.#close()
      case 'end-sessions':
        return this.#endSessions()
      case 'retire':
        // R25: its licence stays, and with it the mailbox. Without one Microsoft deletes the mail after thirty days.
        if (this.#current().enabled) await this.#close()
        return
      case 'grant':
      case 'set-expiry':
      case 'revoke':
      case 'restore':
    }
  }

  /** Disabled, under a password that nobody knows. Whoever has the name decides, not whether a replica shows them yet. */
  async #create(): Promise<User> {
    const { account, profile } = this.#plan
    const at = account.name.lastIndexOf('@')
    const localPart = account.name.slice(0, at)
    if (!isOfDomain(this.#settings, account.name)) throw fault('misconfigured', false)
    if (!writableName.test(localPart)) throw fault('refused', false)
    await this.#insistNotDeleted()
    const values = profileValues(profile)
    const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null))
    try {
      const made = await this.#graph.write(
        'POST',
        '/users',
        {
          ...given,
          accountEnabled: false,
          userPrincipalName: account.name,
          mailNickname: localPart,
          employeeId: account.nationalId,
          usageLocation: this.#settings.usageLocation,
          passwordProfile: { password: discardedPassword(), forceChangePasswordNextSignIn: true },
          ...this.#note(beforeAll),
        },
        true,
      )
      const { id } = made as { id?: unknown }
      if (typeof id !== 'string') throw fault('misconfigured', true)
      const user: User = {
        id: id.toLowerCase(),
        name: account.name.toLowerCase(),
        enabled: false,
        profile: values,
        mark: account.nationalId,
        mail: null,
        guest: false,
        located: true,
        licensed: false,
        synchronised: false,
        sessionsFrom: beforeAll,
        closedAt: beforeAll,
      }
      this.#recent.note(user.id, account.nationalId, { mark: account.nationalId, enabled: false })
      return user
    } catch (error) {
      if (!(error instanceof ConnectorError) || error.kind !== 'conflict') throw error
      return this.#bearer()
    }
  }

  /** The name is taken. By this person, if an earlier attempt got this far; a replica may show it only in a while. */
  async #bearer(): Promise<User> {
    const { account } = this.#plan
    for (const wait of [0, ...patience]) {
      await pause(wait)
      const user = await this.#looking.named(account.name)
      if (user === null) continue
      if (user.mark !== null && sameMark(user.mark, account.nationalId)) return user
      throw fault('conflict', false)
    }
    throw fault('throttled', true)
  }

  /**
   * A user that was deleted by hand keeps its mailbox for thirty days, and gets it back only if it is restored itself. A new
   * one under the same name would begin with an empty one: that is a human's decision.
   */
  async #insistNotDeleted(): Promise<void> {
    const { accountId } = this.#plan.account
    if (accountId === null) return
    const deleted = await this.#graph.get(`/directory/deletedItems/${encodeURIComponent(accountId)}`).then(
      () => true,
      error => {
        if (refusalUnder(error)?.status === 404) return false
        throw error
      },
    )
    if (deleted) throw fault('conflict', false)
  }

  /** Only added where it is missing: assigning it again would switch on the services that IT had switched off in it. */
  async #license(): Promise<void> {
    const user = this.#current()
    if (user.licensed) return
    if (!user.located) await this.#write({ usageLocation: this.#settings.usageLocation }, {})
    try {
      await this.#send('POST', `${userPath(user.id)}/assignLicense`, {
        addLicenses: [{ skuId: this.#settings.licence, disabledPlans: [] }],
        removeLicenses: [],
      })
    } catch (error) {
      // None left, or no such subscription: whoever buys them mends that, and nobody is opened without a mailbox.
      throw refusalUnder(error)?.status === 400 ? fault('misconfigured', true, refusalUnder(error)) : error
    }
    this.#learn({ licensed: true })
  }

  async #mark(): Promise<void> {
    const { nationalId } = this.#plan.account
    const { mark } = this.#current()
    if (mark !== null && sameMark(mark, nationalId)) return
    if (mark !== null) throw fault('conflict', false)
    await this.#write({ employeeId: nationalId }, { mark: nationalId })
  }

  /** Always written, whatever was read: a reading may be old, and when in doubt it happens. */
  async #close(): Promise<void> {
    const user = this.#current()
    const closedAt = user.sessionsFrom
    if (user.synchronised) {
      await this.#revoke()
      // The body's own directory closes it; here it cannot be done.
      throw fault('misconfigured', false)
    }
    try {
      await this.#write({ accountEnabled: false, ...this.#note(closedAt) }, { enabled: false, closedAt })
    } catch (error) {
      if (refusalUnder(error)?.status !== 400) throw error
      // The note is what it did not take. Closed it is, but that its sessions ended cannot be shown.
      await this.#write({ accountEnabled: false }, { enabled: false })
      await this.#revoke()
      throw error
    }
    await this.#revokeUntilShown()
  }

  async #endSessions(): Promise<void> {
    const user = this.#current()
    if (user.synchronised) return this.#revoke()
    await this.#write(this.#note(user.sessionsFrom), { closedAt: user.sessionsFrom })
    await this.#revokeUntilShown()
  }

  async #revoke(): Promise<void> {
    const answer = await this.#send('POST', `${userPath(this.#current().id)}/revokeSignInSessions`, null)
    const { value } = (answer ?? {}) as { value?: unknown }
    if (value === false) throw fault('unreachable', true)
  }

  /** The service tells the moment in whole seconds: within the same one a revocation does not show, and is made again. */
  async #revokeUntilShown(): Promise<void> {
    for (let attempt = 0; attempt < 2; attempt++) {
      await this.#revoke()
      const { sessionsFrom } = await this.#looking.again(this.#current().id)
      if (!mayHaveSessions({ ...this.#current(), sessionsFrom })) {
        this.#user = { ...this.#current(), sessionsFrom }
        return
      }
      await pause(nextSecond)
    }
    await this.#revoke()
  }

  #note(value: string | null) {
    return { onPremisesExtensionAttributes: { [noteOf(this.#settings)]: value } }
  }

  async #write(body: object, written: Written): Promise<void> {
    const user = this.#current()
    if (user.synchronised) throw fault('misconfigured', false)
    await this.#send('PATCH', userPath(user.id), body)
    this.#learn(written)
  }

  #learn(written: Written): void {
    const user = this.#current()
    this.#user = { ...user, ...written }
    this.#recent.note(user.id, this.#plan.account.nationalId, written)
  }

  /** What was made a moment ago may not be known yet where the next write arrives. */
  async #send(method: 'POST' | 'PATCH', path: string, body: object | null): Promise<unknown> {
    for (const wait of patience) {
      try {
        return await this.#graph.write(method, path, body)
      } catch (error) {
        if (refusalUnder(error)?.status !== 404) throw error
        await pause(wait)
      }
    }
    return this.#graph.write(method, path, body)
  }
}

/** All four kinds of characters, whatever the policy; nobody ever learns it. */
const discardedPassword = (): string => `aA1!${randomBytes(36).toString('base64url')}`
