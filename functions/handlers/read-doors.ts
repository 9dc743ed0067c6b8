import { NoQuery } from '../../schemas/api.ts'
import {
  DoorAlarmPath,
  DoorAlarmsQuery,
  type MovementPage,
  MovementsQuery,
  SentSettlement,
} from '../../schemas/api-movements.ts'
import { movementFile } from '../domain/movement-words.ts'
import { isRefusal, refuse } from '../domain/refusal.ts'
import { listAlarms, listDoors, settleDoorAlarm } from '../workflows/read-doors.ts'
import { readMovements } from '../workflows/read-movements.ts'
import { settings } from './compose-base.ts'
import { front } from './compose-front.ts'
import { readingDoors } from './compose-watched-doors.ts'
import { type Answer, csv, http, ok, route } from './http.ts'
import { chosenType } from './http-accept.ts'

const file = (page: MovementPage, query: MovementsQuery): Answer => csv(movementFile(page, settings, query))

export const handler = http(front, {
  'GET /doors': route({ query: NoQuery, run: async () => ok(await listDoors(readingDoors)) }),
  'GET /door-alarms': route({
    query: DoorAlarmsQuery,
    run: async ({ query }) => ok(await listAlarms(readingDoors, query)),
  }),
  'POST /door-alarms/{id}/settlement': route({
    path: DoorAlarmPath,
    query: NoQuery,
    body: SentSettlement,
    run: async ({ caller, path: { id }, body: { comment } }) =>
      ok(await settleDoorAlarm(readingDoors, caller, id, comment)),
  }),
  'GET /movements': route({
    query: MovementsQuery,
    run: async ({ query, accept }) => {
      const type = chosenType(accept, ['application/json', 'text/csv'])
      if (type === null) return refuse('not-acceptable')
      const page = await readMovements(readingDoors, query)
      return type === 'text/csv' && !isRefusal(page) ? file(page, query) : ok(page)
    },
  }),
})
