import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  encodeCommand,
  readAuthorisations,
  readRows,
  readUsers,
} from '../../functions/domain/door-protocol.ts'
import {
  answered,
  commandsFor,
  compared,
  type DeviceWays,
  isMet,
  isToTell,
  sentTo,
  shown,
  wishFor,
} from '../../functions/domain/door-users.ts'
import { DoorSettings } from '../../schemas/data-centre-settings.ts'
import type { DoorUserRow, DoorWish } from '../../schemas/doors.ts'

const pin = '1234567'
const ways = (dateFormat: DeviceWays['dateFormat']): DeviceWays => ({
  door: DoorSettings.parse({ serial: 'A1', name: 'Puerta', locks: 2 }),
  dateFormat,
  zone: 'America/Santiago',
})

/** A device that holds one person, as far as anybody can see from outside of it. */
function memory() {
  const tables = new Map<string, string>()
  return {
    tables,
    obey(line: string): string[] | null {
      const text = line.replace(/^C:\d+:/, '')
      const [, verb, table = '', rest = ''] = /^DATA (UPDATE|DELETE) (\w+) (.*)$/s.exec(text) ?? []
      if (verb === 'UPDATE') tables.set(table, rest)
      if (verb === 'DELETE') tables.delete(table)
      const [, asked = ''] = /^DATA QUERY tablename=(\w+)/.exec(text) ?? []
      const row = tables.get(asked)
      return asked === '' ? null : row === undefined ? [] : [`${asked} ${row}`]
    },
  }
}

type Move =
  | { readonly do: 'wish'; readonly wish: DoorWish }
  /** The device fetches, and does so much of it before its line is cut; whether it tells what it did of that. */
  | { readonly do: 'fetch'; readonly part: number; readonly tells: boolean; readonly failsAt: number }
  /** Answers that were given before, or got lost then, come in a row. */
  | { readonly do: 'repeat'; readonly which: number }
  | { readonly do: 'by-hand' }
  | { readonly do: 'forget' }
  | { readonly do: 'compare' }

const wish: fc.Arbitrary<DoorWish> = fc.oneof(
  fc.record({
    present: fc.constant(true),
    card: fc.constantFrom('7000001', '7000002'),
    until: fc.oneof({ weight: 3, arbitrary: fc.constant('2027-01-01T03:00:00.000Z') }, fc.constant(null)),
  }),
  fc.constant({ present: false, card: null, until: null }),
)
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wish' as const), wish }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('fetch' as const),
      part: fc.oneof({ weight: 3, arbitrary: fc.constant(6) }, fc.nat(6)),
      tells: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
      failsAt: fc.oneof({ weight: 4, arbitrary: fc.constant(-1) }, fc.nat(5)),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('repeat' as const), which: fc.nat(200) }) },
  fc.constant({ do: 'by-hand' as const }),
  fc.constant({ do: 'forget' as const }),
  { weight: 2, arbitrary: fc.constant({ do: 'compare' as const }) },
)

interface Seen {
  readonly row: DoorUserRow | null
  readonly last: DoorWish
  /** What the device holds. */
  readonly tables: ReadonlyMap<string, string>
}

/** Lives through moves, and answers the row with what the device holds. */
function live(moves: readonly Move[], how: DeviceWays, watch = (_: Seen) => {}) {
  const device = memory()
  const answers: ((row: DoorUserRow) => DoorUserRow)[] = []
  let row: DoorUserRow | null = null
  let last: DoorWish = { present: false, card: null, until: null }
  let nextId = 1
  let now = Date.parse('2026-11-20T15:00:00.000Z')
  const at = () => new Date(now).toISOString()
  const look = (): Seen => ({ row, last, tables: device.tables })
  /** What was not told when it was done may still come, late. */
  const take = (tells: boolean, answer: (row: DoorUserRow) => DoorUserRow) => {
    answers.push(answer)
    if (tells && row !== null) row = answer(row)
  }
  const fetch = (part: number, tells: boolean, failsAt: number) => {
    if (!isToTell(row, at())) return
    const commands = commandsFor(row, how)
    const first = nextId
    nextId += commands.length
    row = sentTo(
      row,
      commands.map((_, index) => first + index),
      at(),
    )
    for (const [index, { command, tells: told }] of commands.slice(0, part).entries()) {
      const id = first + index
      const failed = index === failsAt
      const rows = failed ? null : device.obey(encodeCommand(id, command))
      if (rows !== null && told !== 'done') {
        const read = readRows(rows.join('\n'), told)
        const [users, authorisations] = [
          told === 'user' ? readUsers(read) : [],
          told === 'userauthorize' ? readAuthorisations(read) : [],
        ]
        take(tells, one => shown(one, id, { table: told, users, authorisations, last: true }, how, at()))
      }
      const code = failed ? -14 : (rows?.length ?? 0)
      take(tells, one => answered(one, { id, code, tells: told }, how, at()))
    }
  }
  const compare = () => {
    const rowsOf = (table: string) => {
      const held = device.tables.get(table)
      return readRows(held === undefined ? '' : held, table)
    }
    const askedAt = at()
    const [users, authorisations] = [readUsers(rowsOf('user')), readAuthorisations(rowsOf('userauthorize'))]
    now += 1000
    if (row !== null) row = compared(row, { users, authorisations, askedAt }, how, at())
  }
  const act = (one: Move) => {
    now += 40_000
    if (one.do === 'wish') {
      last = one.wish
      row = wishFor(row, { serial: 'A1', pin, personId: 'p', name: 'Ana', wish: one.wish }, at())
    }
    if (one.do === 'fetch') fetch(one.part, one.tells, one.failsAt)
    if (one.do === 'repeat') {
      const from = one.which % Math.max(answers.length, 1)
      for (const again of answers.slice(from, from + 8)) if (row !== null) row = again(row)
    }
    if (one.do === 'by-hand') device.tables.set('user', `CardNo=999\tPin=${pin}\tEndTime=0`)
    if (one.do === 'forget') device.tables.clear()
    if (one.do === 'compare') compare()
  }
  for (const one of moves) {
    act(one)
    watch(look())
  }
  return {
    act,
    look,
    later: (milliseconds: number) => {
      now += milliseconds
    },
  }
}

describe('somebody on a device', () => {
  it.each(['seconds', 'days'] as const)(
    'is there as was wished last once the device is reached, whatever was lost, repeated, refused or done by hand before (%s)',
    format => {
      fc.assert(
        fc.property(fc.array(move, { minLength: 5, maxLength: 40, size: 'max' }), moves => {
          const how = ways(format)
          const life = live(moves, how)
          for (let turn = 0; turn < 3; turn++) {
            life.later(3_700_000)
            life.act({ do: 'fetch', part: 6, tells: true, failsAt: -1 })
            life.later(1000)
            life.act({ do: 'compare' })
          }
          const { row, last, tables } = life.look()
          if (row === null) {
            expect(last.present).toBe(false)
            return
          }
          expect(row).toMatchObject({ dueSince: null, tryAt: null, sent: null, refused: null })
          expect(isMet(row)).toBe(true)
          const user = readUsers(readRows(tables.get('user') ?? '', 'user'))[0]
          expect([user !== undefined, tables.has('userauthorize')]).toEqual([last.present, last.present])
          if (last.present) expect(user?.card).toBe(last.card)
        }),
        { numRuns: 2000 },
      )
    },
  )

  it('counts as done only by what the device holds at that moment', () => {
    const undisturbed = move.filter(one => one.do !== 'by-hand' && one.do !== 'forget')
    let done = 0
    fc.assert(
      fc.property(fc.array(undisturbed, { minLength: 5, maxLength: 40, size: 'max' }), moves => {
        live(moves, ways('seconds'), ({ row, last, tables }) => {
          if (row === null || row.dueSince !== null) return
          done += 1
          const [user] = readUsers(readRows(tables.get('user') ?? '', 'user'))
          expect([user !== undefined, tables.has('userauthorize')]).toEqual([last.present, last.present])
          if (last.present) expect(user?.card).toBe(last.card)
        })
      }),
      { numRuns: 3000 },
    )
    expect(done).toBeGreaterThan(1000)
  })
})
