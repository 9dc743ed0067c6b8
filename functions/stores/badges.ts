import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { type BadgeRow, CardPlaceRow } from '../../schemas/badges.ts'
import type { CardRow, LostCardRow } from '../../schemas/doors.ts'
import type { TaskRow } from '../../schemas/rows.ts'
import type { TargetRow } from '../../schemas/target.ts'
import type { TaskSettings } from '../domain/task-times.ts'
import { doorKeys } from './door-keys.ts'
import { chains, keys } from './keys.ts'
import { type EntryDraft, emptyChain, seal } from './ledger.ts'
import { type NoticeDraft, noticeWrites } from './notices.ts'
import { factWrite, type PersonAggregate } from './people.ts'
import { commit, type Tables, type Write } from './tables.ts'
import { bare, wakeTargetWrite } from './target-rows.ts'
import { type Closing, closeTask, loadTasks, openTask, type Said } from './tasks.ts'

/** Former cards that a badge's row has room for; of older ones only the ledger tells. */
const formerKept = 40

/** What is written to the table that the doors are served from. */
export interface AtTheDoors {
  readonly pin: string
  /** Null: no card opens. */
  readonly card: string | null
  /** A number for the blacklist. */
  readonly lost?: string
}

/** One change of a badge, all of it or nothing. */
export interface BadgeChange {
  readonly next: Partial<Pick<BadgeRow, 'card' | 'former' | 'pin'>>
  /** Null: nothing is said of the card itself. */
  readonly entry: EntryDraft | null
  readonly said: Said
  /** Where cards are from now on; one to be held must be nobody's. */
  readonly places?: readonly { readonly number: string; readonly state: CardPlaceRow['state'] }[]
  readonly doors?: readonly AtTheDoors[]
  /** The account at the doors, to be looked at at once; its cause is the entry's. */
  readonly wakes?: TargetRow | undefined
  /** What becomes of the task that is open, and which one is opened; left out: it stays. */
  readonly task?: { readonly closing: Closing; readonly opens: NonNullable<BadgeRow['task']>['kind'] | null }
  readonly told?: readonly NoticeDraft[]
}

export type BadgeStore = ReturnType<typeof createBadgeStore>

/** A person of whose cards nothing was said yet. */
const noBadge = (personId: string): BadgeRow => ({
  version: 1,
  personId,
  revision: 0,
  head: emptyChain,
  card: null,
  former: [],
  pin: null,
  task: null,
})

/** Badges. Every change insists on the row as it was read, goes with its entry, and with what the doors are to know of it. */
export function createBadgeStore(tables: Tables, settings: TaskSettings) {
  const place = (
    { number, state }: NonNullable<BadgeChange['places']>[number],
    personId: string,
    since: string,
  ): Write => {
    const row: CardPlaceRow = { version: 1, state, personId, since }
    return {
      Put: {
        TableName: tables.state,
        Item: { ...keys.cardPlace(number), ...row },
        ...(state === 'held' && {
          ConditionExpression: 'attribute_not_exists(pk) OR #state = :free',
          ExpressionAttributeNames: { '#state': 'state' },
          ExpressionAttributeValues: { ':free': 'free' },
        }),
      },
    }
  }

  const atTheDoors = ({ pin, card, lost }: AtTheDoors, personId: string, since: string): Write[] => {
    const row: CardRow = { version: 1, pin, personId, card }
    const put = (item: Record<string, unknown>): Write => ({ Put: { TableName: tables.doors, Item: item } })
    const written = put({ ...doorKeys.card(pin), ...row })
    const known = card === null ? [] : [put({ ...doorKeys.knownCard(card), version: 1, pin, personId })]
    if (lost === undefined) return [written, ...known]
    const gone: LostCardRow = { version: 1, pin, personId, since }
    return [written, ...known, put({ ...doorKeys.lostCard(lost), ...gone })]
  }

  /** The task in the place of the one that is open. One that is closed already needs no closing. */
  async function taskWrites(
    badge: BadgeRow,
    { person, change }: { readonly person: PersonAggregate; readonly change: BadgeChange },
  ): Promise<{ readonly task: BadgeRow['task']; readonly writes: readonly Write[] }> {
    const { task, said } = change
    if (task === undefined) return { task: badge.task, writes: [] }
    const id = badge.task?.id
    const standing: TaskRow | undefined =
      id === undefined ? undefined : (await loadTasks(tables, [id])).get(id)
    const closing =
      standing === undefined || standing.closedAt !== null
        ? []
        : closeTask(tables, settings, standing, task.closing, said).writes
    if (task.opens === null) return { task: null, writes: closing }
    const opened = openTask(
      tables,
      settings,
      {
        kind: task.opens,
        personId: badge.personId,
        target: 'data-centre',
        request: null,
        line: null,
        intent: null,
        steps: [],
        fault: null,
        name: person.targets.get('data-centre')?.name ?? null,
        until: null,
        urgent: false,
      },
      said,
    )
    return { task: { id: opened.task.id, kind: task.opens }, writes: [...closing, ...opened.writes] }
  }

  return {
    of: (person: PersonAggregate): BadgeRow => person.badge ?? noBadge(person.row.personId),

    /** Where a card is; null: nobody ever had it. */
    async placeOf(number: string): Promise<CardPlaceRow | null> {
      const answer = await tables.client.send(
        new GetCommand({ TableName: tables.state, Key: keys.cardPlace(number), ConsistentRead: true }),
      )
      return answer.Item === undefined ? null : CardPlaceRow.parse(bare(answer.Item))
    },

    /** The badge after a change; null: something has changed since the person was read, or a card is somebody else's. */
    async change(person: PersonAggregate, change: BadgeChange): Promise<BadgeRow | null> {
      const { personId } = person.row
      const badge = person.badge ?? noBadge(personId)
      const { entry, said, wakes } = change
      const sealed = entry === null ? null : seal(tables, chains.badge(personId), badge.head, entry)
      const { task, writes } = await taskWrites(badge, { person, change })
      const next: BadgeRow = {
        ...badge,
        ...change.next,
        former: (change.next.former ?? badge.former).slice(0, formerKept),
        revision: badge.revision + 1,
        head: sealed?.head ?? badge.head,
        task,
      }
      const wake = {
        desiredVersion: person.row.facts + 1,
        dueAt: said.at,
        urgent: true,
        cause: said.cause,
      }
      const result = await commit(tables, [
        {
          Put: {
            TableName: tables.state,
            Item: { ...keys.badge(personId), ...next },
            ...(badge.revision === 0
              ? { ConditionExpression: 'attribute_not_exists(pk)' }
              : {
                  ConditionExpression: 'revision = :read',
                  ExpressionAttributeValues: { ':read': badge.revision },
                }),
          },
        },
        ...(sealed === null ? [] : [sealed.write]),
        ...(change.places ?? []).map(one => place(one, personId, said.at)),
        ...(change.doors ?? []).flatMap(one => atTheDoors(one, personId, said.at)),
        ...(wakes === undefined
          ? []
          : [factWrite(tables, person.row, {}), wakeTargetWrite(tables, wakes, wake)]),
        ...writes,
        ...noticeWrites(tables, settings.notices, change.told ?? [], said.at),
      ])
      return result.done ? next : null
    },
  }
}
