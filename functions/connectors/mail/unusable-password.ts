import { randomBytes } from 'node:crypto'

const base64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const bcrypt = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/**
 * The hash of no known password: 23 random bytes where bcrypt's result would stand. It is well formed, so that every mail
 * server reads it as a hash and refuses whatever is typed, and it costs no hashing.
 */
export function unusablePassword(): string {
  return `{BLF-CRYPT}$2y$10$${encode(randomBytes(16))}${encode(randomBytes(23))}`
}

const encode = (bytes: Buffer): string =>
  [...bytes.toString('base64').replaceAll('=', '')].map(sign => bcrypt[base64.indexOf(sign)]).join('')
