import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  moduleCode,
  moduleId,
  readFlag,
  readSpecifics,
  writeFlag,
  writeSpecifics,
} from '../../functions/connectors/erp/vocabulary.ts'
import { describeFault, isLostConnection, isServerAnswer } from '../../functions/connectors/sql-faults.ts'
import { readInstant } from '../../functions/connectors/sql-instants.ts'
import { erpSettings } from './erp-harness.ts'

describe("The ERP's own words", () => {
  it('hold any list of specific accesses and give it back', () => {
    const words = fc.array(
      fc
        .string({ unit: 'binary', minLength: 1, maxLength: 40 })
        .map(text => text.trim())
        .filter(text => text !== ''),
      { maxLength: 10 },
    )
    fc.assert(
      fc.property(words, specifics => {
        expect(readSpecifics(writeSpecifics(specifics))).toEqual([...specifics].sort())
      }),
      { numRuns: 2_000 },
    )
  })

  it('are understood where somebody wrote a list by hand', () => {
    expect(readSpecifics(' caja 2;solo informes ;; ')).toEqual(['caja 2', 'solo informes'])
    expect(readSpecifics('sin fin \\')).toEqual(['sin fin'])
    expect(readSpecifics(null)).toEqual([])
  })

  it('for yes and no are understood padded, as numbers, as text and as bits', () => {
    for (const [flags, yes, no] of [
      [{ yes: 'S', no: 'N' }, ['S', 'S  '], ['N', ' N', null, undefined]],
      [{ yes: 1, no: 0 }, [1, '1', true, 1n], [0, '0', false, null]],
      [{ yes: true, no: false }, [true, 1], [false, 0, null]],
    ] as const) {
      for (const value of yes) expect(readFlag(flags, value)).toEqual({ on: true, odd: false })
      for (const value of no) expect(readFlag(flags, value)).toEqual({ on: false, odd: false })
      expect(readFlag(flags, 'B')).toEqual({ on: true, odd: true })
      expect([writeFlag(flags, true), writeFlag(flags, false)]).toEqual([flags.yes, flags.no])
    }
  })

  it('for a module are found both ways, also for one that keeps its id', () => {
    const { mapping } = erpSettings
    for (const id of [...Object.keys(mapping.modules), 'modulo-nuevo'])
      expect(moduleId(mapping, moduleCode(mapping, id))).toBe(id)
    expect(moduleId(mapping, 'TES   ')).toBe('tesoreria')
  })

  it('for a module that is none of ours are none of ours', () => {
    const { mapping } = erpSettings
    for (const code of ['SIS', 99, '', '__proto__', 'tesoreria', null])
      expect(moduleId(mapping, code)).toBeNull()
    expect(moduleCode(mapping, 'constructor')).toBe('constructor')
  })
})

describe("A database's words", () => {
  it('for never and for always over are understood, and what is no time at all is refused', () => {
    expect(readInstant('erp', Number.POSITIVE_INFINITY)).toBeNull()
    expect(readInstant('erp', null)).toBeNull()
    expect(readInstant('erp', Number.NEGATIVE_INFINITY)).toBe('0001-01-01T00:00:00.000Z')
    expect(readInstant('erp', new Date('2027-01-01T03:00:00Z'))).toBe('2027-01-01T03:00:00.000Z')
    expect(() => readInstant('erp', 'pronto')).toThrow('erp: misconfigured')
  })

  it('for a fault become one of six kinds, and only silence and haste are worth another try', () => {
    const faults: [Record<string, unknown>, string, boolean][] = [
      [{ code: 'ECONNREFUSED' }, 'unreachable', true],
      [{ code: 'EPIPE' }, 'unreachable', true],
      [{ code: 'ENOTFOUND' }, 'unreachable', true],
      [{ code: 'ETIMEOUT' }, 'unreachable', true],
      [{ code: '57P01' }, 'unreachable', true],
      [{ code: '57014' }, 'unreachable', true],
      [{ code: '08006' }, 'unreachable', true],
      [{ code: '25006' }, 'unreachable', true],
      [{ code: '40001' }, 'throttled', true],
      [{ code: '40P01' }, 'throttled', true],
      [{ code: '53300' }, 'throttled', true],
      [{ code: '55P03' }, 'throttled', true],
      [{ code: 'EREQUEST', number: 1205 }, 'throttled', true],
      [{ code: '23505' }, 'conflict', false],
      [{ code: 'EREQUEST', number: 2627 }, 'conflict', false],
      [{ code: '42501' }, 'refused', false],
      [{ code: '22001' }, 'refused', false],
      [{ code: '23514' }, 'refused', false],
      [{ code: 'EREQUEST', number: 229 }, 'refused', false],
      [{ code: '28P01' }, 'misconfigured', true],
      [{ code: '3D000' }, 'misconfigured', true],
      [{ code: '42P01' }, 'misconfigured', true],
      [{ code: '42703' }, 'misconfigured', true],
      [{ code: 'ELOGIN' }, 'misconfigured', true],
      [{ code: 'EREQUEST', number: 208 }, 'misconfigured', true],
      [{ code: 'SELF_SIGNED_CERT_IN_CHAIN' }, 'misconfigured', true],
      [{ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'misconfigured', true],
      [{ message: 'Query read timeout' }, 'unreachable', true],
    ]
    for (const [details, kind, retryable] of faults) {
      const error = describeFault('erp', Object.assign(new Error('Key (login)=(rosa) exists'), details))
      expect({ details, kind: error.kind, retryable: error.retryable }).toEqual({ details, kind, retryable })
      expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain('rosa')
    }
  })

  it('tell a connection that broke from a server that answered', () => {
    const of = (code: string, details = {}) => Object.assign(new Error(code), { code, ...details })
    for (const lost of [of('ECONNRESET'), of('57P01'), new Error('Connection terminated unexpectedly')])
      expect([isLostConnection(lost), isServerAnswer(lost)]).toEqual([true, false])
    for (const answer of [of('23505'), of('40P01'), of('EREQUEST', { number: 547 })])
      expect([isLostConnection(answer), isServerAnswer(answer)]).toEqual([false, true])
    for (const silence of [of('ECONNREFUSED'), new Error('Query read timeout')])
      expect([isLostConnection(silence), isServerAnswer(silence)]).toEqual([false, false])
  })
})
