import type { SystemRow } from '../../schemas/rows.ts'
import type { Settings, TargetId, TargetMode } from '../../schemas/settings.ts'
import type { Doorbells } from '../stores/doorbells.ts'
import type { DueLaneStore } from '../stores/due-lanes.ts'
import type { GuardStore } from '../stores/guards.ts'
import type { KeyHolderStore } from '../stores/key-holders.ts'
import type { ListStore } from '../stores/lists.ts'
import type { PeopleStore } from '../stores/people.ts'
import type { RequestStore } from '../stores/requests.ts'
import type { StoppedBatchStore } from '../stores/stopped-batches.ts'
import type { StoppedFactStore } from '../stores/stopped-facts.ts'
import type { SystemStore } from '../stores/systems.ts'
import type { TargetStore } from '../stores/targets.ts'
import type { TaskStore } from '../stores/tasks.ts'

/** Codes a workflow may log, a closed list; the fields are opaque ids and numbers, never a name or a national id. */
export type LogCode =
  | 'converged'
  | 'lease-busy'
  | 'broken'
  | 'backed-off'
  | 'awaited'
  | 'parked'
  | 'renamed'
  | 'unadopted'
  | 'only-observed'
  | 'resting'
  | 'walked'
  | 'out-of-reach'
  | 'within-reach'
  | 'intent-closed'
  | 'drifted'
  | 'moved-on'
  | 'batch-stopped'
  | 'batch-settled'
  | 'guard-stopped'
  | 'suspended'
  | 'unapplied'
  | 'doorbell-missed'
  | 'reading-complete'
  | 'reading-failed'
  | 'handed-over'
  | 'task-overdue'
  | 'notice-sent'
  | 'notice-failed'
  | 'notice-parked'
  | 'register-read'
  | 'notice-dropped'
  | 'notice-deferred'
  | 'notice-waits'
  | 'request-settled'
  | 'digests-prepared'
  | 'events-damaged'
  | 'movements-read'
  | 'alarms-told'
  | 'doors-watched'
  | 'card-handed-over'
  | 'card-acknowledged'
  | 'card-reported'
  | 'card-returned'
  | 'card-task'
  | 'visit-overdue'
  | 'visits-forgotten'
  | 'presence-read'
  | 'credential-set'
  | 'credential-refused'
  | 'credential-failed'
  | 'credential-forgotten'
  | 'device-registered'
  | 'device-compared'
  | 'role-rescued'

export type Log = (code: LogCode, fields: Readonly<Record<string, string | number | null>>) => void

/** What every workflow of the engine is given. `clock` tells milliseconds; asOf = max(event's time, clock, row's last). */
export interface Engine {
  readonly settings: Settings
  readonly people: PeopleStore
  readonly targets: TargetStore
  readonly systems: SystemStore
  readonly tasks: TaskStore
  readonly lanes: DueLaneStore
  readonly lists: ListStore
  readonly guards: GuardStore
  readonly batches: StoppedBatchStore
  readonly stoppedFacts: StoppedFactStore
  readonly requests: RequestStore
  readonly keyHolders: KeyHolderStore
  readonly bells: Doorbells
  readonly clock: () => number
  readonly log: Log
}

/** A bug as a log may tell it: its kind and the line of our code, never its message, which may quote what was read. */
export const placeOf = (bug: unknown): { kind: string; at: string | null } => ({
  kind: bug instanceof Error ? bug.name : typeof bug,
  at: (bug instanceof Error && /^ +at .+$/m.exec(bug.stack ?? '')?.[0].trim()) || null,
})

/** Milliseconds as the one text form of an instant, so that texts compare like times. */
export const instantOf = (milliseconds: number): string => new Date(milliseconds).toISOString()

/** The later of the instants; null and undefined are no instants. */
export const latest = (...instants: readonly (string | null | undefined)[]): string =>
  instants.reduce<string>((one, other) => (other != null && other > one ? other : one), '')

/** Released names before this instant may be borne by somebody else. */
export const quarantineOver = (settings: Settings, now: number): string =>
  instantOf(now - settings.limits.nameQuarantineDays * 86_400_000)

/** The settings of a target, or undefined where the body has none of that kind. */
export const targetSettings = (settings: Settings, target: TargetId) =>
  settings.targets.find(candidate => candidate.id === target)

/** The mode in force: what an operator has said last, else what the settings begin with. A target the body lacks rests. */
export const modeOf = (settings: Settings, target: TargetId, row: SystemRow | null | undefined): TargetMode =>
  row?.mode ?? targetSettings(settings, target)?.mode ?? 'paused'

/** In this mode no worker looks at the target: what is due stays due, for the time after. */
export const rests = (mode: TargetMode): boolean => mode === 'paused'
