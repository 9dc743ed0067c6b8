import type { DecidedLine } from '../../schemas/api.ts'
import type { CompletedActivation, CompletedDeactivation } from '../../schemas/api-lines.ts'
import type { Activation, KeptLine, Signer } from '../../schemas/request.ts'
import { completeActivation, completeDeactivation } from '../domain/completion.ts'
import {
  type Decided,
  decideActivation,
  decideDeactivation,
  type LineContext,
  startDay,
} from '../domain/eligibility.ts'
import type { Caller } from '../domain/entitlement.ts'
import { lineHash } from '../domain/line-hash.ts'
import { parseNationalId } from '../domain/national-id.ts'
import { type CodedFault, isRefusal, type Refusal, refuse, refuseWith } from '../domain/refusal.ts'
import { foldEvents } from '../domain/register.ts'
import { decideRenewal, prospectOf } from '../domain/renewal.ts'
import { mayConcern, signerFor } from '../domain/signing.ts'
import type { EntryDraft } from '../stores/ledger.ts'
import type { PersonAggregate } from '../stores/people.ts'
import type { KeptRequest } from '../stores/requests.ts'
import { applyInline } from './apply-lines.ts'
import type { Engine } from './engine.ts'
import { bodyHashOf } from './file-once.ts'
import { ensurePerson } from './file-requests.ts'
import { refuseUnseen } from './read-requests.ts'
import { nowOf, type Registers, tries } from './registers.ts'
import { type PlaceInOffice, unitInOffice } from './units-in-office.ts'
import { tellLine } from './view-request.ts'

type Needed = Engine & Pick<Registers, 'units'>

/** What was sent for a line of either box. */
export type SentCompletion =
  | ({ readonly kind: 'activation' } & CompletedActivation)
  | ({ readonly kind: 'deactivation' } & CompletedDeactivation)

export interface LineCompletion {
  readonly caller: Caller
  readonly number: string
  readonly line: string
  /** The hash that the caller has seen; null: they did not say. */
  readonly ifMatch: string | null
  readonly sent: SentCompletion
  /** Whether the same caller may be asking for the answer to the same completion again. */
  readonly repeatable: boolean
}

/** A line with all that it is completed by: who signs for it today, and whom it is about. */
interface Place {
  readonly kept: KeptRequest
  readonly line: KeptLine
  readonly unit: PlaceInOffice['unit']
  readonly ancestors: PlaceInOffice['ancestors']
  readonly signer: Signer
  readonly person: PersonAggregate | null
  readonly today: string
}

type Asked = Pick<LineCompletion, 'caller' | 'number' | 'line'>

/** Whoever may file the line today may complete it, and nobody a line that concerns themselves. */
export async function mayComplete(engine: Needed, asked: Asked): Promise<Refusal | null> {
  const place = await placeOf(engine, asked)
  return isRefusal(place) ? place : null
}

/**
 * Completes an observed line (R13): what was missing is added, and the line is decided anew by what is known now and goes on
 * from there, like one that was filed now. What was filed first, and who completed it, stays in the line and in the ledger.
 */
export async function completeLine(
  engine: Needed,
  completion: LineCompletion,
): Promise<DecidedLine | Refusal> {
  const { ifMatch, sent } = completion
  for (let attempt = 1; attempt <= tries; attempt++) {
    const place = await placeOf(engine, completion)
    if (isRefusal(place)) return place
    const { kept, line } = place
    if (ifMatch === null) return refuse('unconditional')
    if (isRepeat(line, completion)) return tellLine(engine, kept.row.number, line)
    if (ifMatch !== lineHash(line)) return refuse('stale')
    if (line.decision !== 'observed') return refuseWith('conflict', 'completion.not-observed')
    const next = completed(engine, place, sent)
    if ('faults' in next) return refuse('invalid', next.faults)
    // Judged as before, of the same words: nothing has happened.
    if (lineHash({ ...next.line, completions: undefined }) === lineHash({ ...line, completions: undefined }))
      return tellLine(engine, kept.row.number, line)
    const known = await ensurePerson(engine, next.line)
    const entry = entryFor(engine, place, known, next.changed)
    if (!(await engine.requests.decide(kept, known, entry))) continue
    if (known.decision === 'accepted') await applyInline(engine, kept.row.number)
    return tellLine(engine, kept.row.number, known)
  }
  return refuse('busy')
}

async function placeOf(engine: Needed, { caller, number, line: id }: Asked): Promise<Place | Refusal> {
  const kept = await engine.requests.load(number)
  const line = kept?.lines.find(one => one.line === id)
  if (kept === null || line === undefined) return refuseUnseen(engine, caller, kept, line)
  const [place, person] = await Promise.all([
    unitInOffice(engine, kept.row.unit, nowOf(engine).at),
    personOf(engine, line),
  ])
  const { today } = nowOf(engine)
  const subject = person?.row.personId ?? null
  const signer = place === null ? null : signerOf(kept, line, place, caller, subject, today)
  if (place === null || signer === null) return refuseUnseen(engine, caller, kept, line)
  if (!mayConcern(signer, place.unit, place.ancestors, subject))
    return refuseWith(
      'forbidden',
      subject === caller.personId ? 'signing.oneself' : 'signing.not-this-person',
    )
  return { kept, line, ...place, signer, person, today }
}

/** Whom a line is about, by what the register knows now. */
async function personOf({ people, settings }: Engine, line: KeptLine): Promise<PersonAggregate | null> {
  if (line.personId !== null) return people.load(line.personId)
  const written = line.kind === 'activation' ? line.filed.person.nationalId : line.filed.nationalId
  const parsed = parseNationalId(settings.nationalId, written)
  const personId = parsed.ok ? await people.idOf(parsed.value) : null
  return personId === null ? null : people.load(personId)
}

/** A form that `hr` signed ends everything (R9): it stays in the hands of `hr`, and every other one out of them. */
function signerOf(
  { row }: KeptRequest,
  line: KeptLine,
  place: Pick<Place, 'unit' | 'ancestors'>,
  { personId, roles }: Caller,
  subject: string | null,
  day: string,
): Signer | null {
  if (row.signer.capacity === 'hr')
    return line.kind === 'deactivation' && roles.includes('hr')
      ? { personId, capacity: 'hr', onBehalfOf: null }
      : null
  const asked = { ...place, callerId: personId, callerRoles: roles, day, subjects: [subject] }
  return signerFor({ ...asked, deactivationsOnly: false })
}

/** A repeat under an idempotency key, whose first answer was lost, finds its own completion as the last one. */
function isRepeat(line: KeptLine, { caller, ifMatch, sent, repeatable }: LineCompletion): boolean {
  const last = line.completions?.at(-1)
  return (
    repeatable &&
    last !== undefined &&
    last.by.personId === caller.personId &&
    last.on === ifMatch &&
    last.sent === bodyHashOf(sent)
  )
}

type Next = { readonly line: KeptLine; readonly changed: readonly string[] }

/** The line as it stands once it is completed and decided anew. */
function completed(
  engine: Needed,
  place: Place,
  sent: SentCompletion,
): Next | { readonly faults: readonly CodedFault[] } {
  const { line, signer, person, today } = place
  const { settings } = engine
  const personId = person?.row.personId ?? null
  const said = {
    by: signer,
    at: nowOf(engine).at,
    on: lineHash(line),
    sent: bodyHashOf(sent),
    decided: line.decisions?.length ?? 0,
  }
  const was = { decision: line.decision, reasons: line.reasons }
  if (line.kind === 'activation' && sent.kind === 'activation') {
    const judge = (filed: Activation): Decided => judgeActivation(engine, place, filed)
    const { kind: _, ...words } = sent
    const done = completeActivation(line, words, settings, judge)
    if ('faults' in done) return done
    const { filed, changed } = done
    const former = { ...said, was: changed.length > 0 ? { ...was, filed: line.filed } : was }
    const completions = [...(line.completions ?? []), former]
    const judged = judge(filed)
    // A line that goes on waiting has no first day yet.
    const from = judged.decision === 'observed' ? line.from : startDay(filed, today)
    return { line: { ...line, personId, filed, from, ...judged, completions }, changed }
  }
  if (line.kind === 'deactivation' && sent.kind === 'deactivation') {
    const done = completeDeactivation(line.filed, sent, settings.nationalId)
    if ('faults' in done) return done
    const judged = decideDeactivation(line.filed, contextOf(engine, place, today))
    const completions = [...(line.completions ?? []), { ...said, was }]
    return { line: { ...line, personId, ...judged, completions }, changed: [] }
  }
  throw new Error(`a ${line.kind} line was given what completes a ${sent.kind}`)
}

/** By the rules of a form or, where the line renews something, by those of a renewal. */
function judgeActivation(engine: Needed, place: Place, filed: Activation): Decided {
  const from = startDay(filed, place.today)
  const context = contextOf(engine, place, from)
  const { kept, person } = place
  if (kept.row.kind !== 'renewal' || person === null) return decideActivation(filed, context)
  const now = nowOf(engine).at
  const renewed = { personId: person.row.personId, unit: kept.row.unit, contract: filed.contract }
  const prospect = prospectOf(person, renewed, from, engine.settings, now)
  return decideRenewal({ ...filed, from }, { ...context, prospect, lateSince: null, now })
}

function contextOf({ settings }: Needed, place: Place, day: string): LineContext {
  const { person, unit, ancestors, signer, today } = place
  return {
    settings,
    today,
    signer,
    unit,
    ancestors,
    personId: person?.row.personId ?? null,
    facts: person === null ? null : foldEvents(person.events, day, settings.timeZone),
    heldGrantsOfUnit: person?.grants.some(grant => grant.unit === unit.id && grant.ended === null) ?? false,
  }
}

/** What was changed is told by its place in the line; the words stay in the state. */
function entryFor(
  engine: Needed,
  { kept: { row }, line, signer }: Place,
  next: KeptLine,
  changed: readonly string[],
): EntryDraft {
  const { at } = nowOf(engine)
  return {
    at,
    asOf: at,
    act: 'line-completed',
    phase: 'recorded',
    subject: next.personId,
    actor: { personId: signer.personId, role: signer.capacity, onBehalfOf: signer.onBehalfOf },
    system: 'llavero',
    request: row.number,
    cause: { kind: 'completion', ref: `${row.number}/${line.line}` },
    before: { decision: line.decision, hash: lineHash(line) },
    after: {
      line: line.line,
      changed,
      decision: next.decision,
      rules: next.reasons.map(({ rule }) => rule),
      hash: lineHash(next),
    },
  }
}
