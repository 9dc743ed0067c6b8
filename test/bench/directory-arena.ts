import type { DirectorySettings } from '../../schemas/settings.ts'

/** Two persons are the same only within one contestant: each makes and spoils its own. */
export interface Subject {
  readonly name: string
  readonly nationalId: string
  /** Filled by `create`. */
  guid: string
}

/** What every contestant is given to reach the same server with the same rights. */
export interface Arena {
  readonly url: string
  readonly ca: string
  readonly caPath: string
  readonly service: { readonly bindDn: string; readonly password: string }
  readonly settings: DirectorySettings
}

/**
 * `create`: add, password, flags. `two-groups`: two memberships. `disable`: read, flags, read back. `reactivate`: move to
 * the active, expiry and flags in one write. `look-up`: one read by objectGUID.
 */
export const acts = ['create', 'two-groups', 'disable', 'reactivate', 'look-up'] as const
export type Act = (typeof acts)[number]

/** One way of doing the acts over a fixed number of connections. Between acts it may prepare; only `run` is timed. */
export interface Contestant {
  prepare(act: Act, people: Subject[]): Promise<void>
  run(act: Act, people: Subject[]): Promise<void>
  close(): Promise<void>
}

export const arrival = '2027-01-01T03:00:00.000Z'
export const arrivalTicks = '134432460000000000'
