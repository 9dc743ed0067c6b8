import { createHmac, timingSafeEqual } from 'node:crypto'
import type { OneTimeCode } from '../../schemas/rows.ts'

/** Crockford's 32 signs: no I, L, O, U, so that what is read aloud or copied by hand is not mistaken. */
const signs = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** Five bits each: 60 bits. A code has five tries, and a person ten calls an hour. */
const length = 12

export const codeHours = 72
export const codeTries = 5

/** A code out of at least 12 random bytes, in groups of four: `7QK2-M0XD-9TWB`. */
export function codeOf(random: Uint8Array): string {
  if (random.length < length) throw new Error('a code needs 12 random bytes')
  const text = Array.from(random.subarray(0, length), byte => signs[byte % signs.length]).join('')
  return (text.match(/.{4}/g) ?? []).join('-')
}

/** A code as somebody typed it: in small letters, without hyphens, with the letters it was mistaken for. */
const normalised = (typed: string): string =>
  typed.toUpperCase().replace(/[\s-]/g, '').replace(/[IL]/g, '1').replaceAll('O', '0')

/** HMAC-SHA-256 over person and code: a copied row says nothing, and fits nobody else. */
export const macOf = (key: string, personId: string, code: string): string =>
  createHmac('sha256', key)
    .update(`${personId} ${normalised(code)}`)
    .digest('base64url')

/** `void`: there is none, it is over, or it was tried too often; asking for another one is the only way on. */
export function checkCode(kept: OneTimeCode | null, mac: string, now: string): 'right' | 'wrong' | 'void' {
  if (kept === null || kept.expiresAt <= now || kept.failures >= codeTries) return 'void'
  const [one, other] = [Buffer.from(kept.mac), Buffer.from(mac)]
  return one.length === other.length && timingSafeEqual(one, other) ? 'right' : 'wrong'
}
