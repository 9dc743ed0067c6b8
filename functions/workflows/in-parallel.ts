/** Works through a list, some at the same time. After a failure nothing more is begun, and what was begun is awaited. */
export async function inParallel<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  atOnce = 16,
): Promise<void> {
  const waiting = [...items].reverse()
  const worker = async () => {
    try {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await work(next)
    } finally {
      // Empty after the last item; after a failure this is what stops the others.
      waiting.length = 0
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, worker))
  for (const end of ended) if (end.status === 'rejected') throw end.reason
}
