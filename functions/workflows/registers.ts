import type { Settings } from '../../schemas/settings.ts'
import { dayOf } from '../domain/civil-time.ts'
import type { IdentityStore } from '../stores/identities.ts'
import type { LedgerStore } from '../stores/ledger.ts'
import type { PeopleStore } from '../stores/people.ts'
import type { RegisterStore } from '../stores/register.ts'
import type { ReplayStore } from '../stores/replays.ts'
import type { RequestStore } from '../stores/requests.ts'
import type { UnitStore } from '../stores/units.ts'

/** What the workflows around the registers are given. `clock` tells milliseconds. */
export interface Registers {
  readonly settings: Settings
  readonly people: PeopleStore
  readonly requests: RequestStore
  readonly units: UnitStore
  readonly identities: IdentityStore
  readonly register: RegisterStore
  readonly replays: ReplayStore
  readonly ledger: LedgerStore
  readonly clock: () => number
}

/** Now, as an instant and as the civil day it is for the body. */
export const nowOf = ({ clock, settings }: Pick<Registers, 'clock' | 'settings'>) => {
  const at = new Date(clock()).toISOString()
  return { at, today: dayOf(at, settings.timeZone) }
}

/** How often a workflow reads again when somebody else wrote first. */
export const tries = 12
