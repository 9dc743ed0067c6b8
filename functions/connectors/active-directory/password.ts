import { type Client, Control } from 'ldapts'
import type { PasswordAnswer, PasswordRefusal } from '../contract.ts'
import { type Account, anything } from './account.ts'
import {
  bornExpired,
  exchange,
  newPassword,
  otherNever,
  passwordlessFlag,
  text,
  ticksOfInstant,
} from './attributes.ts'
import type { Connections } from './connections.ts'
import { resultCode } from './faults.ts'

/** What the domain, or the person's own fine-grained policy, asks of a password. Ages in 100 ns ticks. */
export interface PasswordPolicy {
  readonly shortest: number
  readonly complex: boolean
  readonly remembered: number
  readonly youngest: bigint
}

/** Windows' own dialogs take no more: with a longer one nobody could log in. */
const longest = 127
/**
 * LDAP_SERVER_POLICY_HINTS_OID, flags 1: a reset, too, obeys the history of passwords. Not critical: Samba does not know it.
 * Whether it also enforces the least age is told in two ways; so it is only sent where age is no obstacle.
 */
class PolicyHints extends Control {
  constructor() {
    super('1.2.840.113556.1.4.2239', { critical: false })
  }
  override writeControl(writer: { writeBuffer(value: Buffer, tag: number): void }): void {
    writer.writeBuffer(Buffer.from([0x30, 0x03, 0x02, 0x01, 0x01]), 0x04)
  }
}

/**
 * A reset by the service account. An account that never had a password stops being "born expired" in the same write, as
 * `create` would have done it, with the other spelling of "never": whoever still means to give it its first, discarded
 * password makes that depend on the old value, and Samba lets an exchange pass whose new value is there already. `pwdLastSet` becomes now: nothing has to be changed at the next logon.
 */
export async function setPassword(
  connections: Connections,
  baseDn: string,
  account: Account,
  password: string,
): Promise<PasswordAnswer> {
  if (password === '') return { set: false, why: 'too-short' }
  if (password.length > longest) return { set: false, why: 'too-long' }
  const { policy, age } = await connections.read(client => readPolicy(client, baseDn, account.guid))
  const obeysHistory = policy !== null && policy.remembered > 0 && age !== null && age > policy.youngest
  const { flags, expires, passwordless } = account
  const changes = [newPassword(password)]
  if (passwordless && expires === bornExpired)
    changes.push(...exchange('accountExpires', bornExpired, otherNever))
  if (passwordless && (flags & passwordlessFlag) !== 0)
    changes.push(...exchange('userAccountControl', String(flags), String(flags & ~passwordlessFlag)))
  try {
    const controls = obeysHistory ? [new PolicyHints()] : []
    await connections.write(client => client.modify(account.dn, changes, controls))
    return { set: true }
  } catch (error) {
    if (!isPolicyRefusal(error)) throw error
    const said = refusalSaid(error.message)
    return { set: false, why: said ?? refusalBy(policy, password, account, obeysHistory) }
  }
}

/** ERROR_PASSWORD_RESTRICTION: Active Directory says it with 19 or 53, both of which mean other things too. */
const isPolicyRefusal = (error: unknown): error is Error =>
  error instanceof Error &&
  (resultCode(error) === 19 || resultCode(error) === 53) &&
  /\b0000052D\b/i.test(error.message)

/** Samba tells which rule it was; Active Directory does not. */
function refusalSaid(words: string): PasswordRefusal | null {
  if (/too short/i.test(words)) return 'too-short'
  if (/complexity/i.test(words)) return 'too-simple'
  if (/history|already used/i.test(words)) return 'used-before'
  return /too young|too recently/i.test(words) ? 'changed-too-recently' : null
}

/** Why the directory cannot have taken it, by the policy as far as it can be read. */
export function refusalBy(
  policy: PasswordPolicy | null,
  password: string,
  { name, profile }: Pick<Account, 'name' | 'profile'>,
  obeyedHistory: boolean,
): PasswordRefusal {
  if (policy === null) return 'policy'
  if (password.length < policy.shortest) return 'too-short'
  if (policy.complex && containsName(password, name, profile.displayName)) return 'contains-name'
  if (policy.complex && sortsIn(password) < 3) return 'too-simple'
  return obeyedHistory ? 'used-before' : 'policy'
}

/** Active Directory's rule: neither the whole login nor a part of the name shown, if they have three letters or more. */
function containsName(password: string, login: string, shownName: string): boolean {
  const written = password.toLowerCase()
  return [login, ...shownName.split(/[,.\-_ #\t]+/)].some(
    word => word.length > 2 && written.includes(word.toLowerCase()),
  )
}

/** Its five sorts of characters: capitals, small letters, digits, signs, letters that know neither. */
const sortsIn = (password: string): number =>
  [/\p{Lu}/u, /\p{Ll}/u, /[0-9]/, /[^\p{L}0-9]/u, /[\p{Lo}\p{Lt}\p{Lm}]/u].filter(sort => sort.test(password))
    .length

const ofDomain = ['minPwdLength', 'pwdProperties', 'pwdHistoryLength', 'minPwdAge']
const ofPerson = [
  'msDS-MinimumPasswordLength',
  'msDS-PasswordComplexityEnabled',
  'msDS-PasswordHistoryLength',
  'msDS-MinimumPasswordAge',
]
const complexityFlag = 1

/**
 * The policy that holds for an account, null where it may not be read (fine-grained ones may not, by default); and how
 * long ago, by this machine's clock, its password was set.
 */
async function readPolicy(
  client: Client,
  baseDn: string,
  guid: string,
): Promise<{ policy: PasswordPolicy | null; age: bigint | null }> {
  const read = async (base: string, attributes: string[]) => {
    const { searchEntries } = await client.search(base, { scope: 'base', filter: anything, attributes })
    const [entry] = searchEntries
    return attributes.map(attribute => (entry === undefined ? null : text(entry, attribute)))
  }
  const [resultant, lastSet] = await read(`<GUID=${guid}>`, ['msDS-ResultantPSO', 'pwdLastSet'])
  const own = resultant ? await read(resultant, ofPerson).catch(() => []) : null
  const [shortest, complexity, remembered, youngest] = own ?? (await read(baseDn, ofDomain))
  const age =
    lastSet && lastSet !== '0' ? BigInt(ticksOfInstant(new Date().toISOString())) - BigInt(lastSet) : null
  if (!shortest || !complexity || !remembered || !youngest) return { policy: null, age }
  const complex = own === null ? (Number(complexity) & complexityFlag) !== 0 : complexity === 'TRUE'
  // Durations are written as negative ticks.
  const least = -BigInt(youngest)
  return {
    policy: { shortest: Number(shortest), complex, remembered: Number(remembered), youngest: least },
    age,
  }
}
