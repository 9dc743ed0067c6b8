import type { DoorSettings } from '../../schemas/data-centre-settings.ts'
import type { DeviceRow } from '../../schemas/doors.ts'
import {
  encodeCommand,
  eventLine,
  readAuthorisations,
  readRegistration,
  readResults,
  readRows,
  readUsers,
} from '../domain/door-protocol.ts'
import { mayCome } from '../domain/door-sites.ts'
import { answered, shown } from '../domain/door-users.ts'
import { takePacket } from './compare-device.ts'
import { type Doors, ringFor, type Visit } from './door-visit.ts'
import { instantOf } from './engine.ts'
import { commandsOf } from './tell-device.ts'

export type { Doors } from './door-visit.ts'

/** One call of a device. */
export interface DeviceCall {
  readonly method: 'GET' | 'POST'
  /** The secret of the site, as it stands in the path. */
  readonly site: string
  /** PEM of the certificate by which the call was let in; null: it needed none. */
  readonly certificate: string | null
  readonly call: string
  /** Names in lower case. */
  readonly query: ReadonlyMap<string, string>
  /** Null: larger than anything a device has to say. */
  readonly body: string | null
}

export interface DeviceAnswer {
  readonly status: 200 | 400 | 404 | 406 | 413 | 503
  readonly text: string
}

/** Bytes of a body. */
export const largestUpload = 1024 * 1024

const ok = (text = 'OK'): DeviceAnswer => ({ status: 200, text })
/** Whoever may not come learns nothing: not whether it was the path or the number. */
const unknown: DeviceAnswer = { status: 404, text: 'NOT FOUND' }
const refused: DeviceAnswer = { status: 406, text: 'NOT ACCEPTABLE' }
/** It waits for as long as it does after a failure, keeps what it has to say, and comes again. */
const busy: DeviceAnswer = { status: 503, text: 'BUSY' }
const unreadable: DeviceAnswer = { status: 400, text: 'UNREADABLE' }

/**
 * One answer to one call of a door controller, which opens every connection. Whatever is answered here can be lost on its way,
 * and whatever comes may come twice: rows say what is still to be done, and nothing is done twice in effect.
 */
export async function serveDevice(doors: Doors, asked: DeviceCall): Promise<DeviceAnswer> {
  const serial = asked.query.get('sn') ?? ''
  const call = asked.call.toLowerCase()
  const door = doors.settings.doors.find(one => one.serial === serial)
  const coming = { secret: asked.site, serial, certificate: asked.certificate }
  const known = mayCome(await doors.sites(), coming)
  if (!known || door === undefined) return call === 'registry' ? refused : unknown
  if (!doors.mayCall(serial, doors.clock())) return busy
  if (asked.body === null) return { status: 413, text: 'TOO LARGE' }
  const at = instantOf(doors.clock())
  if (call === 'registry') return asked.method === 'POST' ? register(doors, door, asked.body, at) : unknown
  const device = await doors.devices.of(serial)
  if (call === 'ping') return ping(doors, device, at)
  if (call === 'cdata' && asked.method === 'GET') return greet(doors, device, at)
  // It was made to forget, or we were: it has to introduce itself before anything that it says can be kept.
  if (device === null) return isCall(call) ? refused : unknown
  const ways = { door, dateFormat: device.dateFormat, zone: doors.settings.timeZone }
  const answer = await calls[`${asked.method} ${call}`]?.(doors, { device, ways, at }, asked)
  if (answer === undefined) return unknown
  await doors.devices.seen(device, at)
  return answer
}

type Serve = (doors: Doors, visit: Visit, asked: DeviceCall) => Promise<DeviceAnswer>

const configure: Serve = async (_, { device }) => ok(configuration(device))

const calls: Readonly<Record<string, Serve>> = {
  'GET push': configure,
  'POST push': configure,
  'GET getrequest': async (doors, visit) => {
    const commands = await commandsOf(doors, visit)
    return ok(commands.length === 0 ? 'OK' : commands.map(one => encodeCommand(...one)).join('\n'))
  },
  'POST devicecmd': takeResults,
  'POST querydata': takeRows,
  'POST cdata': takeUpload,
}

const isCall = (call: string) => Object.keys(calls).some(key => key.endsWith(` ${call}`))

/** Of a device that never registered nothing is known: it is to do so next. */
async function greet(doors: Doors, device: DeviceRow | null, at: string): Promise<DeviceAnswer> {
  if (device === null) return ok()
  await doors.devices.greeted(device.serial, at)
  return ok(`registry=ok\n${configuration(device)}`)
}

async function ping(doors: Doors, device: DeviceRow | null, at: string): Promise<DeviceAnswer> {
  if (device !== null) await doors.devices.seen(device, at)
  return ok()
}

async function register(
  doors: Doors,
  { serial }: DoorSettings,
  body: string,
  at: string,
): Promise<DeviceAnswer> {
  const said = readRegistration(body)
  const registryCode = (await doors.devices.of(serial))?.registryCode ?? doors.secretWord()
  await doors.devices.register(serial, { ...said, registryCode, sessionId: doors.secretWord() }, at)
  doors.log('device-registered', { serial })
  return ok(`RegistryCode=${registryCode}`)
}

/** Seconds between two questions of a device: a badge that is taken away is off within a few. */
const requestDelay = 2

/** How the device is to behave. */
const configuration = ({ registryCode, sessionId }: DeviceRow): string =>
  [
    `RegistryCode=${registryCode}`,
    'ServerVersion=1.0.0',
    'ServerName=Llavero',
    'PushProtVer=3.0.1',
    'ErrorDelay=10',
    `RequestDelay=${requestDelay}`,
    'TransTimes=00:00;12:00',
    'TransInterval=1',
    'TransTables=User Transaction',
    'Realtime=1',
    `SessionID=${sessionId}`,
    'TimeoutSec=10',
  ].join('\n')

async function takeResults(doors: Doors, visit: Visit, { body }: DeviceCall): Promise<DeviceAnswer> {
  const { device, ways, at } = visit
  const results = readResults(body ?? '')
  if (results.length === 0 && (body ?? '').trim() !== '') return unreadable
  for (const { id, code } of results) {
    const { comparing } = device
    if (comparing !== null && (id === comparing.user || id === comparing.userauthorize)) {
      // Some send no rows where there are none.
      if (code === 0) await takePacket(doors, visit, id, null)
      continue
    }
    const given = await doors.devices.given(device.serial, id)
    // That something was done is believed once it is shown.
    if (given === null || (given.tells === 'done' && code >= 0)) continue
    const change = await doors.users.change(device.serial, given.pin, row =>
      row === null ? null : answered(row, { id, code, tells: given.tells }, ways, at),
    )
    await ringFor(doors, [change])
  }
  return ok()
}

/** A number of the query; null: there is none that could be meant. */
const numberIn = (query: DeviceCall['query'], name: string): number | null => {
  const text = query.get(name) ?? ''
  return /^\d{1,10}$/.test(text) ? Number(text) : null
}

async function takeRows(doors: Doors, visit: Visit, { query, body }: DeviceCall): Promise<DeviceAnswer> {
  const { device, ways, at } = visit
  const table = (query.get('tablename') ?? '').toLowerCase()
  const rows = readRows(body ?? '', table)
  if (table === 'transaction') {
    const lines = rows.flatMap(row => eventLine(row) ?? [])
    if (lines.length > 0) await doors.events.take(device.serial, 'rtlog', lines.join('\n'), at)
    return ok(`transaction=${rows.length}`)
  }
  const id = numberIn(query, 'cmdid')
  if ((table !== 'user' && table !== 'userauthorize') || id === null) return ok()
  const users = table === 'user' ? readUsers(rows) : []
  const authorisations = table === 'userauthorize' ? readAuthorisations(rows) : []
  const [index, count] = [numberIn(query, 'packidx') ?? 1, numberIn(query, 'packcnt') ?? 1]
  const { comparing } = device
  if (comparing !== null && id === comparing[table])
    await takePacket(doors, visit, id, { index, count, users, authorisations })
  else {
    const given = await doors.devices.given(device.serial, id)
    if (given?.tells === table) {
      const told = { table, users, authorisations, last: index >= count } as const
      const change = await doors.users.change(device.serial, given.pin, row =>
        row === null ? null : shown(row, id, told, ways, at),
      )
      await ringFor(doors, [change])
    }
  }
  return ok(`${table}=${rows.length}`)
}

/** Events and states go to whoever follows them; what else a device uploads of its own accord it keeps itself. */
async function takeUpload(
  doors: Doors,
  { device, at }: Visit,
  { query, body }: DeviceCall,
): Promise<DeviceAnswer> {
  const table = (query.get('table') ?? '').toLowerCase()
  if (table === 'rtlog' || table === 'rtstate') await doors.events.take(device.serial, table, body ?? '', at)
  return ok()
}
