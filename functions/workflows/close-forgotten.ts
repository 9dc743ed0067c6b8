import type { CredentialsRow } from '../../schemas/rows.ts'
import type { CredentialStore } from '../stores/credentials.ts'
import type { EntryDraft } from '../stores/ledger.ts'
import { type Engine, instantOf } from './engine.ts'

/** Longer than the function that sets a password may run (29 s). */
export const forgottenAfter = 60_000

/** What is given beside the engine to whoever has to do with passwords. */
export interface Credentials {
  readonly credentials: CredentialStore
}

type Needed = Pick<Engine, 'clock' | 'log'> & Credentials

/** Nobody can read a password back: of a setting that broke off it can only be said that nobody knows. */
const unknownEntry = (row: CredentialsRow, target: string, intent: string, at: string): EntryDraft => ({
  at,
  asOf: at,
  act: 'credential-set',
  phase: 'unknown',
  subject: row.personId,
  actor: { personId: null, role: 'system', onBehalfOf: null },
  system: target,
  request: null,
  cause: { kind: 'credential', ref: target },
  evidence: { intent, fault: 'forgotten' },
})

/** Gives the one outcome to a setting whose function died. The person sets the password again; the code is still theirs. */
export async function closeForgotten(tools: Needed, personId: string): Promise<CredentialsRow | null> {
  const row = await tools.credentials.load(personId)
  const { openIntent } = row
  const now = tools.clock()
  if (openIntent === null || Date.parse(openIntent.at) + forgottenAfter > now) return row
  const entry = unknownEntry(row, openIntent.target, openIntent.entryId, instantOf(now))
  const closed = await tools.credentials.close(row, entry)
  if (closed !== null) tools.log('credential-forgotten', { personId, target: openIntent.target })
  return closed
}
