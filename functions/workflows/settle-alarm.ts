import type { DoorAlarmRow } from '../../schemas/doors.ts'
import type { Actor } from '../../schemas/ledger.ts'
import type { AlarmRecordStore } from '../stores/alarm-records.ts'
import type { DoorAlarmStore } from '../stores/door-alarms.ts'
import type { EntryDraft } from '../stores/ledger.ts'
import { bodyHashOf } from './file-once.ts'
import { tries } from './registers.ts'

export interface SettlingAlarms {
  readonly alarms: Pick<DoorAlarmStore, 'load'>
  readonly records: Pick<AlarmRecordStore, 'settle'>
}

const system: Actor = { personId: null, role: 'system', onBehalfOf: null }

const draft = (
  alarm: DoorAlarmRow,
  act: 'door-alarm-raised' | 'door-alarm-settled',
  at: string,
  actor: Actor,
  after: Readonly<Record<string, unknown>>,
): EntryDraft => ({
  at,
  asOf: at,
  act,
  phase: 'recorded',
  subject: alarm.personId,
  actor,
  system: 'data-centre',
  request: null,
  cause: { kind: 'door-alarm', ref: alarm.id },
  after,
})

/** What the ledger says of an alarm: what, where and about whom, by ids. */
export const raisedEntry = (alarm: DoorAlarmRow, at: string): EntryDraft => {
  const { kind, serial, visit, at: since, lastAt, times } = alarm
  return draft(alarm, 'door-alarm-raised', at, system, { kind, door: serial, visit, since, lastAt, times })
}

/**
 * Settles an alarm, with its entry; the words stay here and the ledger holds their hash. By nobody: what it was about ended by
 * itself.
 *
 * @returns the alarm as it was settled now; null: somebody else has settled it
 */
export async function settleAlarm(
  { alarms, records }: SettlingAlarms,
  id: string,
  by: Actor | null,
  comment: string,
  at: string,
): Promise<DoorAlarmRow | null> {
  for (let attempt = 1; attempt <= tries; attempt++) {
    const alarm = await alarms.load(id)
    if (alarm === null || alarm.settled !== null) return null
    const settled = { by: by?.personId ?? null, at, comment }
    const said = {
      kind: alarm.kind,
      times: alarm.times,
      commentHash: comment === '' ? null : bodyHashOf(comment),
    }
    const entries = {
      raised: raisedEntry(alarm, at),
      settled: draft(alarm, 'door-alarm-settled', at, by ?? system, said),
    }
    if (await records.settle(alarm, settled, entries))
      return { ...alarm, settled, toldAt: alarm.toldAt ?? at }
  }
  throw new Error('an alarm changes faster than it can be settled')
}
