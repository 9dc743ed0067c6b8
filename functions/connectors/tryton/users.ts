import * as z from 'zod'
import type { TrytonClient } from './client.ts'
import { readRows } from './rows.ts'

/** The administrators that every Tryton is born with: `root` works for the server itself, `admin` is everybody's way back in. */
const bornWith = [0, 1]

/** Never written, whoever's it is said to be: Tryton's own administrators, and the account that we enter with. */
export const isUntouchable = (id: number, ownId: number): boolean => id === ownId || bornWith.includes(id)

const User = z.object({
  id: z.int(),
  login: z.string(),
  name: z.string().nullable(),
  email: z.string().nullable(),
  active: z.boolean(),
  groups: z.array(z.int()),
  /** Those that are open; Tryton tells no more than how many. */
  sessions: z.int(),
  applications: z.array(z.int()),
  create_uid: z.int().nullable(),
  _timestamp: z.string(),
})
export type User = z.infer<typeof User>

const fields = Object.keys(User.shape).filter(field => field !== 'id')

/** Which person an account was made for, or was adopted by. */
const Mark = z.object({ id: z.int(), fs_id: z.string(), db_id: z.int() })
export type Mark = z.infer<typeof Mark>

/**
 * Marks are Tryton's own external ids (`ir.model.data`) in a module of ours: only administrators write them, whereas a
 * user may change the own name, address and signature; and the database keeps each person's unique.
 */
const marks = { module: 'llavero', model: 'res.user' }

export type Condition = readonly unknown[]

export async function searchUsers(
  client: TrytonClient,
  system: string,
  condition: Condition,
  limit: number | null = null,
): Promise<User[]> {
  const answer = await client.read('model.res.user.search_read', [
    condition,
    0,
    limit,
    [['id', 'ASC']],
    fields,
  ])
  return readRows(system, User, answer)
}

export async function searchMarks(
  client: TrytonClient,
  system: string,
  condition: Condition,
): Promise<Mark[]> {
  const answer = await client.read('model.ir.model.data.search_read', [
    [['module', '=', marks.module], ['model', '=', marks.model], condition],
    0,
    null,
    null,
    ['fs_id', 'db_id'],
  ])
  return readRows(system, Mark, answer)
}

export const markOf = (personId: string, id: number) => ({
  ...marks,
  fs_id: personId,
  db_id: id,
  noupdate: true,
})
