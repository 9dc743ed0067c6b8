import { randomUUID } from 'node:crypto'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { parseNationalId } from '../../functions/domain/national-id.ts'
import { createGuardStore } from '../../functions/stores/guards.ts'
import { keys } from '../../functions/stores/keys.ts'
import { createListStore } from '../../functions/stores/lists.ts'
import { createPeopleStore } from '../../functions/stores/people.ts'
import { createStoppedBatchStore } from '../../functions/stores/stopped-batches.ts'
import { openTables } from '../../functions/stores/tables.ts'
import { recordHrEvents } from '../../functions/workflows/record-hr-events.ts'
import { Hold, type HoldKind } from '../../schemas/hold.ts'
import { HrEvent } from '../../schemas/hr-event.ts'
import type { HttpApp } from './http-app.ts'
import { today } from './small-body.ts'

/** What happens to people beside the calls: events of the personnel office, and holds. */
export function openPersonnelOffice(app: HttpApp) {
  const tables = openTables(
    { state: 'state', ledger: 'ledger', doors: 'doors' },
    new DynamoDBClient(app.client),
  )
  const people = createPeopleStore(tables)

  async function idOf(nationalId: string): Promise<string> {
    const parsed = parseNationalId('rut', nationalId)
    const personId = parsed.ok ? await people.idOf(parsed.value) : null
    if (personId === null) throw new Error('nobody')
    return personId
  }

  return {
    idOf,

    async tell(nationalId: string, type: HrEvent['type'], more: Partial<HrEvent> = {}): Promise<void> {
      const personId = await idOf(nationalId)
      const recordedAt = new Date().toISOString()
      const event = HrEvent.parse({
        version: 1,
        id: randomUUID(),
        type,
        nationalId,
        effectiveOn: today,
        recordedAt,
        ...more,
      })
      await recordHrEvents(
        {
          people,
          bells: {
            ring: async () => 0,
            ringReading: async () => 0,
            ringNotices: async () => 0,
            waiting: async () => ({ normal: 0, urgent: 0 }),
          },
          log: () => undefined,
          settings: app.settings,
          clock: () => Date.now(),
          guards: createGuardStore(tables),
          batches: createStoppedBatchStore(tables, app.settings),
          lists: createListStore(tables),
        },
        'hr-event',
        personId,
        () => ({
          events: [event],
          entry: {
            at: recordedAt,
            asOf: recordedAt,
            act: 'hr-event-recorded',
            phase: 'recorded',
            subject: personId,
            actor: { personId: null, role: 'hr', onBehalfOf: null },
            system: 'llavero',
            request: null,
            cause: { kind: 'hr-event', ref: event.id },
          },
        }),
      )
    },

    /** Holds somebody until what is returned is called. */
    async hold(nationalId: string, kind: HoldKind): Promise<() => Promise<void>> {
      const personId = await idOf(nationalId)
      const since = new Date(Date.now() - 1_000).toISOString()
      const hold = Hold.parse({
        version: 1,
        id: randomUUID(),
        personId,
        kind,
        since,
        until: null,
        ended: null,
      })
      const put = (row: Hold) =>
        tables.client.send(
          new PutCommand({ TableName: 'state', Item: { ...keys.hold(personId, row.id), ...row } }),
        )
      await put(hold)
      return async () => {
        await put({ ...hold, ended: { at: new Date().toISOString(), by: null } })
      }
    },
  }
}
