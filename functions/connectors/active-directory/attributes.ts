import { hash, randomInt } from 'node:crypto'
import { Attribute, Change, type Entry } from 'ldapts'
import type { Profile } from '../contract.ts'

/** Bits of `userAccountControl`. Only these are ever moved; all others stay as they were read. */
export const disabledFlag = 0x2
/** "No password needed", as consoles leave it on an account that was made without one. Taken away when it gets its first. */
export const passwordlessFlag = 0x20
export const normalAccountFlag = 0x200

export const never = '9223372036854775807'
export const otherNever = '0'
/**
 * An account is born expired, since 1601. The write that sets its first password ends that: whatever still has this value
 * and no password broke off in between, and could not be used even if somebody enabled it.
 */
export const bornExpired = '1'
const earliest = 10_000n
const ticksBefore1970 = 116_444_736_000_000_000n
const lastWritableYear = 9999

/** `accountExpires`: 100 ns ticks since 1601 UTC. 0 and 2^63-1 both mean never; so does what no calendar of ours can write. */
export function instantOfTicks(ticks: string): string | null {
  if (ticks === otherNever || ticks === never) return null
  const date = new Date(Number((BigInt(ticks) - ticksBefore1970) / 10_000n))
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() > lastWritableYear ? null : date.toISOString()
}

/** The inverse. An instant before 1601 becomes its first millisecond: 0 would mean never. */
export function ticksOfInstant(instant: string | null): string {
  if (instant === null) return never
  const ticks = BigInt(Date.parse(instant)) * 10_000n + ticksBefore1970
  return String(ticks < earliest ? earliest : ticks)
}

/** Whether `accountExpires` says this instant already, to the millisecond; null = never, in either of its two spellings. */
export function expiresThen(ticks: string | null, instant: string | null): boolean {
  if (ticks === null) return false
  const stands = instantOfTicks(ticks)
  return instant === null || stands === null ? stands === instant : Date.parse(stands) === Date.parse(instant)
}

/** RFC 4122 text of an `objectGUID`: its first three groups are stored little-endian. */
export function guidText(bytes: Buffer): string {
  const hex = bytes.toString('hex')
  const pair = (at: number) => hex.slice(2 * at, 2 * at + 2)
  const time = `${pair(3)}${pair(2)}${pair(1)}${pair(0)}-${pair(5)}${pair(4)}-${pair(7)}${pair(6)}`
  return `${time}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const swapped = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]

/** The inverse; null if the text is no GUID. */
export function guidBytes(guid: string): Buffer | null {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(guid)) return null
  const plain = Buffer.from(guid.replaceAll('-', ''), 'hex')
  return Buffer.from(swapped.map(at => plain.readUInt8(at)))
}

/** The last sub-authority of an `objectSid`: what the domain adds to its own id. */
export const relativeId = (sid: Buffer): number => sid.readUInt32LE(sid.length - 4)

/** All values of an attribute as text; ldapts gives one value bare, several as a list, none as an empty list. */
export function texts(entry: Entry, attribute: string): string[] {
  const value = entry[attribute]
  if (value === undefined) return []
  return (Array.isArray(value) ? value : [value]).map(String)
}

export function text(entry: Entry, attribute: string): string | null {
  const value = entry[attribute]
  return typeof value === 'string' ? value : (texts(entry, attribute)[0] ?? null)
}

export function bytes(entry: Entry, attribute: string): Buffer | null {
  const value = entry[attribute]
  const first = Array.isArray(value) ? value[0] : value
  return Buffer.isBuffer(first) ? first : null
}

/** What of a person Active Directory shows, with the schema's upper limits (UTF-16 units). */
const profileLimits = {
  displayName: 256,
  givenName: 64,
  sn: 64,
  title: 128,
  department: 64,
  employeeID: 16,
} as const
export type ProfileAttribute = keyof typeof profileLimits
export const profileAttributes = Object.keys(profileLimits) as ProfileAttribute[]
export type ProfileValues = Readonly<Record<ProfileAttribute, string>>

/** The values exactly as they will be read back. An empty one is an absent attribute: the directory stores no empty text. */
export function profileValues(profile: Profile): ProfileValues {
  const clip = (value: string, attribute: ProfileAttribute) => {
    const whole = value.normalize('NFC').trim().slice(0, profileLimits[attribute])
    return whole.replace(/[\uD800-\uDBFF]$/, '').trimEnd()
  }
  return {
    displayName: clip(`${profile.givenNames} ${profile.surnames}`, 'displayName'),
    givenName: clip(profile.givenNames, 'givenName'),
    sn: clip(profile.surnames, 'sn'),
    title: clip(profile.position, 'title'),
    department: clip(profile.unit, 'department'),
    employeeID: profile.nationalId,
  }
}

export function hashOf(values: ProfileValues): string {
  const canonical = JSON.stringify(profileAttributes.map(attribute => values[attribute]))
  return hash('sha256', canonical)
}

export const replace = (type: string, value: string | null): Change =>
  new Change({ operation: 'replace', modification: new Attribute({ type, values: value ? [value] : [] }) })

/** A conditional write: the directory refuses it (16) if the old value is no longer there. */
export const exchange = (type: string, from: string, to: string): Change[] => [
  new Change({ operation: 'delete', modification: new Attribute({ type, values: [from] }) }),
  new Change({ operation: 'add', modification: new Attribute({ type, values: [to] }) }),
]

/** The same where there may be no old value: then the directory refuses (20) if there is one by now. */
export const exchangeOrAdd = (type: string, from: string | null, to: string): Change[] =>
  from ? exchange(type, from, to) : [addOne(type, to)]

export const addOne = (type: string, value: string): Change =>
  new Change({ operation: 'add', modification: new Attribute({ type, values: [value] }) })

export const deleteOne = (type: string, value: string): Change =>
  new Change({ operation: 'delete', modification: new Attribute({ type, values: [value] }) })

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const signs = '!#$%&*+-.:;<=>?@^_~'
const pick = (from: string) => from.charAt(randomInt(from.length))

/**
 * Sets a password that nobody will ever know: it is made here, sent, and forgotten. No two letters touch, so that it
 * cannot contain a part of the person's name, which the complexity policy forbids.
 */
export function discardedPassword(): Change {
  const groups = Array.from({ length: 16 }, () => pick(letters) + randomInt(10) + pick(signs))
  return newPassword(`A7a7${groups.join('')}`)
}

/** A reset: the old one is not asked for. The directory wants it between quotation marks, in UTF-16. */
export const newPassword = (password: string): Change =>
  new Change({
    operation: 'replace',
    modification: new Attribute({ type: 'unicodePwd', values: [Buffer.from(`"${password}"`, 'utf16le')] }),
  })
