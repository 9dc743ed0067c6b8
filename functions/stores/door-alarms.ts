import { GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { type DoorAlarm, type DoorAlarmKind, DoorAlarmRow } from '../../schemas/doors.ts'
import { doorKeys, doorLists, untoldAlarms } from './door-keys.ts'
import { newId } from './ids.ts'
import { batchGet, commit, type Tables, writeOne } from './tables.ts'
import { bare } from './target-rows.ts'

/** What alarms of one kind are about; `subject`: a visit, else a badge, else null. */
export interface AlarmSubject {
  readonly kind: DoorAlarmKind
  readonly serial: string | null
  readonly subject: string | null
}

/** Whether one is open for a subject, and when the last one was settled. */
export interface Standing {
  readonly open: string | null
  readonly settledAt: string | null
}

export const openAlarmKey = ({ kind, serial, subject }: AlarmSubject) =>
  doorKeys.openAlarm(kind, serial ?? '-', subject ?? '-')
export const subjectOf = ({ kind, serial, visit, pin }: DoorAlarm): AlarmSubject => ({
  kind,
  serial,
  subject: visit ?? pin,
})

const read = (item: Record<string, unknown>): DoorAlarmRow => {
  const { dueAt: _, forgetAt: __, ...row } = bare(item)
  return DoorAlarmRow.parse(row)
}

export type DoorAlarmStore = ReturnType<typeof createDoorAlarmStore>

/** What somebody has to look at, in the table of the doors. */
export function createDoorAlarmStore(tables: Tables) {
  async function rowsBehind(found: readonly Record<string, unknown>[]): Promise<DoorAlarmRow[]> {
    const items = await batchGet(
      tables,
      tables.doors,
      found.map(({ pk, sk }) => ({ pk, sk })),
    )
    const rows = new Map(items.map(item => [item.pk, read(item)]))
    return found.flatMap(({ pk }) => rows.get(pk) ?? [])
  }

  async function standing(subject: AlarmSubject): Promise<Standing> {
    const { Item } = await tables.client.send(
      new GetCommand({ TableName: tables.doors, Key: openAlarmKey(subject), ConsistentRead: true }),
    )
    return { open: Item?.id ?? null, settledAt: Item?.settledAt ?? null }
  }

  const countAgain = (id: string, { times, lastAt }: { times: number; lastAt: string }) =>
    writeOne(
      tables,
      new UpdateCommand({
        TableName: tables.doors,
        Key: doorKeys.alarm(id),
        UpdateExpression: 'SET lastAt = :last ADD #times :times',
        ConditionExpression: 'attribute_type(settled, :none) AND lastAt < :last',
        ExpressionAttributeNames: { '#times': 'times' },
        ExpressionAttributeValues: { ':last': lastAt, ':times': times, ':none': 'NULL' },
      }),
    )

  return {
    standing,

    /**
     * Raises an alarm. One that is open already for the same kind, door and subject (visit, else badge) only counts once more,
     * and what is not later than the last time counts for nothing: reports come more than once.
     *
     * @param again how often it happened since `at`, and when last, where that is more than once
     * @returns whether it is a new one
     */
    async raise(
      alarm: DoorAlarm,
      again: { readonly times: number; readonly lastAt: string } = { times: 1, lastAt: alarm.at },
    ): Promise<boolean> {
      const subject = subjectOf(alarm)
      for (let before: string | null = null; ; ) {
        const { open } = await standing(subject)
        if (open !== null) {
          const counted = await countAgain(open, again)
          // The one that refused twice was not settled under us: it had happened later already.
          if (counted !== null || open === before) return false
          before = open
          continue
        }
        const id = newId(Date.parse(alarm.at))
        const row = DoorAlarmRow.parse({
          version: 1,
          ...alarm,
          id,
          ...again,
          toldAt: null,
          settled: null,
        })
        const first = await commit(tables, [
          {
            Put: {
              TableName: tables.doors,
              Item: { ...openAlarmKey(subject), id },
              ConditionExpression: 'attribute_not_exists(pk) OR attribute_not_exists(id)',
            },
          },
          {
            Put: {
              TableName: tables.doors,
              Item: {
                ...doorKeys.alarm(id),
                ...row,
                listKey: doorLists.alarms('open'),
                listSort: `${row.at}#${id}`,
                dueShard: untoldAlarms,
                dueAt: row.at,
              },
            },
          },
        ])
        if (first.done) return true
      }
    },

    async load(id: string): Promise<DoorAlarmRow | null> {
      const { Item } = await tables.client.send(
        new GetCommand({ TableName: tables.doors, Key: doorKeys.alarm(id), ConsistentRead: true }),
      )
      return Item === undefined ? null : read(Item)
    },

    /** Alarms of which nobody was told yet, the oldest first. */
    async untold(limit: number): Promise<DoorAlarmRow[]> {
      const { Items } = await tables.client.send(
        new QueryCommand({
          TableName: tables.doors,
          IndexName: 'due',
          KeyConditionExpression: 'dueShard = :untold',
          ExpressionAttributeValues: { ':untold': untoldAlarms },
          Limit: limit,
        }),
      )
      return (await rowsBehind(Items ?? [])).filter(({ toldAt }) => toldAt === null)
    },

    /** Alarms that are open, or were settled, the newest first; `place` is where the page before ended. */
    async page(
      state: 'open' | 'settled',
      place: string | null,
      limit: number,
    ): Promise<{ alarms: DoorAlarmRow[]; next: string | null }> {
      const answer = await tables.client.send(
        new QueryCommand({
          TableName: tables.doors,
          IndexName: 'list',
          KeyConditionExpression: `listKey = :list${place === null ? '' : ' AND listSort < :place'}`,
          ExpressionAttributeValues: {
            ':list': doorLists.alarms(state),
            ...(place !== null && { ':place': place }),
          },
          ScanIndexForward: false,
          Limit: limit,
        }),
      )
      const found = answer.Items ?? []
      return {
        alarms: (await rowsBehind(found)).filter(({ settled }) => (settled === null) === (state === 'open')),
        next: answer.LastEvaluatedKey === undefined ? null : (found.at(-1)?.listSort as string),
      }
    },
  }
}
