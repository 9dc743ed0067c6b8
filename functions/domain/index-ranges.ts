/** Whole numbers from `from` to `to`, both included. */
export type IndexRange = readonly [from: number, to: number]

/** A set of whole numbers as ranges: sorted, and none touches the next. */
export type IndexRanges = readonly IndexRange[]

/** Place of the first range that ends at or behind an index. */
function placeOf(ranges: IndexRanges, index: number): number {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ranges[middle]?.[1] ?? 0) < index) low = middle + 1
    else high = middle
  }
  return low
}

export function holds(ranges: IndexRanges, index: number): boolean {
  const found = ranges[placeOf(ranges, index)]
  return found !== undefined && found[0] <= index
}

/** The set with a range added. */
export function withRange(ranges: IndexRanges, [from, to]: IndexRange): IndexRanges {
  const first = placeOf(ranges, from - 1)
  let end = first
  let [low, high] = [from, to]
  for (let next = ranges[end]; next !== undefined && next[0] <= to + 1; next = ranges[++end]) {
    low = Math.min(low, next[0])
    high = Math.max(high, next[1])
  }
  return [...ranges.slice(0, first), [low, high], ...ranges.slice(end)]
}

/** The set with one index taken out. */
export function withoutIndex(ranges: IndexRanges, index: number): IndexRanges {
  const place = placeOf(ranges, index)
  const found = ranges[place]
  if (found === undefined || found[0] > index) return ranges
  const left: IndexRange[] = [
    [found[0], index - 1],
    [index + 1, found[1]],
  ]
  return [...ranges.slice(0, place), ...left.filter(([from, to]) => from <= to), ...ranges.slice(place + 1)]
}

/** What lies between the ranges of a set. */
export const gapsOf = (ranges: IndexRanges): IndexRanges =>
  ranges.slice(1).map(([from], place): IndexRange => [(ranges[place]?.[1] ?? 0) + 1, from - 1])

export const union = (one: IndexRanges, other: IndexRanges): IndexRanges =>
  other.reduce<IndexRanges>(withRange, one)

export const sizeOf = (ranges: IndexRanges): number =>
  ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0)

export const meets = ([from, to]: IndexRange, [start, end]: IndexRange): boolean => from <= end && start <= to
