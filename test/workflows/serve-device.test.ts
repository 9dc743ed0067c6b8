import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { EntryDraft } from '../../functions/stores/ledger.ts'
import { holdToRate } from '../../functions/workflows/hold-to-rate.ts'
import { serveDevice } from '../../functions/workflows/serve-device.ts'
import { first, second, siteSecret } from '../servers/door-side.ts'
import { type DoorOffice, openDoorOffice, scriptedDoor } from '../servers/doors.ts'
import { contrata, day, planta, type Someone } from './office.ts'

let office: DoorOffice
let door: ReturnType<typeof scriptedDoor>
let other: ReturnType<typeof scriptedDoor>
let someone: Someone
beforeAll(async () => {
  office = await openDoorOffice()
  door = scriptedDoor(office, first)
  other = scriptedDoor(office, second, false)
})
afterAll(() => office.world.close())
beforeEach(async () => {
  for (const device of [door, other]) {
    device.refuses = () => null
    device.forgets = () => false
    await device.register()
    await device.catchUp()
    device.heard.splice(0)
  }
  office.alarms.splice(0)
  office.world.rung.splice(0)
  someone = await office.hire('Rocío', 'Pincheira Mella', 'dideco', planta)
})
const state = async (personId = someone.personId) => (await office.badge(personId)).row
const minutes = (many: number) => {
  office.world.time.now += many * 60_000
}

describe('who may come', () => {
  it('is a device on the list of the site and of the settings, by the path of that site; nobody else learns anything', async () => {
    const cases = [
      ['a wrong path', first, 'another-invented-secret-9'],
      ['a part of the path', first, siteSecret.slice(0, -1)],
      ['no path', first, ''],
      ['a number on no list', 'VC-CPD-9999', siteSecret],
      ['a number that the settings lack', 'NOT-IN-SETTINGS', siteSecret],
      ['no number', '', siteSecret],
    ] as const
    for (const [why, serial, site] of cases) {
      for (const [method, call] of [
        ['GET', 'cdata'],
        ['GET', 'getrequest'],
        ['GET', 'ping'],
        ['POST', 'cdata'],
        ['POST', 'devicecmd'],
        ['POST', 'querydata'],
        ['GET', 'nothing'],
      ] as const)
        expect([why, call, await office.call(method, `${call}?SN=${serial}`, '', site)]).toEqual([
          why,
          call,
          { status: 404, text: 'NOT FOUND' },
        ])
      expect(await office.call('POST', `registry?SN=${serial}`, '', site)).toEqual({
        status: 406,
        text: 'NOT ACCEPTABLE',
      })
    }
  })

  it('introduces itself, registers, and is told how to behave; nothing else is heard of it before', async () => {
    const forgotten = { pk: `DEVICE#${first}`, sk: 'DEVICE', lastCommand: 1000 }
    await office.world.tables.client.send(
      new PutCommand({ TableName: office.world.tables.doors, Item: forgotten }),
    )
    expect(await office.call('GET', `cdata?SN=${first}&pushver=3.0.1&options=all`)).toEqual({
      status: 200,
      text: 'OK',
    })
    const before = office.events.length
    expect((await office.call('POST', `cdata?SN=${first}&table=rtlog`, 'index=1')).status).toBe(406)
    expect((await office.call('GET', `getrequest?SN=${first}`)).status).toBe(406)
    expect(office.events).toHaveLength(before)
    const { text } = await office.call(
      'POST',
      `registry?SN=${first}`,
      'DeviceType=acc,LockCount=1,DateFmtFunOn=1',
    )
    expect(text).toMatch(/^RegistryCode=\w{32}$/)
    const greeted = (await office.call('GET', `cdata?sn=${first}&pushver=3.0.1&options=all`)).text
    expect(greeted.split('\n')).toEqual([
      'registry=ok',
      text,
      ...[
        'ServerVersion=1.0.0',
        'ServerName=Llavero',
        'PushProtVer=3.0.1',
        'ErrorDelay=10',
        'RequestDelay=2',
      ],
      ...['TransTimes=00:00;12:00', 'TransInterval=1', 'TransTables=User Transaction', 'Realtime=1'],
      expect.stringMatching(/^SessionID=\w{32}$/),
      'TimeoutSec=10',
    ])
    for (const method of ['GET', 'POST'] as const)
      expect(`registry=ok\n${(await office.call(method, `push?SN=${first}`)).text}`).toBe(greeted)
    // Registering anew keeps the code: an answer may have been lost.
    expect((await office.call('POST', `registry?SN=${first}`, '')).text).toBe(text)
  })

  it('says nothing that is known by no name, and nothing larger than a device has to say', async () => {
    expect((await office.call('GET', `shell?SN=${first}`)).status).toBe(404)
    expect((await office.call('GET', `__proto__?SN=${first}`)).status).toBe(404)
    const query = new Map([['sn', first]])
    const asked = {
      method: 'POST',
      site: siteSecret,
      certificate: null,
      call: 'cdata',
      query,
      body: null,
    } as const
    expect((await serveDevice(office.doors, asked)).status).toBe(413)
    expect((await office.call('POST', `devicecmd?SN=${first}`, 'Unlesbar')).status).toBe(400)
    expect((await office.call('POST', `querydata?SN=${first}&tablename=user`, 'x\u0000')).status).toBe(200)
  })

  it('is noted once a minute', async () => {
    const lastSeen = async () => (await office.doors.devices.of(first))?.lastSeenAt
    minutes(2)
    await office.call('GET', `ping?SN=${first}`)
    const noted = await lastSeen()
    expect(noted).toBe(new Date(office.world.time.now).toISOString())
    office.world.time.now += 30_000
    await office.call('GET', `getrequest?SN=${first}`)
    expect(await lastSeen()).toBe(noted)
    office.world.time.now += 31_000
    await office.call('GET', `getrequest?SN=${first}`)
    expect(await lastSeen()).toBe(new Date(office.world.time.now).toISOString())
  })
})

describe('a device that calls without pause', () => {
  it('is told to wait and loses nothing by it; another one is answered', async () => {
    const within = holdToRate({ burst: 3, perSecond: 1 })
    office.holdTo(within)
    const upload = (serial: string) => office.call('POST', `cdata?SN=${serial}&table=rtlog`, 'index=9')
    const answers = []
    for (let call = 0; call < 5; call++) answers.push((await upload(first)).status)
    expect(answers.filter(status => status === 503)).toHaveLength(2)
    expect((await office.call('GET', `ping?SN=${second}`)).status).toBe(200)
    office.holdTo(() => true)
    expect((await upload(first)).status).toBe(200)
    office.events.splice(0)
  })
})

describe('events', () => {
  it('go to whoever keeps them, and are answered only when they are kept', async () => {
    const body =
      'time=2026-11-20 11:49:32\tpin=0\tcardno=0\teventaddr=1\tevent=27\tinoutstatus=1\tverifytype=0\tindex=21'
    office.events.splice(0)
    expect(await office.call('POST', `cdata?SN=${first}&table=rtlog`, body)).toEqual({
      status: 200,
      text: 'OK',
    })
    await office.call('POST', `cdata?SN=${first}&table=rtstate`, 'time=…')
    await office.call('POST', `cdata?SN=${first}&table=options`, 'whatever')
    expect(office.events).toEqual([
      { serial: first, table: 'rtlog', body },
      { serial: first, table: 'rtstate', body: 'time=…' },
    ])
    const { take } = office.doors.events
    const failing = {
      ...office.doors,
      events: { ...office.doors.events, take: () => Promise.reject(new Error('not kept')) },
    }
    const query = new Map([
      ['sn', first],
      ['table', 'rtlog'],
    ])
    await expect(
      serveDevice(failing, {
        ...{ method: 'POST', site: siteSecret, certificate: null },
        ...{ call: 'cdata', query, body },
      }),
    ).rejects.toThrow()
    expect(take).toBeTypeOf('function')
  })

  it('that are missing are asked for, and are taken as rows too', async () => {
    office.gaps.push({ from: 3, to: 9 })
    expect((await door.fetch()).map(([, text]) => text)).toEqual([
      'ACCOUNT transaction StartIndex=3\tEndIndex=9',
    ])
    office.events.splice(0)
    const row =
      'transaction cardno=5\tpin=7\tverified=4\tdoorid=1\teventtype=0\tinoutstate=1\ttime_second=583085960\tindex=3'
    await office.call(
      'POST',
      `querydata?SN=${first}&type=tabledata&cmdid=1&tablename=transaction&count=1&packcnt=1&packidx=1`,
      row,
    )
    expect(office.events[0]?.body).toBe(
      'time=2018-02-22 16:19:20\tpin=7\tcardno=5\teventaddr=1\tevent=0\tinoutstatus=1\tverifytype=4\tindex=3',
    )
  })
})

describe('a badge', () => {
  it('is asked for, approved, fetched by the device, shown by it, and only then there (R15)', async () => {
    await office.grant(someone, [first])
    await office.answerBells()
    expect(await state()).toMatchObject({
      state: 'waiting',
      attempts: 0,
      openIntent: { steps: expect.anything() },
    })
    const { pin } = await office.badge(someone.personId)
    await door.catchUp()
    expect(door.heard).toEqual([
      `DATA UPDATE user CardNo=\tPin=${pin}\tPassword=\tGroup=0\tStartTime=0\tEndTime=0\tName=Rocío Pincheira Mella\tPrivilege=0`,
      `DATA UPDATE userauthorize Pin=${pin}\tAuthorizeTimezoneId=1\tAuthorizeDoorId=1`,
      `DATA QUERY tablename=user,fielddesc=*,filter=Pin=${pin}`,
      `DATA QUERY tablename=userauthorize,fielddesc=*,filter=Pin=${pin}`,
    ])
    expect(office.world.rung).toEqual([{ personId: someone.personId, target: 'data-centre', urgent: true }])
    await office.answerBells()
    expect(await state()).toMatchObject({
      state: 'converged',
      attempts: 0,
      openIntent: null,
      accountId: pin,
      observed: { state: 'enabled', rights: [{ id: `door:${first}`, until: null, specific: [] }] },
    })
    const chain = await office.world.entries(`target/${someone.personId}/data-centre`)
    expect(chain.map(({ phase }) => phase)).toEqual(['intended', 'succeeded'])
    expect(other.heard).toEqual([])
    // Nothing is said twice of what stands.
    expect(await door.fetch()).toEqual([])
  })

  it('carries its end on the device, each in its own way of telling', async () => {
    someone = await office.hire('Luis', 'Quezada Toro', 'dideco', contrata)
    await office.grant(someone, [first, second], '2026-12-31')
    await office.answerBells()
    await door.catchUp()
    await other.catchUp()
    await office.answerBells()
    const { pin } = await office.badge(someone.personId)
    expect(door.fields('user', pin)).toMatchObject({ EndTime: '867801599' })
    expect(other.fields('user', pin)).toMatchObject({ EndTime: '20261231' })
    expect(await state()).toMatchObject({
      state: 'converged',
      observed: {
        expiresAt: '2027-01-01T03:00:00.000Z',
        rights: [{ until: '2027-01-01T03:00:00.000Z' }, {}],
      },
    })
  })

  it('opens by the card that was handed over, and by no other afterwards', async () => {
    await office.grant(someone, [first])
    await office.answerBells()
    await door.catchUp()
    await office.answerBells()
    await office.handOver(someone.personId, '81234567')
    await office.answerBells()
    expect(await state()).toMatchObject({ state: 'waiting' })
    await door.catchUp()
    await office.answerBells()
    const { pin } = await office.badge(someone.personId)
    expect(door.fields('user', pin)).toMatchObject({ CardNo: '81234567' })
    expect(await state()).toMatchObject({ state: 'converged' })
    await office.handOver(someone.personId, null)
    await office.answerBells()
    await door.catchUp()
    await office.answerBells()
    expect(door.fields('user', pin)).toMatchObject({ CardNo: '' })
    expect(await state()).toMatchObject({ state: 'converged' })
    // A card that was handed over is no change by hand.
    const told = await office.world.entries(`target/${someone.personId}/data-centre`)
    expect(told.map(({ act }) => act)).not.toContain('drift-found')
  })

  it('is taken off in the order that leaves no door open, and is gone when the device shows nothing', async () => {
    await office.grant(someone, [first])
    await office.answerBells()
    await door.catchUp()
    await office.answerBells()
    door.heard.splice(0)
    const { pin } = await office.badge(someone.personId)
    await office.terminate(someone)
    await office.answerBells()
    await door.catchUp()
    expect(door.heard).toEqual([
      ...['userauthorize', 'templatev10', 'mulcarduser', 'user'].map(
        table => `DATA DELETE ${table} Pin=${pin}`,
      ),
      `DATA QUERY tablename=user,fielddesc=*,filter=Pin=${pin}`,
      `DATA QUERY tablename=userauthorize,fielddesc=*,filter=Pin=${pin}`,
    ])
    await office.answerBells()
    expect(await state()).toMatchObject({
      state: 'converged',
      accountId: pin,
      observed: { state: 'disabled', accountId: pin, rights: [], sessionsOpen: false },
    })
  })

  it('that a device refuses is told, tried again ever later, and there once it takes it', async () => {
    await office.grant(someone, [first])
    await office.answerBells()
    door.refuses = text => (text.startsWith('DATA UPDATE user ') ? -18 : null)
    await door.catchUp()
    await office.answerBells()
    expect(await state()).toMatchObject({ fault: 'refused', attempts: 1 })
    expect(await door.fetch()).toEqual([])
    minutes(1.1)
    await door.catchUp()
    await office.answerBells()
    expect((await state()).attempts).toBe(2)
    minutes(1.1)
    expect(await door.fetch()).toEqual([])
    door.refuses = () => null
    minutes(1)
    await door.catchUp()
    await office.answerBells()
    expect(await state()).toMatchObject({ state: 'converged', fault: null })
  })

  it('that a device says it took and does not show is not there', async () => {
    await office.grant(someone, [first])
    await office.answerBells()
    door.refuses = text => (text.startsWith('DATA UPDATE') ? 0 : null)
    for (let time = 0; time < 3; time++) {
      await door.catchUp()
      minutes(5)
    }
    expect((await office.badge(someone.personId)).rows).toMatchObject([
      { refused: -1, seen: { present: false } },
    ])
    await office.answerBells()
    expect(await state()).toMatchObject({ fault: 'refused' })
    door.refuses = () => null
    minutes(60)
    await door.catchUp()
    await office.answerBells()
    expect(await state()).toMatchObject({ state: 'converged' })
  })

  it('is there though every acknowledgement was lost: what the device shows counts', async () => {
    await office.grant(someone, [first])
    await office.answerBells()
    door.forgets = text => !text.startsWith('DATA QUERY')
    await door.catchUp()
    await office.answerBells()
    expect(await state()).toMatchObject({ state: 'converged' })
  })

  it('is given again, with other ids, after a minute without an answer; late and repeated answers change nothing', async () => {
    await office.grant(someone, [first])
    await office.answerBells()
    const lost = await door.fetch()
    expect(lost).toHaveLength(4)
    expect(await door.fetch()).toEqual([])
    minutes(1.1)
    const again = await door.fetch()
    expect(again.map(([, text]) => text)).toEqual(lost.map(([, text]) => text))
    expect(again.every(([id]) => lost.every(([before]) => before !== id))).toBe(true)
    // Late answers to what was lost: one of them a failure.
    await office.call('POST', `devicecmd?SN=${first}`, `ID=${lost[0]?.[0]}&Return=-14&CMD=DATA UPDATE`)
    await door.show(lost[2]?.[0] ?? '', 'user', [])
    await door.show(lost[3]?.[0] ?? '', 'userauthorize', [])
    expect((await office.badge(someone.personId)).rows).toMatchObject([{ seen: null, refused: null }])
    for (const command of again) await door.do(command)
    const [settled] = (await office.badge(someone.personId)).rows
    expect(settled).toMatchObject({ dueSince: null, sent: null })
    for (const command of [...again, ...lost]) await door.do(command)
    expect((await office.badge(someone.personId)).rows).toEqual([settled])
    await office.answerBells()
    expect(await state()).toMatchObject({ state: 'converged' })
  })

  it('that a device accepts and does later waits for it', async () => {
    await office.grant(someone, [first])
    await office.answerBells()
    const commands = await door.fetch()
    door.refuses = () => -5000
    for (const command of commands) await door.do(command)
    minutes(5)
    expect(await door.fetch()).toEqual([])
    door.refuses = () => null
    for (const command of commands) await door.do(command)
    await office.answerBells()
    expect(await state()).toMatchObject({ state: 'converged' })
  })

  it('that is taken away while the device is at it goes by the last wish', async () => {
    await office.grant(someone, [first])
    await office.answerBells()
    const commands = await door.fetch()
    await office.terminate(someone)
    await office.answerBells()
    // The device does what it had fetched, and says so.
    for (const command of commands) await door.do(command)
    const { pin, rows } = await office.badge(someone.personId)
    expect(rows).toMatchObject([{ wish: { present: false }, seen: null, dueSince: expect.any(String) }])
    await office.answerBells()
    expect(await state()).toMatchObject({ state: 'waiting' })
    await door.catchUp()
    await office.answerBells()
    expect(door.fields('user', pin)).toBeNull()
    expect(await state()).toMatchObject({ state: 'converged', observed: { rights: [] } })
  })

  it('is never brought to a device with a card that was lost meanwhile', async () => {
    await office.grant(someone, [first])
    await office.answerBells()
    await office.handOver(someone.personId, '6666001')
    await office.answerBells()
    await office.handOver(someone.personId, '6666002')
    await office.answerBells()
    expect(await state()).toMatchObject({ state: 'waiting', attempts: 0 })
    await door.catchUp()
    await office.answerBells()
    expect(door.heard.filter(text => text.includes('6666001'))).toEqual([])
    const { pin } = await office.badge(someone.personId)
    expect(door.fields('user', pin)).toMatchObject({ CardNo: '6666002' })
    expect(await state()).toMatchObject({ state: 'converged' })
  })

  it('that is wished otherwise and back again is due, for the device may have done what came between', async () => {
    await office.grant(someone, [first])
    await office.answerBells()
    await door.catchUp()
    await office.answerBells()
    await office.handOver(someone.personId, '7777001')
    await office.answerBells()
    const between = await door.fetch()
    await office.handOver(someone.personId, null)
    await office.answerBells()
    expect(await state()).toMatchObject({ state: 'waiting' })
    for (const command of between) await door.do(command)
    await door.catchUp()
    await office.answerBells()
    const { pin } = await office.badge(someone.personId)
    expect(door.fields('user', pin)).toMatchObject({ CardNo: '' })
    expect(await state()).toMatchObject({ state: 'converged' })
  })
})

describe('a function that dies at any call of its stores', () => {
  it('loses nothing: the device is told again, and all is as wished in the end', {
    timeout: 120_000,
  }, async () => {
    let deaths = 0
    for (let calls = 0; ; calls++) {
      const granted = calls % 2 === 0
      if (granted) await office.grant(someone, [first])
      else await office.terminate(someone)
      await office.answerBells()
      office.life.calls = calls
      // Whatever was answered with an error is lost on its way.
      await door.catchUp().catch(() => undefined)
      const survived = (office.life.calls ?? 0) >= 0
      office.life.calls = null
      if (!survived) deaths++
      for (let look = 0; look < 3; look++) {
        minutes(20)
        await door.catchUp()
        await office.world.settle()
      }
      const { pin, rows } = await office.badge(someone.personId)
      expect([calls, rows.find(({ serial }) => serial === first)]).toMatchObject([calls, { dueSince: null }])
      expect([calls, door.fields('user', pin) !== null]).toEqual([calls, granted])
      expect(await state()).toMatchObject({ state: 'converged', attempts: 0 })
      if (!granted) someone = await office.hire('Rocío', 'Pincheira Mella', 'dideco', planta)
      minutes(45)
      if (survived) break
    }
    expect(deaths).toBeGreaterThan(20)
  })
})

describe('a device that is silent', () => {
  it('is waited for without attempts, however long, and catches up in order, what takes away first', async () => {
    const staff = [someone]
    for (const surnames of ['Araya', 'Bravo', 'Cea'])
      staff.push(await office.hire('Ana', surnames, 'dideco', planta))
    const [one, two, three, four] = staff as [Someone, Someone, Someone, Someone]
    await office.grant(one, [first])
    await office.answerBells()
    await door.catchUp()
    await office.answerBells()
    door.heard.splice(0)
    for (const person of [two, three, four]) {
      await office.grant(person, [first])
      await office.answerBells()
      minutes(1)
    }
    for (let days = 0; days < 7; days++) {
      office.world.time.now += day
      await office.world.settle()
    }
    for (const person of [two, three, four])
      expect(await state(person.personId)).toMatchObject({ state: 'waiting', attempts: 0, fault: null })
    await office.terminate(one)
    await office.answerBells()
    minutes(1)
    await office.terminate(three)
    await office.answerBells()
    expect(await state(three.personId)).toMatchObject({ state: 'waiting' })
    await door.catchUp()
    const pins = new Map<string, string>()
    for (const [name, person] of Object.entries({ one, two, three, four }))
      pins.set((await office.badge(person.personId)).pin, name)
    const order = door.heard.flatMap(text => {
      const [, verb, pin = ''] = /^DATA (UPDATE user|DELETE user) .*Pin=(\d+)/.exec(text) ?? []
      return verb === undefined ? [] : [`${verb} ${pins.get(pin)}`]
    })
    expect(order).toEqual(['DELETE user one', 'DELETE user three', 'UPDATE user two', 'UPDATE user four'])
    await office.answerBells()
    for (const [person, expected] of [
      [one, 'disabled'],
      [two, 'enabled'],
      [three, 'absent'],
      [four, 'enabled'],
    ] as const)
      expect(await state(person.personId)).toMatchObject({
        state: 'converged',
        observed: { state: expected },
      })
  })

  it('holds up no other door', async () => {
    await office.grant(someone, [first])
    await office.answerBells()
    await door.catchUp()
    await office.answerBells()
    await office.grant(someone, [second])
    await office.answerBells()
    expect(await state()).toMatchObject({
      state: 'waiting',
      observed: { state: 'enabled', rights: [{ id: `door:${first}` }] },
    })
    await other.catchUp()
    await office.answerBells()
    expect(await state()).toMatchObject({ state: 'converged', observed: { rights: [{}, {}] } })
  })

  it('that answers while a worker looks elsewhere is heard: its bell is not missed', async () => {
    await office.grant(someone, [first])
    const { 'data-centre': connector } = office.world.connectors
    if (connector === undefined) throw new Error('no connector')
    let answers = true
    // The device answers between the worker's last look and the end of its lease, and its bell finds the lease held.
    office.world.connectors['data-centre'] = {
      ...connector,
      apply: async plans => {
        const applied = await connector.apply(plans)
        return applied
      },
      observe: async accounts => {
        const seen = await connector.observe(accounts)
        if (answers && seen.some(one => one.ok && one.value.pending !== undefined)) {
          answers = false
          await door.catchUp()
          for (const { personId } of office.world.rung.splice(0))
            await office.world.converge(personId, 'data-centre')
        }
        return seen
      },
    }
    await office.answerBells()
    office.world.connectors['data-centre'] = connector
    expect(answers).toBe(false)
    expect(await state()).toMatchObject({ state: 'converged', attempts: 0 })
  })
})

describe('once a day the whole device', () => {
  const given = async () => {
    await office.grant(someone, [first])
    await office.answerBells()
    await door.catchUp()
    await office.answerBells()
    door.heard.splice(0)
    return (await office.badge(someone.personId)).pin
  }
  const tomorrow = () => {
    office.world.time.now += day + 60_000
  }

  it('is compared, and what is missing or different there is repaired and told', async () => {
    const pin = await given()
    expect(await door.fetch()).toEqual([])
    tomorrow()
    door.tables.user?.delete(pin)
    await door.catchUp()
    expect(door.heard.slice(0, 2)).toEqual([
      'DATA QUERY tablename=user,fielddesc=*,filter=*',
      'DATA QUERY tablename=userauthorize,fielddesc=*,filter=*',
    ])
    expect(door.fields('user', pin)).not.toBeNull()
    const [row] = (await office.badge(someone.personId)).rows
    expect(row).toMatchObject({ dueSince: null, seen: { present: true, authorised: true } })
    tomorrow()
    door.tables.user?.set(pin, `CardNo=999\tPin=${pin}\tEndTime=0`)
    await door.catchUp()
    expect(door.fields('user', pin)).toMatchObject({ CardNo: '' })
    expect(office.alarms).toEqual([])
  })

  it('tells the ledger of a card that was changed by hand', async () => {
    const pin = await given()
    tomorrow()
    door.tables.user?.set(pin, `CardNo=999\tPin=${pin}\tEndTime=0`)
    for (const command of await door.fetch()) await door.do(command)
    await office.answerBells()
    const found = (await office.world.entries(`target/${someone.personId}/data-centre`)).filter(
      ({ act }) => act === 'drift-found',
    )
    expect(found).toMatchObject([
      { evidence: { differences: [{ kind: 'right-changed', right: `door:${first}` }] } },
    ])
    await door.catchUp()
    await office.answerBells()
    expect(await state()).toMatchObject({ state: 'converged', drift: { outcome: 'settled' } })
  })

  it('tells the ledger what was changed by hand', async () => {
    const pin = await given()
    tomorrow()
    door.tables.userauthorize?.delete(pin)
    const commands = await door.fetch()
    for (const command of commands) await door.do(command)
    expect((await office.badge(someone.personId)).rows).toMatchObject([{ seen: { authorised: false } }])
    await office.answerBells()
    expect(
      (await office.world.entries(`target/${someone.personId}/data-centre`)).map(({ act }) => act),
    ).toContain('drift-found')
    await door.catchUp()
    await office.answerBells()
    expect(await state()).toMatchObject({ state: 'converged', drift: { outcome: 'settled' } })
  })

  it('comes in several packets, and nothing is concluded from a part of them', async () => {
    const pin = await given()
    tomorrow()
    const [users, authorisations] = await door.fetch()
    const rows = [...(door.tables.user ?? [])].map(([, row]) => `user ${row}`)
    const own = rows.filter(row => row.includes(`Pin=${pin}`))
    await door.show(users?.[0] ?? '', 'user', [], 1, 3)
    await door.show(users?.[0] ?? '', 'user', own, 3, 3)
    await door.show(users?.[0] ?? '', 'user', own, 3, 3)
    if (authorisations) await door.do(authorisations)
    expect((await office.doors.devices.of(first))?.comparing).not.toBeNull()
    expect((await office.badge(someone.personId)).rows).toMatchObject([{ dueSince: null }])
    await door.show(
      users?.[0] ?? '',
      'user',
      rows.filter(row => !own.includes(row)),
      2,
      3,
    )
    expect(await office.doors.devices.of(first)).toMatchObject({
      comparing: null,
      comparedAt: expect.any(String),
    })
    expect((await office.badge(someone.personId)).rows).toMatchObject([
      { dueSince: null, seen: { present: true } },
    ])
  })

  it('is compared in one packet of ten thousand strangers too: nobody is taken off, and one alarm tells', async () => {
    const pin = await given()
    tomorrow()
    const [users, authorisations] = await door.fetch()
    const own = `user ${door.tables.user?.get(pin)}`
    const many = Array.from(
      { length: 10_000 },
      (_, at) => `user pin=${100_000_000 + at}\tcardno=${4_000_000_000 + at}\tendtime=0`,
    )
    await door.show(users?.[0] ?? '', 'user', [own, ...many])
    if (authorisations) await door.do(authorisations)
    expect((await office.doors.devices.of(first))?.comparing).toBeNull()
    expect(office.alarms).toMatchObject([{ kind: 'stranger-on-device', pin: null }])
    expect((await office.badge(someone.personId)).rows).toMatchObject([{ dueSince: null }])
  })

  it('is asked again where the answer was never completed', async () => {
    await given()
    tomorrow()
    expect(await door.fetch()).toHaveLength(2)
    minutes(9)
    expect(await door.fetch()).toEqual([])
    minutes(2)
    expect(await door.fetch()).toHaveLength(2)
  })

  it('is compared at once when it registers anew: it may have forgotten everybody', async () => {
    const pin = await given()
    for (const table of Object.values(door.tables)) table.clear()
    await door.register()
    await door.catchUp()
    expect(door.fields('user', pin)).not.toBeNull()
    expect(door.fields('userauthorize', pin)).not.toBeNull()
  })

  it('takes whoever was withdrawn and is back off it again', async () => {
    const pin = await given()
    await office.terminate(someone)
    await office.answerBells()
    await door.catchUp()
    await office.answerBells()
    tomorrow()
    door.tables.user?.set(pin, `CardNo=5\tPin=${pin}\tEndTime=0`)
    await door.catchUp()
    expect(door.fields('user', pin)).toBeNull()
    expect(office.alarms).toEqual([])
  })

  it('leaves whoever was on a device before it came to us for a day, and tells of them on the first', async () => {
    const newly = await openDoorOffice()
    try {
      const device = scriptedDoor(newly, first)
      device.tables.user?.set('33', 'CardNo=5550003\tPin=33\tEndTime=0')
      await device.register()
      await device.catchUp()
      expect(device.fields('user', '33')).not.toBeNull()
      expect(newly.alarms).toMatchObject([{ kind: 'stranger-on-device', serial: first, pin: '33' }])
      newly.world.time.now += day + 60_000
      await device.catchUp()
      expect(device.fields('user', '33')).toBeNull()
    } finally {
      await newly.world.close()
    }
  })

  it.each(['observe-only', 'paused'] as const)(
    'leaves a stranger where they are in mode %s, and tells',
    async mode => {
      await given()
      const at = new Date(office.world.time.now).toISOString()
      const entry: EntryDraft = {
        ...{ at, asOf: at, act: 'target-mode-changed', phase: 'recorded', subject: null },
        ...{ actor: { personId: null, role: 'it', onBehalfOf: null }, system: 'data-centre', request: null },
        cause: { kind: 'operator', ref: 'data-centre' },
      }
      const say = async (next: 'active' | typeof mode) => {
        const standing = await office.world.engine.systems.load('data-centre')
        const row = { target: 'data-centre', mode: next, since: at, by: null, reason: null } as const
        const change = { ...row, walk: null, outage: null, unanswered: [] }
        expect(await office.world.engine.systems.change(standing, change, entry)).toBe(true)
      }
      await say(mode)
      tomorrow()
      office.alarms.splice(0)
      door.tables.user?.set('32', 'CardNo=5550002\tPin=32\tEndTime=0')
      await door.catchUp()
      expect(door.fields('user', '32')).not.toBeNull()
      expect(office.alarms).toMatchObject([{ kind: 'stranger-on-device', serial: first, pin: '32' }])
      await say('active')
      tomorrow()
      await door.catchUp()
      expect(door.fields('user', '32')).toBeNull()
      office.alarms.splice(0)
    },
  )

  it('takes a stranger off it and tells (R18); of more than ten it only tells', async () => {
    const pin = await given()
    tomorrow()
    door.tables.user?.set('31', 'CardNo=5550001\tPin=31\tEndTime=0')
    door.tables.userauthorize?.set('31', 'Pin=31\tAuthorizeTimezoneId=1\tAuthorizeDoorId=1')
    await door.catchUp()
    expect(door.fields('user', '31')).toBeNull()
    expect(door.fields('userauthorize', '31')).toBeNull()
    expect(office.alarms).toMatchObject([
      { kind: 'stranger-on-device', serial: first, pin: '31', personId: null },
    ])
    office.alarms.splice(0)
    tomorrow()
    door.tables.user?.set('31', 'CardNo=5550001\tPin=31\tEndTime=0')
    await door.catchUp()
    expect(door.fields('user', '31')).toBeNull()
    expect(office.alarms).toHaveLength(1)

    office.alarms.splice(0)
    tomorrow()
    for (let number = 1; number <= 11; number++)
      door.tables.user?.set(`4${number}`, `CardNo=\tPin=4${number}\tEndTime=0`)
    door.heard.splice(0)
    await door.catchUp()
    expect(door.heard.filter(text => text.includes('DELETE'))).toEqual([])
    expect(office.alarms).toMatchObject([{ kind: 'stranger-on-device', pin: null }])
    expect(door.fields('user', pin)).not.toBeNull()
    for (let number = 1; number <= 11; number++) door.tables.user?.delete(`4${number}`)
  })

  it('finds a badge on a door that it was never given for: it is taken off, and is no stranger elsewhere', async () => {
    const pin = await given()
    tomorrow()
    other.tables.user?.set(pin, `CardNo=\tPin=${pin}\tEndTime=0`)
    other.tables.userauthorize?.set(pin, `Pin=${pin}\tAuthorizeTimezoneId=1\tAuthorizeDoorId=1`)
    await other.catchUp()
    await door.catchUp()
    await office.answerBells()
    expect(other.fields('user', pin)).toBeNull()
    expect(door.fields('user', pin)).not.toBeNull()
    expect(office.alarms).toMatchObject([
      { kind: 'stranger-on-device', serial: second, pin, personId: someone.personId },
    ])
    expect(await state()).toMatchObject({
      state: 'converged',
      observed: { rights: [{ id: `door:${first}` }] },
    })
  })
})
