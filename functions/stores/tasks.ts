import { createHash } from 'node:crypto'
import { QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { Act, Actor } from '../../schemas/ledger.ts'
import { TaskKind, type TaskOutcome, TaskRow } from '../../schemas/rows.ts'
import type { TargetRow } from '../../schemas/target.ts'
import { earlierOf } from '../domain/civil-time.ts'
import { dueBy, nextReminder, type TaskSettings, toldSingly } from '../domain/task-times.ts'
import { newId, timeOf } from './ids.ts'
import { chains, dueShardOf, keys, lists } from './keys.ts'
import { type EntryDraft, emptyChain, seal } from './ledger.ts'
import { nameWrite, releaseNameWrite } from './names.ts'
import { type NoticeDraft, noticeWrites } from './notices.ts'
import { factWrite, type PersonAggregate } from './people.ts'
import { batchGet, commit, queryAll, type Tables, type Write } from './tables.ts'
import { type Answer, answeredTargetWrite, bare, wakeTargetWrite } from './target-rows.ts'

/** What a task asks for; times, chain and mails follow from it. */
export type TaskDraft = Pick<
  TaskRow,
  | 'kind'
  | 'personId'
  | 'target'
  | 'request'
  | 'line'
  | 'intent'
  | 'steps'
  | 'fault'
  | 'name'
  | 'until'
  | 'urgent'
  | 'comment'
>

/** When, and why, as the fact's own entry says. */
export interface Said {
  readonly at: string
  readonly cause: EntryDraft['cause']
}

const systemActor: Actor = { personId: null, role: 'system', onBehalfOf: null }

/** Steps as the ledger may hold them: what a right is, never what somebody wrote about it. */
const entryFor = (
  task: TaskRow,
  act: Act,
  said: Said,
  more: { actor?: Actor; before?: unknown; after?: unknown; evidence?: unknown } = {},
): EntryDraft => ({
  at: said.at,
  asOf: said.at,
  act,
  phase: 'recorded',
  subject: task.personId,
  system: task.target ?? 'llavero',
  request: task.request,
  cause: said.cause,
  actor: systemActor,
  ...more,
})

const asked = ({ kind, intent, fault, urgent, dueBy: due, steps, line }: TaskRow) => ({
  kind,
  intent,
  fault,
  urgent,
  dueBy: due,
  // An intent's steps stand in its own entry.
  ...(intent === null && steps.length > 0 && { steps }),
  ...(line !== null && { line }),
})

/** What somebody wrote, as a ledger entry may hold it. */
export const textHash = (text: string | null | undefined) =>
  text == null ? null : { textHash: hashOfText(text) }

/** Who is told of a task: `it`, and of a manual one also whoever keeps the target. What only a digest tells is told nobody here. */
function tell(
  tables: Tables,
  settings: TaskSettings,
  task: TaskRow,
  template: NoticeDraft['template'],
  { fact, at }: { readonly fact: string; readonly at: string },
): Write[] {
  if (!toldSingly(task)) return []
  const { target, personId, request } = task
  const about = { personId, task: task.id, target, request }
  const vendor = task.kind === 'manual' && target !== null && settings.notices.vendors[target] !== undefined
  const recipients: NoticeDraft['to'][] = [
    { kind: 'it' },
    ...(vendor && target !== null ? [{ kind: 'vendor' as const, target }] : []),
    ...(template === 'task-overdue' ? [{ kind: 'escalation' as const }] : []),
  ]
  const drafts = recipients.map(to => ({ template, to, about, fact }))
  return noticeWrites(tables, settings.notices, drafts, at)
}

const itemOf = (task: TaskRow): Record<string, unknown> => {
  const key = keys.task(task.id)
  const { dueAt, ...rest } = task
  const open = task.closedAt === null
  return {
    ...key,
    ...rest,
    ...(dueAt !== null && { dueAt, dueShard: dueShardOf(key.pk) }),
    listKey: open ? lists.openTasks(task.kind) : lists.closedTasks(),
    listSort: `${open ? task.dueBy : task.closedAt}#${task.id}`,
  }
}

const readTask = (item: Record<string, unknown>): TaskRow => TaskRow.parse({ dueAt: null, ...bare(item) })

/** Writes a task anew over the one that was read. */
const replace = (tables: Tables, standing: TaskRow, next: TaskRow): Write => ({
  Put: {
    TableName: tables.state,
    Item: itemOf(next),
    ConditionExpression: '#head.#sequence = :sequence',
    ExpressionAttributeNames: { '#head': 'head', '#sequence': 'sequence' },
    ExpressionAttributeValues: { ':sequence': standing.head.sequence },
  },
})

/**
 * A new task as writes for the transaction of the fact that asks for it: row, ledger entry, mails. `replaces`: the open task
 * in whose place it comes, which is no later due for it; closing that one is the caller's.
 */
export function openTask(
  tables: Tables,
  settings: TaskSettings,
  draft: TaskDraft,
  said: Said,
  replaces: TaskRow | null = null,
): { task: TaskRow; writes: Write[] } {
  const id = newId(Date.parse(said.at))
  const usual = dueBy(settings, draft.urgent, said.at)
  const due = replaces === null ? usual : earlierOf(usual, replaces.dueBy)
  const task: TaskRow = {
    version: 1,
    id,
    ...draft,
    openedAt: said.at,
    dueBy: due,
    escalations: 0,
    escalatedAt: null,
    closedAt: null,
    closedBy: null,
    outcome: null,
    evidence: null,
    dueAt: due,
    head: emptyChain,
  }
  const sealed = seal(
    tables,
    chains.task(id),
    emptyChain,
    entryFor(task, 'task-opened', said, {
      ...(replaces !== null && { before: { task: replaces.id, ...asked(replaces) } }),
      after: asked(task),
    }),
  )
  const whole = { ...task, head: sealed.head }
  const template = replaces === null ? 'task-opened' : 'task-changed'
  return {
    task: whole,
    writes: [
      {
        Put: {
          TableName: tables.state,
          Item: itemOf(whole),
          ConditionExpression: 'attribute_not_exists(pk)',
        },
      },
      sealed.write,
      ...tell(tables, settings, whole, template, { fact: sealed.id, at: said.at }),
    ],
  }
}

/** How a task ends. `by` null: by itself. */
export interface Closing {
  readonly outcome: TaskOutcome
  readonly by: Actor | null
  readonly evidence: string | null
}

export const hashOfText = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Closes a task. A manual one that is no longer wanted is called back from whoever may be at it. */
export function closeTask(
  tables: Tables,
  settings: TaskSettings,
  standing: TaskRow,
  { outcome, by, evidence }: Closing,
  said: Said,
): { task: TaskRow; writes: Write[] } {
  const task: TaskRow = {
    ...standing,
    closedAt: said.at,
    closedBy: by?.personId ?? null,
    outcome,
    evidence,
    dueAt: null,
  }
  const sealed = seal(
    tables,
    chains.task(task.id),
    standing.head,
    entryFor(task, by === null ? 'task-closed' : 'task-completed', said, {
      ...(by !== null && { actor: by }),
      after: { kind: task.kind, outcome },
      evidence: textHash(evidence),
    }),
  )
  const whole = { ...task, head: sealed.head }
  const calledBack = task.kind === 'manual' && outcome === 'withdrawn'
  return {
    task: whole,
    writes: [
      replace(tables, standing, whole),
      sealed.write,
      ...(calledBack ? tell(tables, settings, task, 'task-withdrawn', { fact: sealed.id, at: said.at }) : []),
    ],
  }
}

/** Several tasks by id; those that are not there are left out. */
export async function loadTasks(tables: Tables, ids: readonly string[]): Promise<Map<string, TaskRow>> {
  const items = await batchGet(tables, tables.state, ids.map(keys.task))
  return new Map(items.map(readTask).map(task => [task.id, task]))
}

/** An open task as its list tells it. */
export interface TaskPlace extends Pick<TaskRow, 'id' | 'openedAt' | 'dueBy'> {}

export type TaskStore = ReturnType<typeof createTaskStore>

/** Tasks as they are read and as people answer them. */
export function createTaskStore(tables: Tables, settings: TaskSettings) {
  /** Ids of one list, in its order, after a place. */
  async function listed(listKey: string, place: string | null, limit: number, newestFirst: boolean) {
    const page = await tables.client.send(
      new QueryCommand({
        TableName: tables.state,
        IndexName: 'list',
        KeyConditionExpression: `listKey = :list${place === null ? '' : ` AND listSort ${newestFirst ? '<' : '>'} :place`}`,
        ExpressionAttributeValues: { ':list': listKey, ...(place !== null && { ':place': place }) },
        ScanIndexForward: !newestFirst,
        Limit: limit,
      }),
    )
    return (page.Items ?? []).map(item => item.listSort as string)
  }

  const idIn = (place: string) => place.slice(place.indexOf('#') + 1)
  const rowsAt = async (places: readonly string[]) => {
    const tasks = await loadTasks(tables, places.map(idIn))
    return places.flatMap(place => tasks.get(idIn(place)) ?? [])
  }

  return {
    async load(id: string): Promise<TaskRow | null> {
      return (await loadTasks(tables, [id])).get(id) ?? null
    },

    /** Open tasks, the one that is due first before the others; `next` is where the next page begins. */
    async open(place: string | null, limit: number): Promise<{ tasks: TaskRow[]; next: string | null }> {
      const pages = await Promise.all(
        TaskKind.options.map(kind => listed(lists.openTasks(kind), place, limit, false)),
      )
      const places = pages.flat().sort().slice(0, limit)
      return { tasks: await rowsAt(places), next: places.length < limit ? null : (places.at(-1) ?? null) }
    },

    /** Closed tasks, the last one first. */
    async closed(place: string | null, limit: number): Promise<{ tasks: TaskRow[]; next: string | null }> {
      const places = await listed(lists.closedTasks(), place, limit, true)
      return { tasks: await rowsAt(places), next: places.length < limit ? null : (places.at(-1) ?? null) }
    },

    /** Which tasks of a kind are open, since when, until when: read from an index, which may lag a second behind. */
    async places(kind: TaskKind): Promise<TaskPlace[]> {
      const items = await queryAll(tables, {
        TableName: tables.state,
        IndexName: 'list',
        KeyConditionExpression: 'listKey = :list',
        ExpressionAttributeValues: { ':list': lists.openTasks(kind) },
      })
      return items.map(({ listSort }) => {
        const place = String(listSort)
        const id = idIn(place)
        const openedAt = new Date(timeOf(id)).toISOString()
        return { id, openedAt, dueBy: place.slice(0, place.indexOf('#')) }
      })
    },

    /** Several by id; those that are not there are left out. */
    some: (ids: readonly string[]): Promise<Map<string, TaskRow>> => loadTasks(tables, ids),

    /** Tells a second address that a task is overdue, and sets the next reminder. False: it was closed or told meanwhile. */
    async escalate(standing: TaskRow, at: string): Promise<boolean> {
      const task: TaskRow = {
        ...standing,
        escalations: standing.escalations + 1,
        escalatedAt: at,
        dueAt: nextReminder(settings, standing.urgent, at),
      }
      const said = { at, cause: { kind: 'calendar', ref: standing.dueBy } }
      const sealed = seal(
        tables,
        chains.task(task.id),
        standing.head,
        entryFor(task, 'task-overdue', said, { after: { escalations: task.escalations, dueBy: task.dueBy } }),
      )
      const result = await commit(tables, [
        replace(tables, standing, { ...task, head: sealed.head }),
        sealed.write,
        ...tell(tables, settings, task, 'task-overdue', { fact: sealed.id, at }),
      ])
      return result.done
    },

    /**
     * Closes a contested line's task with what a human said of it. It is not its account's own task: what may be open of the
     * account stays. `woken`: the person whose account is to be looked at and read back. Null: something changed since it was read.
     */
    async settle(
      standing: TaskRow,
      closing: Closing,
      at: string,
      woken: PersonAggregate | null,
    ): Promise<TaskRow | null> {
      const { id, target } = standing
      const cause = { kind: 'task', ref: id }
      const closed = closeTask(tables, settings, standing, closing, { at, cause })
      const row = target === null ? undefined : woken?.targets.get(target)
      const wake = (person: PersonAggregate, account: TargetRow): Write[] => {
        const desiredVersion = person.row.facts + 1
        return [
          factWrite(tables, person.row, {}),
          wakeTargetWrite(tables, account, { desiredVersion, dueAt: at, urgent: false, cause }),
        ]
      }
      const writes = woken === null || row === undefined ? [] : wake(woken, row)
      const result = await commit(tables, [...closed.writes, ...writes])
      return result.done ? closed.task : null
    },

    /**
     * Closes a task with what a human said of it, and makes its account due at once: what follows is the engine's.
     * `taken`: the account's name is somebody else's. Null: the task or the row changed since they were read.
     */
    async complete(
      standing: TaskRow,
      closing: Closing,
      at: string,
      answer: Answer & { readonly quarantineOver: string },
    ): Promise<TaskRow | 'taken' | null> {
      const { id, personId, target, name: reserved } = standing
      const said = { at, cause: { kind: 'task', ref: id } }
      const closed = closeTask(tables, settings, standing, closing, said)
      const wake = target === null ? [] : [answeredTargetWrite(tables, { personId, target }, id, answer)]
      const names =
        target === null || answer.name === null || reserved === null
          ? []
          : [
              nameWrite(tables, target, answer.name, personId, answer.quarantineOver),
              releaseNameWrite(tables, target, reserved, personId, at),
            ]
      const result = await commit(tables, [...names, ...closed.writes, ...wake])
      if (result.done) return closed.task
      return names.length > 0 && result.refused.includes(0) ? 'taken' : null
    },
  }
}
