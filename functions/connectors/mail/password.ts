import { argon2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import type { PasswordRefusal } from '../contract.ts'

/** Who sets a password, in words that it must not contain. */
export interface PasswordOwner {
  readonly address: string
  readonly shownName: string
  readonly nationalId: string
}

const shortest = 12
/** Bytes of UTF-8. Every IMAP client and Dovecot's own line take as many; nothing is cut off, as bcrypt does after 72. */
const longest = 128
const fewestSigns = 5

/** The mail system has no policy of its own: this is ours, and all of it. Null: it may be set. */
export function refusalOf(password: string, owner: PasswordOwner): PasswordRefusal | null {
  const text = password.normalize('NFC')
  // A quoted string of IMAP holds neither, so that it could be set and never typed.
  if (/\p{Cc}/u.test(text)) return 'policy'
  if ([...text].length < shortest) return 'too-short'
  if (Buffer.byteLength(text) > longest) return 'too-long'
  const folded = fold(text)
  if (wordsOf(owner).some(word => folded.includes(word))) return 'contains-name'
  return new Set(folded).size < fewestSigns ? 'too-simple' : null
}

/** Without case, accents and the signs that are put between words or digits. */
const fold = (text: string): string =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\p{M}\s.,_-]/gu, '')

/** A shorter word is a part of too many others. */
const shortestWord = 4

function wordsOf({ address, shownName, nationalId }: PasswordOwner): string[] {
  const localPart = address.slice(0, address.lastIndexOf('@'))
  const words = [...shownName.split(/[\s-]+/), ...localPart.split(/[._-]+/), localPart]
  const digits = nationalId.replace(/-.$/, '')
  return [...words, digits].map(fold).filter(word => word.length >= shortestWord)
}

/**
 * argon2id as Debian's Dovecot verifies it (`doveadm pw -l`), with the least cost that OWASP recommends: 19 MiB and two
 * passes, some 30 ms at each login. More would be paid by the mail server alone, whose `auth` process serves one login
 * after the other and is held to 256 MB.
 */
const cost = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 }

const derive = promisify(argon2)

export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16)
  const key = await derive('argon2id', { ...cost, message: password.normalize('NFC'), nonce })
  const { memory, passes, parallelism } = cost
  return `{ARGON2ID}$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${plainBase64(nonce)}$${plainBase64(key)}`
}

const plainBase64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')
