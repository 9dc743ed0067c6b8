import { type DoorAlarm, DoorAlarmRow } from '../../schemas/doors.ts'
import { doorKeys, doorLists } from './door-keys.ts'
import { newId } from './ids.ts'
import { commit, type Tables } from './tables.ts'

export type DoorAlarmStore = ReturnType<typeof createDoorAlarmStore>

/** What somebody has to look at, in the table of the doors. */
export function createDoorAlarmStore(tables: Tables) {
  return {
    /**
     * Raises an alarm. One that is open already for the same kind, door and subject (visit, else badge) only counts once more.
     *
     * @returns whether it is a new one
     */
    async raise(alarm: DoorAlarm): Promise<boolean> {
      const open = doorKeys.openAlarm(alarm.kind, alarm.serial ?? '-', alarm.visit ?? alarm.pin ?? '-')
      const row: DoorAlarmRow = DoorAlarmRow.parse({
        version: 1,
        ...alarm,
        id: newId(Date.parse(alarm.at)),
        times: 1,
        lastAt: alarm.at,
        toldAt: null,
        settled: null,
      })
      const listed = { listKey: doorLists.alarms('open'), listSort: `${row.at}#${row.id}` }
      const first = await commit(tables, [
        {
          Put: {
            TableName: tables.doors,
            Item: { ...open, id: row.id },
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        },
        { Put: { TableName: tables.doors, Item: { ...doorKeys.alarm(row.id), ...row, ...listed } } },
      ])
      return first.done
    },
  }
}
