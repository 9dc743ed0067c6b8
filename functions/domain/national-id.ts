import type { Settings } from '../../schemas/settings.ts'

export type NationalIdScheme = Settings['nationalId']

export type ParsedNationalId =
  | { ok: true; value: string }
  | { ok: false; code: 'national-id.shape' | 'national-id.check-digit' }

/** Modulo 11, factors 2 to 7 from the right; 11 → 0, 10 → K. */
export const rutCheckDigit = (digits: string): string => {
  let sum = 0
  for (let place = 0; place < digits.length; place++)
    sum += Number(digits[digits.length - 1 - place]) * (2 + (place % 6))
  const digit = 11 - (sum % 11)
  return digit === 11 ? '0' : digit === 10 ? 'K' : String(digit)
}

/** Factors 2 to 9 from the left over the first eight digits, modulo 11; null where no digit exists (10). */
export const cuiCheckDigit = (firstEight: string): string | null => {
  let sum = 0
  for (let place = 0; place < 8; place++) sum += Number(firstEight[place]) * (place + 2)
  return sum % 11 === 10 ? null : String(sum % 11)
}

/**
 * Up to eight digits and the check digit, with the thousands' dots or without any. The hyphen is required: without it,
 * a RUT whose check digit was forgotten would pass, one time in eleven, as somebody else's.
 */
const RUT = /^(\d{1,8}|\d{1,2}(?:\.\d{3}){1,2}|\d{1,3}(?:\.\d{3})?)-([\dkK])$/
const CUI = /^(\d{4})[ -]?(\d{4})(\d)[ -]?(\d{4})$/

const parseRut = (written: string): ParsedNationalId => {
  const match = RUT.exec(written)
  const digits = match?.[1]?.replaceAll('.', '').replace(/^0+/, '') ?? ''
  if (digits === '') return { ok: false, code: 'national-id.shape' }
  const check = match?.[2]?.toUpperCase() ?? ''
  if (check !== rutCheckDigit(digits)) return { ok: false, code: 'national-id.check-digit' }
  return { ok: true, value: `${digits}-${check}` }
}

const parseCui = (written: string): ParsedNationalId => {
  const match = CUI.exec(written)
  if (match === null) return { ok: false, code: 'national-id.shape' }
  const [, first = '', second = '', check = '', place = ''] = match
  if (cuiCheckDigit(first + second) !== check) return { ok: false, code: 'national-id.check-digit' }
  return { ok: true, value: first + second + check + place }
}

/** As kept and compared: `12345678-5` (no dots, no leading zeros, upper-case K), or the CUI's 13 digits. */
export const parseNationalId = (scheme: NationalIdScheme, written: string): ParsedNationalId =>
  scheme === 'rut' ? parseRut(written.trim()) : parseCui(written.trim())

/**
 * As shown to people: `12.345.678-5`, `1234 56789 0101`. `value` is normalised.
 * @public for the pages and mails that are to come; forms and answers carry the normalised id.
 */
export const formatNationalId = (scheme: NationalIdScheme, value: string): string =>
  scheme === 'rut'
    ? value.replace(/\B(?=(\d{3})+-)/g, '.')
    : `${value.slice(0, 4)} ${value.slice(4, 9)} ${value.slice(9)}`
