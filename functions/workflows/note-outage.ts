import type { SystemRow } from '../../schemas/rows.ts'
import type { Outcome } from '../connectors/contract.ts'
import type { EntryDraft } from '../stores/ledger.ts'
import { type Convergence, isOutOfReach } from './convergence-run.ts'
import { instantOf } from './engine.ts'

type Needed = Pick<Convergence, 'target' | 'systems' | 'clock' | 'log'>

/** One or two people whom it does not answer may be the fault: a name it chokes on, a lock on their row. */
const peopleOfOutage = 3
/** The sweeper rings a few a minute; a bell that somebody rings beside it need not wait so long. */
const probeMilliseconds = 10_000

export const isUnanswered = (outcome: Outcome<unknown> | undefined): boolean =>
  outcome?.ok === false && outcome.error.retryable && isOutOfReach(outcome.error.kind)

/**
 * Whether a run may look at its target: always, unless it is known to answer nobody; then one run in ten seconds may. For all
 * others the rows stay due, untouched.
 */
export async function mayLook(
  { target, systems, clock }: Needed,
  system: SystemRow | null,
): Promise<boolean> {
  const outage = system?.outage ?? null
  const now = clock()
  if (outage === null) return true
  if (outage.nextProbe > instantOf(now)) return false
  return systems.takeProbe(target, outage, instantOf(now + probeMilliseconds))
}

/**
 * Takes in whom a run has reached. A target that answered nobody, and by now has left a few people in a row unanswered, is out
 * of reach as a whole: told once, until a run that began since then gets through to anybody.
 *
 * @param system the target's row as the run found it
 * @returns whether it is out of reach
 */
export async function noteOutage(
  engine: Needed,
  system: SystemRow | null,
  { answered, unanswered }: { readonly answered: number; readonly unanswered: readonly string[] },
): Promise<boolean> {
  if (answered > 0) {
    if (system !== null && (system.outage !== null || system.unanswered.length > 0))
      await noteAnswer(engine, system)
    return false
  }
  if (unanswered.length === 0) return false
  const { target, systems } = engine
  const standing = await systems.load(target)
  if (standing?.outage != null) return true
  const people = [...new Set([...(standing?.unanswered ?? []), ...unanswered])].slice(0, peopleOfOutage)
  if (people.length < peopleOfOutage) {
    await systems.keepUnanswered(standing, target, people)
    return false
  }
  const now = engine.clock()
  const begun = await systems.change(
    standing,
    {
      target,
      mode: standing?.mode ?? null,
      since: standing?.since ?? null,
      by: standing?.by ?? null,
      reason: standing?.reason ?? null,
      walk: standing?.walk ?? null,
      outage: { since: instantOf(now), nextProbe: instantOf(now + probeMilliseconds) },
      unanswered: [],
    },
    entryOf(engine, 'target-out-of-reach'),
  )
  if (begun) engine.log('out-of-reach', { target })
  return begun || (await systems.load(target))?.outage != null
}

/** An answer to a question that was asked before the outage began does not end it. */
async function noteAnswer(engine: Needed, system: SystemRow): Promise<void> {
  const { target, systems } = engine
  const standing = await systems.load(target)
  if (standing === null) return
  if (standing.outage === null) {
    if (standing.unanswered.length > 0) await systems.keepUnanswered(standing, target, [])
    return
  }
  const { since } = standing.outage
  if (since !== system.outage?.since) return
  const { version: _, head: __, ...kept } = standing
  const ended = await systems.change(
    standing,
    { ...kept, outage: null, unanswered: [] },
    { ...entryOf(engine, 'target-within-reach'), before: { since } },
  )
  if (ended) engine.log('within-reach', { target })
}

function entryOf({ target, clock }: Needed, act: EntryDraft['act']): EntryDraft {
  const at = instantOf(clock())
  return {
    at,
    asOf: at,
    act,
    phase: 'recorded',
    subject: null,
    actor: { personId: null, role: 'system', onBehalfOf: null },
    system: target,
    request: null,
    cause: { kind: 'outage', ref: target },
  }
}
