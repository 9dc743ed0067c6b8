import { createHash } from 'node:crypto'
import { GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { MailSlots, NoticeRow } from '../../schemas/notice.ts'
import type { NoticeSettings } from '../../schemas/settings.ts'
import { keys, lists, noticeShardOf } from './keys.ts'
import { batchGet, countAll, type Tables, type Write, writeOne } from './tables.ts'
import { bare } from './target-rows.ts'

/** What a fact tells whom. `fact` names it: the same fact, template and recipient are the same mail. */
export type NoticeDraft = Pick<NoticeRow, 'template' | 'to' | 'about'> & { readonly fact: string }

/** A mail as a write for the transaction of its fact: it is told if the fact happened, and only then. */
export function noticeWrite(tables: Tables, { fact, ...draft }: NoticeDraft, at: string): Write {
  const text = JSON.stringify([fact, draft.template, draft.to])
  const id = createHash('sha256').update(text).digest('hex').slice(0, 32)
  const key = keys.notice(id)
  const row: Omit<NoticeRow, 'leaseUntil'> = {
    version: 1,
    id,
    ...draft,
    createdAt: at,
    dueAt: at,
    attempts: 0,
    state: 'pending',
    sentAt: null,
    messageId: null,
    fault: null,
  }
  return {
    Put: {
      TableName: tables.state,
      Item: { ...key, ...row, dueShard: noticeShardOf(key.pk) },
      ConditionExpression: 'attribute_not_exists(pk)',
    },
  }
}

/** Facts of which the help desk is told beside the mails to `it`. */
const alsoCalled: readonly NoticeRow['template'][] = ['request-filed', 'request-settled']

/** The mails of one fact, and the one call to the help desk's program where the settings want it. */
export function noticeWrites(
  tables: Tables,
  { webhook }: NoticeSettings,
  drafts: readonly NoticeDraft[],
  at: string,
): Write[] {
  const [called] = drafts.filter(({ to, template }) => to.kind === 'it' || alsoCalled.includes(template))
  const wanted =
    webhook !== undefined && called !== undefined && (webhook.events?.includes(called.template) ?? true)
  const call: NoticeDraft[] = wanted ? [{ ...called, to: { kind: 'webhook' } }] : []
  return [...drafts, ...call].map(draft => noticeWrite(tables, draft, at))
}

const read = (item: Record<string, unknown>): NoticeRow =>
  NoticeRow.parse({ dueAt: null, leaseUntil: null, ...bare(item) })

export type NoticeStore = ReturnType<typeof createNoticeStore>

/** What became of a mail that is not sent now. */
export interface PutOff {
  readonly dueAt: string
  readonly state: 'pending' | 'parked'
  readonly fault: string
}

const over = 'REMOVE dueAt, dueShard, leaseUntil'

/** The mails that are to be sent. Each is taken with a lease, so that two that come at once send it once. */
export function createNoticeStore(tables: Tables) {
  const update = async (
    row: NoticeRow,
    expression: string,
    condition: string,
    values: Record<string, unknown>,
  ): Promise<NoticeRow | null> => {
    const answer = await writeOne(
      tables,
      new UpdateCommand({
        TableName: tables.state,
        Key: keys.notice(row.id),
        UpdateExpression: expression,
        ConditionExpression: condition,
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: values,
        ReturnValues: 'ALL_NEW',
      }),
    )
    return answer === null ? null : read(answer.Attributes ?? {})
  }

  /** Nothing more is to be done with it, by whoever has its lease. */
  const close = (row: NoticeRow, set: string, values: Record<string, unknown>, remove = '') =>
    update(row, `SET #state = :state, fault = :fault${set} ${over}${remove}`, 'leaseUntil = :until', {
      ...values,
      ':until': row.leaseUntil,
    })

  const inWindow = (listKey: string, after: string | null, until: string) => ({
    TableName: tables.state,
    IndexName: 'list',
    KeyConditionExpression: 'listKey = :list AND listSort BETWEEN :after AND :until',
    // `<instant>#<id>`: what bears the very instant `after` belongs to the window before.
    ExpressionAttributeValues: {
      ':list': listKey,
      ':after': after === null ? '0' : `${after}~`,
      ':until': `${until}~`,
    },
  })

  return {
    async load(id: string): Promise<NoticeRow | null> {
      const answer = await tables.client.send(
        new GetCommand({ TableName: tables.state, Key: keys.notice(id), ConsistentRead: true }),
      )
      return answer.Item === undefined ? null : read(answer.Item)
    },

    /** Takes a mail to send it. Null: it is done with, is not due yet, or somebody else has it. */
    claim: (row: NoticeRow, now: string, leaseUntil: string): Promise<NoticeRow | null> =>
      update(
        row,
        'SET leaseUntil = :until, dueAt = :until, attempts = attempts + :one',
        '(#state = :pending OR #state = :parked) AND dueAt <= :now AND (attribute_not_exists(leaseUntil) OR leaseUntil < :now)',
        { ':pending': 'pending', ':parked': 'parked', ':until': leaseUntil, ':now': now, ':one': 1 },
      ),

    /** The mail service, or the help desk's program, has taken it. */
    sent: (row: NoticeRow, at: string, messageId: string): Promise<NoticeRow | null> =>
      close(
        row,
        ', sentAt = :at, messageId = :message',
        { ':state': 'sent', ':at': at, ':message': messageId, ':fault': null },
        ', listKey, listSort',
      ),

    /** There is nothing left to tell, or nobody to tell it to. */
    drop: (row: NoticeRow, fault: string): Promise<NoticeRow | null> =>
      close(row, '', { ':state': 'dropped', ':fault': fault }, ', listKey, listSort'),

    /** One too many for this address within an hour: it stands in a list for the next digest. */
    defer: (row: NoticeRow, recipient: string, at: string): Promise<NoticeRow | null> =>
      close(row, ', listKey = :list, listSort = :sort', {
        ':state': 'deferred',
        ':fault': null,
        ':list': lists.deferredNotices(recipient),
        ':sort': `${at}#${row.id}`,
      }),

    /** Nobody can be reached yet, which is no failure: its tries begin anew at `dueAt`. */
    wait: (row: NoticeRow, dueAt: string): Promise<NoticeRow | null> =>
      update(
        row,
        'SET #state = :state, attempts = :none, dueAt = :due REMOVE leaseUntil',
        'leaseUntil = :until',
        { ':state': 'pending', ':none': 0, ':due': dueAt, ':until': row.leaseUntil },
      ),

    /** It could not be sent: it is tried again at `dueAt`; `parked`: a human has to look, and finds it in a list. */
    failed: (row: NoticeRow, { dueAt, state, fault }: PutOff, at: string): Promise<NoticeRow | null> => {
      const listed = state === 'parked' && row.state !== 'parked'
      return update(
        row,
        `SET #state = :state, fault = :fault, dueAt = :due${listed ? ', listKey = :list, listSort = :sort' : ''} REMOVE leaseUntil`,
        'leaseUntil = :until',
        {
          ':state': state,
          ':fault': fault,
          ':due': dueAt,
          ':until': row.leaseUntil,
          ...(listed && { ':list': lists.parkedNotices(), ':sort': `${at}#${row.id}` }),
        },
      )
    },

    /**
     * Whether another mail may go to this address of the settings: at most `most` within the hour before, counting tries.
     * Of two that ask at once one asks again.
     */
    async takeSlot(address: string, now: string, hourAgo: string, most: number): Promise<boolean> {
      for (;;) {
        const key = keys.mailSlots(address)
        const answer = await tables.client.send(
          new GetCommand({ TableName: tables.state, Key: key, ConsistentRead: true }),
        )
        const slots = answer.Item === undefined ? null : MailSlots.parse(bare(answer.Item))
        const times = (slots?.times ?? []).filter(at => at > hourAgo)
        if (times.length >= most) return false
        const taken = await writeOne(
          tables,
          new UpdateCommand({
            TableName: tables.state,
            Key: key,
            UpdateExpression: 'SET version = :version, revision = :next, times = :times',
            ConditionExpression: slots === null ? 'attribute_not_exists(pk)' : 'revision = :was',
            ExpressionAttributeValues: {
              ':version': 1,
              ':next': (slots?.revision ?? 0) + 1,
              ':times': [...times, now],
              ...(slots !== null && { ':was': slots.revision }),
            },
          }),
        )
        if (taken !== null) return true
      }
    },

    /** What was deferred for a recipient after `since` and up to `until`, the oldest first. */
    async deferred(recipient: string, since: string, until: string, limit: number): Promise<NoticeRow[]> {
      const page = await tables.client.send(
        new QueryCommand({ ...inWindow(lists.deferredNotices(recipient), since, until), Limit: limit }),
      )
      const ids = (page.Items ?? []).map(item => String(item.listSort).split('#')[1] ?? '')
      const rows = (await batchGet(tables, tables.state, ids.map(keys.notice))).map(read)
      return ids.flatMap(id => rows.find(row => row.id === id) ?? [])
    },

    /** How many that is, without a limit. */
    countDeferred: (recipient: string, since: string, until: string): Promise<number> =>
      countAll(tables, inWindow(lists.deferredNotices(recipient), since, until)),

    /** Mails that cannot be sent: those parked within the window, and all. */
    async countParked(
      since: string,
      until: string,
    ): Promise<{ readonly fresh: number; readonly all: number }> {
      const [fresh, all] = await Promise.all([
        countAll(tables, inWindow(lists.parkedNotices(), since, until)),
        countAll(tables, inWindow(lists.parkedNotices(), null, until)),
      ])
      return { fresh, all }
    },
  }
}
