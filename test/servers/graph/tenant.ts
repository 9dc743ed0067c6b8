import { randomUUID } from 'node:crypto'
import type { ChangedUser, NewUser } from './shapes.ts'

export interface StoredUser {
  readonly id: string
  readonly userPrincipalName: string
  readonly mailNickname: string
  readonly accountEnabled: boolean
  readonly displayName: string
  readonly givenName: string | null
  readonly surname: string | null
  readonly jobTitle: string | null
  readonly department: string | null
  readonly employeeId: string | null
  readonly mail: string | null
  readonly userType: 'Member' | 'Guest'
  readonly usageLocation: string | null
  readonly assignedLicenses: readonly { skuId: string; disabledPlans: readonly string[] }[]
  readonly onPremisesSyncEnabled: boolean | null
  readonly onPremisesExtensionAttributes: Readonly<Record<string, string | null>>
  readonly signInSessionsValidFromDateTime: string
  readonly officeLocation: string | null
  readonly password: string
  readonly mustChangePassword: boolean
}

/** What the service answers when it does not do what it was asked. */
export class GraphError extends Error {
  readonly status: number
  readonly code: string
  readonly details: readonly { code: string; message: string; target: string }[]
  constructor(
    status: number,
    code: string,
    message: string,
    details: readonly { code: string; message: string; target: string }[] = [],
  ) {
    super(message)
    this.status = status
    this.code = code
    this.details = details
  }
}

const badRequest = (message: string) => new GraphError(400, 'Request_BadRequest', message)
const notThere = (id: string) =>
  new GraphError(
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  )
const taken = (property: string) => {
  const message = `Another object with the same value for property ${property} already exists.`
  return new GraphError(400, 'Request_BadRequest', message, [
    { code: 'ObjectConflict', message, target: property },
  ])
}
const onPremises = () =>
  badRequest(
    'Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.',
  )
const weak = () =>
  new GraphError(
    400,
    'Request_BadRequest',
    'The specified password does not comply with password complexity requirements. Please provide a different password.',
    [{ code: 'InvalidPassword', message: 'Invalid password.', target: 'password' }],
  )

type Version = { readonly at: number; readonly user: StoredUser | null }

/**
 * The users of one tenant. Writes go to the primary and are judged there; reads show the primary as it was `lag`
 * milliseconds ago, as a replica does.
 */
export class Tenant {
  lag = 0
  /** The replica has taken over nothing since this moment of `performance.now()`; null: it keeps up. */
  stalledAt: number | null = null
  /** Milliseconds to which the service rounds the moment from which sessions are valid. */
  resolution = 1_000
  /** What is added to this machine's clock to get the tenant's. */
  clockOffset = 0
  readonly domains: readonly string[]
  /** Subscribed licences → how many are left. */
  readonly licences: Map<string, number>
  readonly banned = ['contrasena', 'municipio']
  #versions = new Map<string, Version[]>()
  readonly #deleted = new Set<string>()

  constructor(domains: readonly string[], licences: Readonly<Record<string, number>>) {
    this.domains = domains
    this.licences = new Map(Object.entries(licences))
  }

  /** On the primary. */
  get users(): StoredUser[] {
    return [...this.#versions.keys()].flatMap(id => this.#latest(id) ?? [])
  }

  /** On the replica, as whoever reads now sees them. */
  get visible(): StoredUser[] {
    const horizon = Math.min(performance.now() - this.lag, this.stalledAt ?? Number.POSITIVE_INFINITY)
    return [...this.#versions.values()].flatMap(
      versions => versions.findLast(({ at }) => at <= horizon)?.user ?? [],
    )
  }

  visibleBy(key: string): StoredUser {
    const found = this.visible.find(user => isKey(user, key))
    if (found === undefined) throw notThere(key)
    return found
  }

  isDeleted(id: string): boolean {
    return this.#deleted.has(id)
  }

  insert(body: NewUser): StoredUser {
    this.#judgeName(body.userPrincipalName)
    this.#judgePassword(body.passwordProfile.password, body.userPrincipalName)
    const { passwordProfile, ...given } = body
    const user: StoredUser = {
      id: randomUUID(),
      givenName: null,
      surname: null,
      jobTitle: null,
      department: null,
      employeeId: null,
      mail: null,
      userType: 'Member',
      usageLocation: null,
      assignedLicenses: [],
      onPremisesSyncEnabled: null,
      signInSessionsValidFromDateTime: this.now(),
      officeLocation: null,
      ...given,
      onPremisesExtensionAttributes: { ...(given.onPremisesExtensionAttributes as object) },
      password: passwordProfile.password,
      mustChangePassword: passwordProfile.forceChangePasswordNextSignIn ?? true,
    }
    return this.put(user)
  }

  change(key: string, body: ChangedUser): void {
    const user = this.#primary(key)
    // Cloud properties of a synchronised user are few: its licences, its location, its sessions.
    if (user.onPremisesSyncEnabled === true && Object.keys(body).some(name => name !== 'usageLocation'))
      throw onPremises()
    const { passwordProfile, onPremisesExtensionAttributes, ...given } = body
    if (given.userPrincipalName !== undefined && given.userPrincipalName !== user.userPrincipalName)
      this.#judgeName(given.userPrincipalName)
    if (passwordProfile !== undefined) this.#judgePassword(passwordProfile.password, user.userPrincipalName)
    this.put({
      ...user,
      ...given,
      onPremisesExtensionAttributes: {
        ...user.onPremisesExtensionAttributes,
        ...(onPremisesExtensionAttributes as object),
      },
      ...(passwordProfile === undefined
        ? {}
        : {
            password: passwordProfile.password,
            mustChangePassword: passwordProfile.forceChangePasswordNextSignIn ?? false,
            signInSessionsValidFromDateTime: this.now(),
          }),
    })
  }

  license(
    key: string,
    add: readonly { skuId: string; disabledPlans?: readonly string[] | undefined }[],
    remove: readonly string[],
  ): StoredUser {
    const user = this.#primary(key)
    if (user.usageLocation === null)
      throw badRequest('License assignment cannot be done for user with invalid usage location.')
    const held = new Map(user.assignedLicenses.map(one => [one.skuId, one]))
    for (const sku of remove) {
      if (!held.delete(sku)) throw badRequest('User does not have a corresponding license.')
      this.licences.set(sku, (this.licences.get(sku) ?? 0) + 1)
    }
    for (const { skuId, disabledPlans } of add) {
      const left = this.licences.get(skuId)
      if (left === undefined)
        throw badRequest(`License ${skuId} does not correspond to a valid company License.`)
      if (!held.has(skuId)) {
        if (left < 1) throw badRequest(`Subscription with SKU ${skuId} does not have any available licenses.`)
        this.licences.set(skuId, left - 1)
      }
      held.set(skuId, { skuId, disabledPlans: disabledPlans ?? [] })
    }
    return this.put({
      ...user,
      assignedLicenses: [...held.values()],
      mail: held.size > 0 ? user.userPrincipalName : user.mail,
    })
  }

  revokeSessions(key: string): void {
    this.put({ ...this.#primary(key), signInSessionsValidFromDateTime: this.now() })
  }

  put(user: StoredUser): StoredUser {
    const versions = this.#versions.get(user.id) ?? []
    this.#versions.set(user.id, [...versions.slice(-20), { at: performance.now(), user }])
    return user
  }

  remove(id: string): void {
    this.#versions.delete(id)
    this.#deleted.add(id)
  }

  backup(): () => void {
    const then = new Map(this.#versions)
    return () => {
      this.#versions = new Map(then)
    }
  }

  /** The service's own time, in ISO 8601 as it writes it. */
  now(): string {
    const at = Date.now() + this.clockOffset
    return new Date(Math.floor(at / this.resolution) * this.resolution).toISOString()
  }

  #latest(id: string): StoredUser | null {
    return this.#versions.get(id)?.at(-1)?.user ?? null
  }

  #primary(key: string): StoredUser {
    const found = this.users.find(user => isKey(user, key))
    // A write goes where the object may not have arrived yet.
    const known = found !== undefined && this.visible.some(({ id }) => id === found.id)
    if (found === undefined || !known) throw notThere(key)
    return found
  }

  #judgeName(name: string): void {
    const lower = name.toLowerCase()
    if (!this.domains.includes(lower.slice(lower.indexOf('@') + 1)))
      throw badRequest(
        'The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.',
      )
    if (this.users.some(user => user.userPrincipalName.toLowerCase() === lower))
      throw taken('userPrincipalName')
  }

  #judgePassword(password: string, name: string): void {
    const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter(kind => kind.test(password)).length
    const lower = password.toLowerCase()
    const known = [...this.banned, name.slice(0, name.indexOf('@')).toLowerCase()]
    if (password.length < 8 || password.length > 256 || kinds < 3 || known.some(word => lower.includes(word)))
      throw weak()
  }
}

const isKey = (user: StoredUser, key: string): boolean =>
  user.id === key.toLowerCase() || user.userPrincipalName.toLowerCase() === key.toLowerCase()
