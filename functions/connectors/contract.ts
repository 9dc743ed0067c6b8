import type { Observation, Right, Step } from '../../schemas/target.ts'

/** Why a target did not do it. `retryable` false parks the row at once for a human. */
export type ConnectorFault =
  | 'unreachable'
  | 'throttled'
  | 'refused'
  | 'missing'
  | 'conflict'
  | 'misconfigured'

/** An outside failure, as a value. `cause` is for the debugger: it may hold personal data and is never logged. */
export class ConnectorError extends Error {
  override readonly name = 'ConnectorError'
  readonly system: string
  readonly kind: ConnectorFault
  readonly retryable: boolean
  constructor(system: string, kind: ConnectorFault, retryable: boolean, cause?: unknown) {
    super(`${system}: ${kind}`, { cause })
    this.system = system
    this.kind = kind
    this.retryable = retryable
  }
}

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: ConnectorError }

/**
 * How to find an account: by the target's own key once it is known, by the reserved name before. An account found by name
 * is this person's only if it bears their mark: the national id where the target has a place for it, else the person id.
 */
export interface AccountRef {
  readonly personId: string
  readonly nationalId: string
  readonly accountId: string | null
  readonly name: string
  /**
   * The account was there before this system, and a human said that it is this person's: found by its key and bearing no
   * mark it is theirs (`unmarked`), until step `adopt` has marked it. Somebody else's mark stays a conflict.
   */
  readonly adopted: boolean
}

/** What a person is called in a target. Personal data: it goes to the target and nowhere else. */
export interface Profile {
  readonly nationalId: string
  readonly givenNames: string
  readonly surnames: string
  readonly position: string
  readonly unit: string
  /** R5: where outgoing mail is copied to, as long as that is wanted: the mail address of the unit's head. */
  readonly headAddress?: string
}

/** The difference to make good, in safe order. `observed` is what the plan was made from: an act may insist on it. */
export interface Plan {
  readonly account: AccountRef
  readonly profile: Profile
  readonly observed: Observation
  readonly steps: readonly Step[]
}

/** What acting left behind. The proof is the next `observe`, never this. */
export interface Applied {
  readonly accountId: string
  readonly name: string
}

/** An account as a target lists it, whoever made it. Personal data: it goes to whoever reconciles and nowhere else. */
export interface ListedAccount {
  readonly accountId: string
  readonly name: string
  readonly state: 'enabled' | 'disabled'
  readonly expiresAt: string | null
  /** Those this system manages, sorted by id. */
  readonly rights: readonly Right[]
  /** Marks, as far as the target has them: the national id as written there, our person id. */
  readonly nationalId: string | null
  readonly personId: string | null
  /** Full name and mail address as the target shows them. */
  readonly shownName: string | null
  readonly mail: string | null
  /** A protected or service account, or one outside the managed places: it is shown and can never be adopted. */
  readonly untouchable: boolean
}

/** `next` continues; null is said only when the target itself has said that there are no more. */
export interface AccountPage {
  readonly accounts: readonly ListedAccount[]
  readonly next: string | null
}

/** Why a target does not take a password, in its own rules; `policy` where it does not tell which. */
export type PasswordRefusal =
  | 'too-short'
  | 'too-long'
  | 'too-simple'
  | 'contains-name'
  | 'used-before'
  | 'changed-too-recently'
  | 'policy'

export type PasswordAnswer = { readonly set: true } | { readonly set: false; readonly why: PasswordRefusal }

/**
 * A target. It looks and acts; it decides nothing.
 *
 * - One result for each element, in order; one bad element never spoils another's. Neither call throws for an outside failure.
 * - `observe` answers `absent` only on a positive answer "there is none"; silence, an empty answer to a question that must
 *   have one, or a missing right to read is an error, never `absent`.
 * - An account found by name that was not made by this system (no mark, another person's national id) is `conflict`.
 * - Without a key, an account that bears this person's national id is theirs under whatever name; two of them are
 *   `conflict`, and retryable: another name would not settle it.
 * - `apply` twice is the same as once: every step compares first or is naturally idempotent; no result code is swallowed.
 * - `create` leaves a disabled account with a random, discarded password; only `enable` opens it.
 * - `disable` also ends open sessions, where the target has them; `observe` of a disabled account tells `sessionsOpen`.
 * - `adopt` writes the person's mark into an account without one, and nothing else.
 * - `list` tells every account, page by page: a page cut short, or an end that the target did not confirm, is an error.
 * - `setPassword` sets it for an account that is this person's, and neither opens nor closes the account; what the target's
 *   policy says is an answer, not a failure. The password is never in an error, a cause or a log.
 * - A target that fetches by itself what it is to do is never waited for: `apply` leaves it there, and `observe` tells
 *   `pending` until the target has shown it done. What it refuses is `refused`, told by `apply`, which asks once more.
 * - `retire` strips what is left and moves the account to the place of the inactive, where a target has one.
 */
export interface Connector {
  readonly system: string
  /** The hash that `observe` reports in `profileHash` once `set-profile` or `create` has run with this profile. */
  profileHash(profile: Profile): string
  observe(accounts: readonly AccountRef[]): Promise<Outcome<Observation>[]>
  apply(plans: readonly Plan[]): Promise<Outcome<Applied>[]>
  list(cursor: string | null): Promise<Outcome<AccountPage>>
  setPassword?(account: AccountRef, password: string): Promise<Outcome<PasswordAnswer>>
  /** Ends connections; afterwards the connector is unusable. */
  close(): Promise<void>
}
