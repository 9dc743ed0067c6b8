import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { afterEach, describe, expect, it } from 'vitest'
import { createDeviceSightStore } from '../../functions/stores/device-sights.ts'
import { doorKeys, doorLists } from '../../functions/stores/door-keys.ts'
import { newId } from '../../functions/stores/ids.ts'
import { keys } from '../../functions/stores/keys.ts'
import { createPresenceStore } from '../../functions/stores/presences.ts'
import { createReplayStore } from '../../functions/stores/replays.ts'
import { createUnitStore } from '../../functions/stores/units.ts'
import { enterVisit } from '../../functions/workflows/enter-visit.ts'
import { correctVisit, leaveVisit } from '../../functions/workflows/leave-visit.ts'
import { recordVisit } from '../../functions/workflows/record-visit.ts'
import type { VisitDesk } from '../../functions/workflows/visit-desk.ts'
import sample from '../../infra/settings/valle-claro.json' with { type: 'json' }
import { SentVisit } from '../../schemas/api-visits.ts'
import { Settings } from '../../schemas/settings.ts'
import type { VisitRow } from '../../schemas/visit.ts'
import { openWorld, type World } from '../servers/world.ts'
import { badgeAccount } from './badge-account.ts'
import { nationalId, planta } from './office.ts'

let world: World
afterEach(() => world.close())

const caller = { personId: crypto.randomUUID(), roles: ['it' as const] }
const places = 5
const staff = 2

/** A room with a maximum, with an escort and a colleague inside; calls that fail are made again, as a client does. */
async function openRoom(nastiness?: { seed: number; rate: number }) {
  const settings = Settings.parse({ ...sample, dataCentre: { maximumInside: places + staff } })
  world = await openWorld({ settings, ...(nastiness && { nastiness }) })
  const { engine, tables, visits } = world
  const desk: VisitDesk = {
    ...engine,
    visits,
    units: createUnitStore(tables),
    replays: createReplayStore(tables),
    presences: createPresenceStore(tables),
    devices: createDeviceSightStore(tables),
    newId,
  }
  const again = async <T>(work: () => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt++)
      try {
        const done = await work()
        const busy = typeof done === 'object' && done !== null && 'refused' in done && done.refused === 'busy'
        if (!busy || attempt > 200) return done
      } catch (fault) {
        if (attempt > 200) throw fault
      }
  }
  const put = (TableName: string, Item: object) =>
    again(() => tables.client.send(new PutCommand({ TableName, Item: { ...Item } })))
  const id = nationalId()
  const escort = await again(() => world.hire(id, { givenNames: 'Eva', surnames: 'Toro' }, 'ti', planta))
  await put('state', { ...keys.role(escort, 'it'), version: 1, role: 'it', from: '2020-01-01', until: null })
  await put('state', badgeAccount(world.tables, escort, '1000001'))
  for (const [pin, personId] of [
    ['1000001', escort],
    ['1000002', null],
  ])
    await put('doors', {
      ...doorKeys.presence(String(pin)),
      version: 1,
      pin,
      personId,
      inside: true,
      at: new Date(world.time.now).toISOString(),
      serial: 'CC-1',
      listKey: doorLists.inside(),
      listSort: pin,
    })
  let number = 0
  const record = async (): Promise<string> => {
    const sent = SentVisit.parse({
      visitor: {
        givenNames: 'Teresa',
        surnames: 'Ulloa',
        passport: { country: 'PER', number: `X${String(++number).padStart(6, '0')}` },
      },
      reason: 'Mantención',
      escort: { nationalId: id },
    })
    const visit = await again(() => recordVisit(desk, caller, sent, `visit-${number}`))
    if ('refused' in visit) throw new Error(JSON.stringify(visit))
    return visit.id
  }
  const enter = (visit: string) => again(() => enterVisit(desk, caller, visit, { accepted: true }))
  const isInside = (answer: VisitRow | { refused: string }) => 'state' in answer && answer.state === 'inside'
  const counts = async () => ({
    counted: await again(() => visits.counted()),
    open: (await again(() => visits.unsettled())).filter(({ state }) => state === 'inside').length,
  })
  return { desk, again, record, enter, isInside, counts }
}

describe('the room’s maximum (R17)', () => {
  it.each([
    ['on calm tables', undefined],
    ['on tables that fail, throttle and lose answers', { seed: 17, rate: 0.05 }],
  ])('lets exactly five of fifty in who come at once: %s', async (_, nastiness) => {
    const room = await openRoom(nastiness)
    const ids = await Promise.all(Array.from({ length: 50 }, room.record))
    expect(new Set(ids).size).toBe(50)
    const answers = await Promise.all(ids.map(room.enter))
    expect(answers.filter(room.isInside)).toHaveLength(places)
    expect(answers.filter(answer => 'detail' in answer && answer.detail === 'visit.room-full')).toHaveLength(
      50 - places,
    )
    expect(await room.counts()).toEqual({ counted: places, open: places })
  })

  it.each([1, 2, 3])(
    'is never passed and never drifts while people come and go, are corrected and come twice: seed %i',
    async seed => {
      const room = await openRoom({ seed, rate: 0.03 })
      const { desk } = room
      const ids = await Promise.all(Array.from({ length: 12 }, room.record))
      let random = seed * 7919
      const below = (limit: number) => {
        random = (random * 48_271) % 2_147_483_647
        return random % limit
      }
      for (let round = 0; round < 6; round++) {
        await Promise.all(
          Array.from({ length: 16 }, async () => {
            const id = ids[below(ids.length)] ?? ''
            const act = below(4)
            if (act < 2) return room.enter(id)
            if (act === 2) return room.again(() => leaveVisit(desk, caller, id))
            const leftAt = new Date(world.time.now).toISOString()
            return room.again(() => correctVisit(desk, caller, id, { leftAt, reason: 'Se vio salir' }))
          }),
        )
        const { counted, open } = await room.counts()
        expect(counted).toBe(open)
        expect(counted).toBeLessThanOrEqual(places)
        expect(counted).toBeGreaterThanOrEqual(0)
      }
    },
  )
})
