import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  blankFlash,
  type DoorController,
  type DoorControllerOptions,
  eventCodes,
  openDoorController,
  zkSeconds,
} from '../servers/door-controller/index.ts'

interface Asked {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, unknown>>
  readonly bytes: Buffer
  readonly body: string
}

/** The least a device needs: it says what the test told it to, and remembers what it was asked. */
class ScriptedServer {
  readonly asked: Asked[] = []
  /** One batch of commands for each poll, in order. */
  readonly batches: string[][] = []
  known = false
  /** What is answered instead, by path; null: as ever. */
  instead: (asked: Asked) => { status: number; body?: string } | null = () => null
  /** What its `Date` says. */
  now = () => Date.now()
  #commands = 0
  readonly #server: Server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://device')
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    const asked = {
      method: request.method ?? '',
      path: pathname.replace('/iclock/secret/', ''),
      query: Object.fromEntries(searchParams),
      headers: request.headers,
      bytes,
      body: bytes.toString(),
    }
    this.asked.push(asked)
    const given = this.instead(asked)
    response.setHeader('Date', new Date(this.now()).toUTCString())
    response.statusCode = given?.status ?? 200
    response.end(given === null ? this.#answer(asked) : given.body)
  })

  async open(): Promise<string> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/iclock/secret`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  /** Asks the device for these at its next poll. */
  order(...commands: string[]): void {
    this.batches.push(commands.map(command => `C:${++this.#commands}:${command}`))
  }

  on(path: string): Asked[] {
    return this.asked.filter(asked => asked.path === path)
  }

  results(): string[] {
    return this.on('devicecmd').flatMap(({ body }) => body.split(/\r?\n/))
  }

  uploads(): string[] {
    return this.on('cdata')
      .filter(({ query }) => query.table === 'rtlog')
      .flatMap(({ body }) => body.split(/\r?\n/))
  }

  indexes(): number[] {
    return this.uploads().map(line => Number(/\tindex=(\d+)$/.exec(line)?.[1]))
  }

  #answer({ method, path }: Asked): string {
    if (path === 'registry') this.known = true
    if (path === 'registry') return 'RegistryCode=Uy47fxftP3'
    if (path === 'getrequest') return this.batches.shift()?.join('\n') ?? 'OK'
    if (path === 'push' || (path === 'cdata' && method === 'GET' && this.known))
      return 'registry=ok\nRegistryCode=Uy47fxftP3\nErrorDelay=60\nRequestDelay=2\nSessionID=30BF\nTimeoutSec=10'
    return 'OK'
  }
}

let server: ScriptedServer
let url: string
let devices: DoorController[]
const serial = '3383154200002'

beforeEach(async () => {
  server = new ScriptedServer()
  url = await server.open()
  devices = []
})
afterEach(async () => {
  await Promise.all(devices.map(device => device.close()))
  await server.close()
})

function open(options: Partial<DoorControllerOptions> = {}): DoorController {
  const device = openDoorController({ serial, url, timeZone: 'America/Santiago', pollMs: 5, ...options })
  devices.push(device)
  return device
}

const ana = (endTime: string | number = 0, startTime: string | number = 0) => [
  `DATA UPDATE user CardNo=123456789\tPin=7\tPassword=\tGroup=0\tStartTime=${startTime}\tEndTime=${endTime}\tName=Ana Soto\tPrivilege=0`,
  'DATA UPDATE userauthorize Pin=7\tAuthorizeTimezoneId=1\tAuthorizeDoorId=1',
]

/** A device that has done these commands. */
async function having(commands: string[], options: Partial<DoorControllerOptions> = {}) {
  server.order(...commands)
  const device = open(options)
  await device.settled()
  return device
}

describe('the time of a device', () => {
  const local = (text: string) => {
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = text.split(/\D/).map(Number)
    return { year, month, day, hour, minute, second }
  }

  it('counts months of 31 days since 2000', () => {
    expect(zkSeconds(local('2026-12-31 23:59:59'))).toBe(867_801_599)
    expect(zkSeconds(local('2018-02-22 16:19:20'))).toBe(583_085_960)
  })

  it('is what the last answer said, in its own zone, without one in the text', async () => {
    server.now = () => Date.parse('2027-01-01T02:30:00Z')
    const device = open({ clockOffset: -400 * 86_400_000 })
    await device.settled()
    device.swipe('1')
    expect(device.events()[0]?.time).toBe('2026-12-31 23:30:00')
  })

  it('stays wrong where the firmware ignores it', async () => {
    const now = () => Date.parse('2026-05-05T12:00:00Z')
    server.now = now
    const device = open({ now, clockOffset: -3_600_000, ignoresDate: true })
    await device.settled()
    device.swipe('1')
    expect(device.events()[0]?.time).toBe('2026-05-05 07:00:00')
  })

  it('is shown right in a zone whose midnight is skipped', async () => {
    const now = () => Date.parse('2026-09-06T04:00:00Z')
    server.now = now
    const device = open({ now })
    await device.settled()
    device.swipe('1')
    expect(device.events()[0]?.time).toBe('2026-09-06 01:00:00')
  })
})

describe('registration', () => {
  it('is asked for where nobody knows the device, and its code signs what follows', async () => {
    const device = open({ locks: 4, dateFormat: 'days' })
    await device.settled()
    expect(server.asked.slice(0, 3).map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET cdata',
      'POST registry',
      'POST push',
    ])
    expect(server.asked[0]?.query).toEqual({ SN: serial, pushver: '3.0.1', options: 'all' })
    expect(server.on('registry')[0]?.body).toMatch(
      /^DeviceType=acc,~DeviceName=[^,]+,FirmVer=.*,LockCount=4,.*,DateFmtFunOn=0,.*,AccSupportFunList=/,
    )
    expect(server.on('getrequest')[0]?.headers.cookie).toMatch(/^token=[0-9a-f]{32}$/)
    expect(server.on('registry')[0]?.headers.cookie).toBeUndefined()
  })

  it('is not asked for where the server knows it', async () => {
    server.known = true
    const device = open()
    await device.settled()
    expect(server.on('registry')).toEqual([])
    expect(device.state).toBe('online')
  })

  it('is asked for again when it was refused, until it is not; no event is lost meanwhile', async () => {
    server.instead = ({ path }) => (path === 'registry' ? { status: 406 } : null)
    const device = open()
    device.swipe('123')
    await expect.poll(() => device.refusals).toBeGreaterThan(2)
    expect(device.state).toBe('refused')
    expect(server.uploads()).toEqual([])
    server.instead = () => null
    await device.settled()
    expect(device.state).toBe('online')
    expect(server.indexes()).toEqual([1])
  })

  it('that is refused is counted, and the device knows why', async () => {
    server.instead = ({ path }) => (path === 'registry' ? { status: 406 } : null)
    const device = open({ manual: true })
    expect(await device.step()).toBe('refused')
    expect(await device.step()).toBe('refused')
    expect(device.refusals).toBe(2)
    expect(device.lastError).toMatchObject({ status: 406 })
  })

  it('is lost with the memory', async () => {
    const device = await having(ana())
    server.known = false
    device.resetFlash()
    await device.settled()
    expect(device.users()).toEqual([])
    expect(server.on('registry')).toHaveLength(2)
    device.swipe('123456789')
    await device.settled()
    expect(server.indexes()).toEqual([1])
  })
})

describe('a person at the door', () => {
  it('gets in with a card that the server sent, and two events tell of the door', async () => {
    const device = await having(ana())
    expect(device.swipe('123456789', { direction: 'out' })).toMatchObject({ opened: true, event: 0 })
    await device.settled()
    const [opened, ...door] = server.uploads()
    expect(opened).toMatch(
      /^time=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\tpin=7\tcardno=123456789\teventaddr=1\tevent=0\tinoutstatus=1\tverifytype=4\tindex=1$/,
    )
    expect(door.map(line => /\tevent=(\d+)/.exec(line)?.[1])).toEqual(['200', '201'])
  })

  it('stays out with an unknown card, and at a door that is not theirs', async () => {
    const device = await having(ana(), { locks: 2 })
    expect(device.swipe('5')).toMatchObject({ opened: false, event: eventCodes.unknownCard })
    expect(device.swipe('123456789', { door: 2 })).toMatchObject({
      opened: false,
      event: eventCodes.notAllowed,
    })
    expect(() => device.swipe('123456789', { door: 3 })).toThrow(RangeError)
  })

  it('is known by the bytes of the card too, lowest first', async () => {
    const device = await having(['DATA UPDATE user CardNo=[15CD5B07]\tPin=7', ana()[1] ?? ''])
    expect(device.swipe('123456789').opened).toBe(true)
  })

  it.each([
    ['seconds', 867_801_599, '2027-01-01T02:59:59Z', '2027-01-01T03:00:00Z'],
    ['days', 20_261_231, '2027-01-01T02:59:59Z', '2027-01-01T03:00:00Z'],
    ['seconds', 583_085_960, '2018-02-22T19:19:20Z', '2018-02-22T19:19:21Z'],
  ] as const)(
    'is let in until the end in %s (%s), with nobody to ask',
    async (dateFormat, end, last, after) => {
      const time = { now: Date.parse(last) }
      server.now = () => time.now
      const device = await having(ana(end), { dateFormat, now: () => time.now })
      device.goOffline()
      expect(device.swipe('123456789').opened).toBe(true)
      time.now = Date.parse(after)
      expect(device.swipe('123456789')).toMatchObject({ opened: false, event: eventCodes.outOfValidity })
    },
  )

  it.each([
    ['seconds', 867_801_599, '2027-01-01T02:59:58Z', '2027-01-01T02:59:59Z'],
    ['days', 20_270_101, '2027-01-01T02:59:59Z', '2027-01-01T03:00:00Z'],
  ] as const)('stays out before the beginning in %s', async (dateFormat, start, before, first) => {
    const time = { now: Date.parse(before) }
    server.now = () => time.now
    const device = await having(ana(0, start), { dateFormat, now: () => time.now })
    expect(device.swipe('123456789')).toMatchObject({ opened: false, event: eventCodes.outOfValidity })
    time.now = Date.parse(first)
    expect(device.swipe('123456789').opened).toBe(true)
  })

  it('is let in too long by a clock that is behind', async () => {
    const now = () => Date.parse('2027-01-01T12:00:00Z')
    server.now = now
    const device = await having(ana(867_801_599), { now, clockOffset: -86_400_000, ignoresDate: true })
    expect(device.swipe('123456789').opened).toBe(true)
  })

  it('may do all that a door tells of', async () => {
    const device = await having(ana())
    device.force()
    device.holdOpen()
    device.tamper()
    device.exitButton()
    device.shut()
    expect(device.duress('123456789')).toMatchObject({ opened: true, event: 101 })
    device.boot()
    await device.settled()
    expect(device.events().map(({ event }) => event)).toEqual([
      102, 28, 100, 202, 200, 201, 201, 101, 200, 201, 206,
    ])
  })

  it('shows in the state of the doors', async () => {
    const device = await having([], { locks: 4 })
    device.force(2)
    await device.settled()
    const states = server.on('cdata').filter(({ query }) => query.table === 'rtstate')
    expect(states.map(({ body }) => body.replace(/^time=[^\t]+\t/, ''))).toEqual([
      'sensor=55\trelay=00\talarm=0000000000000000',
      'sensor=59\trelay=00\talarm=0001000000000000',
    ])
  })
})

describe('commands', () => {
  it('are done in their order, and each is answered', async () => {
    const device = await having([
      ...ana(),
      'DATA DELETE userauthorize Pin=7',
      'DATA DELETE templatev10 Pin=7',
      'DATA DELETE mulcarduser Pin=7',
      'DATA DELETE user Pin=7',
    ])
    expect(device.users()).toEqual([])
    expect(device.authorizations()).toEqual([])
    expect(server.results()).toEqual([
      'ID=1&Return=0&CMD=DATA UPDATE',
      'ID=2&Return=0&CMD=DATA UPDATE',
      'ID=3&Return=0&CMD=DATA DELETE',
      'ID=4&Return=0&CMD=DATA DELETE',
      'ID=5&Return=0&CMD=DATA DELETE',
      'ID=6&Return=0&CMD=DATA DELETE',
    ])
    expect(device.commands()[5]).toBe('C:6:DATA DELETE user Pin=7')
  })

  it('may hold many records, one a line', async () => {
    const device = await having(['DATA UPDATE user Pin=1\tCardNo=11\nPin=2\tCardNo=12', 'SET OPTIONS A=1'])
    expect(device.users().map(({ pin }) => pin)).toEqual(['1', '2'])
    expect(server.results()).toHaveLength(2)
  })

  it('that nobody knows, or that are wrong, fail', async () => {
    await having([
      'Shell ls',
      'DATA UPDATE nothing Pin=1',
      'DATA UPDATE user CardNo=1',
      'DATA UPDATE user Pin=1\tEndDate=20261231',
      'DATA DELETE user',
    ])
    expect(server.results().map(line => /Return=(-?\d+)/.exec(line)?.[1])).toEqual([
      '-1',
      '-629',
      '-11',
      '-621',
      '-11',
    ])
  })

  it('fail for one more person than the memory holds, and change one it has', async () => {
    const device = await having(
      [
        'DATA UPDATE user Pin=1\tCardNo=1',
        'DATA UPDATE user Pin=2\tCardNo=2',
        'DATA UPDATE user Pin=1\tName=Eva',
      ],
      { maxUsers: 1 },
    )
    expect(server.results().map(line => /Return=(-?\d+)/.exec(line)?.[1])).toEqual(['0', '-18', '0'])
    expect(device.users()).toEqual([{ pin: '1', cardno: '1', name: 'Eva' }])
  })

  it.each(['*', 'Pin=*'])('empty the table when they delete %s', async condition => {
    const device = await having([
      'DATA UPDATE user Pin=1',
      'DATA UPDATE user Pin=2',
      `DATA DELETE user ${condition}`,
    ])
    expect(device.users()).toEqual([])
  })

  it('show what a TAB or a line feed in a name does', async () => {
    const device = await having([
      'DATA UPDATE user Pin=7\tPrivilege=0\tName=Ana\tPrivilege=14',
      'DATA UPDATE user Pin=8\tName=Eva\nC:99:DATA DELETE user *\tPrivilege=0',
      'DATA UPDATE user Pin=9\tName=Luz\nPin=10\tPrivilege=14\tPrivilege=0',
    ])
    expect(device.repeatedFields).toEqual(['privilege', 'privilege'])
    expect(device.users().map(({ pin }) => pin)).toEqual(['9', '10'])
    expect(server.results()).toContain('ID=99&Return=0&CMD=DATA DELETE')
  })

  it('give the injected rank where it comes last', async () => {
    const device = await having(['DATA UPDATE user Pin=7\tPrivilege=0\tName=Ana\tPrivilege=14'])
    expect(device.users()).toEqual([{ pin: '7', name: 'Ana', privilege: '14' }])
  })

  it('open the door, end an alarm and start the device anew', async () => {
    const device = await having([
      'CONTROL DEVICE 01010105',
      'CONTROL DEVICE 02010000',
      'CONTROL DEVICE 03000000',
    ])
    expect(device.events().map(({ event }) => event)).toEqual([8, 200, 201, 7, 206])
    await device.settled()
    expect(server.on('push')).toHaveLength(2)
  })

  it('are answered in the other letter case by other firmware', async () => {
    await having([...ana(), 'DATA QUERY tablename=user,fielddesc=*,filter=*'], { firmware: 'other' })
    expect(server.results()).toEqual([
      'id=1&RETURN=0&cmd=DATA&',
      'id=2&RETURN=0&cmd=DATA&',
      'id=3&RETURN=1&cmd=DATA&',
    ])
    expect(server.on('devicecmd')[0]?.body).toContain('\r\n')
    expect(server.on('querydata')[0]?.body).toMatch(/^user Pin=7\tCardNo=123456789\t/)
    expect(server.on('push')[0]?.method).toBe('GET')
  })

  it('may be accepted first and done later, be refused, or go unanswered', async () => {
    const device = await having([...ana(), 'DATA DELETE user Pin=7', 'DATA UPDATE user Pin=8'], {
      faults: {
        answer: ({ id }) => (id === '1' ? -5_000 : id === '3' ? -12 : null),
        losesAcknowledgement: ({ id }) => id === '4',
      },
    })
    expect(server.on('devicecmd').map(({ body }) => body)).toEqual([
      'ID=1&Return=-5000&CMD=DATA UPDATE\nID=2&Return=0&CMD=DATA UPDATE\nID=3&Return=-12&CMD=DATA DELETE',
      'ID=1&Return=0&CMD=DATA UPDATE',
    ])
    expect(
      device
        .users()
        .map(({ pin }) => pin)
        .sort(),
    ).toEqual(['7', '8'])
  })

  it('that are done twice leave what once leaves', async () => {
    const device = await having([...ana(), 'DATA DELETE user Pin=7'], {
      faults: { executesTwice: () => true },
    })
    expect(device.users()).toEqual([])
    expect(server.results()).toHaveLength(3)
  })

  it('are answered later when the server failed to hear it', async () => {
    let failures = 2
    server.instead = ({ path }) => (path === 'devicecmd' && failures-- > 0 ? { status: 500 } : null)
    const device = await having(ana())
    expect(device.state).toBe('online')
    expect(server.on('devicecmd').map(({ body }) => body.split('\n').length)).toEqual([2, 2, 2])
  })
})

describe('questions', () => {
  const people = Array.from({ length: 5 }, (_, at) => `DATA UPDATE user Pin=${at + 1}\tCardNo=${at + 11}`)

  it('are answered in packets, and the result is the number of rows', async () => {
    await having([...people, 'DATA QUERY tablename=user,fielddesc=*,filter=*'], { packetRows: 2 })
    const packets = server.on('querydata')
    expect(packets.map(({ query }) => query)).toEqual(
      [2, 2, 1].map((count, at) => ({
        SN: serial,
        type: 'tabledata',
        cmdid: '6',
        tablename: 'user',
        count: String(count),
        packcnt: '3',
        packidx: String(at + 1),
      })),
    )
    expect(packets[0]?.body.split('\n')[1]).toBe(
      'user pin=2\tcardno=12\tpassword=\tgroup=0\tstarttime=0\tendtime=0\tname=\tprivilege=0\tdisable=0\tverify=0\tsuperauthorize=',
    )
    expect(server.results().at(-1)).toBe('ID=6&Return=5&CMD=DATA QUERY')
  })

  it('find one person, or nobody: no rows are a packet too', async () => {
    await having([
      ...people,
      'DATA QUERY tablename=user,fielddesc=*,filter=Pin=3',
      'DATA QUERY tablename=userauthorize,fielddesc=*,filter=Pin=3',
    ])
    const [one, none] = server.on('querydata')
    expect(one?.body).toMatch(/^user pin=3\t/)
    expect(none).toMatchObject({ body: '', query: { count: '0', packcnt: '1', packidx: '1' } })
    expect(server.results().slice(-2)).toEqual([
      'ID=6&Return=1&CMD=DATA QUERY',
      'ID=7&Return=0&CMD=DATA QUERY',
    ])
  })

  it('fail when the rows do not arrive', async () => {
    server.instead = ({ path }) => (path === 'querydata' ? { status: 500 } : null)
    await having([...people, 'DATA QUERY tablename=user,fielddesc=*,filter=*'])
    expect(server.results().at(-1)).toBe('ID=6&Return=-722&CMD=DATA QUERY')
  })

  it('have no result with terminals whose rows are the answer', async () => {
    await having([...people, 'DATA QUERY tablename=user,fielddesc=*,filter=*'], {
      faults: { dataIsTheResult: true },
    })
    expect(server.on('querydata')).toHaveLength(1)
    expect(server.results()).toHaveLength(5)
  })

  it('count, and tell options', async () => {
    await having([...people, 'DATA COUNT user', 'GET OPTIONS LockCount,DateFmtFunOn'])
    expect(server.on('querydata').map(({ body }) => body)).toEqual(['user=5', 'LockCount=1,DateFmtFunOn=1'])
  })
})

describe('events', () => {
  it('of a night without a line come all, once and in order', async () => {
    const device = await having([])
    device.goOffline()
    for (let at = 0; at < 20_000; at++) device.swipe(String(at + 1))
    expect(device.state).toBe('offline')
    expect(device.unsent()).toHaveLength(20_000)
    device.goOnline()
    await device.settled()
    expect(server.indexes()).toEqual(Array.from({ length: 20_000 }, (_, at) => at + 1))
    expect(device.unsent()).toEqual([])
    expect(server.on('ping').length).toBeGreaterThan(0)
  })

  it('that no longer fit push out the oldest', async () => {
    const device = await having([], { capacity: 3 })
    device.goOffline()
    for (let at = 0; at < 5; at++) device.swipe('1')
    device.goOnline()
    await device.settled()
    expect(server.indexes()).toEqual([3, 4, 5])
  })

  it('come twice, and old ones again, from a device that does so', async () => {
    const device = await having([], { faults: { duplicateUploads: true } })
    device.swipe('1')
    await device.settled()
    expect(server.indexes()).toEqual([1, 1])
    Object.assign(device.faults, { duplicateUploads: false, lateUploads: true })
    device.swipe('1')
    await device.settled()
    expect(server.indexes()).toEqual([1, 1, 2, 1])
  })

  it('are sent again when the answer was lost', async () => {
    let lost = 1
    server.instead = ({ query }) => (query.table === 'rtlog' && lost-- > 0 ? { status: 502 } : null)
    const device = await having([])
    device.swipe('1')
    await device.settled()
    expect(server.indexes()).toEqual([1, 1])
  })

  it('that left a gap are fetched by their indexes', async () => {
    const device = await having([], { faults: { skipIndexes: new Set([2, 3]) } })
    for (let at = 0; at < 4; at++) device.swipe('1')
    await device.settled()
    expect(server.indexes()).toEqual([1, 4])
    server.order('ACCOUNT transaction StartIndex=2\tEndIndex=3')
    await device.settled()
    expect(server.indexes()).toEqual([1, 4, 2, 3])
    expect(server.results()).toEqual(['ID=1&Return=2&CMD=ACCOUNT'])
  })

  it('that are asked for again may be gone', async () => {
    const device = await having([], { capacity: 2 })
    for (let at = 0; at < 4; at++) device.swipe('1')
    server.order('ACCOUNT transaction StartIndex=1\tEndIndex=3')
    await device.settled()
    expect(server.results()).toEqual(['ID=1&Return=1&CMD=ACCOUNT'])
  })

  it('come as rows or as an archive from devices that answer so', async () => {
    const now = () => Date.parse('2018-02-22T19:19:20Z')
    server.now = now
    const rows = open({ now, accountForm: 'rows' })
    rows.swipe('5')
    await rows.settled()
    server.order('ACCOUNT transaction StartIndex=1\tEndIndex=1')
    await rows.settled()
    const row =
      'cardno=5\tpin=0\tverified=4\tdoorid=1\teventtype=27\tinoutstate=0\ttime_second=583085960\tindex=1\tsitecode=0'
    expect(server.on('querydata')[0]).toMatchObject({
      query: { tablename: 'transaction', cmdid: '1', count: '1' },
      body: `transaction ${row}`,
    })
    await rows.close()

    const archive = open({ now, accountForm: 'archive' })
    archive.swipe('5')
    await archive.settled()
    server.order('ACCOUNT transaction StartIndex=1\tEndIndex=1')
    await archive.settled()
    const [file] = server.on('file')
    expect(file?.query).toMatchObject({ cmdid: '2', fileseq: '1', contenttype: 'tgz', count: '1' })
    const tar = gunzipSync(file?.bytes ?? new Uint8Array())
    expect(tar.subarray(512, 512 + row.length).toString()).toBe(row)
    expect(tar.length % 512).toBe(0)
  })
})

describe('the memory', () => {
  const folder = mkdtempSync(join(tmpdir(), 'door-controller-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each([
    ['in a file', () => join(folder, 'flash.json')],
    ['in an object', () => blankFlash()],
  ])('%s outlives the device: people, events that nobody has, the next index', async (_, place) => {
    const flash = place()
    const first = await having(ana(), { flash })
    first.goOffline()
    first.swipe('123456789')
    await first.close()
    expect(first.state).toBe('off')
    const second = open({ flash })
    await second.settled()
    expect(second.users()).toMatchObject([{ pin: '7', cardno: '123456789' }])
    expect(server.indexes()).toEqual([1, 2, 3])
    expect(server.on('registry')).toHaveLength(1)
    second.swipe('5')
    await second.settled()
    expect(server.indexes()).toEqual([1, 2, 3, 4])
  })
})

describe('the line', () => {
  it('that is cut in the middle of an answer loses the answer, and nothing else', async () => {
    const device = await having([])
    const arrived = new Promise<void>(resolve => {
      server.instead = ({ query }) => {
        if (query.table === 'rtlog') {
          device.goOffline()
          server.instead = () => null
          resolve()
        }
        return null
      }
    })
    device.swipe('1')
    await arrived
    expect(device.state).toBe('offline')
    device.goOnline()
    await device.settled()
    expect(server.indexes()).toEqual([1, 1])
  })

  it('to a server that is away is tried again, while doors go on', async () => {
    const device = await having(ana())
    server.instead = () => ({ status: 503 })
    await expect.poll(() => device.state).toBe('failing')
    expect(device.swipe('123456789').opened).toBe(true)
    server.instead = () => null
    await device.settled()
    expect(server.indexes()).toContain(3)
  })

  it('may be any transport', async () => {
    const paths: string[] = []
    const device = open({
      manual: true,
      send: async (asked, init) => {
        paths.push(`${init.method} ${new URL(asked).pathname}`)
        return new Response('registry=ok\nRegistryCode=1', { headers: { Date: new Date().toUTCString() } })
      },
    })
    expect(await device.step()).toBe('online')
    expect(paths.map(path => path.replace('/iclock/secret', ''))).toEqual([
      'GET /cdata',
      'POST /push',
      'POST /cdata',
      'GET /getrequest',
    ])
  })
})
