/** How the laptop is worse than AWS: misfortunes at a seeded rate, the same ones for the same order of calls. */
export interface Nastiness {
  /** Whether the next misfortune happens now. */
  strikes(): boolean
  /** A whole number from 0 up to below `limit`. */
  below(limit: number): number
}

/** `rate` between 0 and 1, for each chance given. */
export const seedNastiness = ({ seed, rate }: { seed: number; rate: number }): Nastiness => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { strikes: () => rate > 0 && next() < rate, below: limit => Math.floor(next() * limit) }
}
