import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import { LedgerEntry } from '../../schemas/ledger.ts'
import type { TargetId } from '../../schemas/settings.ts'
import type { World } from '../servers/world.ts'

export const targets: readonly TargetId[] = ['directory', 'mail', 'erp', 'data-centre']

/** Reads a chain and holds it to what every chain promises: numbered from 1, linked, hashed over its own text. */
export async function wholeChain(
  world: World,
  chain: string,
  head: { sequence: number; hash: string },
): Promise<LedgerEntry[]> {
  const sealed = await world.ledger.chain(chain)
  const entries = sealed.map(({ text }) => LedgerEntry.parse(JSON.parse(text)))
  let previous = ''
  for (const [index, entry] of entries.entries()) {
    expect(entry.chain).toBe(chain)
    expect(entry.sequence).toBe(index + 1)
    expect(entry.previousHash).toBe(previous)
    previous = createHash('sha256')
      .update(sealed[index]?.text ?? '')
      .digest('hex')
    expect(sealed[index]?.hash).toBe(previous)
  }
  expect(head).toEqual({ sequence: entries.length, hash: previous })
  return entries
}

/** Every intent has exactly one outcome, before the next intent; there is no outcome without its intent. */
export function outcomesOf(entries: readonly LedgerEntry[]): string[] {
  let open: string | null = null
  const outcomes: string[] = []
  for (const entry of entries) {
    if (entry.phase === 'recorded') continue
    if (entry.phase === 'intended') {
      expect(open, 'an intent while another one is open').toBeNull()
      open = entry.id
      continue
    }
    expect((entry.evidence as { intent: string }).intent).toBe(open)
    outcomes.push(entry.phase)
    open = null
  }
  expect(open, 'an intent without outcome').toBeNull()
  return outcomes
}

/** What is left of a person in all targets once everything has settled, without what differs from person to person. */
export async function settledState(world: World, personId: string) {
  const person = await world.engine.people.load(personId)
  if (person === null) throw new Error('no such person')
  await wholeChain(world, `person/${personId}`, person.row.head)
  const states: Record<string, unknown> = {}
  for (const target of targets) {
    const row = person.targets.get(target)
    if (row === undefined) {
      states[target] = 'never asked for'
      continue
    }
    const entries = await wholeChain(world, `target/${personId}/${target}`, row.head)
    const outcomes = outcomesOf(entries)
    const account = [...world.targets[target].accounts.values()].filter(
      ({ owner }) => owner === person.row.nationalId,
    )
    states[target] = {
      row: {
        state: row.state,
        openIntent: row.openIntent,
        leaseUntil: row.leaseUntil,
        upToDate: row.appliedVersion === row.desiredVersion,
        // The daily look has a time of its own for everybody.
        isDue: row.dueAt !== null && Date.parse(row.dueAt) <= world.time.now,
        attempts: row.attempts,
        fault: row.fault,
      },
      done: outcomes.includes('succeeded'),
      accounts: account.map(({ enabled, expiresAt, rights, retired }) => ({
        enabled,
        // An end that has come is told as such: whoever is compared may have had another last day.
        expiresAt: expiresAt !== null && Date.parse(expiresAt) <= world.time.now ? 'over' : expiresAt,
        retired,
        rights: [...rights.values()].map(right => JSON.stringify(right)).sort(),
      })),
      // Sorted: a resumed plan may take the same steps in another order. None may be taken twice.
      changes: world.targets[target].changes
        .filter(({ accountId }) => account.some(mine => mine.accountId === accountId))
        .map(({ act }) => act)
        .sort(),
    }
  }
  return states
}
