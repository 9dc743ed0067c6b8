import { mustBe } from '../../../infra/local/client.ts'
import type { Clock } from './clock.ts'
import type { Fate, Member, System } from './crowd.ts'
import { ask, type Town } from './town.ts'

/** One plan of the engine that was carried out and read back, as the ledger tells it. */
export interface Act {
  readonly nationalId: string
  readonly system: string
  readonly cause: string
  readonly steps: readonly string[]
  readonly intendedAt: string
  readonly doneAt: string
}

interface Entry {
  readonly id: string
  readonly at: string
  readonly phase: string
  readonly subject: { readonly nationalId?: string }
  readonly system: string
  readonly cause: { readonly kind: string }
  readonly after: { readonly steps?: readonly { readonly act: string }[] } | null
  readonly evidence: { readonly intent?: string | null; readonly readBack?: boolean } | null
}

/** What became of every intent about an account between two instants; an intent without a good outcome is not among them. */
export async function readActs(town: Town, from: number, to: number): Promise<Act[]> {
  const intents = new Map<string, Entry>()
  const acts: Act[] = []
  const query = new URLSearchParams({
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    act: 'account-converged',
  })
  for (let more = true; more; ) {
    const answer = await ask(town, town.who.security, ['GET', `/audit?${query}`])
    const page: { entries: Entry[]; cursor: string | null } = mustBe(answer, 200, 'GET /audit')
    for (const entry of page.entries) {
      if (entry.phase === 'intended') intents.set(entry.id, entry)
      const intent = intents.get(entry.evidence?.intent ?? '')
      if (entry.phase === 'succeeded' && entry.evidence?.readBack === true && intent !== undefined)
        acts.push({
          nationalId: entry.subject.nationalId ?? '',
          system: entry.system,
          cause: intent.cause.kind,
          steps: intent.after?.steps?.map(({ act }) => act) ?? [],
          intendedAt: intent.at,
          doneAt: entry.at,
        })
    }
    more = page.cursor !== null
    if (page.cursor !== null) query.set('cursor', page.cursor)
  }
  return acts
}

/** The end of a standing account was moved, for somebody who stays. */
export const isRenewal = ({ steps }: Act, fate: Fate | undefined): boolean =>
  fate === 'renewed' && steps.includes('set-expiry') && !steps.includes('create')

export interface Rate {
  readonly people: number
  /** Real seconds from the first intent to the last reading back. */
  readonly seconds: number
  readonly perSecond: number
  /** The clock at the last reading back. */
  readonly last: string | null
}

/** How fast some acts in one target went, of the crowd's people alone. */
export function rateOf(
  acts: readonly Act[],
  clock: Clock,
  members: ReadonlyMap<string, Member>,
  system: System,
  fits: (act: Act, member: Member) => boolean,
): Rate {
  const found = acts.filter(act => {
    const member = members.get(act.nationalId)
    return act.system === system && member !== undefined && fits(act, member)
  })
  const people = new Set(found.map(({ nationalId }) => nationalId)).size
  const first = Math.min(...found.map(({ intendedAt }) => clock.realOf(intendedAt)))
  const last = Math.max(...found.map(({ doneAt }) => clock.realOf(doneAt)))
  const seconds = found.length === 0 ? 0 : Math.max(0.001, (last - first) / 1000)
  return {
    people,
    seconds,
    perSecond: seconds === 0 ? 0 : people / seconds,
    last:
      found
        .map(({ doneAt }) => doneAt)
        .sort()
        .at(-1) ?? null,
  }
}
