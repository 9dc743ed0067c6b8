import type { Role } from '../../schemas/role.ts'
import type { Caller } from '../domain/entitlement.ts'
import { parseNationalId } from '../domain/national-id.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { BadgeStore } from '../stores/badges.ts'
import type { DoorAlarmStore } from '../stores/door-alarms.ts'
import type { chains } from '../stores/keys.ts'
import type { EntryDraft } from '../stores/ledger.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { Engine } from './engine.ts'
import { bodyHashOf } from './file-once.ts'
import type { Registers } from './registers.ts'

/** What the workflows around badges are given. */
export type BadgeRegisters = Pick<Registers, 'people' | 'settings' | 'clock' | 'ledger'> &
  Pick<Engine, 'bells' | 'log'> & {
    readonly badges: BadgeStore
    readonly alarms: Pick<DoorAlarmStore, 'raise'>
    readonly chains: Pick<typeof chains, 'target'>
  }

/** Somebody and in what the caller acts on their badge. */
export interface Bearer {
  readonly person: PersonAggregate
  readonly as: 'self' | Role
}

/** Somebody of whose badge the caller has nothing to say is as unknown, after the same reads. */
export async function findBearer(
  { people, settings }: Pick<BadgeRegisters, 'people' | 'settings'>,
  caller: Caller,
  writtenId: string,
  roles: readonly Role[],
): Promise<Bearer | Refusal> {
  const parsed = parseNationalId(settings.nationalId, writtenId)
  const personId = await people.idOf(parsed.ok ? parsed.value : '-')
  const person = await people.load(personId ?? caller.personId)
  const as = personId === caller.personId ? 'self' : roles.find(role => caller.roles.includes(role))
  return person === null || personId === null || as === undefined ? refuse('not-found') : { person, as }
}

/** An entry of a badge's chain. A card is in it by its id, what somebody wrote by its hash. */
export const badgeEntry = (
  { person, as }: Bearer,
  caller: Caller,
  said: Pick<EntryDraft, 'act' | 'at'> & {
    readonly card: string
    readonly after?: object
    readonly comment?: string | null
  },
): EntryDraft => ({
  act: said.act,
  at: said.at,
  asOf: said.at,
  phase: 'recorded',
  subject: person.row.personId,
  actor: { personId: caller.personId, role: as, onBehalfOf: null },
  system: 'data-centre',
  request: null,
  cause: { kind: 'badge', ref: said.card },
  after: { card: said.card, ...said.after },
  evidence: said.comment == null ? null : { textHash: bodyHashOf(said.comment) },
})

/** The doors are to show it at once. A bell that is missed is rung again by the sweeper. */
export async function ringDoors({ bells, log }: BadgeRegisters, { row, targets }: PersonAggregate) {
  if (!targets.has('data-centre')) return
  const { personId } = row
  const missed = await bells.ring([{ personId, target: 'data-centre', urgent: true }])
  if (missed > 0) log('doorbell-missed', { personId, missed })
}
