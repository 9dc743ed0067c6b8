import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { type CredentialIntent, CredentialsRow, type OneTimeCode } from '../../schemas/rows.ts'
import type { TargetId } from '../../schemas/settings.ts'
import { chains, dueShardOf, keys } from './keys.ts'
import { type EntryDraft, emptyChain, seal } from './ledger.ts'
import { commit, type Tables, type Write, writeOne } from './tables.ts'
import { bare } from './target-rows.ts'

type Changes = Partial<Pick<CredentialsRow, 'code' | 'openIntent'>>

export type CredentialStore = ReturnType<typeof createCredentialStore>

/** How people came to their passwords. Every change goes with its entries, and insists on the chain's head as it was read. */
export function createCredentialStore(tables: Tables) {
  const nobody = (personId: string): CredentialsRow => ({
    version: 1,
    personId,
    head: emptyChain,
    code: null,
    openIntent: null,
    callsSince: null,
    calls: 0,
  })

  /** An open intent is due a minute later: whoever opened it is dead by then, and somebody has to say what became of it. */
  function change(
    row: CredentialsRow,
    head: CredentialsRow['head'],
    changes: Changes,
    dueAt?: string,
  ): Write {
    const key = keys.credentials(row.personId)
    const set: Record<string, unknown> = { version: 1, personId: row.personId, head, ...changes }
    if (dueAt !== undefined) Object.assign(set, { dueAt, dueShard: dueShardOf(key.pk) })
    const names = Object.keys(set)
    // Whoever was only counted so far has a row without a chain.
    const first = row.head.sequence === 0
    return {
      Update: {
        TableName: tables.state,
        Key: key,
        UpdateExpression: `SET ${names.map(name => `#${name} = :${name}`).join(', ')}${changes.openIntent === null ? ' REMOVE dueAt, dueShard' : ''}`,
        ConditionExpression: first ? 'attribute_not_exists(#head)' : '#head.#sequence = :sequence',
        ExpressionAttributeNames: {
          ...Object.fromEntries(names.map(name => [`#${name}`, name])),
          ...(!first && { '#sequence': 'sequence' }),
        },
        ExpressionAttributeValues: {
          ...Object.fromEntries(names.map(name => [`:${name}`, set[name]])),
          ...(!first && { ':sequence': row.head.sequence }),
        },
      },
    }
  }

  /** All of it or nothing; null: the row moved on since it was read. */
  async function write(
    row: CredentialsRow,
    drafts: readonly EntryDraft[],
    changesFor: (firstEntry: string) => Changes,
    more: { dueAt?: string; beside?: readonly Write[] } = {},
  ): Promise<CredentialsRow | null> {
    const entries: Write[] = []
    let { head } = row
    let firstEntry = ''
    for (const draft of drafts) {
      const sealed = seal(tables, chains.credentials(row.personId), head, draft)
      head = sealed.head
      firstEntry ||= sealed.id
      entries.push(sealed.write)
    }
    const changes = changesFor(firstEntry)
    const result = await commit(tables, [
      change(row, head, changes, more.dueAt),
      ...entries,
      ...(more.beside ?? []),
    ])
    return result.done ? { ...row, ...changes, head } : null
  }

  return {
    /** Somebody of whom nothing is kept yet has an empty row. */
    async load(personId: string): Promise<CredentialsRow> {
      const answer = await tables.client.send(
        new GetCommand({ TableName: tables.state, Key: keys.credentials(personId), ConsistentRead: true }),
      )
      if (answer.Item === undefined) return nobody(personId)
      const { dueAt: _, ...item } = bare(answer.Item)
      return CredentialsRow.parse({ ...nobody(personId), ...item })
    },

    /**
     * Counts one call, unless `limit` were made since the hour began. The hour begins with a call; its end is known from
     * `callsSince`. False: too many.
     */
    async countCall(personId: string, now: string, hourAgo: string, limit: number): Promise<boolean> {
      const attempt = async (expression: string, condition: string, values: Record<string, unknown>) => {
        const written = await writeOne(
          tables,
          new UpdateCommand({
            TableName: tables.state,
            Key: keys.credentials(personId),
            UpdateExpression: expression,
            ConditionExpression: condition,
            ExpressionAttributeValues: values,
          }),
        )
        return written !== null
      }
      const values = { ':hourAgo': hourAgo, ':one': 1 }
      const one = () =>
        attempt('SET calls = calls + :one', 'callsSince > :hourAgo AND calls < :limit', {
          ...values,
          ':limit': limit,
        })
      const first = () =>
        attempt(
          'SET calls = :one, callsSince = :now',
          'attribute_not_exists(callsSince) OR callsSince <= :hourAgo',
          { ...values, ':now': now },
        )
      // Of two that come first at once, the second is one more.
      return (await one()) || (await first()) || (await one())
    },

    /** A new code voids the one before. */
    issue: (row: CredentialsRow, code: OneTimeCode, entry: EntryDraft) =>
      write(row, [entry], () => ({ code })),

    /** One wrong answer more. */
    failCode: (row: CredentialsRow, code: OneTimeCode, entry: EntryDraft) =>
      write(row, [entry], () => ({ code: { ...code, failures: code.failures + 1 } })),

    /** Records that a password is about to be set. */
    open: (
      row: CredentialsRow,
      intent: Omit<CredentialIntent, 'entryId'>,
      entry: EntryDraft,
      dueAt: string,
    ) => write(row, [entry], entryId => ({ openIntent: { entryId, ...intent } }), { dueAt }),

    /** Says that it failed, or that nobody knows. The code stays as it is. */
    close: (row: CredentialsRow, entry: EntryDraft) => write(row, [entry], () => ({ openIntent: null })),

    /** It is set: the outcome, the acknowledgement of delivery, and the code's end, in one transaction. */
    deliver: (
      row: CredentialsRow,
      entries: readonly EntryDraft[],
      done: { target: TargetId; at: string; consumesCode: boolean },
    ) =>
      write(row, entries, () => ({ openIntent: null, ...(done.consumesCode && { code: null }) }), {
        beside: [
          {
            Update: {
              TableName: tables.state,
              Key: keys.target(row.personId, done.target),
              UpdateExpression: 'SET credentialSetAt = :at',
              ConditionExpression: 'attribute_exists(pk)',
              ExpressionAttributeValues: { ':at': done.at },
            },
          },
        ],
      }),
  }
}
