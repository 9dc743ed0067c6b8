import type { ImportAnswer } from '../../schemas/api.ts'
import type { EventRecorded } from '../../schemas/api-holds.ts'
import type { HrEvent } from '../../schemas/hr-event.ts'
import type { Actor } from '../../schemas/ledger.ts'
import { normalInstant } from '../domain/civil-time.ts'
import { mostFaults } from '../domain/faults.ts'
import { parseNationalId } from '../domain/national-id.ts'
import { checkHrEvents, hrEventsOfCsv } from '../domain/read-hr-events.ts'
import type { RowFault } from '../domain/read-people.ts'
import { type CodedFault, isRefusal, type Refusal, refuse, refuseWith } from '../domain/refusal.ts'
import { say } from '../domain/texts/index.ts'
import type { Engine } from './engine.ts'
import { bodyHashOf } from './file-once.ts'
import type { Guarded } from './guard-losses.ts'
import { inParallel } from './in-parallel.ts'
import { type Recorded, recordHrEvents } from './record-hr-events.ts'
import { nowOf, type Registers } from './registers.ts'

export type EventsNeeded = Pick<Registers, 'people' | 'units' | 'settings' | 'clock'> &
  Pick<Engine, 'bells' | 'log'> &
  Guarded

/** Whoever tells it: a person of human resources, or their system. */
export type Teller = Actor & { readonly role: 'hr' | 'hr-system' }

/** A sender's clock may be this much ahead of ours. */
const aheadMilliseconds = 5 * 60_000

/**
 * Records one HR event. It is answered once event, fold and ledger entry are committed: the next request sees the person.
 * The same id and body is the same event, also of somebody nobody knew: a leaver may be told before the joiner.
 */
export async function recordHrEvent(
  needed: EventsNeeded,
  teller: Teller,
  sent: HrEvent,
): Promise<EventRecorded | Refusal> {
  const event = normalised(needed, sent)
  const faults = [...faultsIn(needed, sent), ...(await unknownUnit(needed, [sent]))]
  if (faults.length > 0)
    return refuse(
      'invalid',
      faults.map(({ pointer, code }) => ({ pointer, code })),
    )
  const recorded = await record(needed, teller, event, 'hr-event', event.id)
  if ('refused' in recorded) return recorded
  const hold = recorded.done === 'stopped' ? recorded.hold : await holdOf(needed, recorded, event)
  return hold === null ? { id: event.id, status: 'recorded' } : { id: event.id, status: 'stopped', hold }
}

/** The batch in which an event that came before is waiting. */
async function holdOf(
  { people }: EventsNeeded,
  { done }: Recorded,
  { nationalId, id }: HrEvent,
): Promise<string | null> {
  const personId = done === 'known' ? await people.idOf(nationalId) : null
  const person = personId === null ? null : await people.load(personId)
  return person?.stopped.find(({ event }) => event?.id === id)?.hold ?? null
}

/**
 * Records a file of events, in whatever order they stand in it. Every row is checked before the first is recorded, and with
 * any fault nothing is; the same file may be sent again.
 */
export async function recordHrEventFile(
  needed: EventsNeeded,
  teller: Teller,
  text: string,
): Promise<ImportAnswer | Refusal> {
  const list = hrEventsOfCsv(text)
  if ('refused' in list) return refuse('malformed', list.refused)
  const checked = checkHrEvents(list)
  const faults: RowFault[] = [...checked.faults]
  for (const [index, event] of checked.events.entries())
    faults.push(...faultsIn(needed, event).map(fault => ({ row: index + 1, ...fault })))
  faults.push(...(await unknownUnit(needed, checked.events)))
  const events = checked.events.map(event => normalised(needed, event))
  if (faults.length === 0) faults.push(...(await clashes(needed, teller, events)))
  if (faults.length > 0) return { applied: 0, faults: told(needed, faults) }
  const outcomes: Recorded[] = []
  await inParallel([...byPerson(events)], async some => {
    for (const event of some) {
      const outcome = await record(needed, teller, event, 'import', event.id)
      if (!isRefusal(outcome)) outcomes.push(outcome)
    }
  })
  const stopped = outcomes.flatMap(outcome => (outcome.done === 'stopped' ? [outcome.hold] : []))
  return {
    applied: outcomes.filter(({ done }) => done !== 'known').length,
    faults: [],
    ...(stopped.length > 0 && { stopped: stopped.length, holds: [...new Set(stopped)] }),
  }
}

const normalised = ({ settings }: EventsNeeded, event: HrEvent): HrEvent => {
  const parsed = parseNationalId(settings.nationalId, event.nationalId)
  const nationalId = parsed.ok ? parsed.value : event.nationalId
  return {
    ...event,
    nationalId,
    ...(event.person && { person: { ...event.person, nationalId } }),
    recordedAt: normalInstant(event.recordedAt),
  }
}

/** What a schema cannot know. */
function faultsIn({ settings, clock }: EventsNeeded, event: HrEvent): CodedFault[] {
  const faults: CodedFault[] = []
  const id = parseNationalId(settings.nationalId, event.nationalId)
  if (!id.ok) faults.push({ pointer: '/nationalId', code: id.code })
  const named = event.person && parseNationalId(settings.nationalId, event.person.nationalId)
  if (named?.ok === false) faults.push({ pointer: '/person/nationalId', code: named.code })
  else if (named?.ok && id.ok && named.value !== id.value)
    faults.push({ pointer: '/person/nationalId', code: 'shape.invalid-value' })
  if (Date.parse(event.recordedAt) > clock() + aheadMilliseconds)
    faults.push({ pointer: '/recordedAt', code: 'hr-event.recorded-ahead' })
  if (event.leave !== undefined && !settings.leaves.some(({ id: known }) => known === event.leave))
    faults.push({ pointer: '/leave', code: 'hr-event.unknown-leave' })
  return faults
}

async function unknownUnit({ units }: EventsNeeded, events: readonly HrEvent[]): Promise<RowFault[]> {
  const named = [...new Set(events.flatMap(({ unit }) => unit ?? []))]
  const standing = new Set((await units.some(named)).map(({ unit }) => unit.id))
  return events.flatMap(({ unit }, index): RowFault[] =>
    unit === undefined || standing.has(unit)
      ? []
      : [{ row: index + 1, pointer: '/unit', code: 'catalogue.unknown-unit' }],
  )
}

/** Events of a file that clash with what is recorded, or with whoever sends it. */
async function clashes(
  { people }: EventsNeeded,
  teller: Teller,
  events: readonly HrEvent[],
): Promise<RowFault[]> {
  const faults: RowFault[] = []
  const ids = await people.idsOf(events.map(({ nationalId }) => nationalId))
  await inParallel([...events.entries()], async ([index, event]) => {
    const before = await people.eventOf(event.id)
    if (before !== null && before.bodyHash !== bodyHashOf(event))
      faults.push({ row: index + 1, pointer: '/id', code: 'hr-event.id-reused' })
    if (teller.personId !== null && ids.get(event.nationalId) === teller.personId)
      faults.push({ row: index + 1, pointer: '/nationalId', code: 'hr-event.oneself' })
  })
  return faults
}

const told = ({ settings }: EventsNeeded, faults: readonly RowFault[]): ImportAnswer['faults'] =>
  [...faults]
    .sort((one, other) => one.row - other.row)
    .slice(0, mostFaults)
    .map(({ row, pointer, code }) => ({ row, pointer, message: say(settings.locale, code) }))

/** One person's events after each other: side by side they would only get in each other's way. */
function byPerson(events: readonly HrEvent[]): Iterable<HrEvent[]> {
  const people = new Map<string, HrEvent[]>()
  for (const event of events) people.set(event.nationalId, [...(people.get(event.nationalId) ?? []), event])
  return people.values()
}

async function record(
  needed: EventsNeeded,
  teller: Teller,
  event: HrEvent,
  kind: 'hr-event' | 'import',
  ref: string,
): Promise<Recorded | Refusal> {
  const bodyHash = bodyHashOf(event)
  const before = await needed.people.eventOf(event.id)
  if (before !== null)
    return before.bodyHash === bodyHash ? { done: 'known' } : refuseWith('key-reused', 'hr-event.id-reused')
  const personId =
    (await needed.people.idOf(event.nationalId)) ??
    (await needed.people.ensure(event.nationalId, needed.clock()))
  if (personId === teller.personId) return refuseWith('forbidden', 'hr-event.oneself')
  const recorded = await recordHrEvents(needed, kind, personId, ({ events, stopped }) => {
    const kept = [...events, ...stopped.flatMap(one => one.event ?? [])]
    if (kept.some(({ id }) => id === event.id)) return null
    const { at } = nowOf(needed)
    const { id, type, effectiveOn, unit, contract, supersedes, leave } = event
    return {
      events: [event],
      bodyHash,
      entry: {
        at,
        asOf: at,
        act: 'hr-event-recorded',
        phase: 'recorded',
        subject: personId,
        actor: teller,
        system: 'llavero',
        request: null,
        cause: { kind, ref },
        after: [{ id, type, effectiveOn, unit, contract, supersedes, leave }],
      },
    }
  })
  // It came twice at once: the other one's body decides.
  if (recorded.done !== 'known') return recorded
  return (await needed.people.eventOf(event.id))?.bodyHash === bodyHash
    ? recorded
    : refuseWith('key-reused', 'hr-event.id-reused')
}
