import type { ProfileValues, User } from './user.ts'

/** What was written into a user, as far as a reading can show it. */
export interface Written {
  readonly enabled?: boolean
  readonly licensed?: boolean
  readonly mark?: string
  readonly profile?: ProfileValues
  readonly closedAt?: string | null
}

/**
 * Graph reads from replicas that lag behind what was written a moment ago: a reading that contradicts this function's own
 * writes is no reading. Somebody else's change within the same minute is believed once it has passed.
 */
export class RecentWrites {
  readonly #trustedFor: number
  readonly #byId = new Map<string, { written: Written; mark: string; at: number }>()

  /** Milliseconds after a write during which a reading that contradicts it is taken for old. */
  constructor(trustedFor: number) {
    this.#trustedFor = trustedFor
  }

  note(id: string, mark: string, written: Written): void {
    const now = performance.now()
    for (const [other, { at }] of this.#byId) if (now - at > this.#trustedFor) this.#byId.delete(other)
    const known = this.#byId.get(id)
    this.#byId.set(id, { written: { ...known?.written, ...written }, mark, at: now })
  }

  /** Whether what was read of a person (null: nobody) is older than what was written. */
  outdates(accountId: string | null, mark: string, user: User | null): boolean {
    const id = user?.id ?? accountId ?? this.#idOf(mark)
    const recent = id === undefined ? undefined : this.#byId.get(id)
    if (recent === undefined || performance.now() - recent.at > this.#trustedFor) return false
    if (user === null) return true
    const { enabled, licensed, mark: marked, profile, closedAt } = recent.written
    return (
      (enabled !== undefined && enabled !== user.enabled) ||
      (licensed !== undefined && licensed !== user.licensed) ||
      (marked !== undefined && marked !== user.mark) ||
      (closedAt !== undefined && closedAt !== user.closedAt) ||
      (profile !== undefined && JSON.stringify(profile) !== JSON.stringify(user.profile))
    )
  }

  #idOf(mark: string): string | undefined {
    for (const [id, recent] of this.#byId) if (recent.mark === mark) return id
    return undefined
  }
}
