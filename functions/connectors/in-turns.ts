import { ConnectorError, type Outcome } from './contract.ts'

/** How many questions are under way at once: services that are asked over HTTP throttle whoever asks more. */
const atOnce = 4

/** An outside failure becomes a value; a bug is thrown on. */
export async function alone<T>(act: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await act() }
  } catch (error) {
    if (error instanceof ConnectorError) return { ok: false, error }
    throw error
  }
}

/** One result each, in order, a few under way at once. When the service is silent for one, nobody else need wait for it. */
export async function inTurns<T, R>(
  items: readonly T[],
  one: (item: T, at: number) => Promise<R>,
): Promise<Outcome<R>[]> {
  const outcomes: Outcome<R>[] = new Array(items.length)
  let next = 0
  let silence: ConnectorError | null = null
  const work = async () => {
    while (next < items.length) {
      const at = next++
      const outcome: Outcome<R> =
        silence === null ? await alone(() => one(items[at] as T, at)) : { ok: false, error: silence }
      outcomes[at] = outcome
      if (!outcome.ok && outcome.error.kind === 'unreachable') silence = outcome.error
    }
  }
  await Promise.all(Array.from({ length: Math.min(items.length, atOnce) }, work))
  return outcomes
}
