import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { SentSuspension, SuspensionAnswer } from '../../schemas/api-holds.ts'
import type { Hold, HoldActor } from '../../schemas/hold.ts'
import type { Unit } from '../../schemas/unit.ts'
import { endOfAccess } from '../domain/civil-time.ts'
import { type Caller, leads } from '../domain/entitlement.ts'
import { parseNationalId } from '../domain/national-id.ts'
import { type Refusal, refuse, refuseWith } from '../domain/refusal.ts'
import type { HoldStore } from '../stores/holds.ts'
import type { EntryDraft } from '../stores/ledger.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { Engine } from './engine.ts'
import { bodyHashOf } from './file-once.ts'
import { factsOf, knownPeople } from './known-people.ts'
import { nowOf, type Registers, tries } from './registers.ts'

type Needed = Pick<Registers, 'people' | 'units' | 'settings' | 'clock'> &
  Pick<Engine, 'bells' | 'log'> & {
    readonly holds: HoldStore
    /** Milliseconds for which the answer waits for what the targets show; what takes longer goes on without it. */
    readonly patience: number
  }

const lookMilliseconds = 150

/** Who may act on whom, found anew at every try. */
interface Found {
  readonly person: PersonAggregate
  readonly actor: HoldActor
}

/**
 * The kill switch: whatever the person was granted, nothing is theirs from now on. Every target is rung urgently, and the
 * answer tells what each of them shows by then. It is never counted nor stopped by the guard. Saying so
 * again places no second hold; whoever suspends somebody whom others have suspended does, and is released by others too.
 */
export async function suspendPerson(
  registers: Needed,
  caller: Caller,
  writtenId: string,
  sent: SentSuspension,
): Promise<SuspensionAnswer | Refusal> {
  const { kind = 'suspension' } = sent
  const { timeZone } = registers.settings
  for (let attempt = 1; attempt <= tries; attempt++) {
    const found = await findPerson(registers, caller, writtenId)
    if ('refused' in found) return found
    const { person, actor } = found
    const { at, today } = nowOf(registers)
    if (sent.until !== undefined && sent.until < today)
      return refuse('invalid', [{ pointer: '/until', code: 'suspension.until' }])
    const isOwn = ({ by }: Hold) => by?.personId === caller.personId
    if (inForce(person, at).some(hold => isOwn(hold) && hold.kind === kind && hold.until === null))
      return told(registers, person.row.personId, person.row.facts)
    const hold: Hold = {
      version: 1,
      id: randomUUID(),
      personId: person.row.personId,
      kind,
      since: at,
      until: sent.until === undefined ? null : endOfAccess(sent.until, timeZone),
      by: actor,
      reason: sent.reason,
      ended: null,
    }
    const entry = draft(hold, 'hold-placed', actor, at, { reasonHash: bodyHashOf(sent.reason) })
    if (!(await registers.holds.place(person, hold, entry))) continue
    registers.log('suspended', { personId: person.row.personId, hold: hold.id })
    await ring(registers, person, true)
    return told(registers, person.row.personId, person.row.facts + 1)
  }
  return refuse('busy')
}

/** Ends what other people have placed; whoever placed a hold does not end it. What was granted meanwhile holds again. */
export async function releasePerson(
  registers: Needed,
  caller: Caller,
  writtenId: string,
): Promise<SuspensionAnswer | Refusal> {
  let released = false
  for (let attempt = 1; attempt <= tries; attempt++) {
    const found = await findPerson(registers, caller, writtenId)
    if ('refused' in found) return found
    const { person, actor } = found
    const { at } = nowOf(registers)
    const standing = inForce(person, at)
    const [hold] = standing.filter(({ by }) => by?.personId !== caller.personId)
    if (hold === undefined)
      return standing.length > 0 && !released
        ? refuseWith('forbidden', 'suspension.own')
        : told(registers, person.row.personId, person.row.facts)
    const entry = draft(hold, 'hold-ended', actor, at, {})
    if (!(await registers.holds.end(person, { ...hold, ended: { at, by: actor } }, entry))) continue
    await ring(registers, person, false)
    // The next of them, if there is one; each is an act of its own.
    released = true
  }
  return refuse('busy')
}

/** Holds that people have placed and that are in force. */
const inForce = (person: PersonAggregate, at: string): Hold[] =>
  person.holds.filter(
    ({ since, until, ended }) => since <= at && ended === null && (until === null || at < until),
  )

/** Somebody of whom the caller has nothing to say is as unknown. */
async function findPerson(registers: Needed, caller: Caller, writtenId: string): Promise<Found | Refusal> {
  const parsed = parseNationalId(registers.settings.nationalId, writtenId)
  const personId = await registers.people.idOf(parsed.ok ? parsed.value : '-')
  const person = await registers.people.load(personId ?? caller.personId)
  if (person === null) return refuse('not-found')
  const facts = factsOf(registers, person)
  const places = new Set([facts.unit ?? '-', ...facts.contracts.flatMap(({ unit }) => unit ?? [])])
  const units = (await registers.units.some([...places])).map(({ unit }) => unit)
  const actor = actorOf(caller, units, nowOf(registers).today)
  if (personId === null || actor === null) return refuse('not-found')
  if (personId === caller.personId) return refuseWith('forbidden', 'suspension.oneself')
  return { person, actor }
}

/** Security, IT and human resources for anybody; the head, or the deputy in force, for the unit's people. */
function actorOf(caller: Caller, units: readonly Unit[], today: string): HoldActor | null {
  const role = (['security', 'it', 'hr'] as const).find(one => caller.roles.includes(one))
  if (role !== undefined) return { personId: caller.personId, role, onBehalfOf: null }
  const unit = units.find(one => leads(one, caller.personId, today))
  if (unit === undefined) return null
  return unit.head === caller.personId
    ? { personId: caller.personId, role: 'head', onBehalfOf: null }
    : { personId: caller.personId, role: 'deputy', onBehalfOf: unit.head }
}

const draft = (
  hold: Hold,
  act: 'hold-placed' | 'hold-ended',
  actor: HoldActor,
  at: string,
  more: object,
): EntryDraft => ({
  at,
  asOf: at,
  act,
  phase: 'recorded',
  subject: hold.personId,
  actor,
  system: 'llavero',
  request: null,
  cause: { kind: 'hold', ref: hold.id },
  after: { kind: hold.kind, until: hold.until, ...more },
})

async function ring(registers: Needed, person: PersonAggregate, urgent: boolean): Promise<void> {
  const { personId } = person.row
  const rings = [...person.targets.keys()].map(target => ({ personId, target, urgent }))
  const missed = await registers.bells.ring(rings)
  if (missed > 0) registers.log('doorbell-missed', { personId, missed })
}

/** What every target shows once it has answered for fact number `facts`, or by the end of the patience. */
async function told(registers: Needed, personId: string, facts: number): Promise<SuspensionAnswer> {
  for (let waited = 0; ; waited += lookMilliseconds) {
    const person = await registers.people.load(personId)
    const rows = [...(person?.targets.values() ?? [])]
    const settled = (version: number) => version >= facts
    if (rows.every(row => settled(row.appliedVersion)) || waited >= registers.patience)
      return {
        holds: await Promise.all(
          inForce(person as PersonAggregate, nowOf(registers).at).map(async hold => ({
            id: hold.id,
            kind: hold.kind as 'suspension' | 'sanction',
            since: hold.since,
            until: hold.until,
            by: hold.by && (await knownPeople(registers).ref(hold.by.personId)),
          })),
        ),
        targets: rows.map(row => ({
          system: row.target,
          state: row.observed?.state ?? 'absent',
          settled: settled(row.appliedVersion),
          observedAt: row.observedAt,
          parked: row.state === 'parked',
        })),
      }
    await pause(lookMilliseconds)
  }
}
