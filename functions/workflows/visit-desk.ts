import { createHash } from 'node:crypto'
import type { Act } from '../../schemas/ledger.ts'
import type { VisitRow } from '../../schemas/visit.ts'
import { type Caller, holdsAny } from '../domain/entitlement.ts'
import { holdsOn } from '../domain/holds.ts'
import { parseNationalId } from '../domain/national-id.ts'
import type { CodedFault } from '../domain/refusal.ts'
import { rolesOn } from '../domain/role-period.ts'
import type { EntryDraft } from '../stores/ledger.ts'
import type { NoticeDraft } from '../stores/notices.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { PresenceStore } from '../stores/presences.ts'
import type { VisitStore } from '../stores/visits.ts'
import type { Engine } from './engine.ts'
import { nowOf, type Registers } from './registers.ts'

/** What is given to whoever keeps the visit log. */
export interface VisitDesk
  extends Pick<Registers, 'settings' | 'people' | 'units' | 'requests' | 'replays' | 'clock'>,
    Pick<Engine, 'log'> {
  readonly visits: VisitStore
  readonly presences: PresenceStore
  readonly devices: {
    /** By serial number; a device that never came is left out. */
    of(serials: readonly string[]): Promise<ReadonlyMap<string, { readonly lastSeenAt: string | null }>>
  }
  readonly newId: (now: number) => string
}

/** Whether the caller is the one who visits: nobody attends to their own visit. */
export async function isVisitor(
  { people }: VisitDesk,
  { personId }: Caller,
  nationalId: string | null | undefined,
): Promise<boolean> {
  if (nationalId == null) return false
  return (await people.rowsOf([personId])).get(personId)?.nationalId === nationalId
}

/** The IT official that somebody named, for a day. Who is in the register and who is not, is told to nobody by this. */
export async function escortNamed(
  { settings, people }: VisitDesk,
  written: string,
  visitor: string | null,
  day: string,
): Promise<PersonAggregate | { readonly fault: CodedFault }> {
  const pointer = '/escort/nationalId'
  const parsed = parseNationalId(settings.nationalId, written)
  if (!parsed.ok) return { fault: { pointer, code: parsed.code } }
  if (parsed.value === visitor) return { fault: { pointer, code: 'visit.escort-visitor' } }
  const personId = await people.idOf(parsed.value)
  const person = personId === null ? null : await people.load(personId)
  return person !== null && rolesOn(person.roles, day).includes('it')
    ? person
    : { fault: { pointer, code: 'visit.escort-not-it' } }
}

/** R16: whether the escort may escort now, and is inside by the doors' own word; else why not. */
export async function escortStands(
  desk: VisitDesk,
  escort: PersonAggregate | null,
): Promise<'inside' | 'visit.escort-missing' | 'visit.escort-not-it' | 'visit.escort-outside'> {
  if (escort === null) return 'visit.escort-missing'
  const { at, today } = nowOf(desk)
  if (!rolesOn(escort.roles, today).includes('it') || holdsOn(escort, at, desk.settings).length > 0)
    return 'visit.escort-not-it'
  const pin = escort.targets.get('data-centre')?.name
  const seen = pin === undefined ? null : await desk.presences.of(pin)
  const theirs = seen !== null && (seen.personId === null || seen.personId === escort.row.personId)
  return theirs && seen.inside ? 'inside' : 'visit.escort-outside'
}

/** What somebody wrote, as the ledger may hold it. */
export const wordsOf = (words: string | null | undefined) =>
  words == null ? {} : { textHash: createHash('sha256').update(words).digest('hex') }

/** An entry of a visit's chain. It names those who answer for the visit, and never the visitor. */
export const visitDraft = (
  visit: Pick<VisitRow, 'id'>,
  act: Act,
  at: string,
  actor: EntryDraft['actor'],
  said: Pick<EntryDraft, 'before' | 'after' | 'evidence'>,
): EntryDraft => ({
  at,
  asOf: at,
  act,
  phase: 'recorded',
  subject: null,
  actor,
  system: 'data-centre',
  request: null,
  cause: { kind: 'visit', ref: visit.id },
  ...said,
})

export const actorAs = ({ personId }: Caller, role: string): EntryDraft['actor'] => ({
  personId,
  role,
  onBehalfOf: null,
})

/** The emergency that somebody tells of: the authority's own word, or `it` on its word, which the authority then confirms (R16). */
export function emergencyBy(
  caller: Caller,
  reason: string,
  at: string,
): Pick<VisitRow, 'emergency' | 'approval'> {
  const role = holdsAny(caller, ['authority']) ? 'authority' : 'it'
  const own = role === 'authority'
  return {
    emergency: { reason, askedBy: caller.personId, role, askedAt: at },
    approval: {
      state: own ? 'approved' : 'pending',
      decidedBy: own ? caller.personId : null,
      decidedAt: own ? at : null,
      comment: null,
    },
  }
}

/** The authority has no address of its own in the settings: security is told that something waits for it. */
export const pendingNotices = ({ id, approval }: Pick<VisitRow, 'id' | 'approval'>): NoticeDraft[] =>
  approval?.state === 'pending'
    ? [
        {
          template: 'visit-unescorted',
          to: { kind: 'security' },
          about: { personId: null, task: null, target: null, request: null, visit: id },
          fact: id,
        },
      ]
    : []
