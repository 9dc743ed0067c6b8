import { NoQuery } from '../../schemas/api.ts'
import { TaskCompletion, TaskPath, TasksQuery } from '../../schemas/api-operations.ts'
import { completeTask } from '../workflows/complete-task.ts'
import { fileOnce } from '../workflows/file-once.ts'
import { listTasks } from '../workflows/read-tasks.ts'
import { front, registers } from './compose-registers.ts'
import { http, ok, route } from './http.ts'

export const handler = http(front, {
  'GET /tasks': route({
    query: TasksQuery,
    run: async ({ query }) => ok(await listTasks(registers, query)),
  }),
  'POST /tasks/{id}/completion': route({
    path: TaskPath,
    query: NoQuery,
    body: TaskCompletion,
    run: async ({ caller, path, body, idempotencyKey }) => {
      const filing = { caller, route: `POST /tasks/${path.id}/completion`, key: idempotencyKey, body }
      return ok(await fileOnce(registers, filing, () => completeTask(registers, caller, path.id, body)))
    },
  }),
})
