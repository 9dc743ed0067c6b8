import type { AccountRef, Connector, Profile } from '../../functions/connectors/contract.ts'
import type { Right } from '../../schemas/target.ts'

/** What a target holds for one account name, read by other means than the connector under test. */
export interface Looked {
  readonly enabled: boolean
  /** The person's name as the target shows it, exactly as stored; null where the target stores none. */
  readonly shownName: string | null
  /** Ids of the rights held, sorted. */
  readonly rights: readonly string[]
}

export type Fault = 'down' | 'frozen' | 'empty' | 'slow'

/** A connector, its target, and the ways to disturb and inspect that target behind the connector's back. */
export interface Harness {
  readonly connector: Connector
  /** At least two, with `operations`, `specific` and `until` filled as the target returns them; empty if it has none. */
  readonly rights: readonly Right[]
  /** A name as this target's accounts are called, from a word of lower-case letters and digits (at most 14). */
  accountName(word: string): string
  /** Everything the target holds under that name, whoever made it. Twice the same person shows here as two. */
  look(name: string): Promise<readonly Looked[]>
  /** An account by that name which this system did not make: it bears no mark, or somebody else's. */
  plantForeign(name: string): Promise<void>
  /** Writes something into the account that this system knows nothing of; the answer says whether it is still there. */
  plantUnknown(name: string): Promise<() => Promise<boolean>>
  /** Present if capability `faults` is not empty. `null` heals. Resolves once the fault holds. */
  setFault?(fault: Fault | null): Promise<void>
  /** Present with capability `restarts`: stops and starts the server; the data stays. */
  restart?(): Promise<void>
  /** Present with capability `unreadable`: takes the connector's right to read accounts away; the answer gives it back. */
  makeUnreadable?(): Promise<() => Promise<void>>
  /** Present with capability `readOnly`: a second connector whose credentials may read and not write. */
  readOnlyConnector?(): Promise<Connector>
  close(): Promise<void>
}

/** Known before the target is opened: they decide which sentences are tests for it. */
export interface Capabilities {
  /** Faults that `setFault` can make here. */
  readonly faults: readonly Fault[]
  readonly restarts: boolean
  readonly unreadable: boolean
  readonly readOnly: boolean
  /** Whether the target has rights beside the account itself. */
  readonly rights: boolean
  /** Whether an end can be armed in the target; where not, no end is ever asked of it (`domain/target-traits.ts`). */
  readonly armsEnd: boolean
  /** Whether the connector tells all accounts of the target. */
  readonly lists?: boolean
  /** Whether inactive accounts have a place of their own (`retired` true and false instead of null). */
  readonly retires: boolean
  /** Longest time, in milliseconds, until a frozen server is reported. */
  readonly patience: number
}

/** A sample person: invented, unique within a run. */
export interface Sample {
  readonly account: AccountRef
  readonly profile: Profile
}
