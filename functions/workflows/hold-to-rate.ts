/** Calls that one caller may make at once, and how many of them are given back a second. */
export interface CallRate {
  readonly burst: number
  readonly perSecond: number
}

/**
 * Holds each caller to a rate (a token bucket each). It forgets when the process ends and knows nothing of others: a bound on
 * one that calls without pause, not a quota.
 *
 * @returns whether the call is within the rate; `now` in milliseconds
 */
export function holdToRate({ burst, perSecond }: CallRate): (caller: string, now: number) => boolean {
  const callers = new Map<string, { left: number; at: number }>()
  return (caller, now) => {
    const known = callers.get(caller) ?? { left: burst, at: now }
    const left = Math.min(burst, known.left + (Math.max(0, now - known.at) / 1000) * perSecond)
    const within = left >= 1
    callers.set(caller, { left: within ? left - 1 : left, at: now })
    return within
  }
}
