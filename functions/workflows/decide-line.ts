import { setTimeout as pause } from 'node:timers/promises'
import type { DecidedLine, SentDecision } from '../../schemas/api.ts'
import type { KeyHoldersRow } from '../../schemas/badges.ts'
import type { Decision, KeptLine, LineDecision, Reason } from '../../schemas/request.ts'
import { type Decided, reconsiderActivation, startDay } from '../domain/eligibility.ts'
import type { Caller } from '../domain/entitlement.ts'
import { lineHash } from '../domain/line-hash.ts'
import { parseNationalId } from '../domain/national-id.ts'
import { isRefusal, type Refusal, refuse, refuseWith } from '../domain/refusal.ts'
import { foldEvents } from '../domain/register.ts'
import { decideRenewal, prospectOf } from '../domain/renewal.ts'
import { say } from '../domain/texts/index.ts'
import type { NoticeDraft } from '../stores/notices.ts'
import type { KeptRequest } from '../stores/requests.ts'
import { applyInline } from './apply-lines.ts'
import type { Engine } from './engine.ts'
import { placeAmongHolders } from './key-holders.ts'
import { nowOf, tries } from './registers.ts'
import type { UnitReader } from './units-in-office.ts'
import { decidedLines } from './view-request.ts'

type Needed = Engine & { readonly units: UnitReader }
type ActivationLine = KeptLine & { kind: 'activation' }

export interface LineVerdict {
  readonly caller: Caller
  readonly number: string
  readonly line: string
  /** The hash that the caller has seen; null: they did not say. */
  readonly ifMatch: string | null
  readonly decision: SentDecision
  /** Whether the same caller may be asking for the answer to the same decision again. */
  readonly repeatable: boolean
}

/**
 * An authority decides a line that waits for approval: the words that were filed stay, the decision stands beside them and in
 * the request's chain. An approved line is judged once more by what is known now, and then applied like an accepted one.
 */
export async function decideLine(engine: Needed, verdict: LineVerdict): Promise<DecidedLine | Refusal> {
  for (let attempt = 1; attempt <= tries; attempt++) {
    const kept = await engine.requests.load(verdict.number)
    const line = kept?.lines.find(one => one.line === verdict.line)
    if (kept == null || line === undefined) return refuse('not-found')
    const refusal = await obstacle(engine, kept, line, verdict)
    if (refusal !== null) return refusal
    if (isRepeat(line, verdict)) return told(line)
    if (verdict.ifMatch !== lineHash(line)) return refuse('stale')
    if (line.kind !== 'activation' || line.decision !== 'awaiting-approval')
      return refuseWith('conflict', 'decision.not-awaiting')
    const next = await decided(engine, kept, line, verdict)
    if (next === null) return refuse('busy')
    const holders = await placeFor(engine, kept, next)
    if (holders !== null && isRefusal(holders)) return holders
    const entry = entryFor(engine, kept, line, next, verdict.caller)
    const done = await engine.requests.decide(kept, next, entry, [decidedNotice(kept, next)], holders)
    if (!done) {
      // Every approval of a door writes the one row of the key-holders. Jitter keeps them from marching in step.
      if (holders !== null) await pause(Math.random() * 40 * attempt)
      continue
    }
    if (next.decision === 'accepted') await applyInline(engine, verdict.number)
    return told(next)
  }
  return refuse('busy')
}

/**
 * Nobody decides on what concerns or was signed by themselves, when it was filed or when it was completed; and what is decided
 * on has to be named. Whoever was nobody to the register when the form came may be known by now.
 */
async function obstacle(
  { people, settings }: Needed,
  { row }: KeptRequest,
  line: KeptLine,
  { caller, ifMatch }: LineVerdict,
): Promise<Refusal | null> {
  const signers = [row.signer, ...(line.completions ?? []).map(({ by }) => by)]
  const own = [line.personId, ...signers.flatMap(({ personId, onBehalfOf }) => [personId, onBehalfOf])]
  const written = line.kind === 'activation' ? line.filed.person.nationalId : line.filed.nationalId
  const parsed = parseNationalId(settings.nationalId, written)
  if (line.personId === null && parsed.ok) own.push(await people.idOf(parsed.value))
  if (own.includes(caller.personId)) return refuseWith('forbidden', 'decision.oneself')
  return ifMatch === null ? refuse('unconditional') : null
}

/** R18: what an approval of a door makes of the key-holders. Null: the line makes nobody one. */
async function placeFor(
  engine: Needed,
  { row }: KeptRequest,
  { decision, filed, personId, line }: ActivationLine,
): Promise<KeyHoldersRow | Refusal | null> {
  if (decision !== 'accepted' || filed.access.system !== 'data-centre' || personId === null) return null
  return placeAmongHolders(engine, { personId, request: row.number, line })
}

/** A repeat under an idempotency key, whose first answer was lost, finds its own decision as the last one. */
function isRepeat(line: KeptLine, { caller, ifMatch, decision, repeatable }: LineVerdict): boolean {
  const last = line.decisions?.at(-1)
  return (
    repeatable &&
    last !== undefined &&
    last.by === caller.personId &&
    last.on === ifMatch &&
    last.verdict === decision.decision &&
    last.comment === commentOf(decision)
  )
}

const commentOf = ({ comment }: SentDecision) => (comment === undefined || comment === '' ? null : comment)

const told = (line: KeptLine): DecidedLine => decidedLines([line])[0] as DecidedLine

/** The line as it stands after the decision. Null: its unit is no longer in the register. */
async function decided(
  engine: Needed,
  kept: KeptRequest,
  line: ActivationLine,
  { caller, decision }: LineVerdict,
): Promise<ActivationLine | null> {
  const { at, today } = nowOf(engine)
  const { decisions, ...filed } = line
  const comment = commentOf(decision)
  const said: LineDecision = {
    verdict: decision.decision,
    by: caller.personId,
    role: 'authority',
    at,
    comment,
    on: lineHash(line),
    was: { decision: line.decision, reasons: line.reasons },
  }
  const next = { ...filed, decisions: [...(decisions ?? []), said] }
  if (decision.decision !== 'approve')
    return {
      ...next,
      decision: verdicts[decision.decision],
      codes: [words[decision.decision as keyof typeof words]],
      reasons: line.reasons.map(({ rule }) => ({
        rule,
        message: say(engine.settings.locale, words[decision.decision as keyof typeof words], {
          comment: (comment ?? '').replace(/\.+$/, ''),
        }),
      })),
    }
  const judged = await reconsidered(engine, kept, line, today)
  if (judged === null) return null
  const approved: Reason[] = line.reasons.map(({ rule }) => ({
    rule,
    message: say(engine.settings.locale, 'decision.approved'),
  }))
  return {
    ...next,
    personId: judged.decision === 'accepted' ? await personOf(engine, line) : line.personId,
    // No access starts in the past.
    from: startDay(line, today),
    decision: judged.decision,
    reasons: [...judged.reasons, ...approved],
    codes: judged.codes,
  }
}

const verdicts: Record<'reject' | 'observe', Decision> = { reject: 'rejected', observe: 'observed' }
const words = { reject: 'decision.rejected', observe: 'decision.observed' } as const

async function reconsidered(
  engine: Needed,
  { row }: KeptRequest,
  line: ActivationLine,
  today: string,
): Promise<Decided | null> {
  const place = await engine.units.withAncestors(row.unit)
  if (place === null) return null
  const { settings } = engine
  const person = line.personId === null ? null : await engine.people.load(line.personId)
  const from = startDay(line, today)
  const context = {
    settings,
    today,
    signer: row.signer,
    ...place,
    personId: line.personId,
    facts: person === null ? null : foldEvents(person.events, from, settings.timeZone),
    heldGrantsOfUnit: false,
  }
  if (row.kind !== 'renewal' || person === null) return reconsiderActivation(line.filed, context)
  const now = nowOf(engine).at
  const renewed = { personId: person.row.personId, unit: row.unit, contract: line.filed.contract }
  const prospect = prospectOf(person, renewed, from, settings, now)
  return decideRenewal({ ...line.filed, from }, { ...context, prospect, lateSince: null, now }, true)
}

/** With `personnelRegister: "declared"` the approved line may be the first mention of a person. */
async function personOf(engine: Engine, line: ActivationLine): Promise<string | null> {
  if (line.personId !== null) return line.personId
  const parsed = parseNationalId(engine.settings.nationalId, line.filed.person.nationalId)
  return parsed.ok ? engine.people.ensure(parsed.value, engine.clock()) : null
}

function entryFor(
  engine: Engine,
  { row }: KeptRequest,
  line: KeptLine,
  next: KeptLine,
  caller: Caller,
): Parameters<Engine['requests']['decide']>[2] {
  const { at } = nowOf(engine)
  return {
    at,
    asOf: at,
    act: 'line-decided',
    phase: 'recorded',
    subject: next.personId,
    actor: { personId: caller.personId, role: 'authority', onBehalfOf: null },
    system: 'llavero',
    request: row.number,
    cause: { kind: 'decision', ref: `${row.number}/${line.line}` },
    before: { decision: line.decision, hash: lineHash(line) },
    after: {
      line: line.line,
      verdict: next.decisions?.at(-1)?.verdict,
      decision: next.decision,
      rules: next.reasons.map(({ rule }) => rule),
      hash: lineHash(next),
    },
  }
}

/** R8: whoever signed is told. The line's new hash tells one decision from the next. */
function decidedNotice({ row }: KeptRequest, next: KeptLine): NoticeDraft {
  return {
    template: 'line-decided',
    to: { kind: 'person', personId: row.signer.personId },
    about: { personId: next.personId, task: null, target: null, request: row.number, line: next.line },
    fact: `${row.number}/${next.line} ${lineHash(next)}`,
  }
}
