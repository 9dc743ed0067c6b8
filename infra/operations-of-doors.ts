import { NoQuery } from '../schemas/api.ts'
import * as doors from '../schemas/api-movements.ts'
import type { Operation } from './operation.ts'

/** What the doors of the data centre report, for `security` and the authority alone (R21). */
export const operationsOfDoors: Readonly<Record<string, Operation>> = {
  'GET /doors': {
    id: 'listDoors',
    summary:
      'Every door controller: whether it speaks, how its clock stands, what it has yet to be told, what it reported.',
    query: NoQuery,
    answers: { 200: ['Every door', doors.DoorList] },
  },
  'GET /door-alarms': {
    id: 'listDoorAlarms',
    summary: 'Alarms of the doors that are open, or with `open=false` were settled; the newest first.',
    query: doors.DoorAlarmsQuery,
    answers: { 200: ['A page', doors.DoorAlarmList] },
  },
  'POST /door-alarms/{id}/settlement': {
    id: 'settleDoorAlarm',
    summary: 'Settle an alarm, in words. Said again by the same person it changes nothing.',
    path: doors.DoorAlarmPath,
    query: NoQuery,
    body: doors.SentSettlement,
    answers: { 200: ['The alarm as it stands now', doors.DoorAlarmView] },
    problems: [404, 409, 413],
  },
  'GET /movements': {
    id: 'listMovements',
    summary:
      'What the doors reported within at most 31 days, oldest first, as long as it is kept. As CSV the next page is in a `Link` header.',
    query: doors.MovementsQuery,
    answers: { 200: ['A page', doors.MovementPage] },
    csvAnswer: true,
    problems: [406],
  },
}
