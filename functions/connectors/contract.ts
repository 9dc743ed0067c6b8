import type { Observation, Step } from '../../schemas/target.ts'

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
}

/** What a person is called in a target. Personal data: it goes to the target and nowhere else. */
export interface Profile {
  readonly nationalId: string
  readonly givenNames: string
  readonly surnames: string
  readonly position: string
  readonly unit: string
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

/**
 * A target. It looks and acts; it decides nothing.
 *
 * - One result for each element, in order; one bad element never spoils another's. Neither call throws for an outside failure.
 * - `observe` answers `absent` only on a positive answer "there is none"; silence, an empty answer to a question that must
 *   have one, or a missing right to read is an error, never `absent`.
 * - An account found by name that was not made by this system (no mark, another person's national id) is `conflict`.
 * - `apply` twice is the same as once: every step compares first or is naturally idempotent; no result code is swallowed.
 * - `create` leaves a disabled account with a random, discarded password; only `enable` opens it.
 * - `retire` strips what is left and moves the account to the place of the inactive, where a target has one.
 */
export interface Connector {
  readonly system: string
  /** The hash that `observe` reports in `profileHash` once `set-profile` or `create` has run with this profile. */
  profileHash(profile: Profile): string
  observe(accounts: readonly AccountRef[]): Promise<Outcome<Observation>[]>
  apply(plans: readonly Plan[]): Promise<Outcome<Applied>[]>
  /** Ends connections; afterwards the connector is unusable. */
  close(): Promise<void>
}
