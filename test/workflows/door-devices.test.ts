import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  blankFlash,
  type DoorController,
  type DoorControllerOptions,
  eventCodes,
  openDoorController,
} from '../servers/door-controller/index.ts'
import { serveDoors } from '../servers/door-server.ts'
import { first, siteSecret } from '../servers/door-side.ts'
import { type DoorOffice, openDoorOffice } from '../servers/doors.ts'
import { contrata, day, planta, type Someone } from './office.ts'

let office: DoorOffice
let server: Awaited<ReturnType<typeof serveDoors>>
let device: DoorController | undefined
beforeAll(async () => {
  office = await openDoorOffice()
  server = await serveDoors(office)
})
beforeEach(() => {
  // The guard counts whom an hour takes away.
  office.world.time.now += 2 * 3_600_000
})
afterEach(async () => {
  await device?.close()
  device = undefined
})
afterAll(async () => {
  await server.close()
  await office.world.close()
})

const open = (more: Partial<DoorControllerOptions> = {}) => {
  device = openDoorController({
    serial: first,
    url: server.urlOf(siteSecret),
    timeZone: 'America/Santiago',
    now: () => office.world.time.now,
    manual: true,
    ...more,
  })
  return device
}

/** The device talks until it has nothing to say, and whoever waits for it looks. */
async function talk(controller: DoorController, turns = 8): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    expect([await controller.step(), controller.lastError]).toEqual(['online', controller.lastError])
    await office.answerBells()
  }
}

let cards = 5_000_000
async function badge(contract = planta, until: string | null = null) {
  const someone: Someone = await office.hire('José Ñ', "O'Ryan Díaz", 'dideco', contract)
  await office.grant(someone, [first], until)
  await office.answerBells()
  const card = String(++cards)
  await office.handOver(someone.personId, card)
  await office.answerBells()
  return { someone, card }
}
const state = async ({ personId }: Someone) => (await office.badge(personId)).row

const dialects: [string, Partial<DoorControllerOptions>][] = [
  ['as the manual says', {}],
  ['that counts in days', { dateFormat: 'days' }],
  ['in another letter case, with other line ends', { firmware: 'other' }],
  ['whose rows are the only answer to a question', { faults: { dataIsTheResult: true } }],
  ['that does everything twice', { faults: { executesTwice: () => true, duplicateUploads: true } }],
  ['that sends a packet for each row', { packetRows: 1 }],
]

describe.each(dialects)('a door controller %s', (_, dialect) => {
  it('opens as badges come and go', async () => {
    const controller = open(dialect)
    const { someone, card } = await badge(contrata, '2026-12-31')
    const other = await badge()
    expect(controller.swipe(card)).toMatchObject({ opened: false, event: eventCodes.unknownCard })
    await talk(controller)
    expect(controller.repeatedFields).toEqual([])
    for (const one of [someone, other.someone])
      expect(await state(one)).toMatchObject({ state: 'converged', attempts: 0 })
    expect(controller.swipe(card)).toMatchObject({ opened: true })
    expect(controller.swipe(other.card)).toMatchObject({ opened: true })
    await office.terminate(someone)
    await office.answerBells()
    await talk(controller)
    expect(controller.swipe(card).opened).toBe(false)
    expect(controller.swipe(other.card).opened).toBe(true)
    expect(await state(someone)).toMatchObject({ state: 'converged', observed: { state: 'disabled' } })
    await controller.step()
    expect(office.events.filter(({ table }) => table === 'rtlog').length).toBeGreaterThan(0)
    expect(controller.unsent()).toEqual([])
    expect(office.alarms).toEqual([])
    await office.terminate(other.someone)
    await office.answerBells()
    await talk(controller)
    expect(controller.users()).toEqual([])
    expect(controller.authorizations()).toEqual([])
  })
})

describe('a door controller', () => {
  it('refuses a badge whose contract ended while nobody could be reached (31 December)', async () => {
    const controller = open()
    const { card } = await badge(contrata, '2026-12-31')
    await talk(controller)
    controller.goOffline()
    const { now } = office.world.time
    office.world.time.now = Date.parse('2027-01-01T02:59:00.000Z')
    expect(controller.swipe(card).opened).toBe(true)
    office.world.time.now = Date.parse('2027-01-01T03:00:30.000Z')
    expect(controller.swipe(card)).toMatchObject({ opened: false, event: eventCodes.outOfValidity })
    office.world.time.now = now
  })

  it('catches up with a week of changes, and is told nothing it holds already', async () => {
    const controller = open({ flash: blankFlash() })
    await talk(controller)
    const before = await badge()
    await talk(controller)
    controller.goOffline()
    const staff = []
    for (let one = 0; one < 12; one++) staff.push(await badge())
    await office.terminate(before.someone)
    await office.answerBells()
    office.world.time.now += 7 * day
    await office.world.settle()
    controller.goOnline()
    await talk(controller, 12)
    expect(controller.swipe(before.card).opened).toBe(false)
    for (const { someone, card } of staff) {
      expect(controller.swipe(card).opened).toBe(true)
      expect(await state(someone)).toMatchObject({ state: 'converged', attempts: 0 })
    }
    const said = controller.commands().length
    await talk(controller, 3)
    expect(controller.commands()).toHaveLength(said)
  })

  it('that lost its memory gets everybody back when it comes back', async () => {
    const controller = open()
    const { someone, card } = await badge()
    await talk(controller)
    office.world.time.now += 15 * 60_000
    controller.resetFlash()
    expect(controller.swipe(card).opened).toBe(false)
    await talk(controller)
    expect(controller.swipe(card).opened).toBe(true)
    expect(await state(someone)).toMatchObject({ state: 'converged' })
  })

  it('whose answers get lost is asked again, and does nothing twice', async () => {
    const controller = open({ faults: { losesAcknowledgement: () => true } })
    const { someone, card } = await badge()
    await talk(controller)
    office.world.time.now += 2 * 60_000
    await talk(controller)
    expect(controller.swipe(card).opened).toBe(true)
    expect(controller.users().filter(({ cardno }) => cardno === card)).toHaveLength(1)
    expect(await state(someone)).toMatchObject({ state: 'converged' })
  })

  it('that is full says so, and the person is told of; with room again it takes them', async () => {
    const controller = open({ flash: blankFlash(), maxUsers: 10_000 })
    await talk(controller, 12)
    const { someone, card } = await badge()
    controller.faults.answer = ({ text }) => (text.startsWith('DATA UPDATE user ') ? -18 : null)
    await talk(controller, 3)
    expect(await state(someone)).toMatchObject({ fault: 'refused' })
    controller.faults.answer = ({ text }) => (text.startsWith('DATA UPDATE') ? -5000 : null)
    office.world.time.now += 5 * 60_000
    await talk(controller, 3)
    controller.faults.answer = null
    await talk(controller, 3)
    office.world.time.now += 15 * 60_000
    await talk(controller)
    await office.world.settle()
    expect(controller.swipe(card).opened).toBe(true)
    expect(await state(someone)).toMatchObject({ state: 'converged', fault: null })
  })

  it('has its clock set by every answer, and is not let in by another path or number', async () => {
    const controller = open({ clockOffset: 3_600_000 })
    await controller.step()
    expect(Math.abs(controller.clock.offset)).toBeLessThan(1_000)
    await controller.close()
    const stranger = open({ serial: 'VC-CPD-7777' })
    expect(await stranger.step()).toBe('refused')
    await stranger.close()
    const lost = open({ url: server.urlOf('some-other-invented-path') })
    expect(await lost.step()).toBe('refused')
  })
})
