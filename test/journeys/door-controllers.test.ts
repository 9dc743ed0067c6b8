import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DoorController, openDoorController } from '../servers/door-controller/index.ts'
import { type Laptop, startLaptop } from '../servers/laptop.ts'
import { account, activation, file, form, inRole, staff } from './personas.ts'

let laptop: Laptop
let device: DoorController
beforeAll(async () => {
  laptop = await startLaptop()
})
afterAll(async () => {
  await device?.close()
  await laptop.discard()
})

const door = () => {
  const [found] = laptop.organisation.doors
  if (found === undefined) throw new Error('the sample body has no door')
  return found
}
const call = (path: string, init?: RequestInit, secret = door().siteSecret) =>
  fetch(`${laptop.base}/iclock/${secret}/${path}`, init)
const person = () => staff(laptop.organisation, 'planta', 1)

/** Looks until it is so, or for ten seconds. */
async function until<T>(look: () => Promise<T> | T, isSo: (seen: T) => boolean): Promise<T> {
  const deadline = Date.now() + 90_000
  for (;;) {
    const seen = await look()
    if (isSo(seen) || Date.now() > deadline) return seen
    await pause(50)
  }
}

/** Everything that the laptop has written down, log by log. */
const logs = () =>
  readdirSync(laptop.dataDir, { recursive: true, encoding: 'utf8' })
    .map(name => join(laptop.dataDir, name))
    .filter(name => name.endsWith('.log') && statSync(name).isFile())
    .map(name => readFileSync(name, 'utf8'))
    .join('\n')

describe('door controllers on the laptop', () => {
  it('set their clocks by the hour of every answer, which is the laptop’s own', async () => {
    const hour = async () => Date.parse((await call(`ping?SN=${door().serial}`)).headers.get('date') ?? '')
    expect(Math.abs((await hour()) - Date.now())).toBeLessThan(3_000)
    const moved = Date.now() + 86_400_000
    await laptop.client('PUT', '/local/clock', { body: { now: new Date(moved).toISOString() } })
    const answer = await call(`cdata?SN=${door().serial}&pushver=3.0.1&options=all`)
    expect([answer.status, await answer.text()]).toEqual([200, 'OK'])
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
    const { now } = (await laptop.client('GET', '/local/clock')).body
    const told = Date.parse(answer.headers.get('date') ?? '')
    expect(told).toBeGreaterThanOrEqual(moved - 1_000)
    expect(Date.parse(now) - told).toBeLessThan(5_000)
  })

  it('come by their own path only', async () => {
    const other = laptop.organisation.doors[1]
    expect((await call(`cdata?SN=${other?.serial}`)).status).toBe(404)
    expect((await call(`cdata?SN=${door().serial}`, {}, other?.siteSecret)).status).toBe(404)
    expect(
      (await call(`registry?SN=${door().serial}`, { method: 'POST', body: '' }, 'x'.repeat(24))).status,
    ).toBe(406)
    const large = await call(`cdata?SN=${door().serial}&table=rtlog`, {
      method: 'POST',
      body: 'x'.repeat(1_100_000),
      headers: { 'content-type': 'application/push; charset=UTF-8' },
    })
    expect(large.status).toBe(413)
  })

  it('are brought a badge once the authority approves it, and forget a leaver within seconds', async () => {
    const { now } = (await laptop.client('GET', '/local/clock')).body
    const ahead = Date.parse(now) - Date.now()
    device = openDoorController({
      serial: door().serial,
      url: `${laptop.base}/iclock/${door().siteSecret}`,
      timeZone: 'America/Santiago',
      now: () => Date.now() + ahead,
      pollMs: 200,
    })
    const access = { system: 'data-centre', doors: [door().serial] }
    const filed = await file(laptop, form(person().unit, [activation(person(), access)]))
    const [line] = filed.body.lines
    const decided = await laptop.as(
      inRole(laptop.organisation, 'authority'),
      'POST',
      `/requests/${filed.body.number}/lines/${line.line}/decision`,
      { decision: 'approve' },
      { 'if-match': line.hash, 'idempotency-key': 'badge' },
    )
    expect(decided.body.status).toBe('accepted')
    const badge = await until(
      () => account(laptop, person(), 'data-centre'),
      one => one?.state === 'enabled',
    )
    expect(badge).toMatchObject({ state: 'enabled', parked: false })
    expect(device.users()).toMatchObject([{ pin: badge.name, cardno: '' }])
    expect(device.authorizations()).toMatchObject([{ pin: badge.name, authorizedoorid: '1' }])
    expect(device.repeatedFields).toEqual([])

    const gone = { nationalId: person().nationalId, access: { system: 'all' } }
    await laptop.as(inRole(laptop.organisation, 'hr'), 'POST', '/requests', form(person().unit, [], [gone]))
    await until(
      () => device.users(),
      users => users.length === 0,
    )
    expect(device.users()).toEqual([])
    expect(device.authorizations()).toEqual([])
    expect(
      await until(
        () => account(laptop, person(), 'data-centre'),
        one => one.state === 'disabled',
      ),
    ).toMatchObject({ state: 'disabled' })
  })

  it('leave no secret, no number and no name in any log', async () => {
    const written = logs() + laptop.output()
    const told = (text: string) => written.includes(text)
    expect(told('/iclock/{site}/{call}')).toBe(true)
    expect(laptop.organisation.doors.map(one => told(one.siteSecret))).toEqual([false, false])
    const { name: pin } = await account(laptop, person(), 'data-centre')
    const [surname = ''] = person().surnames.split(' ')
    const own = written.split('\n').filter(line => line.includes('serve-doors'))
    expect(own.length).toBeGreaterThan(0)
    expect(own.filter(line => line.includes(surname) || line.includes(pin))).toEqual([])
  })
})
