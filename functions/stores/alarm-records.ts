import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { DoorAlarmRecord, type DoorAlarmRow } from '../../schemas/doors.ts'
import type { Settings } from '../../schemas/settings.ts'
import { openAlarmKey, subjectOf } from './door-alarms.ts'
import { doorKeys, doorLists } from './door-keys.ts'
import { chains, keys, lists } from './keys.ts'
import { type EntryDraft, emptyChain, seal } from './ledger.ts'
import { type NoticeDraft, noticeWrites } from './notices.ts'
import { commit, type Tables, type Write } from './tables.ts'
import { bare } from './target-rows.ts'

/** Alarms told together: three writes each, and the mails, in one transaction. */
export const toldTogether = 30

export interface AlarmEntry {
  readonly alarm: DoorAlarmRow
  readonly entry: EntryDraft
}

/** Who settles an alarm; null: what it was about ended by itself. */
export type Settlement = NonNullable<DoorAlarmRow['settled']>

export type AlarmRecordStore = ReturnType<typeof createAlarmRecordStore>

/**
 * What becomes of the doors' alarms, each a chain of the ledger. The head stands in the state table, and stays when the alarm,
 * which names people and where they were, is forgotten.
 */
export function createAlarmRecordStore(tables: Tables, settings: Pick<Settings, 'notices' | 'dataCentre'>) {
  const keptSeconds = settings.dataCentre.movementDays * 86_400

  const recordPut = ({ id, kind }: DoorAlarmRow, head: DoorAlarmRecord['head'], was: number): Write => {
    const row: DoorAlarmRecord = { version: 1, id, kind, head }
    return {
      Put: {
        TableName: tables.state,
        Item: { ...keys.doorAlarm(id), ...row, listKey: lists.doorAlarms(), listSort: id },
        ...(was === 0
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              ConditionExpression: '#head.#sequence = :was',
              ExpressionAttributeNames: { '#head': 'head', '#sequence': 'sequence' },
              ExpressionAttributeValues: { ':was': was },
            }),
      },
    }
  }

  async function headOf(id: string): Promise<DoorAlarmRecord['head']> {
    const { Item } = await tables.client.send(
      new GetCommand({ TableName: tables.state, Key: keys.doorAlarm(id), ConsistentRead: true }),
    )
    return Item === undefined ? emptyChain : DoorAlarmRecord.parse(bare(Item)).head
  }

  return {
    /** When somebody was told of alarms last; null: never. */
    async lastToldAt(): Promise<string | null> {
      const { Item } = await tables.client.send(
        new GetCommand({ TableName: tables.doors, Key: doorKeys.watch(), ConsistentRead: true }),
      )
      return Item?.toldAt ?? null
    },

    /** Tells of new alarms: their entries, and the mails of all of them. False: one of them was told, or settled, already. */
    async tell(told: readonly AlarmEntry[], notices: readonly NoticeDraft[], at: string): Promise<boolean> {
      const writes = told.flatMap(({ alarm, entry }): Write[] => {
        const sealed = seal(tables, chains.doorAlarm(alarm.id), emptyChain, entry)
        return [
          {
            Update: {
              TableName: tables.doors,
              Key: doorKeys.alarm(alarm.id),
              UpdateExpression: 'SET toldAt = :at REMOVE dueShard, dueAt',
              ConditionExpression: 'attribute_type(toldAt, :none) AND attribute_type(settled, :none)',
              ExpressionAttributeValues: { ':at': at, ':none': 'NULL' },
            },
          },
          recordPut(alarm, sealed.head, 0),
          sealed.write,
        ]
      })
      const result = await commit(tables, [
        ...writes,
        { Put: { TableName: tables.doors, Item: { ...doorKeys.watch(), toldAt: at } } },
        ...noticeWrites(tables, settings.notices, notices, at),
      ])
      return result.done
    },

    /**
     * Settles an alarm. One that nobody was told of yet gets both of its entries at once, and no mail. False: somebody else has
     * settled or told it meanwhile.
     */
    async settle(
      alarm: DoorAlarmRow,
      settled: Settlement,
      entries: { readonly raised: EntryDraft; readonly settled: EntryDraft },
    ): Promise<boolean> {
      const was = await headOf(alarm.id)
      const chain = chains.doorAlarm(alarm.id)
      const raised = was.sequence === 0 ? seal(tables, chain, was, entries.raised) : null
      const last = seal(tables, chain, raised?.head ?? was, entries.settled)
      const forgetAt = Math.ceil(Date.parse(settled.at) / 1000) + keptSeconds
      const result = await commit(tables, [
        {
          Update: {
            TableName: tables.doors,
            Key: doorKeys.alarm(alarm.id),
            UpdateExpression:
              'SET settled = :settled, toldAt = :told, listKey = :list, forgetAt = :forget REMOVE dueShard, dueAt',
            ConditionExpression: 'attribute_type(settled, :none)',
            ExpressionAttributeValues: {
              ':settled': settled,
              ':told': alarm.toldAt ?? settled.at,
              ':list': doorLists.alarms('settled'),
              ':forget': forgetAt,
              ':none': 'NULL',
            },
          },
        },
        {
          Update: {
            TableName: tables.doors,
            Key: openAlarmKey(subjectOf(alarm)),
            UpdateExpression: 'SET settledAt = :at, forgetAt = :forget REMOVE id',
            ConditionExpression: 'id = :id',
            ExpressionAttributeValues: { ':at': settled.at, ':forget': forgetAt, ':id': alarm.id },
          },
        },
        recordPut(alarm, last.head, was.sequence),
        ...(raised === null ? [] : [raised.write]),
        last.write,
      ])
      return result.done
    },
  }
}
