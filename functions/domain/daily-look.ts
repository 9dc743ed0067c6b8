import type { Instant } from '../../schemas/calendar.ts'

const day = 86_400_000

/** FNV-1a over the text's characters: it only has to spread. */
const spread = (text: string): number => {
  let hash = 0x811c9dc5
  for (const sign of text) hash = Math.imul(hash ^ (sign.codePointAt(0) ?? 0), 0x01000193) >>> 0
  return hash
}

/**
 * When an account is looked at next, though nothing is known to have changed: once in 24 hours, each at a time of its own,
 * so that a body's accounts are spread over the day.
 *
 * @param key what the account is known by here; it alone decides the time of day (UTC)
 */
export const nextLook = (key: string, now: Instant): Instant => {
  const time = spread(key) % day
  const at = Date.parse(now)
  return new Date(Math.floor((at - time) / day) * day + time + day).toISOString()
}
