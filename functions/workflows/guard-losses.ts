import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { GuardRow, LossCause } from '../../schemas/guard.ts'
import { limitOf } from '../domain/guard.ts'
import { type Engine, instantOf } from './engine.ts'
import { tries } from './registers.ts'

export type Guarded = Pick<Engine, 'guards' | 'batches' | 'lists' | 'settings' | 'clock' | 'log'>

/** The window in which people are counted, slid along with the clock. */
const hourMilliseconds = 3_600_000
const pageSize = 100

/** Whether a person may lose access now: null, or the batch that takes in what would have been done. */
export type Verdict = { readonly hold: string } | null

/**
 * Counts somebody who is about to lose access by a kind of cause. The first ones of an hour pass; the next are stopped, all
 * of them in one batch as long as nobody has spoken about it. Whoever passed within the hour passes again, uncounted: a
 * repeat, or the same person in another system.
 */
export async function admitLoss(
  engine: Guarded,
  kind: LossCause,
  personId: string,
  ref: string,
): Promise<Verdict> {
  for (let attempt = 1; attempt <= tries * 2; attempt++) {
    const now = engine.clock()
    const since = instantOf(now - hourMilliseconds)
    const row = await engine.guards.load(kind)
    const passed = row.passed.filter(({ at }) => at > since)
    if (passed.some(one => one.personId === personId)) return null
    const counted = await counting(engine, row, passed.length)
    if (passed.length < limitOf(engine.settings, counted.population?.people ?? 0)) {
      const next = [...passed, { personId, at: instantOf(now) }]
      if (await engine.guards.keep({ ...counted, passed: next })) return null
    } else {
      const hold = await openBatch(engine, { ...counted, passed }, since, ref)
      if (hold !== null) return { hold }
    }
    await pause(Math.random() * 20 * attempt)
  }
  throw new Error('the guard was too busy to count')
}

/** The population is counted only where more than the floor would pass, and at most once an hour. */
async function counting(engine: Guarded, row: GuardRow, passed: number): Promise<GuardRow> {
  if (passed < engine.settings.guard.atLeast) return row
  const now = engine.clock()
  if (row.population !== null && Date.parse(row.population.at) > now - hourMilliseconds) return row
  return { ...row, population: { people: await enabledPeople(engine), at: instantOf(now) } }
}

/** People with an enabled account anywhere, as last read. */
async function enabledPeople({ lists, settings }: Guarded): Promise<number> {
  const people = new Set<string>()
  await Promise.all(
    settings.targets.map(async ({ id }) => {
      let place: string | null = null
      do {
        const page = await lists.accounts(id, place, pageSize)
        for (const { personId, observed } of page.items)
          if (observed?.state === 'enabled') people.add(personId)
        place = page.next
      } while (place !== null)
    }),
  )
  return people.size
}

/** The batch that takes in whoever is stopped now; null: somebody else was faster. */
async function openBatch(engine: Guarded, row: GuardRow, since: string, ref: string): Promise<string | null> {
  if (row.open !== null && row.open.at > since) {
    const open = await engine.batches.load(row.open.hold)
    // Whoever named it has not come so far, or never will.
    if (open === null) return begin(engine, row, row.open, ref)
    if (open.state === 'held' && open.listHash === null) return open.id
  }
  const named = { hold: randomUUID(), at: instantOf(engine.clock()) }
  // First the row: whoever loses this race opens none.
  if (!(await engine.guards.keep({ ...row, open: named }))) return null
  return begin(engine, row, named, ref)
}

/** Opens the batch that the row names, unless somebody has. */
async function begin(
  engine: Guarded,
  row: GuardRow,
  { hold: id, at }: NonNullable<GuardRow['open']>,
  ref: string,
): Promise<string> {
  const limit = limitOf(engine.settings, row.population?.people ?? 0)
  const opened = await engine.batches.open(
    { id, kind: row.kind, at, limit },
    {
      at,
      asOf: at,
      act: 'batch-stopped',
      phase: 'recorded',
      subject: null,
      actor: { personId: null, role: 'system', onBehalfOf: null },
      system: 'llavero',
      request: row.kind === 'form' ? ref : null,
      cause: { kind: row.kind, ref },
      after: { limit, passed: row.passed.length, population: row.population?.people ?? null },
    },
  )
  if (opened) engine.log('batch-stopped', { hold: id, kind: row.kind, limit })
  return id
}
