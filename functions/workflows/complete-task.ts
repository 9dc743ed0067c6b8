import type { TaskCompletion, TaskView } from '../../schemas/api-operations.ts'
import type { TaskRow } from '../../schemas/rows.ts'
import type { Caller } from '../domain/entitlement.ts'
import { type Refusal, refuse, refuseWith } from '../domain/refusal.ts'
import type { Closing } from '../stores/tasks.ts'
import { type Engine, quarantineOver } from './engine.ts'
import { knownPeople } from './known-people.ts'
import { viewTask } from './read-tasks.ts'
import { nowOf, type Registers, tries } from './registers.ts'

type Needed = Pick<Registers, 'people' | 'settings' | 'clock'> & Pick<Engine, 'tasks' | 'bells' | 'log'>

/**
 * Takes what a human says of a task (by `it`, see the contract's table). It closes the task and makes the account due at
 * once; whether all is as it should be is then found out by the engine, and asked again where it is not. Nobody answers a
 * task about themselves.
 */
export async function completeTask(
  registers: Needed,
  caller: Caller,
  id: string,
  said: TaskCompletion,
): Promise<TaskView | Refusal> {
  for (let attempt = 1; attempt <= tries; attempt++) {
    const task = await registers.tasks.load(id)
    if (task === null) return refuse('not-found')
    if (task.personId === caller.personId) return refuse('forbidden')
    if (task.closedAt !== null) return refuse('conflict')
    if (isOfCard(task)) return refuseWith('conflict', 'task.of-card')
    if (task.kind !== 'manual' && said.done && (said.name ?? said.accountId) !== undefined)
      return refuse('invalid', [
        { pointer: said.name === undefined ? '/accountId' : '/name', code: 'task.only-manual' },
      ])
    const closed = await close(registers, caller, task, said)
    if (closed === 'taken') return refuse('invalid', [{ pointer: '/name', code: 'task.name-taken' }])
    if (closed === null) continue
    if (task.target !== null && (task.kind !== 'contested' || said.done))
      await registers.bells.ring([{ personId: task.personId, target: task.target, urgent: task.urgent }])
    return viewTask(registers, closed, knownPeople(registers))
  }
  return refuse('busy')
}

/** A card that is handed over or taken back is recorded by its number, and closes its task. */
const isOfCard = ({ kind }: TaskRow) => kind === 'card-handover' || kind === 'card-return'

/** Null: somebody else changed the task or the account meanwhile. */
async function close(
  registers: Needed,
  caller: Caller,
  task: TaskRow,
  said: TaskCompletion,
): Promise<TaskRow | 'taken' | null> {
  const { settings, clock } = registers
  const { personId } = caller
  const closing: Closing = {
    outcome: said.done ? 'done' : 'not-done',
    by: { personId, role: 'it', onBehalfOf: null },
    evidence: said.done ? said.evidence : said.comment,
  }
  const { at } = nowOf(registers)
  // What was mended is read back, so that the log of accesses says so (R12).
  if (task.kind === 'contested')
    return registers.tasks.settle(
      task,
      closing,
      at,
      said.done ? await registers.people.load(task.personId) : null,
    )
  const name = said.done && said.name !== undefined && said.name !== task.name ? said.name : null
  return registers.tasks.complete(task, closing, at, {
    dueAt: at,
    // Whoever could not mend it gets one more try and, if that fails, the next task.
    attempts: said.done || task.kind === 'manual' ? 0 : settings.limits.attemptsBeforeParking - 1,
    attested:
      task.kind === 'manual'
        ? {
            task: task.id,
            by: personId,
            done: said.done,
            accountId: (said.done ? said.accountId : undefined) ?? null,
          }
        : null,
    name,
    quarantineOver: quarantineOver(settings, clock()),
  })
}
