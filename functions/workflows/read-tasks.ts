import type { TaskList, TaskView } from '../../schemas/api-operations.ts'
import type { TaskRow } from '../../schemas/rows.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { taskInWords } from '../domain/task-words.ts'
import { openCursor, sealCursor } from './cursor.ts'
import type { Engine } from './engine.ts'
import { type KnownPeople, knownPeople } from './known-people.ts'
import type { Registers } from './registers.ts'

type Needed = Pick<Registers, 'people' | 'settings' | 'clock'> & Pick<Engine, 'tasks'>

const pageSize = 50

/** A task as `it` sees it. */
export async function viewTask({ settings }: Needed, task: TaskRow, people: KnownPeople): Promise<TaskView> {
  const {
    id,
    kind,
    target,
    request,
    line,
    comment,
    fault,
    name,
    until,
    urgent,
    openedAt,
    dueBy,
    escalatedAt,
  } = task
  return {
    id,
    kind,
    person: await people.ref(task.personId),
    target,
    ...(request !== null && { request }),
    ...(line !== null && { line }),
    ...(comment !== undefined && { comment }),
    what: taskInWords(settings, task),
    steps: task.steps,
    fault,
    name,
    until,
    urgent,
    openedAt,
    dueBy,
    escalatedAt,
    closedAt: task.closedAt,
    closedBy: task.closedBy === null ? null : await people.ref(task.closedBy),
    outcome: task.outcome,
    evidence: task.evidence,
  }
}

/**
 * Tasks, the open ones by the time they are due, the closed ones the last first; without `open` both, the open ones first.
 * A place is `<list> <sort key>`.
 */
export async function listTasks(
  registers: Needed,
  query: { readonly open?: 'true' | 'false' | undefined; readonly cursor?: string | undefined },
): Promise<TaskList | Refusal> {
  const opened = openCursor(query.cursor)
  const [list = '', after = ''] = (opened?.place ?? '').split('|')
  const sound = opened !== null && (opened.place === null || /^(open|closed)$/.test(list))
  if (!sound) return refuse('invalid', [{ pointer: '/query/cursor', code: 'query.bad-cursor' }])
  const people = knownPeople(registers)
  const tasks: TaskRow[] = []
  let closed = query.open === 'false' || (query.open === undefined && list === 'closed')
  let place = after === '' ? null : after
  if (!closed) {
    const page = await registers.tasks.open(place, pageSize)
    tasks.push(...page.tasks)
    if (page.next !== null) return answer(registers, tasks, people, `open|${page.next}`)
    closed = query.open === undefined
    place = null
  }
  if (!closed) return answer(registers, tasks, people, null)
  const page = await registers.tasks.closed(place, pageSize)
  tasks.push(...page.tasks)
  return answer(registers, tasks, people, page.next === null ? null : `closed|${page.next}`)
}

const answer = async (
  registers: Needed,
  tasks: readonly TaskRow[],
  people: KnownPeople,
  next: string | null,
): Promise<TaskList> => ({
  tasks: await Promise.all(tasks.map(task => viewTask(registers, task, people))),
  cursor: next === null ? null : sealCursor(next),
})
