import { createHash } from 'node:crypto'
import type { Values } from './messages.ts'
import { type AttributeKind, folded, kindOf, nameOf, partsOf } from './schema.ts'
import { type Entry, first, Refusal, type Tree } from './tree.ts'

export type Change = Values & { readonly kind: 'add' | 'delete' | 'replace' }

/** The domain's own, as every account of it may read: at least 7 characters, of three sorts. */
const shortest = 7
export const policy = {
  minpwdlength: [String(shortest)],
  pwdproperties: ['1'],
  pwdhistorylength: ['0'],
  minpwdage: ['0'],
}

const domainSid = '010500000000000515000000dcf4dc3b833d2b46828ba628'

export const ticksOf = (milliseconds: number): string =>
  String(BigInt(Math.floor(milliseconds)) * 10_000n + 116_444_736_000_000_000n)

export const secretOf = ({ guid }: { guid: string }, password: string): string =>
  createHash('sha256').update(`${guid}:${password}`).digest('hex')

const hasClass = (entry: Entry, name: string) =>
  entry.attributes.objectclass?.some(value => folded(value) === name) === true

/** What a new user or group gets that nobody asked for. */
export function withDefaults(entry: Entry, relativeId: number): Entry {
  const sid = Buffer.alloc(4)
  sid.writeUInt32LE(relativeId)
  const [samaccountname, objectsid] = [[`$${relativeId}`], [domainSid + sid.toString('hex')]]
  const flags = { useraccountcontrol: ['546'], pwdlastset: ['0'] }
  const account = { ...flags, accountexpires: ['9223372036854775807'], primarygroupid: ['513'] }
  const given = hasClass(entry, 'user') ? account : { grouptype: ['-2147483646'] }
  return { ...entry, attributes: { samaccountname, objectsid, ...given, ...entry.attributes } }
}

/** What must hold of every account, after any write. */
export function checkAccount(tree: Tree, entry: Entry): void {
  const isUser = hasClass(entry, 'user')
  const name = first(entry, 'samaccountname')
  if (isUser && (Number(first(entry, 'useraccountcontrol')) & 0x22) === 0 && entry.secret === null)
    throw new Refusal(53)
  if (isUser && !/^[^"/\\[\]:;|=,+*?<>]{1,20}$/.test(name)) throw new Refusal(19)
  const sharing = (type: string) => {
    const value = folded(first(entry, type))
    const others = [...tree.entries.values()].filter(other => other.guid !== entry.guid)
    return value !== '' && others.some(other => folded(first(other, type)) === value)
  }
  if (sharing('samaccountname')) throw new Refusal(68)
  if (sharing('userprincipalname')) throw new Refusal(19)
}

/** Applies the changes of one modify to a copy, in order; all of them or none. */
export function changed(
  tree: Tree,
  before: Entry,
  changes: readonly Change[],
  permissive: boolean,
  now: number,
): Entry {
  const entry = structuredClone(before)
  for (const change of changes) {
    const kind = kindOf(change.type)
    if (!kind) throw new Refusal(16)
    const type = kind.name.toLowerCase()
    if (type === 'unicodepwd') setPassword(entry, change, now)
    else if (type === 'member') changeMembers(tree, entry, change, permissive)
    else if (kind.fixed) throw new Refusal(53)
    else if (type === partsOf(entry.dn)[0]?.[0].toLowerCase()) throw new Refusal(67)
    else {
      entry.attributes[type] = changedValues(kind, entry.attributes[type] ?? [], change, permissive)
      if (type === 'pwdlastset') entry.attributes[type] = [lastSet(entry, now)]
      if (first(entry, type) === '') delete entry.attributes[type]
    }
  }
  return entry
}

function lastSet(entry: Entry, now: number): string {
  const value = first(entry, 'pwdlastset')
  if (value !== '0' && value !== '-1') throw new Refusal(53)
  return value === '0' ? '0' : ticksOf(now)
}

function kept(kind: AttributeKind, value: Buffer): string {
  const written = kind.bytes ? value.toString('hex') : value.toString()
  if (written === '') throw new Refusal(21)
  if (written.length > kind.longest) throw new Refusal(19)
  return written
}

function changedValues(
  kind: AttributeKind,
  current: string[],
  change: Change,
  permissive: boolean,
): string[] {
  const given = change.values.map(value => kept(kind, value))
  const has = (list: string[], value: string) => list.some(other => folded(other) === folded(value))
  if (change.kind === 'delete') {
    const missing = current.length === 0 || given.some(value => !has(current, value))
    if (missing && !permissive) throw new Refusal(16)
    return given.length === 0 ? [] : current.filter(value => !has(given, value))
  }
  const values = change.kind === 'replace' ? [] : [...current]
  for (const value of given) {
    if (!has(values, value)) values.push(value)
    else if (!permissive) throw new Refusal(20)
  }
  if (kind.one && values.length > 1) throw new Refusal(20)
  return values
}

function changeMembers(tree: Tree, group: Entry, change: Change, permissive: boolean): void {
  if (!hasClass(group, 'group')) throw new Refusal(65)
  const given = change.values.map(value => tree.need(value.toString()).guid)
  const all = change.kind === 'replace' || (change.kind === 'delete' && given.length === 0)
  const members = new Set(all ? [] : group.members)
  for (const guid of given) {
    const isOne = members.has(guid)
    if (change.kind === 'delete' && !isOne && !permissive) throw new Refusal(53)
    if (change.kind !== 'delete' && isOne && !permissive) throw new Refusal(68)
    if (change.kind === 'delete') members.delete(guid)
    else members.add(guid)
  }
  group.members = [...members]
}

/** `unicodePwd`: replaced whole, UTF-16LE between quotation marks, nothing else. */
function setPassword(entry: Entry, { kind, values }: Change, now: number): void {
  const password = /^"(.*)"$/s.exec(values[0]?.toString('utf16le') ?? '')?.[1]
  if (password === undefined || kind !== 'replace') throw new Refusal(53)
  const sorts = [/[A-Z]/, /[a-z]/, /\d/, /[^A-Za-z\d]/].filter(sort => sort.test(password)).length
  const names = [first(entry, 'samaccountname'), ...first(entry, 'displayname').split(/[\s,.\-_#]+/)]
  const isNamed = names.some(name => name.length > 2 && password.toLowerCase().includes(name.toLowerCase()))
  const weak = '0000052D: SvcErr: DSID-031A1248, problem 5003 (WILL_NOT_PERFORM), data 0'
  if (password.length < shortest || sorts < 3 || isNamed) throw new Refusal(19, weak)
  entry.secret = secretOf(entry, password)
  entry.attributes.pwdlastset = [ticksOf(now)]
}

/** Moves or renames an object that has nothing beneath it. */
export function move(tree: Tree, entry: Entry, relative: string, superior: string): void {
  const [own] = partsOf(relative)
  const above = superior === '' ? partsOf(entry.dn).slice(1) : partsOf(tree.need(superior).dn)
  if (!own) throw new Refusal(34)
  const dn = nameOf([own, ...above])
  const other = tree.find(dn)
  if (other && other.guid !== entry.guid) throw new Refusal(68)
  if (tree.beneath(entry, false).length > 0) throw new Refusal(66)
  const named = { name: [own[1]], [own[0].toLowerCase()]: [own[1]] }
  tree.put({ ...entry, dn, attributes: { ...entry.attributes, ...named } })
}
