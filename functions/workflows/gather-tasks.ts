import type { Recipient } from '../../schemas/notice.ts'
import { TaskKind } from '../../schemas/rows.ts'
import type { Counted, TasksDigest } from '../domain/notice-facts.ts'
import { toldSingly } from '../domain/task-times.ts'
import type { NoticeStore } from '../stores/notices.ts'
import type { TaskPlace, TaskStore } from '../stores/tasks.ts'

/** Tasks of one kind, and mails that were deferred, which a digest names one by one. */
export const mostNamed = 500

/** After `since`, up to `until`: windows of one digest after the other leave no gap and do not overlap. */
export interface Window {
  readonly since: string
  readonly until: string
}

export interface TaskSource {
  readonly tasks: Pick<TaskStore, 'places' | 'some'>
  readonly notices: Pick<NoticeStore, 'countParked' | 'countDeferred'>
}

/** Who does tasks, and is told of them at an address of the settings. */
export type Doer = { readonly kind: 'it' | 'escalation' } | Extract<Recipient, { readonly kind: 'vendor' }>

/** By what name mails that were too many for an address wait for its digest. */
export const nameOf = (to: Doer): string => (to.kind === 'vendor' ? `vendor:${to.target}` : to.kind)

/**
 * What the digest of a doer tells: `it` of everything, the second address of what is overdue, a vendor of what was too much
 * for single mails. `subjects` of deferred mails are the caller's to add.
 */
export async function gatherTasks(source: TaskSource, to: Doer, window: Window): Promise<TasksDigest> {
  const it = to.kind === 'it'
  const kinds: readonly TaskKind[] = it ? TaskKind.options : ['parked', 'unadopted']
  const late = it || to.kind === 'escalation'
  const places = new Map(
    late ? await Promise.all(kinds.map(async kind => [kind, await source.tasks.places(kind)] as const)) : [],
  )
  const opened = async (kind: TaskKind) => {
    const all = places.get(kind) ?? []
    return counted(source, all, all.filter(within(window, 'openedAt')))
  }
  const overdue = [...places].flatMap(([kind, of]) =>
    of.flatMap(place => (place.dueBy <= window.until ? [{ ...place, kind }] : [])),
  )
  // Whoever is told of a task by single mails has had one that says it is late.
  const untold = overdue.filter(({ kind }) => !toldSingly({ kind, urgent: false }))
  return {
    parked: it ? await opened('parked') : null,
    unadopted: it ? await opened('unadopted') : null,
    overdue: late ? await counted(source, overdue, untold.filter(within(window, 'dueBy')), false) : null,
    mails: it ? await source.notices.countParked(window.since, window.until) : null,
    deferred: {
      subjects: [],
      all: await source.notices.countDeferred(nameOf(to), window.since, window.until),
    },
  }
}

const within =
  ({ since, until }: Window, time: 'openedAt' | 'dueBy') =>
  (place: TaskPlace): boolean =>
    since < place[time] && place[time] <= until

/** `singly`: whether those count of which people were told by a mail of its own. */
async function counted(
  { tasks }: TaskSource,
  all: readonly TaskPlace[],
  fresh: readonly TaskPlace[],
  singly = true,
): Promise<Counted> {
  const ids = fresh.slice(0, mostNamed).map(({ id }) => id)
  const rows = await tasks.some(ids)
  const named = ids.flatMap(id => rows.get(id) ?? []).filter(task => singly || !toldSingly(task))
  return { named, fresh: fresh.length - ids.length + named.length, all: all.length }
}
