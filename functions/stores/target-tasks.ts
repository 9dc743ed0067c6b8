import type { TargetRow } from '../../schemas/target.ts'
import type { TaskSettings } from '../domain/task-times.ts'
import type { Tables, Write } from './tables.ts'
import { closeTask, loadTasks, openTask, type Said, type TaskDraft } from './tasks.ts'

/** The same transaction's changes of the account's row. */
export interface NextState {
  readonly at: string
  readonly state?: TargetRow['state']
  readonly fault?: string | null
}

export interface TaskChanges {
  readonly changes: { readonly openTask?: TargetRow['openTask'] }
  readonly writes: readonly Write[]
}

const nothing: TaskChanges = { changes: {}, writes: [] }

const requestOf = ({ cause }: TargetRow) => (cause.kind === 'form' ? cause.ref : null)

const draftFor = (row: TargetRow, fault: string): TaskDraft => ({
  kind: fault === 'unadopted' ? 'unadopted' : 'parked',
  personId: row.personId,
  target: row.target,
  request: requestOf(row),
  line: null,
  intent: null,
  steps: row.openIntent?.steps ?? [],
  fault,
  name: row.name,
  until: null,
  urgent: row.urgent,
})

/**
 * What a row's new state makes of its task: parked asks a human, once; converged needs nobody any more. Never are two
 * open for one account, and none is left open for an account that is as it should be.
 */
export async function accountTask(
  tables: Tables,
  settings: TaskSettings,
  row: TargetRow,
  next: NextState,
): Promise<TaskChanges> {
  const said: Said = { at: next.at, cause: row.cause }
  const standing = row.openTask
  if (next.state === 'parked') {
    if (standing !== null && standing.kind !== 'manual') return nothing
    const { task, writes } = openTask(tables, settings, draftFor(row, next.fault ?? 'unknown'), said)
    const closing =
      standing === null ? [] : await closeStanding(tables, settings, standing.id, 'superseded', said)
    return { changes: { openTask: { id: task.id, kind: task.kind } }, writes: [...closing, ...writes] }
  }
  if (next.state !== 'converged' || standing === null) return nothing
  const outcome = standing.kind === 'manual' ? 'withdrawn' : 'settled'
  return {
    changes: { openTask: null },
    writes: await closeStanding(tables, settings, standing.id, outcome, said),
  }
}

/** A task that is closed already, by whoever, needs no closing. */
async function closeStanding(
  tables: Tables,
  settings: TaskSettings,
  id: string,
  outcome: 'settled' | 'withdrawn' | 'superseded',
  said: Said,
): Promise<readonly Write[]> {
  const task = (await loadTasks(tables, [id])).get(id)
  if (task === undefined || task.closedAt !== null) return []
  return closeTask(tables, settings, task, { outcome, by: null, evidence: null }, said).writes
}
