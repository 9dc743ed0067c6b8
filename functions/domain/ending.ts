import type { CivilDate } from '../../schemas/calendar.ts'
import type { HrEvent } from '../../schemas/hr-event.ts'
import type { Deactivation, Grant, Signer } from '../../schemas/request.ts'
import type { Ending } from '../../schemas/rows.ts'
import { endedBy } from './atoms.ts'
import { foldEvents } from './register.ts'

/** Whose grants a deactivation ends, and which. */
export type Reach = Pick<Ending, 'unit' | 'adopted' | 'access'>

/**
 * How far a deactivation line reaches: `hr` ends what any unit granted (R9), a unit what it granted itself. Nobody signed for
 * what was adopted: with `all`, the person's present unit ends that too, whatever unit it was noted under.
 */
export const reachOf = (
  { access }: Pick<Deactivation, 'access'>,
  signer: Pick<Signer, 'capacity'>,
  unit: string,
  person: { readonly events: readonly HrEvent[] },
  today: CivilDate,
  zone: string,
): Reach => ({
  unit: signer.capacity === 'hr' ? null : unit,
  adopted: access.system === 'all' && foldEvents(person.events, today, zone).unit === unit,
  access,
})

/** Whether a grant is one of those that a deactivation ends. */
export const reachesGrant = (
  { unit, adopted, access }: Reach,
  grant: Pick<Grant, 'unit' | 'origin' | 'atom'>,
): boolean =>
  (unit === null || unit === grant.unit || (adopted && grant.origin === 'adoption')) &&
  endedBy(access, grant.atom)
