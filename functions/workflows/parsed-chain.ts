import { LedgerEntry } from '../../schemas/ledger.ts'
import type { LedgerStore } from '../stores/ledger.ts'

/** The entries of a chain up to an instant, oldest first. */
export async function parsedChain(
  ledger: Pick<LedgerStore, 'chain'>,
  chain: string,
  until: string,
): Promise<LedgerEntry[]> {
  const entries = await ledger.chain(chain)
  return entries.map(({ text }) => LedgerEntry.parse(JSON.parse(text))).filter(({ at }) => at <= until)
}
