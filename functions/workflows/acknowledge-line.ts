import type { DecidedLine } from '../../schemas/api.ts'
import type { SentAcknowledgement } from '../../schemas/api-lines.ts'
import type { KeptLine } from '../../schemas/request.ts'
import type { Caller } from '../domain/entitlement.ts'
import { lineHash } from '../domain/line-hash.ts'
import { type Refusal, refuse, refuseWith } from '../domain/refusal.ts'
import type { AcknowledgementStore } from '../stores/acknowledgements.ts'
import type { EntryDraft } from '../stores/ledger.ts'
import type { KeptRequest } from '../stores/requests.ts'
import type { Engine } from './engine.ts'
import { bodyHashOf } from './file-once.ts'
import { refuseUnseen } from './read-requests.ts'
import { nowOf, type Registers, tries } from './registers.ts'
import { lineNow } from './view-request.ts'

type Needed = Pick<Engine, 'settings' | 'people' | 'requests' | 'tasks' | 'clock'> &
  Pick<Registers, 'units'> & { readonly acknowledgements: AcknowledgementStore }

type ActivationLine = KeptLine & { kind: 'activation' }

export interface Acknowledgement {
  readonly caller: Caller
  readonly number: string
  readonly line: string
  /** The hash that the caller has seen; null: they did not say. */
  readonly ifMatch: string | null
  readonly sent: SentAcknowledgement
  /** Whether the same caller may be asking for the answer to the same words again. */
  readonly repeatable: boolean
}

/** Nobody but the person concerned says whether an access is right. */
export async function mayAcknowledge(
  registers: Needed,
  { caller, number, line: id }: Pick<Acknowledgement, 'caller' | 'number' | 'line'>,
): Promise<Refusal | null> {
  const kept = await registers.requests.load(number)
  const line = kept?.lines.find(one => one.line === id)
  return line !== undefined && line.personId === caller.personId
    ? null
    : refuseUnseen(registers, caller, kept, line)
}

/**
 * The person concerned says whether an access that was given is right (R12). A "no" opens a task, and the line is in progress
 * until that is completed; then they are asked anew.
 */
export async function acknowledgeLine(
  registers: Needed,
  said: Acknowledgement,
): Promise<DecidedLine | Refusal> {
  const { number, sent, ifMatch } = said
  for (let attempt = 1; attempt <= tries; attempt++) {
    const refusal = await mayAcknowledge(registers, said)
    if (refusal !== null) return refusal
    const kept = await registers.requests.load(number)
    const line = kept?.lines.find(one => one.line === said.line)
    if (kept === null || line === undefined) return refuse('not-found')
    if (ifMatch === null) return refuse('unconditional')
    if (isRepeat(line, said)) return told(line)
    if (ifMatch !== lineHash(line)) return refuse('stale')
    const { status, targets } = await lineNow(registers, number, line)
    if (line.kind !== 'activation' || line.personId === null || status !== 'done')
      return refuseWith('conflict', 'acknowledgement.not-done')
    const objection = sent.correct ? null : { comment: sent.comment, target: targets[0] ?? null }
    const concerned = { ...line, personId: line.personId }
    const next = await registers.acknowledgements.keep(kept, concerned, objection, task =>
      answered(registers, kept, line, sent, task),
    )
    if (next !== null) return told(next)
  }
  return refuse('busy')
}

/** A repeat under an idempotency key, whose first answer was lost, finds its own words as the last ones. */
function isRepeat(line: KeptLine, { ifMatch, sent, repeatable }: Acknowledgement): boolean {
  const last = line.kind === 'activation' ? line.answers?.at(-1) : undefined
  return repeatable && last !== undefined && last.on === ifMatch && last.sent === bodyHashOf(sent)
}

/** The line and its entry, once the person has answered. */
function answered(
  registers: Needed,
  { row }: KeptRequest,
  line: ActivationLine,
  sent: SentAcknowledgement,
  task: string | null,
): { line: ActivationLine; entry: EntryDraft } {
  const { at } = nowOf(registers)
  const { correct } = sent
  const on = lineHash(line)
  const next: ActivationLine = {
    ...line,
    answers: [...(line.answers ?? []), { correct, at, on, sent: bodyHashOf(sent), task }],
  }
  return {
    line: next,
    entry: {
      at,
      asOf: at,
      act: correct ? 'line-acknowledged' : 'line-contested',
      phase: 'recorded',
      subject: line.personId,
      actor: { personId: line.personId, role: 'person', onBehalfOf: null },
      system: 'llavero',
      request: row.number,
      cause: { kind: 'acknowledgement', ref: `${row.number}/${line.line}` },
      before: { hash: on },
      after: { line: line.line, correct, ...(task !== null && { task }), hash: lineHash(next) },
    },
  }
}

const told = (line: KeptLine): DecidedLine => {
  const last = line.kind === 'activation' ? line.answers?.at(-1) : undefined
  const status = last?.correct === false ? 'contested' : 'acknowledged'
  return { line: line.line, status, reasons: line.reasons, hash: lineHash(line) }
}
