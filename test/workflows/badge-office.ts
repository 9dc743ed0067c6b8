import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { lineHash } from '../../functions/domain/line-hash.ts'
import { isRefusal, type Refusal } from '../../functions/domain/refusal.ts'
import { createDoorAlarmStore } from '../../functions/stores/door-alarms.ts'
import { doorKeys, doorLists } from '../../functions/stores/door-keys.ts'
import { chains } from '../../functions/stores/keys.ts'
import { queryAll } from '../../functions/stores/tables.ts'
import { decideLine } from '../../functions/workflows/decide-line.ts'
import sample from '../../infra/settings/valle-claro.json' with { type: 'json' }
import type { HrEvent } from '../../schemas/hr-event.ts'
import { Settings } from '../../schemas/settings.ts'
import { tell } from '../servers/personnel.ts'
import { activation, form, openOffice, type Someone } from './office.ts'

export const doors = ['VC-CPD-0001', 'VC-CPD-0002'] as const

/** The sample body with two doors that come to us, and room for a few key-holders. */
export const withDoors = (keyHolders: number, more: Partial<Settings> = {}): Settings =>
  Settings.parse({
    ...sample,
    ...more,
    doors: doors.map((serial, index) => ({ serial, name: `Puerta ${index + 1}` })),
    dataCentre: { keyHolders },
    targets: [
      ...sample.targets.filter(({ id }) => id !== 'data-centre'),
      { id: 'data-centre', kind: 'security-push', mode: 'active', secret: 'llavero/doors' },
    ],
  })

export type BadgeOffice = Awaited<ReturnType<typeof openBadgeOffice>>

/** The office of the other tests, with doors, and somebody for each role. */
export async function openBadgeOffice(keyHolders = 100, more: Partial<Settings> = {}) {
  const office = await openOffice(withDoors(keyHolders, more))
  const { world, hire, head, mayor } = office
  const registers = {
    ...world.engine,
    ledger: world.ledger,
    badges: world.badges,
    alarms: createDoorAlarmStore(world.tables),
    chains,
  }
  const it = { personId: (await hire('Ada', 'Pino Leal', 'ti')).personId, roles: ['it' as const] }
  const security = {
    personId: (await hire('Raúl', 'Soto Neira', 'ti')).personId,
    roles: ['security' as const],
  }
  const authority = { personId: mayor.personId, roles: ['authority' as const] }

  /** Asks for doors, and answers the number of the request. */
  async function ask(someone: Someone, until: string | null = null, serials: readonly string[] = [doors[0]]) {
    const access = { system: 'data-centre', doors: serials }
    const submitted = await world.submit(head.personId, form([activation(someone, access, until)]))
    if (!('filed' in submitted)) throw new Error(`not filed: ${JSON.stringify(submitted)}`)
    return submitted.filed.row.number
  }

  async function approve(number: string, caller: Parameters<typeof decideLine>[1]['caller'] = authority) {
    const line = (await world.engine.requests.load(number))?.lines[0]
    if (line === undefined) throw new Error('no such line')
    return decideLine(
      { ...world.engine, units: world.unitRegister },
      {
        caller,
        number,
        line: line.line,
        ifMatch: lineHash(line),
        decision: { decision: 'approve' },
        repeatable: false,
      },
    )
  }

  async function letIn(someone: Someone, until: string | null = null) {
    const answer = await approve(await ask(someone, until))
    if (isRefusal(answer)) throw new Error(JSON.stringify(answer))
    await world.settle()
    return someone
  }

  return {
    ...office,
    registers,
    it,
    security,
    authority,
    self: ({ personId }: Someone) => ({ personId, roles: [] }),
    ask,
    approve,
    letIn,

    /** What the doors' table says under a key. */
    async atTheDoors(key: { pk: string; sk: string }) {
      const { Item } = await world.tables.client.send(
        new GetCommand({ TableName: world.tables.doors, Key: key, ConsistentRead: true }),
      )
      return Item
    },
    async card({ personId }: Someone) {
      return this.atTheDoors(doorKeys.card((await world.row(personId, 'data-centre')).name))
    },
    async alarms() {
      const open = await queryAll(world.tables, {
        TableName: world.tables.doors,
        IndexName: 'list',
        KeyConditionExpression: 'listKey = :list',
        ExpressionAttributeValues: { ':list': doorLists.alarms('open') },
      })
      return Promise.all(open.map(({ pk, sk }) => this.atTheDoors({ pk: String(pk), sk: String(sk) })))
    },
    /** Open tasks about somebody's card. */
    async tasks({ personId }: Someone) {
      const { tasks } = await world.engine.tasks.open(null, 500)
      return tasks.filter(task => task.personId === personId && task.kind.startsWith('card-'))
    },
    happen: (someone: Someone, type: HrEvent['type'], more: Partial<HrEvent> = {}) =>
      tell(world.engine, {
        version: 1,
        id: crypto.randomUUID(),
        type,
        nationalId: someone.id,
        effectiveOn: new Date(world.time.now).toISOString().slice(0, 10),
        recordedAt: new Date(world.time.now).toISOString(),
        ...more,
      }),
  }
}

/** An answer that must not be a refusal. */
export function given<T extends object>(answer: T | Refusal): T {
  if (isRefusal(answer)) throw new Error(JSON.stringify(answer))
  return answer
}
