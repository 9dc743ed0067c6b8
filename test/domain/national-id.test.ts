import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  cuiCheckDigit,
  formatNationalId,
  parseNationalId,
  rutCheckDigit,
} from '../../functions/domain/national-id.ts'

const valid = [
  '12345678-5',
  '76086428-5',
  '60910000-1',
  '69070100-6',
  '11111111-1',
  '20347878-K',
  '1000005-K',
  '1000013-0',
  '6-K',
]

describe('the RUT', () => {
  it.each(valid)('%s is valid', written => {
    expect(parseNationalId('rut', written)).toEqual({ ok: true, value: written })
  })

  it.each([
    ['12.345.678-5', '12345678-5'],
    ['20.347.878-k', '20347878-K'],
    ['1.000.005-K', '1000005-K'],
    ['6-k', '6-K'],
    [' 9.876.543-3 ', '9876543-3'],
    ['09.876.543-3', '9876543-3'],
  ])('is kept without dots, in upper case, without leading zeros: %s', (written, value) => {
    expect(parseNationalId('rut', written)).toEqual({ ok: true, value })
  })

  it.each([
    '',
    '-',
    '5',
    '0-0',
    '123456785',
    '1.2.3.4.5-6',
    '12.345.6785',
    '123456789-2',
    '12345678-55',
    '12345678-X',
    '１２３４５６７８-5',
    "1' OR '1'='1",
    '12345678\n-5',
  ])('is refused for its shape: %j', written => {
    expect(parseNationalId('rut', written)).toEqual({ ok: false, code: 'national-id.shape' })
  })

  it('is refused with any check digit but its own', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 99_999_999 }),
        fc.constantFrom(...'0123456789K'),
        (number, digit) => {
          const own = rutCheckDigit(String(number))
          expect(parseNationalId('rut', `${number}-${digit}`)).toEqual(
            digit === own
              ? { ok: true, value: `${number}-${own}` }
              : { ok: false, code: 'national-id.check-digit' },
          )
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('is the same person as shown and as kept', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99_999_999 }), number => {
        const value = `${number}-${rutCheckDigit(String(number))}`
        const shown = formatNationalId('rut', value)
        expect(parseNationalId('rut', shown)).toEqual({ ok: true, value })
        expect(shown.replaceAll('.', '')).toBe(value)
      }),
      { numRuns: 3000 },
    )
    expect(formatNationalId('rut', '12345678-5')).toBe('12.345.678-5')
  })
})

describe("Guatemala's CUI", () => {
  it.each(['1234567890101', '1234 56789 0101'])('%s is valid', written => {
    expect(parseNationalId('cui', written)).toEqual({ ok: true, value: '1234567890101' })
  })

  it('is shown in three groups', () => {
    expect(formatNationalId('cui', '1234567890101')).toBe('1234 56789 0101')
  })

  it.each(['', '123456789010', '12345678901011', '12345678-5', 'abcdefghijklm'])(
    'is refused for its shape: %j',
    written => {
      expect(parseNationalId('cui', written)).toEqual({ ok: false, code: 'national-id.shape' })
    },
  )

  it('is refused with any check digit but its own; a sum that leaves 10 has none', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 99_999_999 }),
        fc.integer({ min: 0, max: 9 }),
        (number, digit) => {
          const first = String(number).padStart(8, '0')
          const parsed = parseNationalId('cui', `${first}${digit}0101`)
          expect(parsed.ok).toBe(cuiCheckDigit(first) === String(digit))
          if (!parsed.ok) expect(parsed.code).toBe('national-id.check-digit')
        },
      ),
      { numRuns: 3000 },
    )
    expect(cuiCheckDigit('00000005')).toBe('1')
    expect(cuiCheckDigit('50000000')).toBeNull()
  })
})
