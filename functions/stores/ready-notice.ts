import type { TargetRow } from '../../schemas/target.ts'
import { noticeWrite } from './notices.ts'
import type { Tables, Write } from './tables.ts'

/** The same transaction's changes of the account's row. */
interface NextState extends Partial<Pick<TargetRow, 'state' | 'observed'>> {
  readonly at: string
}

/**
 * Tells a person that an account which was made for them is open and as it should be, the first time it is found so. Not
 * where they have set its password already, and not of an account that they had before. The row remembers it, and is written
 * in the same transaction: its chain and version make the fact one.
 */
export function readyNotice(
  tables: Tables,
  row: TargetRow,
  { state, observed, at }: NextState,
): { readonly changes: { readonly readyToldAt?: string }; readonly writes: readonly Write[] } {
  const { personId, target } = row
  const open = state === 'converged' && (observed ?? row.observed)?.state === 'enabled'
  if (!open || row.origin !== 'made' || row.credentialSetAt !== null || row.readyToldAt !== null)
    return { changes: {}, writes: [] }
  const draft = {
    template: 'account-ready' as const,
    to: { kind: 'person' as const, personId },
    about: { personId, task: null, target, request: null },
    fact: `${personId}/${target}/${row.desiredVersion}/${row.head.sequence}`,
  }
  return { changes: { readyToldAt: at }, writes: [noticeWrite(tables, draft, at)] }
}
