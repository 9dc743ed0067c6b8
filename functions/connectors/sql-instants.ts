import { ConnectorError } from './contract.ts'

/** As our schemas write an instant. A database's own "never" is null here, and its "always over" the first instant there is. */
export function readInstant(system: string, value: unknown): string | null {
  if (value === null || value === undefined || value === Number.POSITIVE_INFINITY) return null
  if (value === Number.NEGATIVE_INFINITY) return '0001-01-01T00:00:00.000Z'
  const time = new Date(value as Date | string | number)
  if (Number.isNaN(time.getTime())) throw new ConnectorError(system, 'misconfigured', false)
  return time.getUTCFullYear() > 9999 ? null : time.toISOString()
}

/** To the millisecond, always in UTC: every dialect reads it as the same instant. */
export const writeInstant = (instant: string | null): string | null =>
  instant === null ? null : new Date(instant).toISOString()
