import { createHash } from 'node:crypto'
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { NoticeRow } from '../../schemas/rows.ts'
import { keys, noticeShardOf } from './keys.ts'
import type { Tables, Write } from './tables.ts'
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

const read = (item: Record<string, unknown>): NoticeRow =>
  NoticeRow.parse({ dueAt: null, leaseUntil: null, ...bare(item) })

export type NoticeStore = ReturnType<typeof createNoticeStore>

/** The mails that are to be sent. Each is taken with a lease, so that two that come at once send it once. */
export function createNoticeStore(tables: Tables) {
  const update = async (
    row: NoticeRow,
    expression: string,
    condition: string,
    values: Record<string, unknown>,
  ): Promise<NoticeRow | null> => {
    try {
      const answer = await tables.client.send(
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
      return read(answer.Attributes ?? {})
    } catch (error) {
      if ((error as Error).name !== 'ConditionalCheckFailedException') throw error
      return null
    }
  }

  return {
    async load(id: string): Promise<NoticeRow | null> {
      const answer = await tables.client.send(
        new GetCommand({ TableName: tables.state, Key: keys.notice(id), ConsistentRead: true }),
      )
      return answer.Item === undefined ? null : read(answer.Item)
    },

    /** Takes a mail to send it. Null: it was sent, is not due yet, or somebody else has it. */
    claim: (row: NoticeRow, now: string, leaseUntil: string): Promise<NoticeRow | null> =>
      update(
        row,
        'SET leaseUntil = :until, dueAt = :until, attempts = attempts + :one',
        '#state <> :sent AND dueAt <= :now AND (attribute_not_exists(leaseUntil) OR leaseUntil < :now)',
        { ':sent': 'sent', ':until': leaseUntil, ':now': now, ':one': 1 },
      ),

    /** The mail service has taken it. */
    sent: (row: NoticeRow, at: string, messageId: string): Promise<NoticeRow | null> =>
      update(
        row,
        'SET #state = :sent, sentAt = :at, messageId = :message, fault = :none REMOVE dueAt, dueShard, leaseUntil',
        'leaseUntil = :until',
        { ':sent': 'sent', ':at': at, ':message': messageId, ':none': null, ':until': row.leaseUntil },
      ),

    /** It could not be sent: it is tried again at `dueAt`; `parked`: a human has to look. */
    failed: (
      row: NoticeRow,
      next: { readonly dueAt: string; readonly state: 'pending' | 'parked'; readonly fault: string },
    ): Promise<NoticeRow | null> =>
      update(
        row,
        'SET #state = :state, fault = :fault, dueAt = :due REMOVE leaseUntil',
        'leaseUntil = :until',
        { ':state': next.state, ':fault': next.fault, ':due': next.dueAt, ':until': row.leaseUntil },
      ),
  }
}
