import type { TargetRow } from '../../schemas/target.ts'
import type { TaskSettings } from '../domain/task-times.ts'
import type { Tables, Write } from './tables.ts'
import { closeTask, loadTasks, openTask, type Said, type TaskDraft } from './tasks.ts'

/** The same transaction's changes of the account's row. */
export interface NextState {
  readonly at: string
  /** Closes the open task whatever the state. */
  readonly closes?: 'settled' | 'withdrawn' | undefined
  readonly state?: TargetRow['state']
  readonly fault?: string | null
  readonly observed?: TargetRow['observed']
}

export interface TaskChanges {
  readonly changes: { readonly openTask?: TargetRow['openTask'] }
  readonly writes: readonly Write[]
}

const nothing: TaskChanges = { changes: {}, writes: [] }

const requestOf = ({ cause }: TargetRow) => (cause.kind === 'form' ? cause.ref : null)

/** An account that was there before is called by the name it has, not by the one that is reserved. */
const draftFor = (row: TargetRow, fault: string, observed: NextState['observed']): TaskDraft => ({
  kind: fault === 'unadopted' ? 'unadopted' : 'parked',
  personId: row.personId,
  target: row.target,
  request: requestOf(row),
  line: null,
  intent: null,
  steps: row.openIntent?.steps ?? [],
  fault,
  name: (fault === 'unadopted' ? observed?.name : null) ?? row.name,
  until: null,
  urgent: row.urgent,
})

/**
 * What a row's new state makes of its task: parked asks a human, once, and once more where by now somebody is to lose access
 * and the open task does not say so; converged needs nobody any more. Never are two open for one account, and none is left
 * open for an account that is as it should be.
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
    if (standing !== null && standing.kind !== 'manual' && !(await hurries(tables, row, standing.id)))
      return nothing
    const draft = draftFor(row, next.fault ?? 'unknown', next.observed)
    const { task, writes } = openTask(tables, settings, draft, said)
    const closing =
      standing === null ? [] : await closeStanding(tables, settings, standing.id, 'superseded', said)
    return { changes: { openTask: { id: task.id, kind: task.kind } }, writes: [...closing, ...writes] }
  }
  if (standing === null || (next.state !== 'converged' && next.closes === undefined)) return nothing
  const outcome = next.closes ?? (standing.kind === 'manual' ? 'withdrawn' : 'settled')
  return {
    changes: { openTask: null },
    writes: await closeStanding(tables, settings, standing.id, outcome, said),
  }
}

/** Whether the account has become urgent since its task was opened. */
async function hurries(tables: Tables, row: TargetRow, id: string): Promise<boolean> {
  if (!row.urgent) return false
  const task = (await loadTasks(tables, [id])).get(id)
  return task?.closedAt === null && !task.urgent
}

/** What people are to do; the rest of the task follows from the account's row. */
export type HandedTask = Pick<TaskDraft, 'steps' | 'until' | 'urgent'>

/**
 * The task of a plan that people carry out, in the place of any that was open. Another plan is another task, with an id of
 * its own: whoever says that the earlier one is done has not seen this one.
 */
export async function handedTask(
  tables: Tables,
  settings: TaskSettings,
  row: TargetRow,
  handed: HandedTask,
  intent: { readonly id: string; readonly cause: Said['cause'] },
  at: string,
): Promise<{ readonly openTask: NonNullable<TargetRow['openTask']>; readonly writes: readonly Write[] }> {
  const said: Said = { at, cause: intent.cause }
  const draft: TaskDraft = {
    kind: 'manual',
    personId: row.personId,
    target: row.target,
    request: intent.cause.kind === 'form' ? intent.cause.ref : null,
    line: null,
    intent: intent.id,
    fault: null,
    name: row.name,
    ...handed,
  }
  const standing =
    row.openTask === null ? undefined : (await loadTasks(tables, [row.openTask.id])).get(row.openTask.id)
  const open = standing?.closedAt === null ? standing : null
  const { task, writes } = openTask(tables, settings, draft, said, open?.kind === 'manual' ? open : null)
  const closing =
    open === null
      ? []
      : closeTask(tables, settings, open, { outcome: 'superseded', by: null, evidence: null }, said).writes
  return { openTask: { id: task.id, kind: 'manual' }, writes: [...closing, ...writes] }
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
