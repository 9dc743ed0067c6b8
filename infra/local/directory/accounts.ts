import { createHash } from 'node:crypto'
import type { Change } from './messages.ts'
import { type AttributeKind, folded, keyOf, kindOf, nameOf, partsOf } from './schema.ts'
import { type Entry, first, Refusal, type Tree } from './tree.ts'

export const never = '9223372036854775807'
const domainSid = [21, 1_004_336_348, 1_177_238_915, 682_003_330]
const disabled = 0x2
const passwordless = 0x20

export const ticksOf = (milliseconds: number): string =>
  String(BigInt(Math.floor(milliseconds)) * 10_000n + 116_444_736_000_000_000n)

export const secretOf = (entry: Pick<Entry, 'guid'>, password: string): string =>
  createHash('sha256').update(`${entry.guid}:${password}`).digest('hex')

export function sidOf(relativeId: number): string {
  const sid = Buffer.alloc(28)
  sid.writeUInt8(1, 0)
  sid.writeUInt8(5, 1)
  sid.writeUInt8(5, 7)
  for (const [at, part] of [...domainSid, relativeId].entries()) sid.writeUInt32LE(part, 8 + 4 * at)
  return sid.toString('hex')
}

const isAccount = (entry: Entry) => entry.attributes.objectclass?.some(value => folded(value) === 'user')
const flagsOf = (entry: Entry) => Number(first(entry, 'userAccountControl') ?? 0)

/** What a new user or group gets that nobody asked for. */
export function withDefaults(entry: Entry, relativeId: number): Entry {
  const { attributes } = entry
  attributes.objectsid = [sidOf(relativeId)]
  attributes.samaccountname ??= [`$${relativeId.toString(36).toUpperCase()}`]
  if (!isAccount(entry)) {
    attributes.grouptype ??= ['-2147483646']
    return entry
  }
  attributes.objectclass = ['top', 'person', 'organizationalPerson', 'user']
  attributes.useraccountcontrol ??= ['546']
  attributes.accountexpires ??= [never]
  attributes.pwdlastset ??= ['0']
  attributes.primarygroupid ??= ['513']
  attributes.samaccounttype = ['805306368']
  return entry
}

/** What must hold of every account, after any write. */
export function checkAccount(tree: Tree, entry: Entry): void {
  if (isAccount(entry) && (flagsOf(entry) & (disabled | passwordless)) === 0 && entry.secret === null)
    throw new Refusal(53, '0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM)')
  const name = first(entry, 'sAMAccountName')
  const principal = first(entry, 'userPrincipalName')
  if (isAccount(entry) && name !== undefined && (name.length > 20 || /["/\\[\]:;|=,+*?<>]/.test(name)))
    throw new Refusal(19, '00000523: AtrErr: DSID-031A0F4F, problem 1005 (CONSTRAINT_ATT_TYPE)')
  for (const other of tree.entries.values()) {
    if (other.guid === entry.guid) continue
    const same = (mine: string | undefined, type: string) =>
      mine !== undefined && folded(first(other, type) ?? '') === folded(mine)
    if (same(name, 'sAMAccountName'))
      throw new Refusal(68, '00000524: UpdErr: DSID-031A11FA, problem 6005 (ENTRY_EXISTS)')
    if (same(principal, 'userPrincipalName'))
      throw new Refusal(19, '000021C8: AtrErr: DSID-03200EC3, problem 1005 (CONSTRAINT_ATT_TYPE)')
  }
}

/** Reads a value as the attribute's kind keeps it; throws for what the schema forbids. */
function kept(kind: AttributeKind, value: Buffer): string {
  if (kind.bytes) return value.toString('hex')
  const text = value.toString()
  if (text === '') throw new Refusal(21, '00000057: LdapErr: invalid attribute syntax')
  if (text.length > kind.longest)
    throw new Refusal(19, '00002082: AtrErr: problem 1005 (CONSTRAINT_ATT_TYPE)')
  return text
}

/** The password inside `unicodePwd`: UTF-16LE between quotation marks, nothing else. */
function passwordIn(value: Buffer | undefined): string {
  const text = value?.toString('utf16le') ?? ''
  if (value === undefined || value.length % 2 !== 0 || !/^".*"$/s.test(text))
    throw new Refusal(53, '0000001F: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM)')
  return text.slice(1, -1)
}

function setPassword(entry: Entry, changes: readonly Change[], now: number): void {
  const old = changes.find(change => change.kind === 'delete')
  const last = changes.at(-1)
  if (last?.kind === 'delete') throw new Refusal(53, 'a password cannot be deleted')
  if (old && entry.secret !== secretOf(entry, passwordIn(old.values[0])))
    throw new Refusal(19, '00000056: AtrErr: wrong old password')
  const password = passwordIn(last?.values[0])
  const sorts = [/[A-Z]/, /[a-z]/, /\d/, /[^A-Za-z\d]/].filter(sort => sort.test(password)).length
  const own = folded(first(entry, 'sAMAccountName') ?? '')
  if (password.length < 7 || sorts < 3 || (own.length > 2 && folded(password).includes(own)))
    throw new Refusal(19, '0000052D: AtrErr: DSID-03191083, problem 1005 (CONSTRAINT_ATT_TYPE)')
  entry.secret = secretOf(entry, password)
  entry.attributes.pwdlastset = [ticksOf(now)]
}

/** Applies the changes of one modify to a copy of `before`, in order; all of them or none. */
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
    if (kind === undefined)
      throw new Refusal(16, '00000057: LdapErr: Error in attribute conversion operation')
    const type = kind.name.toLowerCase()
    if (type === 'unicodepwd') continue
    if (type === 'member') {
      changeMembers(tree, entry, change, permissive)
      continue
    }
    if (type === 'memberof') throw new Refusal(53, '0000209A: SvcErr: problem 5003 (WILL_NOT_PERFORM)')
    if (kind.fixed) throw new Refusal(19, '000020B1: AtrErr: owned by the system')
    const [own] = partsOf(entry.dn)
    if (type === 'name' || type === own?.[0].toLowerCase()) throw new Refusal(67, 'not allowed on RDN')
    entry.attributes[type] = changedValues(kind, entry.attributes[type] ?? [], change, permissive)
    if (entry.attributes[type].length === 0) delete entry.attributes[type]
    if (type === 'pwdlastset') {
      const [value] = entry.attributes[type] ?? []
      if (value !== '0' && value !== '-1')
        throw new Refusal(53, '00000057: SvcErr: problem 5003 (WILL_NOT_PERFORM)')
      entry.attributes[type] = [value === '0' ? '0' : ticksOf(now)]
    }
  }
  const passwords = changes.filter(change => change.type.toLowerCase() === 'unicodepwd')
  if (passwords.length > 0) setPassword(entry, passwords, now)
  return entry
}

function changedValues(
  kind: AttributeKind,
  current: string[],
  change: Change,
  permissive: boolean,
): string[] {
  const same = (one: string) => (other: string) => folded(one) === folded(other)
  const given = change.values.map(value => kept(kind, value))
  let values = change.kind === 'replace' ? [] : [...current]
  if (change.kind === 'delete') {
    if (values.length === 0 && !permissive)
      throw new Refusal(16, '00002085: AtrErr: problem 1001 (NO_ATTRIBUTE_OR_VAL)')
    if (given.length === 0) return []
    for (const value of given) {
      if (!values.some(same(value)) && !permissive)
        throw new Refusal(16, '00002085: AtrErr: problem 1001 (NO_ATTRIBUTE_OR_VAL)')
      values = values.filter(other => !same(value)(other))
    }
    return values
  }
  for (const value of given) {
    if (!values.some(same(value))) values.push(value)
    else if (!permissive) throw new Refusal(20, '00002083: AtrErr: problem 1006 (ATT_OR_VALUE_EXISTS)')
  }
  if (kind.one && values.length > 1)
    throw new Refusal(19, '00002081: AtrErr: problem 1005 (CONSTRAINT_ATT_TYPE)')
  return values
}

function changeMembers(tree: Tree, group: Entry, change: Change, permissive: boolean): void {
  if (!group.attributes.objectclass?.some(value => folded(value) === 'group'))
    throw new Refusal(65, '0000207D: UpdErr: problem 6002 (OBJ_CLASS_VIOLATION)')
  const given = change.values.map(value => tree.need(value.toString()).guid)
  const members = new Set(change.kind === 'replace' ? [] : group.members)
  if (change.kind === 'delete' && given.length === 0) members.clear()
  for (const guid of given) {
    const isOne = members.has(guid)
    if (change.kind === 'delete') {
      if (!isOne && !permissive)
        throw new Refusal(53, '00000561: SvcErr: DSID-031A11E2, problem 5003 (WILL_NOT_PERFORM)')
      members.delete(guid)
    } else {
      if (isOne && !permissive)
        throw new Refusal(68, '00000562: UpdErr: DSID-031A11E2, problem 6005 (ENTRY_EXISTS)')
      members.add(guid)
    }
  }
  group.members = [...members]
}

/** Moves an object and what lies beneath it. */
export function moved(tree: Tree, entry: Entry, relative: string, superior: string | null): void {
  const parent = superior === null ? tree.parentOf(entry) : tree.need(superior)
  const [own] = partsOf(relative)
  if (parent === undefined || own === undefined) throw new Refusal(34, '0000208F: NameErr: bad name')
  const dn = nameOf([own, ...partsOf(parent.dn)])
  const other = tree.find(dn)
  if (other !== undefined && other.guid !== entry.guid)
    throw new Refusal(68, '00002071: UpdErr: DSID-0305038D, problem 6005 (ENTRY_EXISTS)')
  const beneath = tree.childrenOf(entry, true)
  const length = partsOf(entry.dn).length
  if (keyOf(parent.dn).endsWith(keyOf(entry.dn))) throw new Refusal(53, 'an object cannot lie beneath itself')
  const attributes = { ...entry.attributes, name: [own[1]], [own[0].toLowerCase()]: [own[1]] }
  tree.put({ ...entry, dn, attributes })
  for (const child of beneath)
    tree.put({ ...child, dn: nameOf([...partsOf(child.dn).slice(0, -length), ...partsOf(dn)]) })
}
