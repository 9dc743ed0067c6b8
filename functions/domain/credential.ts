import type { TargetMode } from '../../schemas/settings.ts'
import type { Observation, TargetRow } from '../../schemas/target.ts'
import type { Code } from './texts/index.ts'

/** Calls an hour that one person may make: each of them goes to the target. */
export const callsPerHour = 10

/** What is known of a person's account when they ask to set its password. */
export interface CredentialStanding {
  readonly row: Pick<TargetRow, 'state' | 'accountId' | 'observed'> | undefined
  readonly mode: TargetMode
  /** Whether the person should have the account now, and whether a hold on the person is why not. */
  readonly wanted: boolean
  readonly held: boolean
  readonly now: string
}

/** Why somebody may not set this password now; null: they may. The account must be theirs, have been read, and be open. */
export function credentialObstacle({ row, mode, wanted, held, now }: CredentialStanding): Code | null {
  if (row === undefined) return 'credential.no-account'
  if (held) return 'credential.held'
  if (!wanted) return 'credential.closed'
  if (mode !== 'active') return 'credential.resting'
  if (row.state === 'parked') return 'credential.in-review'
  if (row.accountId === null || row.observed === null) return 'credential.not-yet'
  return accountObstacle(row.observed, now)
}

/** The same of the account alone, as the target shows it. */
export function accountObstacle(observed: Observation, now: string): Code | null {
  if (observed.state === 'absent') return 'credential.not-yet'
  const over = observed.expiresAt !== null && observed.expiresAt <= now
  return observed.state === 'disabled' || over ? 'credential.closed' : null
}
