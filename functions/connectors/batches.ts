import { ConnectorError, type Outcome } from './contract.ts'
import { LostConnection } from './lost-connection.ts'
import { inChunks } from './sql-statements.ts'

/**
 * Does many at once and, when that fails for a reason that may lie in one of them, each alone: one bad element costs time,
 * never another's result. `act` compares before it writes, so doing it again is harmless. A bug is thrown on.
 */
export async function inBatches<Element, T>(
  elements: readonly Element[],
  act: (batch: readonly Element[]) => Promise<Outcome<T>[]>,
  atOnce = 50,
): Promise<Outcome<T>[]> {
  const outcomes: Outcome<T>[] = []
  for (const batch of inChunks(elements, atOnce)) outcomes.push(...(await together(batch, act)))
  return outcomes
}

async function together<Element, T>(
  batch: readonly Element[],
  act: (batch: readonly Element[]) => Promise<Outcome<T>[]>,
): Promise<Outcome<T>[]> {
  const all = await attempt(batch, act)
  if (!(all instanceof ConnectorError)) return all
  const outcomes: Outcome<T>[] = []
  let fault = all
  for (const element of batch) {
    const mayLieInOne = batch.length > 1 && fault.kind !== 'unreachable'
    const alone = mayLieInOne ? await attempt([element], act) : fault
    if (alone instanceof ConnectorError) {
      fault = alone
      outcomes.push({ ok: false, error: alone })
    } else outcomes.push(...alone)
  }
  return outcomes
}

/** Once more on a new connection when the old one broke: after a restart of the server all that were open are broken. */
async function attempt<Element, T>(
  batch: readonly Element[],
  act: (batch: readonly Element[]) => Promise<Outcome<T>[]>,
  again = true,
): Promise<Outcome<T>[] | ConnectorError> {
  try {
    return await act(batch)
  } catch (error) {
    if (error instanceof LostConnection && again) return attempt(batch, act, false)
    if (error instanceof ConnectorError) return error
    throw error
  }
}
