import type { Connector } from '../../functions/connectors/contract.ts'
import type { ServedTarget } from '../../schemas/settings.ts'
import type { Looked } from './harness.ts'

/** How a target can be an enemy. */
export const hazards = [
  'unreachable',
  'reset mid-answer',
  'frozen',
  'slow',
  'empty answer',
  'no permission to read',
  'truncated page',
  'restored from an old backup',
  'clock ten minutes off',
  'certificate expired',
  'wrong CA',
  'service password changed',
  'throttled',
] as const
export type Hazard = (typeof hazards)[number]

/** Brings a hazard about and resolves once it holds; the answer ends it. */
export type MakeHazard = () => Promise<() => Promise<void>>

/** A backup of the target as it is now; the answer puts it back in the place of what is there then. */
export type TakeBackup = () => Promise<() => Promise<void>>

/** A target that can be made hostile. `connector` reaches it through what can be disturbed, `look` behind its back. */
export interface HostileHarness {
  readonly settings: ServedTarget
  readonly connector: Connector
  look(name: string): Promise<readonly Looked[]>
  /**
   * A text says, for the table, why this hazard cannot exist here, or where else it is proven. `truncated page` cuts what
   * `list` is told; `clock ten minutes off` shifts what the target believes to be the time.
   */
  readonly hazards: Readonly<Record<Exclude<Hazard, 'restored from an old backup'>, MakeHazard | string>> & {
    readonly 'restored from an old backup': TakeBackup | string
  }
  /**
   * Present where an account that a restored backup has lost looks like one that is hidden: nothing is done about it until
   * a human has said which. What IT then does: an empty account under the reserved name, with the person's mark.
   */
  remake?(name: string, nationalId: string): Promise<void>
  close(): Promise<void>
}
