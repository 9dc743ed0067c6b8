import type { Instant } from '../../schemas/calendar.ts'
import type { HrEvent } from '../../schemas/hr-event.ts'
import { normalInstant } from './civil-time.ts'
import type { PersonRecord } from './standing.ts'

/** Since when this system has known of an event: `recordedAt` is only what its sender says. */
export const knownSince = (event: HrEvent & { readonly receivedAt?: Instant }): Instant =>
  event.receivedAt ?? normalInstant(event.recordedAt)

/** A fact that was ended later was not yet ended. */
const endedBy = <T extends { readonly ended: { readonly at: Instant } | null }>(fact: T, at: Instant): T =>
  fact.ended !== null && fact.ended.at > at ? { ...fact, ended: null } : fact

/**
 * A person's record as it was known at an instant: what was recorded later is left out, whatever day it is about. So no
 * later fact changes what a register says of an earlier day.
 */
export const asKnown = (record: PersonRecord, at: Instant): PersonRecord => ({
  events: record.events.filter(event => knownSince(event) <= at),
  grants: record.grants.filter(grant => grant.recordedAt <= at).map(grant => endedBy(grant, at)),
  holds: record.holds.filter(hold => hold.since <= at).map(hold => endedBy(hold, at)),
})
