import type { HrEvent } from '../../schemas/hr-event.ts'
import type { TargetId } from '../../schemas/settings.ts'

/** A line that was accepted, or a deactivation, in the order in which they were filed. */
export type Filed =
  | { readonly act: 'give'; readonly target: TargetId; readonly unit: string; readonly until: string | null }
  | { readonly act: 'take'; readonly target: TargetId | 'all'; readonly unit: string | null }

/**
 * A careful clerk with a paper folder for each person, who knows nothing of how the product decides: the least that must
 * be true for somebody's account to be open on a day. It may say yes where the product says no, never the other way round.
 */
export function mayBeOpen(
  folder: { readonly filed: readonly Filed[]; readonly events: readonly HrEvent[] },
  target: TargetId,
  today: string,
): boolean {
  const given = folder.filed.some(
    (line, place) =>
      line.act === 'give' &&
      line.target === target &&
      (line.until === null || line.until >= today) &&
      !folder.filed
        .slice(place + 1)
        .some(
          later =>
            later.act === 'take' &&
            (later.target === 'all' || later.target === target) &&
            (later.unit === null || later.unit === line.unit),
        ),
  )
  const effective = folder.events
    .filter(event => event.effectiveOn <= today)
    .sort((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1))
  const employed = effective.some(
    ({ contract }) =>
      contract !== undefined &&
      contract.startsOn <= today &&
      (contract.endsOn === null || contract.endsOn >= today),
  )
  const last = (...types: readonly HrEvent['type'][]) =>
    effective.filter(({ type }) => types.includes(type)).at(-1)?.type
  const dismissed = last('hired', 'terminated') === 'terminated'
  const away = last('leave-started', 'leave-ended', 'terminated') === 'leave-started'
  return given && employed && !dismissed && !away
}

const orderOf = ({ effectiveOn, recordedAt, id }: HrEvent) => `${effectiveOn} ${recordedAt} ${id}`
