import { setTimeout as pause } from 'node:timers/promises'
import * as z from 'zod'
import type { MicrosoftMailSettings } from '../../../schemas/settings.ts'
import { type AccountRef, ConnectorError, type Outcome } from '../contract.ts'
import { fault, faultOf } from './faults.ts'
import { batchSize, type Graph, type Reading } from './graph.ts'
import type { RecentWrites } from './recent-writes.ts'
import { marksOf, sameMark, selected, type User, userOf } from './user.ts'

/** A person's account. `unmarked`: theirs by a human's word alone. */
export interface Found {
  readonly user: User | null
  readonly unmarked: boolean
}

/** A list says where it is from: an object without it is some other answer. */
export const UserPage = z.object({
  '@odata.context': z.string(),
  value: z.array(z.unknown()),
  '@odata.nextLink': z.string().optional(),
})

/** Milliseconds to wait before each further look at what lags behind. */
const patience = [250, 750, 1_500]
const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const columns = `$select=${selected.join(',')}`

export const userPath = (id: string): string => `/users/${encodeURIComponent(id)}`

/** Text inside a filter: a quote is doubled (OData 4.01, ABNF `string`). */
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`
const filtered = (filter: string): string => `/users?$filter=${encodeURIComponent(filter)}&${columns}`
const byName = (name: string): string => filtered(`userPrincipalName eq ${quoted(name)}`)
const byMark = (nationalId: string): string =>
  filtered(`employeeId in (${marksOf(nationalId).map(quoted).join(',')})`)

export class Looking {
  readonly #graph: Graph
  readonly #settings: MicrosoftMailSettings
  readonly #recent: RecentWrites

  constructor(graph: Graph, settings: MicrosoftMailSettings, recent: RecentWrites) {
    this.#graph = graph
    this.#settings = settings
    this.#recent = recent
  }

  /** Everybody's account; whoever is seen as they were before our own last write is looked at again, for some seconds. */
  async at(refs: readonly AccountRef[]): Promise<Outcome<Found>[]> {
    const outcomes = await this.#once(refs)
    for (const wait of [...patience, null]) {
      const old = outcomes.flatMap((outcome, at) => {
        const ref = refs[at]
        return outcome.ok && ref !== undefined && this.#isOld(ref, outcome.value.user) ? [at] : []
      })
      if (old.length === 0) break
      if (wait === null) {
        for (const at of old) outcomes[at] = { ok: false, error: fault('throttled', true) }
        break
      }
      await pause(wait)
      const again = await this.#once(old.map(at => refs[at] as AccountRef))
      for (const [nth, at] of old.entries()) outcomes[at] = again[nth] as Outcome<Found>
    }
    return outcomes
  }

  async one(ref: AccountRef): Promise<Found> {
    const [found] = await this.at([ref])
    if (found === undefined) throw fault('missing', true)
    if (!found.ok) throw found.error
    return found.value
  }

  /** The account of that name, whoever's it is; null where a reading shows none (yet). */
  async named(name: string): Promise<User | null> {
    const [user] = this.#usersOf(await this.#graph.get(byName(name)))
    return user ?? null
  }

  /** As it is read now, without asking whose it is. */
  async again(id: string): Promise<User> {
    return userOf(this.#settings, await this.#graph.get(`${userPath(id)}?${columns}`))
  }

  #isOld(ref: AccountRef, user: User | null): boolean {
    return this.#recent.outdates(keyOf(ref), ref.nationalId, user)
  }

  async #once(refs: readonly AccountRef[]): Promise<Outcome<Found>[]> {
    const keyed = refs.flatMap((ref, at) => (keyOf(ref) === null ? [] : [at]))
    const users = await this.#ask(
      keyed,
      at => [`${userPath(keyOf(refs[at] as AccountRef) ?? '')}?${columns}`],
      ([reading]) => this.#byKey(reading),
    )
    // Those without a key, and those whose key leads nowhere: an account that bears their mark, under whatever name.
    const lost = [...refs.keys()].filter(at => {
      const known = users.get(at)
      return known === undefined || (known.ok && known.value === null)
    })
    const searched = await this.#ask(
      lost,
      at => [byMark(refs[at]?.nationalId ?? ''), byName(refs[at]?.name ?? '')],
      ([marked, named], at) => this.#bySearch(refs[at] as AccountRef, marked, named),
    )
    const nobody = [...searched.values()].some(outcome => outcome.ok && outcome.value.user === null)
    const proof = nobody ? await this.#proveReadable() : null
    return refs.map((ref, at) => {
      const search = searched.get(at)
      if (search?.ok && search.value.user === null && proof !== null) return { ok: false, error: proof }
      if (search !== undefined) return search
      const known = users.get(at)
      if (known === undefined) return { ok: false, error: fault('missing', true) }
      return known.ok ? judge(ref, known.value) : known
    })
  }

  /** Several readings for each of `wanted`, as few exchanges as there can be. Silence for one exchange is silence for all. */
  async #ask<T>(
    wanted: readonly number[],
    pathsOf: (at: number) => string[],
    understand: (readings: readonly Reading[], at: number) => T,
  ): Promise<Map<number, Outcome<T>>> {
    const outcomes = new Map<number, Outcome<T>>()
    const perPerson = Math.max(1, wanted[0] === undefined ? 1 : pathsOf(wanted[0]).length)
    const together = Math.floor(batchSize / perPerson)
    let silence: ConnectorError | null = null
    for (let from = 0; from < wanted.length; from += together) {
      const some = wanted.slice(from, from + together)
      const readings: Reading[] | ConnectorError =
        silence ??
        (await this.#graph.readTogether(some.flatMap(pathsOf)).catch((error: unknown) => {
          if (error instanceof ConnectorError) return error
          throw error
        }))
      if (readings instanceof ConnectorError) silence = readings
      for (const [nth, at] of some.entries())
        outcomes.set(
          at,
          readings instanceof ConnectorError
            ? { ok: false, error: readings }
            : attempt(() => understand(readings.slice(nth * perPerson, (nth + 1) * perPerson), at)),
        )
    }
    return outcomes
  }

  /** Null: there is no such key. */
  #byKey(reading: Reading | undefined): User | null {
    if (reading?.ok) return userOf(this.#settings, reading.body)
    if (reading?.refusal.code === 'Request_ResourceNotFound') return null
    throw reading === undefined ? fault('missing', true) : faultOf(reading.refusal, 'read')
  }

  #bySearch(ref: AccountRef, marked: Reading | undefined, named: Reading | undefined): Found {
    const own = this.#listOf(marked)
    const bearers = this.#listOf(named)
    // A service that passes over a filter it does not know would hand us everybody.
    if (own.some(user => user.mark === null || !sameMark(user.mark, ref.nationalId)))
      throw fault('misconfigured', true)
    if (bearers.some(user => user.name !== ref.name.toLowerCase())) throw fault('misconfigured', true)
    // Another name would not settle it.
    if (own.length > 1) throw fault('conflict', true)
    const [user] = own
    if (user !== undefined) return { user, unmarked: false }
    if (bearers.length > 0) throw fault('conflict', false)
    return { user: null, unmarked: false }
  }

  #listOf(reading: Reading | undefined): User[] {
    if (reading?.ok) return this.#usersOf(reading.body)
    throw reading === undefined ? fault('missing', true) : faultOf(reading.refusal, 'read')
  }

  #usersOf(body: unknown): User[] {
    const page = UserPage.safeParse(body)
    // Continued on another page: two at most were meant to be here.
    if (!page.success || page.data['@odata.nextLink'] !== undefined) throw fault('misconfigured', true)
    return page.data.value.map(user => userOf(this.#settings, user))
  }

  /** A tenant always has users, its own administrator at least: one that shows none proves nothing about anybody. */
  async #proveReadable(): Promise<ConnectorError | null> {
    try {
      const page = UserPage.safeParse(await this.#graph.get('/users?$top=1&$select=id'))
      return page.success && page.data.value.length > 0 ? null : fault('misconfigured', true)
    } catch (error) {
      if (error instanceof ConnectorError) return error
      throw error
    }
  }
}

const keyOf = ({ accountId }: AccountRef): string | null =>
  accountId !== null && guid.test(accountId) ? accountId.toLowerCase() : null

/** Found by its key. Without a mark it is theirs, adopted or made by us; with somebody else's it never is. */
function judge(ref: AccountRef, user: User | null): Outcome<Found> {
  const foreign = user?.mark != null && !sameMark(user.mark, ref.nationalId)
  if (foreign) return { ok: false, error: fault('conflict', false) }
  return { ok: true, value: { user, unmarked: ref.adopted && user?.mark == null } }
}

export function attempt<T>(understand: () => T): Outcome<T> {
  try {
    return { ok: true, value: understand() }
  } catch (error) {
    if (error instanceof ConnectorError) return { ok: false, error }
    throw error
  }
}
