import { type Engine, instantOf } from './engine.ts'

/** Tells a second address that a task is overdue. What was closed, or told by somebody else, is left alone. */
export async function escalateTask(engine: Engine, id: string): Promise<void> {
  const task = await engine.tasks.load(id)
  const now = instantOf(engine.clock())
  if (task === null || task.closedAt !== null || task.dueAt === null || task.dueAt > now) return
  if (await engine.tasks.escalate(task, now)) engine.log('task-overdue', { task: id, target: task.target })
}
