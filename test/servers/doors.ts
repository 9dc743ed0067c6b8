import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { dayOf } from '../../functions/domain/civil-time.ts'
import { lineHash } from '../../functions/domain/line-hash.ts'
import { doorKeys } from '../../functions/stores/door-keys.ts'
import { decideLine } from '../../functions/workflows/decide-line.ts'
import { submitRequest } from '../../functions/workflows/submit-request.ts'
import sample from '../../infra/settings/valle-claro.json' with { type: 'json' }
import type { DoorAlarm } from '../../schemas/doors.ts'
import { Form } from '../../schemas/request.ts'
import { Settings } from '../../schemas/settings.ts'
import { activation, form, openOffice, type Someone } from '../workflows/office.ts'
import { openDoorSide } from './door-side.ts'
import { tell } from './personnel.ts'

export type DoorOffice = Awaited<ReturnType<typeof openDoorOffice>>

/** An office whose badges are on doors: the engine with its real connector, and the side that devices speak to. */
export async function openDoorOffice(change: Partial<Settings> = {}) {
  const { dataCentre } = Settings.parse({ ...sample, ...change })
  // A place for everybody: how many key-holders there may be is another test's.
  const office = await openOffice({ ...change, dataCentre: { ...dataCentre, keyHolders: 500 } })
  const { world, head, mayor } = office
  const events: { serial: string; table: string; body: string }[] = []
  const alarms: DoorAlarm[] = []
  const gaps: { from: number; to: number }[] = []
  const side = openDoorSide(world, {
    alarms: {
      raise: async alarm => {
        alarms.push(alarm)
        return true
      },
    },
    events: {
      take: async (serial, table, body) => {
        events.push({ serial, table, body })
      },
      missing: async () => gaps.splice(0),
    },
  })
  const { users } = side
  const at = () => new Date(world.time.now).toISOString()

  return {
    ...office,
    ...side,
    events,
    alarms,
    gaps,

    /** Asked for by the head, approved by the authority; nothing is settled yet. */
    async grant(someone: Someone, serials: readonly string[], until: string | null = null): Promise<void> {
      const engine = { ...world.engine, units: world.unitRegister }
      const filed = await submitRequest(engine, {
        caller: { personId: head.personId, roles: [] },
        form: Form.parse(form([activation(someone, { system: 'data-centre', doors: serials }, until)])),
        idempotency: null,
        dryRun: false,
        eventAt: at(),
      })
      if (!('filed' in filed)) throw new Error(JSON.stringify(filed))
      const [line] = filed.filed.lines
      if (line === undefined) throw new Error('no line')
      const decided = await decideLine(engine, {
        caller: { personId: mayor.personId, roles: ['authority'] },
        number: filed.filed.row.number,
        line: line.line,
        ifMatch: lineHash(line),
        decision: { decision: 'approve' },
        repeatable: true,
      })
      if ('refused' in decided || decided.status !== 'accepted') throw new Error(JSON.stringify(decided))
    },

    /** As whoever hands out cards writes it; the person's row is made due by them too. */
    async handOver(personId: string, card: string | null): Promise<void> {
      const { name: pin, ...row } = await world.row(personId, 'data-centre')
      await world.tables.client.send(
        new PutCommand({
          TableName: world.tables.doors,
          Item: { ...doorKeys.card(pin), version: 1, pin, personId, card },
        }),
      )
      await world.engine.targets.wake({ ...row, name: pin }, at())
      world.rung.push({ personId, target: 'data-centre', urgent: true })
    },

    terminate: (someone: Someone) =>
      tell(world.engine, {
        version: 1,
        id: crypto.randomUUID(),
        type: 'terminated',
        nationalId: someone.id,
        effectiveOn: dayOf(at(), world.engine.settings.timeZone),
        recordedAt: at(),
      }),

    /** Answers the bells that rang, without sweeping. */
    async answerBells(): Promise<void> {
      while (world.rung.length > 0) {
        const people = new Set(
          world.rung
            .splice(0)
            .flatMap(({ target, personId }) => (target === 'data-centre' ? [personId] : [])),
        )
        for (const personId of people) await world.converge(personId, 'data-centre')
      }
    },

    badge: async (personId: string) => {
      const row = await world.row(personId, 'data-centre')
      return { row, pin: row.name, ...(await users.badge(row.name)) }
    },
  }
}

/** A device as simple as can be: it keeps what it is told word by word, and answers when it is asked to. */
export function scriptedDoor(office: Pick<DoorOffice, 'call'>, serial: string, secondsFormat = true) {
  const tables: Record<string, Map<string, string>> = { user: new Map(), userauthorize: new Map() }
  const heard: string[] = []
  const device = {
    tables,
    heard,
    /** What it answers instead of doing it; null: it does. */
    refuses: (_: string): number | null => null,
    /** Which commands it never answers, though it does them. */
    forgets: (_: string): boolean => false,

    async register(): Promise<void> {
      const body = `DeviceType=acc,~DeviceName=inBio160,FirmVer=AC 5.7,LockCount=1,DateFmtFunOn=${secondsFormat ? 1 : 0}`
      const answer = await office.call('POST', `registry?SN=${serial}`, body)
      if (answer.status !== 200) throw new Error(`registry: ${answer.status}`)
      await office.call('POST', `push?SN=${serial}`)
    },

    /** Fetches what there is to do, without doing it. */
    async fetch(): Promise<[id: string, text: string][]> {
      const { text } = await office.call('GET', `getrequest?SN=${serial}`)
      if (text === 'OK') return []
      const commands = text.split('\n').map(line => {
        const [, id = '', command = ''] = /^C:(\d+):(.*)$/.exec(line) ?? []
        heard.push(command)
        return [id, command] as [string, string]
      })
      return commands
    },

    /** Does one command and answers it. */
    async do([id, text]: readonly [string, string]): Promise<void> {
      const answer = (code: number) =>
        device.forgets(text)
          ? undefined
          : office.call(
              'POST',
              `devicecmd?SN=${serial}`,
              `ID=${id}&Return=${code}&CMD=${text.split(' ').slice(0, 2).join(' ')}`,
            )
      const refusal = device.refuses(text)
      if (refusal !== null) {
        await answer(refusal)
        return
      }
      const [, verb, table = '', pin = ''] =
        /^DATA (UPDATE|DELETE) (\w+) (?:CardNo=(?:\d*)\t)?Pin=(\d+)(.*)$/s.exec(text) ?? []
      if (verb === 'UPDATE') tables[table]?.set(pin, `${/^DATA UPDATE \w+ (.*)$/s.exec(text)?.[1]}`)
      if (verb === 'DELETE') tables[table]?.delete(pin)
      const [, asked = '', filter = ''] =
        /^DATA QUERY tablename=(\w+),fielddesc=\*,filter=(.*)$/.exec(text) ?? []
      if (asked === '') {
        await answer(0)
        return
      }
      const rows = [...(tables[asked] ?? [])].filter(([key]) => filter === '*' || filter === `Pin=${key}`)
      if (!device.forgets(text))
        await device.show(
          id,
          asked,
          rows.map(([, row]) => `${asked} ${row}`),
        )
      await answer(rows.length)
    },

    show: (id: string, table: string, rows: readonly string[], index = 1, count = 1) =>
      office.call(
        'POST',
        `querydata?SN=${serial}&type=tabledata&cmdid=${id}&tablename=${table}&count=${rows.length}&packcnt=${count}&packidx=${index}`,
        rows.join('\n'),
      ),

    /** Fetches and does until there is nothing to do. */
    async catchUp(): Promise<void> {
      for (let round = 0; round < 50; round++) {
        const commands = await device.fetch()
        if (commands.length === 0) return
        for (const command of commands) await device.do(command)
      }
      throw new Error('there is no end of commands')
    },

    fields: (table: string, pin: string): Record<string, string> | null => {
      const row = tables[table]?.get(pin)
      return row === undefined ? null : Object.fromEntries(row.split('\t').map(field => field.split('=')))
    },
  }
  return device
}
