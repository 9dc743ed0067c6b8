import { randomUUID } from 'node:crypto'
import type { Filter } from './messages.ts'
import { folded, keyOf, kindOf, nameOf, partsOf } from './schema.ts'

/** An object of the directory. Attributes by lower-case name; bytes as hex. Members by objectGUID: they may move. */
export interface Entry {
  guid: string
  dn: string
  attributes: Record<string, string[]>
  members: string[]
  /** Hash of the password; null if none was ever set. */
  secret: string | null
}

/** An LDAP result other than success. */
export class Refusal extends Error {
  readonly code: number
  constructor(code: number, text: string) {
    super(text)
    this.code = code
  }
}

const guidBytes = (guid: string): string => {
  const [a = '', b = '', c = '', d = '', e = ''] = guid.split('-')
  const swap = (hex: string) => Buffer.from(hex, 'hex').reverse().toString('hex')
  return swap(a) + swap(b) + swap(c) + d + e
}

export const first = (entry: Entry, attribute: string): string | undefined =>
  entry.attributes[attribute.toLowerCase()]?.[0]

/** The objects and their indexes. Knows nothing of accounts or rights. */
export class Tree {
  readonly entries = new Map<string, Entry>()
  readonly #byName = new Map<string, string>()
  readonly #groupsOf = new Map<string, Set<string>>()
  /** Called with every object that was written, or with the guid of one that was deleted. */
  onWrite: (written: Entry | string) => void = () => undefined

  get(guid: string): Entry | undefined {
    return this.entries.get(guid)
  }

  /** By DN or by one of its alternative forms, `<GUID=…>`. */
  find(dn: string): Entry | undefined {
    const guid = /^<GUID=([0-9a-f-]{36})>$/i.exec(dn)?.[1]?.toLowerCase() ?? this.#byName.get(keyOf(dn))
    return guid === undefined ? undefined : this.entries.get(guid)
  }

  need(dn: string): Entry {
    const entry = this.find(dn)
    if (entry === undefined)
      throw new Refusal(32, '0000208D: NameErr: DSID-03100245, problem 2001 (NO_OBJECT)')
    return entry
  }

  put(entry: Entry): void {
    const before = this.entries.get(entry.guid)
    if (before !== undefined) this.#byName.delete(keyOf(before.dn))
    for (const guid of before?.members ?? []) this.#groupsOf.get(guid)?.delete(entry.guid)
    this.entries.set(entry.guid, entry)
    this.#byName.set(keyOf(entry.dn), entry.guid)
    for (const guid of entry.members)
      this.#groupsOf.set(guid, (this.#groupsOf.get(guid) ?? new Set()).add(entry.guid))
    this.onWrite(entry)
  }

  remove(entry: Entry): void {
    for (const group of [...this.groupsOf(entry.guid)])
      this.put({ ...group, members: group.members.filter(guid => guid !== entry.guid) })
    for (const guid of entry.members) this.#groupsOf.get(guid)?.delete(entry.guid)
    this.entries.delete(entry.guid)
    this.#byName.delete(keyOf(entry.dn))
    this.onWrite(entry.guid)
  }

  clear(): void {
    this.entries.clear()
    this.#byName.clear()
    this.#groupsOf.clear()
  }

  /** A new object, with what every object has. */
  make(dn: string, attributes: Record<string, string[]>): Entry {
    const [own] = partsOf(dn)
    if (own === undefined) throw new Refusal(34, 'invalid DN')
    const guid = randomUUID()
    const entry: Entry = { guid, dn: nameOf(partsOf(dn)), attributes: {}, members: [], secret: null }
    for (const [type, values] of Object.entries(attributes)) entry.attributes[type.toLowerCase()] = values
    entry.attributes[own[0].toLowerCase()] = [own[1]]
    entry.attributes.name = [own[1]]
    entry.attributes.objectguid = [guidBytes(guid)]
    return entry
  }

  parentOf = (entry: Entry): Entry | undefined => this.find(nameOf(partsOf(entry.dn).slice(1)))

  childrenOf(entry: Entry, deep: boolean): Entry[] {
    const key = keyOf(entry.dn)
    return [...this.entries.values()].filter(other => {
      const at = keyOf(other.dn)
      return at.endsWith(`,${key}`) && (deep || !at.slice(0, -key.length - 1).includes(','))
    })
  }

  groupsOf = (guid: string): Entry[] =>
    [...(this.#groupsOf.get(guid) ?? [])].flatMap(group => this.entries.get(group) ?? [])

  /** All values, those that are computed too. */
  valuesOf(entry: Entry, attribute: string): string[] {
    const type = attribute.toLowerCase()
    if (type === 'member') return entry.members.flatMap(guid => this.entries.get(guid)?.dn ?? [])
    if (type === 'memberof') return this.groupsOf(entry.guid).map(group => group.dn)
    if (type === 'distinguishedname') return [entry.dn]
    return entry.attributes[type] ?? []
  }

  /** Whether `entry` satisfies a filter (RFC 4511 4.5.1.7, with undefined as false). */
  matches(entry: Entry, filter: Filter): boolean {
    if (filter.kind === 'and') return filter.of.every(one => this.matches(entry, one))
    if (filter.kind === 'or') return filter.of.some(one => this.matches(entry, one))
    if (filter.kind === 'not') return !this.matches(entry, filter.of)
    const kind = kindOf(filter.type)
    const values = this.valuesOf(entry, filter.type)
    if (filter.kind === 'present') return values.length > 0
    if (filter.kind === 'substrings') {
      const parts = [filter.initial, ...filter.any, filter.final].map(folded)
      return values.map(folded).some(value => {
        if (!value.startsWith(parts[0] ?? '') || !value.endsWith(parts.at(-1) ?? '')) return false
        let at = 0
        return parts.every(part => {
          const found = value.indexOf(part, at)
          at = found + part.length
          return found >= 0
        })
      })
    }
    const asked = kind?.bytes ? filter.value.toString('hex') : filter.value.toString()
    if (filter.kind === 'extensible') {
      if (filter.rule.endsWith('.1941')) return this.#inChain(entry, filter.type.toLowerCase(), asked)
      const wanted = BigInt(asked)
      const bits = values.map(value => BigInt(value) & wanted)
      return bits.some(found => (filter.rule.endsWith('.803') ? found === wanted : found !== 0n))
    }
    if (filter.kind === 'equals') {
      if (kind?.names) {
        const target = this.find(asked)?.dn ?? asked
        return values.some(value => keyOf(value) === keyOf(target))
      }
      return values.some(value => (kind?.bytes ? value === asked : folded(value) === folded(asked)))
    }
    const sign = filter.kind === 'at-least' ? 1 : -1
    const compare = (value: string) =>
      /^-?\d+$/.test(value) && /^-?\d+$/.test(asked)
        ? Number(BigInt(value) > BigInt(asked)) - Number(BigInt(value) < BigInt(asked))
        : folded(value).localeCompare(folded(asked))
    return values.some(value => compare(value) * sign >= 0)
  }

  /** LDAP_MATCHING_RULE_IN_CHAIN, upwards by `memberOf` or downwards by `member`. */
  #inChain(entry: Entry, type: string, dn: string): boolean {
    const target = this.find(dn)
    const seen = new Set<string>()
    const walk = (at: Entry): boolean => {
      const next =
        type === 'memberof'
          ? this.groupsOf(at.guid)
          : at.members.flatMap(guid => this.entries.get(guid) ?? [])
      return next.some(other => {
        if (seen.has(other.guid)) return false
        seen.add(other.guid)
        return other === target || walk(other)
      })
    }
    return target !== undefined && walk(entry)
  }
}
