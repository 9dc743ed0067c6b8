import type { Role } from '../../schemas/role.ts'
import type {
  RoleChange,
  RoleChangeView,
  RolePeriod,
  RoleView,
  WrittenRole,
} from '../../schemas/role-change.ts'
import type { RoleRow } from '../../schemas/rows.ts'
import { type Caller, holdsAny } from '../domain/entitlement.ts'
import { holdsOn } from '../domain/holds.ts'
import { parseNationalId } from '../domain/national-id.ts'
import { type Refusal, refuse, refuseWith } from '../domain/refusal.ts'
import {
  actOfChange,
  isLasting,
  lapseDays,
  needsTwo,
  samePeriod,
  takesAway,
  wantedPeriod,
} from '../domain/role-period.ts'
import type { EntryDraft } from '../stores/ledger.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { HeldRole } from '../stores/roles.ts'
import { instantOf } from './engine.ts'
import { knownPeople } from './known-people.ts'
import { type RoleRegisters, viewChange, viewRole } from './read-roles.ts'
import { nowOf, tries } from './registers.ts'

type Needed = RoleRegisters & { readonly newId: (now: number) => string }

/** It stands so now, or waits for a second person. */
export type ChangedRole = { readonly stands: RoleView } | { readonly waits: RoleChangeView }

/**
 * Gives somebody else a role, or changes or ends it (by `security` or `authority`, see the contract's table): at once, or
 * as a change that waits for a second person where it needs two. What stands already, or waits already, is not recorded again.
 */
export async function changeRole(
  registers: Needed,
  caller: Caller,
  { nationalId, role, ...sent }: WrittenRole,
): Promise<ChangedRole | Refusal> {
  const { people, roles, settings } = registers
  const parsed = parseNationalId(settings.nationalId, nationalId)
  if (!parsed.ok) return refuse('invalid', [{ pointer: '/nationalId', code: parsed.code }])
  const personId = await people.idOf(parsed.value)
  if (personId === caller.personId) return refuseWith('forbidden', 'role.oneself')
  for (let attempt = 1; attempt <= tries; attempt++) {
    const person = personId === null ? null : await people.load(personId)
    if (person === null) return refuse('invalid', [{ pointer: '/nationalId', code: 'person.unknown' }])
    const { today } = nowOf(registers)
    const standing = standingRole(person, role)
    const wanted = wantedPeriod(standing, sent, today)
    if ('faults' in wanted) return refuse('invalid', wanted.faults)
    if ('conflict' in wanted) return refuseWith('conflict', wanted.conflict)
    const next: RoleRow = { version: 1, role, ...wanted.period }
    if (standing !== null && samePeriod(standing, next))
      return { stands: await viewRole(knownPeople(registers), person.row.personId, next) }
    const rests = await restsOn(registers, person, standing, next)
    if (rests === 'nobody') return refuseWith('conflict', 'role.last')
    if (needsTwo(role)) {
      const waits = await propose(registers, caller, person, standing, next)
      if (waits !== null) return { waits: await viewChange(knownPeople(registers), waits) }
      continue
    }
    const entry = roleDraft(registers, caller, person, {
      act: actOfChange(standing, next),
      cause: { kind: 'register', ref: person.row.personId },
      before: standing,
      after: { role, ...wanted.period },
    })
    if (await roles.record(person.row, { standing, next, rests }, entry))
      return { stands: await viewRole(knownPeople(registers), person.row.personId, next) }
  }
  return refuse('busy')
}

/** The period of a role as its row has it, be it over or still to come. */
export function standingRole({ roles }: PersonAggregate, role: Role): RolePeriod | null {
  const row = roles.find(one => one.role === role)
  return row === undefined ? null : { from: row.from, until: row.until }
}

/** Null: somebody else's was faster. */
async function propose(
  registers: Needed,
  caller: Caller,
  person: PersonAggregate,
  standing: RolePeriod | null,
  { role, from, until }: RoleRow,
): Promise<RoleChange | null> {
  const { roles, clock, newId } = registers
  const { personId } = person.row
  const { at } = nowOf(registers)
  const same = (await roles.pending(at)).find(
    change =>
      change.personId === personId &&
      change.role === role &&
      samePeriod(change, { from, until }) &&
      samePeriod(change.standing, standing),
  )
  if (same !== undefined) return same
  const change: RoleChange = {
    version: 1,
    id: newId(clock()),
    personId,
    role,
    from,
    until,
    standing,
    proposedBy: caller.personId,
    proposedAt: at,
    lapsesAt: instantOf(Date.parse(at) + lapseDays * 86_400_000),
    state: 'pending',
    decidedBy: null,
    decidedAt: null,
    comment: null,
  }
  const entry = roleDraft(registers, caller, person, {
    act: 'role-proposed',
    cause: { kind: 'role-change', ref: change.id },
    before: standing,
    after: { role, from, until, lapsesAt: change.lapsesAt },
  })
  return (await roles.propose(person.row, change, entry)) ? change : null
}

/**
 * Where the change takes a role that needs two people from somebody who has it for good: somebody else who has it for good and
 * may act. Null: it takes nothing of that kind away.
 */
export async function restsOn(
  { roles, people, settings, clock }: RoleRegisters,
  { row: { personId } }: PersonAggregate,
  standing: RolePeriod | null,
  next: RoleRow,
): Promise<HeldRole | null | 'nobody'> {
  const { at, today } = nowOf({ settings, clock })
  if (!needsTwo(next.role) || !takesAway(standing, next, today)) return null
  for (const held of await roles.list(today)) {
    if (held.row.role !== next.role || held.personId === personId || !isLasting(held.row, today)) continue
    const person = await people.load(held.personId)
    if (person !== null && holdsOn(person, at, settings).length === 0) return held
  }
  return 'nobody'
}

export function roleDraft(
  registers: Pick<RoleRegisters, 'settings' | 'clock'>,
  caller: Caller,
  { row: { personId } }: PersonAggregate,
  said: Pick<EntryDraft, 'act' | 'cause' | 'before' | 'after' | 'evidence'>,
): EntryDraft {
  const { at } = nowOf(registers)
  return {
    at,
    asOf: at,
    phase: 'recorded',
    subject: personId,
    actor: {
      personId: caller.personId,
      role: holdsAny(caller, ['security']) ? 'security' : 'authority',
      onBehalfOf: null,
    },
    system: 'llavero',
    request: null,
    ...said,
  }
}
