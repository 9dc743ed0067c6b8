import type { StoppedBatchRow, StoppedMember } from '../../schemas/guard.ts'
import { say } from '../domain/texts/index.ts'
import type { EntryDraft } from '../stores/ledger.ts'
import type { StoppedFact } from '../stores/person-aggregate.ts'
import { applyReleased } from './apply-lines.ts'
import { type Engine, instantOf } from './engine.ts'
import { inParallel } from './in-parallel.ts'
import { tries } from './registers.ts'

const membersAtOnce = 40

/**
 * Carries out what two people have decided of a batch, member by member and from where it was left: whoever dies over it is
 * followed by the sweeper, and doing it twice does nothing twice.
 *
 * @param until milliseconds of the clock after which the rest is left to the sweeper
 */
export async function settleBatch(engine: Engine, id: string, until: number): Promise<void> {
  let batch = await engine.batches.load(id)
  while (batch !== null && batch.state !== 'held' && !batch.carriedOut) {
    const decided: StoppedBatchRow = batch
    const members = await engine.batches.membersAfter(id, decided.place, membersAtOnce)
    await inParallel(members, ({ member }) => settleMember(engine, decided, member))
    const last = members.at(-1)?.sk ?? null
    if (last === null) {
      const done = await engine.batches.change(
        decided,
        { ...decided, carriedOut: true },
        { entry: null, dueAt: null },
      )
      if (done !== null) engine.log('batch-settled', { hold: id, state: decided.state })
      return
    }
    batch = await engine.batches.change(
      decided,
      { ...decided, place: last },
      { entry: null, dueAt: instantOf(engine.clock()) },
    )
    if (engine.clock() >= until) return
  }
}

async function settleMember(engine: Engine, batch: StoppedBatchRow, member: StoppedMember): Promise<void> {
  if (member.of === 'account') return wakeAccounts(engine, batch, member)
  for (let attempt = 1; attempt <= tries; attempt++) {
    const person = await engine.people.load(member.personId)
    if (person === null) return
    const own = person.stopped.filter(({ hold }) => hold === batch.id)
    if (own.length === 0) return
    const lines = own.filter(fact => fact.lines !== null)
    const events = own.filter(fact => fact.event !== null)
    const entry = entryFor(engine, batch, member)
    if (batch.state === 'discarded') {
      await rejectLines(engine, member.personId, lines)
      if (await engine.stoppedFacts.discard(person, own, entry)) return
      continue
    }
    const numbers = new Set(lines.flatMap(fact => fact.lines?.request ?? []))
    let busy = false
    for (const number of numbers) {
      const request = await engine.requests.load(number)
      if (request !== null && !(await applyReleased(engine, request, member.personId, batch.id))) busy = true
    }
    if (busy) continue
    if (events.length === 0) return
    const now = numbers.size === 0 ? person : await engine.people.load(member.personId)
    if (now === null || !(await engine.stoppedFacts.release(now, events, entry))) continue
    const { personId } = member
    await engine.bells.ring([...now.targets.keys()].map(target => ({ personId, target, urgent: true })))
    return
  }
  throw new Error('a person was too busy to settle what was stopped')
}

/** The worker that was stopped looks again, and finds the batch decided. */
async function wakeAccounts(engine: Engine, batch: StoppedBatchRow, member: StoppedMember): Promise<void> {
  if (batch.state !== 'released') return
  const { personId } = member
  const person = await engine.people.load(personId)
  const systems = new Set(member.losses.map(({ system }) => system))
  const rows = [...(person?.targets.values() ?? [])].filter(row => systems.has(row.target))
  const now = instantOf(engine.clock())
  for (const row of rows) await engine.targets.wake(row, now)
  await engine.bells.ring(rows.map(({ target }) => ({ personId, target, urgent: true })))
}

/** Whoever asked for a deactivation that was discarded is told so in its line. What was carried out before stays accepted. */
async function rejectLines(engine: Engine, personId: string, facts: readonly StoppedFact[]): Promise<void> {
  for (const { lines } of facts)
    for (const named of lines?.named ?? []) await rejectLine(engine, personId, lines?.request ?? '', named)
}

async function rejectLine(engine: Engine, personId: string, number: string, named: string): Promise<void> {
  for (let attempt = 1; attempt <= tries; attempt++) {
    const kept = await engine.requests.load(number)
    const line = kept?.lines.find(one => one.line === named && one.decision === 'accepted')
    if (kept == null || line === undefined) return
    const reason = { rule: 'R9', message: say(engine.settings.locale, 'hold.discarded') }
    const at = instantOf(engine.clock())
    const decided = await engine.requests.decide(
      kept,
      { ...line, decision: 'rejected', reasons: [...line.reasons, reason] },
      {
        at,
        asOf: at,
        act: 'line-decided',
        phase: 'recorded',
        subject: personId,
        actor: { personId: null, role: 'system', onBehalfOf: null },
        system: 'llavero',
        request: number,
        cause: { kind: 'decision', ref: `${number}/${named}` },
        after: { line: named, decision: 'rejected', rules: ['R9'] },
      },
    )
    if (decided) return
  }
  throw new Error('a request was too busy to reject a line that was discarded')
}

function entryFor(engine: Engine, batch: StoppedBatchRow, member: StoppedMember): EntryDraft {
  const at = instantOf(engine.clock())
  const voice = (batch.state === 'released' ? batch.releases : batch.discards).at(-1)
  return {
    at,
    asOf: at,
    act: batch.state === 'released' ? 'fact-released' : 'fact-discarded',
    phase: 'recorded',
    subject: member.personId,
    // Who said the last word: it is by them that it happens, or never does.
    actor: { personId: voice?.by ?? null, role: voice?.role ?? 'system', onBehalfOf: null },
    system: 'llavero',
    request: member.cause.kind === 'form' ? member.cause.ref : null,
    cause: member.cause,
    after: { hold: batch.id, losses: member.losses },
  }
}
