import type { Instant } from '../../schemas/calendar.ts'
import { earlierOf, laterOf } from './civil-time.ts'

/** Sorts before and after every instant written as text. */
export const ALWAYS = ''
export const NEVER = '~'

/** A stretch of time, `start` included, `end` not. */
export interface Span {
  readonly start: Instant | typeof ALWAYS
  readonly end: Instant | typeof NEVER
}

/** What two stretches share; null where that is nothing. */
export const overlap = (one: Span, other: Span): Span | null => {
  const start = laterOf(one.start, other.start)
  const end = earlierOf(one.end, other.end)
  return start < end ? { start, end } : null
}

/** Sorted, with those that touch or overlap made one. */
export const joined = (spans: readonly Span[]): Span[] => {
  const result: Span[] = []
  for (const span of [...spans].sort((one, other) => (one.start < other.start ? -1 : 1))) {
    const last = result.at(-1)
    if (last !== undefined && span.start <= last.end)
      result[result.length - 1] = { start: last.start, end: laterOf(last.end, span.end) }
    else if (span.start < span.end) result.push(span)
  }
  return result
}

/** `spans` (joined) without `gaps` (joined). */
export const without = (spans: readonly Span[], gaps: readonly Span[]): Span[] =>
  gaps.reduce<Span[]>(
    (left, gap) =>
      left.flatMap(span => [
        ...(span.start < gap.start ? [{ start: span.start, end: earlierOf(span.end, gap.start) }] : []),
        ...(gap.end < span.end ? [{ start: laterOf(span.start, gap.end), end: span.end }] : []),
      ]),
    [...spans],
  )

export const spanAt = (spans: readonly Span[], at: Instant): Span | null =>
  spans.find(span => span.start <= at && at < span.end) ?? null
