import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Command,
  decodeEnd,
  encodeCommand,
  encodeEnd,
  eventLine,
  fromZkSeconds,
  nameOnDevice,
  readAuthorisations,
  readRegistration,
  readResults,
  readRows,
  readUsers,
  zkSeconds,
} from '../../functions/domain/door-protocol.ts'
import { mayCome } from '../../functions/domain/door-sites.ts'
import { testCertificates } from '../servers/certificates.ts'

const zone = 'America/Santiago'
const local = (text: string) => {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = (text.match(/\d+/g) ?? []).map(
    Number,
  )
  return { year, month, day, hour, minute, second }
}

describe('the vendor’s count of seconds', () => {
  it.each([
    ['2026-12-31 23:59:59', 867_801_599],
    ['2018-02-22 16:19:20', 583_085_960],
  ])('of %s is %i, and back', (text, count) => {
    expect(zkSeconds(local(text))).toBe(count)
    expect(fromZkSeconds(count)?.toString()).toBe(text.replace(' ', 'T'))
  })

  it('is no moment where the day does not exist', () => {
    expect(fromZkSeconds(zkSeconds(local('2026-02-31 00:00:00')))).toBeNull()
    expect(fromZkSeconds(-1)).toBeNull()
    expect(fromZkSeconds(Number.NaN)).toBeNull()
  })
})

describe('the end of a badge on a device', () => {
  const newYear = '2027-01-01T03:00:00.000Z'

  it('is the last second, or the last day, with access', () => {
    expect(encodeEnd(newYear, 'seconds', zone)).toBe('867801599')
    expect(encodeEnd(newYear, 'days', zone)).toBe('20261231')
    expect(encodeEnd(null, 'seconds', zone)).toBe('0')
    expect(decodeEnd('867801599', zone)).toBe(newYear)
    expect(decodeEnd('20261231', zone)).toBe(newYear)
    expect(decodeEnd('0', zone)).toBeNull()
    expect(decodeEnd('', zone)).toBeNull()
  })

  it('of long ago is never written as one that does not come', () => {
    for (const until of ['1999-05-01T00:00:00.000Z', '2000-01-01T03:00:00.000Z', '0000-01-01T00:00:00.000Z'])
      for (const format of ['days', 'seconds'] as const)
        expect(Date.parse(decodeEnd(encodeEnd(until, format, zone), zone) ?? '9999')).toBeLessThan(
          Date.parse('2000-01-03'),
        )
  })

  it('that cannot be read has been', () => {
    for (const text of ['abc', '-5', '1e99', '99999999999'])
      expect(decodeEnd(text, zone)).toBe('2000-01-01T00:00:00.000Z')
  })

  it('comes back to the second, whatever the zone and its summer time', () => {
    const moment = fc.integer({ min: Date.parse('2001-01-02') / 1000, max: Date.parse('2099-12-30') / 1000 })
    const zones = fc.constantFrom(zone, 'America/Guatemala', 'Europe/Madrid', 'Pacific/Easter', 'UTC')
    fc.assert(
      fc.property(moment, zones, (second, of) => {
        const until = new Date(second * 1000).toISOString()
        const back = Date.parse(decodeEnd(encodeEnd(until, 'seconds', of), of) ?? '')
        // One hour a year comes twice, and a device cannot tell which.
        expect([0, 3_600_000]).toContain(Math.abs(back - second * 1000))
        const day = decodeEnd(encodeEnd(until, 'days', of), of) ?? ''
        expect(day >= until).toBe(true)
        expect(Date.parse(day) - second * 1000).toBeLessThan(25 * 3_600_000)
      }),
    )
  })
})

describe('a name on a device', () => {
  it('keeps what names are made of', () => {
    expect(nameOnDevice('Sebastián Coñuecar')).toBe('Sebastián Coñuecar')
    expect(nameOnDevice("O'Higgins Ruiz-Tagle J.")).toBe("O'Higgins Ruiz-Tagle J.")
    expect(nameOnDevice('Jose\u0301')).toBe('José')
    expect(nameOnDevice('A\tPrivilege=14\nC:9:Shell rm')).toBe('A Privilege 14 C 9 Shell')
  })
})

/** Reads a command as a device does, from nothing but the protocol's words. */
function asDevice(line: string) {
  const lines = line.split(/\r?\n/)
  const [, id, text = ''] = /^C:(\d+):(.*)$/s.exec(lines[0] ?? '') ?? []
  const [, head = '', rest = ''] = /^(DATA \w+ \w+|ACCOUNT \w+) (.*)$/s.exec(text) ?? []
  return { lines: lines.length, id, head, fields: rest.split('\t').map(field => field.split('=')) }
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({
    unit: fc.constantFrom(
      '\t',
      '\n',
      '\r',
      '$',
      '=',
      '*',
      ':',
      ',',
      'C',
      'a',
      'ñ',
      '\u2028',
      '\u0000',
      '\ud800',
      ' ',
    ),
  }),
)
const pin = fc.integer({ min: 1, max: 999_999_999 }).map(String)
const card = fc.option(fc.bigInt(100n, 10n ** 19n - 1n).map(String))

describe('a command', () => {
  it('is said in the vendor’s words', () => {
    const say = (command: Command) => encodeCommand(7, command)
    expect(
      say({ say: 'put-user', pin: '1234567', card: '81234567', name: 'Ana Riquelme', end: '867801599' }),
    ).toBe(
      'C:7:DATA UPDATE user CardNo=81234567\tPin=1234567\tPassword=\tGroup=0\tStartTime=0\tEndTime=867801599\tName=Ana Riquelme\tPrivilege=0',
    )
    expect(say({ say: 'authorise', pin: '1234567', timeZone: 1, locks: 2 })).toBe(
      'C:7:DATA UPDATE userauthorize Pin=1234567\tAuthorizeTimezoneId=1\tAuthorizeDoorId=3',
    )
    expect(say({ say: 'delete', table: 'templatev10', pin: '1234567' })).toBe(
      'C:7:DATA DELETE templatev10 Pin=1234567',
    )
    expect(say({ say: 'show', table: 'user', pin: null })).toBe(
      'C:7:DATA QUERY tablename=user,fielddesc=*,filter=*',
    )
    expect(say({ say: 'show', table: 'userauthorize', pin: '12' })).toBe(
      'C:7:DATA QUERY tablename=userauthorize,fielddesc=*,filter=Pin=12',
    )
    expect(say({ say: 'resend', from: 3, to: 9 })).toBe('C:7:ACCOUNT transaction StartIndex=3\tEndIndex=9')
  })

  it('holds the fields it was made of and no other, whatever the name', () => {
    fc.assert(
      fc.property(anyText, pin, card, (name, number, cardNumber) => {
        const line = encodeCommand(1, { say: 'put-user', pin: number, card: cardNumber, name, end: '0' })
        const read = asDevice(line)
        expect(read.lines).toBe(1)
        expect(read.head).toBe('DATA UPDATE user')
        expect(read.fields.map(([field]) => field)).toEqual([
          'CardNo',
          'Pin',
          'Password',
          'Group',
          'StartTime',
          'EndTime',
          'Name',
          'Privilege',
        ])
        expect(read.fields.every(field => field.length === 2)).toBe(true)
        expect(read.fields[1]?.[1]).toBe(number)
        const shownName = read.fields[6]?.[1] ?? ''
        expect(shownName).toMatch(/^[\p{L}\p{M}\p{Nd} '.-]*$/u)
        expect(new TextEncoder().encode(shownName).length).toBeLessThanOrEqual(24)
        expect(line.isWellFormed()).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('is not said at all of a number, a card or an end that is none: no text of a person gets there by them', () => {
    const notDigits = anyText.filter(text => !/^\d{1,9}$/.test(text))
    fc.assert(
      fc.property(notDigits, text => {
        const put = { say: 'put-user', pin: '1', card: null, name: '', end: '0' } as const
        for (const bad of [
          { ...put, pin: text },
          { ...put, card: text },
          { ...put, end: `${text}x` },
          { say: 'delete', table: 'user', pin: text },
          { say: 'show', table: 'user', pin: text },
          { say: 'authorise', pin: text, timeZone: 1, locks: 1 },
        ] as const)
          if (!('card' in bad) || bad.card === null || !/^[1-9]\d{2,18}$/.test(bad.card))
            expect(() => encodeCommand(1, bad)).toThrow(RangeError)
      }),
    )
    for (const bad of ['*', '', '0', '000', '1*', '12\n'])
      expect(() => encodeCommand(1, { say: 'delete', table: 'user', pin: bad })).toThrow(RangeError)
    for (const id of [0, -1, 1.5, Number.NaN, 2 ** 31])
      expect(() => encodeCommand(id, { say: 'delete', table: 'user', pin: '1' })).toThrow(RangeError)
  })

  it('never deletes by a star and never opens a shell, whatever is asked', () => {
    const any: fc.Arbitrary<Command> = fc.oneof(
      fc.record({ say: fc.constant('put-user' as const), pin, card, name: anyText, end: fc.constant('0') }),
      fc.record({
        say: fc.constant('delete' as const),
        table: fc.constantFrom('user' as const, 'userauthorize' as const),
        pin: fc.oneof(pin, anyText),
      }),
      fc.record({
        say: fc.constant('show' as const),
        table: fc.constant('user' as const),
        pin: fc.option(pin),
      }),
    )
    fc.assert(
      fc.property(any, command => {
        let line = ''
        try {
          line = encodeCommand(1, command)
        } catch {
          return
        }
        expect(line).toMatch(/^C:1:(DATA (UPDATE|DELETE|QUERY)|ACCOUNT) /)
        if (line.includes('DELETE')) expect(line).not.toContain('*')
      }),
    )
  })
})

describe('what a device sends', () => {
  it('is read in any letter case, with any line end', () => {
    expect(
      readResults('ID=1&Return=0&CMD=DATA UPDATE\nid=2&RETURN=-18&cmd=DATA&\r\nID=3&return=-5000'),
    ).toEqual([
      { id: 1, code: 0 },
      { id: 2, code: -18 },
      { id: 3, code: -5000 },
    ])
    const rows = readRows(
      'user uid=1\tcardno=81234567\tpin=12\tendtime=0\r\nuser Pin=13\tCardNo=[15CD5B07]\tEndTime=20261231',
      'user',
    )
    expect(readUsers(rows)).toEqual([
      { pin: '12', card: '81234567', end: '0' },
      { pin: '13', card: '123456789', end: '20261231' },
    ])
    expect(readUsers(readRows('pin=1\tcardno=0\tendtime=0', 'user'))).toEqual([
      { pin: '1', card: null, end: '0' },
    ])
    expect(
      readAuthorisations(
        readRows('userauthorize pin=1\tauthorizetimezoneid=1\tauthorizedoorid=3', 'userauthorize'),
      ),
    ).toEqual([{ pin: '1', timeZone: 1, mask: 3 }])
  })

  it('tells how it takes an end; whoever does not say is told days', () => {
    const said = 'DeviceType=acc,~DeviceName=inBio260,FirmVer=AC 5.7,LockCount=2,DateFmtFunOn=1'
    expect(readRegistration(said)).toEqual({ dateFormat: 'seconds', firmware: 'AC 5.7', locks: 2 })
    expect(readRegistration('DateFmtFunOn=0').dateFormat).toBe('days')
    expect(readRegistration('')).toEqual({ dateFormat: 'days', firmware: null, locks: null })
  })

  it('may be damaged anywhere: it is never a fault of ours, and never more than was sent', () => {
    fc.assert(
      fc.property(
        anyText,
        fc.constantFrom('user', 'userauthorize', 'transaction', '', '.*', '(('),
        (text, table) => {
          readRegistration(text)
          expect(
            readResults(text).every(({ id, code }) => Number.isInteger(id) && Number.isInteger(code)),
          ).toBe(true)
          const rows = readRows(text, table)
          expect(rows.length).toBeLessThanOrEqual(text.split(/[\r\n]/).length)
          for (const { pin: shown } of readUsers(rows)) expect(text).toContain(shown)
          readAuthorisations(rows)
          rows.map(eventLine)
          decodeEnd(text, zone)
        },
      ),
      { numRuns: 1000 },
    )
    fc.assert(
      fc.property(fc.nat(60), cut => {
        const whole = 'ID=12&Return=0&CMD=DATA UPDATE\nID=13&Return=-14&CMD=DATA'
        for (const { id, code } of readResults(whole.slice(0, cut)))
          expect(['12:0', '1:0', '13:-14', '13:-1', '12:-14']).toContain(`${id}:${code}`)
      }),
    )
  })

  it('of a table of events is the line in which the same event comes by itself', () => {
    const [row] = readRows(
      'transaction cardno=5\tpin=7\tverified=4\tdoorid=1\teventtype=0\tinoutstate=1\ttime_second=583085960\tindex=21\tsitecode=0',
      'transaction',
    )
    expect(row && eventLine(row)).toBe(
      'time=2018-02-22 16:19:20\tpin=7\tcardno=5\teventaddr=1\tevent=0\tinoutstatus=1\tverifytype=4\tindex=21',
    )
  })
})

describe('the path of a site', () => {
  const sites = {
    sites: [
      { secret: 'a'.repeat(24), serials: ['A1'] },
      { secret: 'b'.repeat(24), serials: ['B1', 'B2'] },
    ],
  }
  const comes = (secret: string, serial: string, certificate: string | null = null) =>
    mayCome(sites, { secret, serial, certificate })
  it('lets in the devices of that site, and no others', () => {
    expect(comes('a'.repeat(24), 'A1')).toBe(true)
    expect(comes('b'.repeat(24), 'B2')).toBe(true)
    expect(comes('a'.repeat(24), 'B1')).toBe(false)
    expect(comes('a'.repeat(23), 'A1')).toBe(false)
    expect(comes('', 'A1')).toBe(false)
    expect(mayCome({ sites: [] }, { secret: '', serial: '', certificate: null })).toBe(false)
  })

  it('lets in the relay that its own authority certifies, whatever a certificate calls itself', async () => {
    const [own, other] = [(await testCertificates()).sound, (await testCertificates()).sound]
    const [site] = sites.sites
    const certified = { sites: [{ ...site, secret: 'a'.repeat(24), serials: ['A1'], authority: own.ca }] }
    const by = (certificate: string | null, authorities = certified) =>
      mayCome(authorities, { secret: 'a'.repeat(24), serial: 'A1', certificate })
    expect([by(own.cert), by(other.cert), by(null), by('no certificate')]).toEqual([
      true,
      false,
      false,
      false,
    ])
    const broken = { sites: [{ ...certified.sites[0], authority: own.ca.slice(0, 90) } as never] }
    expect(by(own.cert, broken)).toBe(false)
  })
})
