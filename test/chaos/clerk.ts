import type { HrEvent } from '../../schemas/hr-event.ts'
import type { Settings, TargetId } from '../../schemas/settings.ts'

/** A line that was accepted, or a deactivation, in the order in which they were filed. */
export type Filed =
  | {
      readonly act: 'give'
      readonly target: TargetId
      readonly unit: string
      readonly until: string | null
      /** Of the data centre: which ones. */
      readonly doors?: readonly string[]
    }
  | { readonly act: 'take'; readonly target: TargetId | 'all'; readonly unit: string | null }

/** A careful clerk's paper folder about one person. */
export interface Papers {
  readonly filed: readonly Filed[]
  /** What counts of what was told: neither corrected nor withheld. */
  readonly events: readonly HrEvent[]
  /** Whether somebody has suspended the person, and nobody has ended that. */
  readonly suspended: boolean
  readonly leaves: Settings['leaves']
}

/**
 * The clerk knows nothing of how the product decides: the least that must be true for somebody's account to be open on a
 * day. It may say yes where the product says no, never the other way round.
 */
export function mayBeOpen(
  { filed, events, suspended, leaves }: Papers,
  target: TargetId,
  today: string,
): boolean {
  const given = filed.some(
    (line, place) =>
      line.act === 'give' &&
      line.target === target &&
      (line.until === null || line.until >= today) &&
      !filed
        .slice(place + 1)
        .some(
          later =>
            later.act === 'take' &&
            (later.target === 'all' || later.target === target) &&
            (later.unit === null || later.unit === line.unit),
        ),
  )
  const effective = events
    .filter(event => event.effectiveOn <= today)
    .sort((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1))
  const employed = effective.some(
    ({ contract }) =>
      contract !== undefined &&
      contract.startsOn <= today &&
      (contract.endsOn === null || contract.endsOn >= today),
  )
  const since = (types: readonly HrEvent['type'][]) =>
    effective.slice(effective.findLastIndex(({ type }) => types.includes(type)) + 1)
  const dismissed = since(['hired']).some(({ type }) => type === 'terminated')
  const away = since(['leave-ended', 'terminated']).some(
    ({ type, leave }) =>
      type === 'leave-started' && (leaves.find(({ id }) => id === leave)?.shuts.includes(target) ?? true),
  )
  return given && employed && !dismissed && !away && !suspended
}

const orderOf = ({ effectiveOn, recordedAt, id }: HrEvent) => `${effectiveOn} ${recordedAt} ${id}`
