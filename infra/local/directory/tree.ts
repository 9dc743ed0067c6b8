import { randomUUID } from 'node:crypto'
import { type Element, inside, text } from './messages.ts'
import { folded, keyOf, kindOf, nameOf, partsOf } from './schema.ts'

/** An object. Attributes by lower-case name, bytes as hex; members by objectGUID, because they may move. */
export interface Entry {
  readonly guid: string
  readonly dn: string
  readonly attributes: Record<string, string[]>
  members: string[]
  /** Hash of the password; null if none was ever set. */
  secret: string | null
}

/** An LDAP result other than success. */
export class Refusal extends Error {
  readonly code: number
  constructor(code: number, why = `LdapErr: result ${code}`) {
    super(why)
    this.code = code
  }
}

export const first = (entry: Entry, attribute: string): string => entry.attributes[attribute]?.[0] ?? ''

/** The objects and their indexes. Knows nothing of accounts or rights. */
export class Tree {
  readonly entries = new Map<string, Entry>()
  /** As they were when they were deleted. */
  readonly tombstones = new Map<string, Entry>()
  readonly #byName = new Map<string, string>()
  readonly #groups = new Map<string, Set<string>>()
  /** Told of every object written, and of the guid of every one deleted. */
  onWrite: (written: Entry | string) => void = () => undefined

  /** By DN or by its alternative form `<GUID=…>`. */
  find(dn: string): Entry | undefined {
    const guid = /^<GUID=(.{36})>$/i.exec(dn)?.[1]?.toLowerCase() ?? this.#byName.get(keyOf(dn))
    return this.entries.get(guid ?? '')
  }

  need(dn: string): Entry {
    const entry = this.find(dn)
    if (!entry) throw new Refusal(32)
    return entry
  }

  put(entry: Entry): void {
    const before = this.entries.get(entry.guid)
    if (before) this.#unlink(before)
    this.entries.set(entry.guid, entry)
    this.#byName.set(keyOf(entry.dn), entry.guid)
    for (const guid of entry.members)
      this.#groups.set(guid, (this.#groups.get(guid) ?? new Set()).add(entry.guid))
    this.onWrite(entry)
  }

  remove(entry: Entry): void {
    for (const group of this.groupsOf(entry))
      this.put({ ...group, members: group.members.filter(guid => guid !== entry.guid) })
    this.#unlink(entry)
    this.entries.delete(entry.guid)
    this.tombstones.set(entry.guid, { ...entry, attributes: { ...entry.attributes, isdeleted: ['TRUE'] } })
    this.onWrite(entry.guid)
  }

  /** Other objects altogether; nobody is told. */
  reset(entries: readonly Entry[]): void {
    const { onWrite } = this
    this.onWrite = () => undefined
    for (const index of [this.entries, this.tombstones, this.#byName, this.#groups]) index.clear()
    for (const entry of entries) this.put(entry)
    this.onWrite = onWrite
  }

  #unlink(entry: Entry): void {
    this.#byName.delete(keyOf(entry.dn))
    for (const guid of entry.members) this.#groups.get(guid)?.delete(entry.guid)
  }

  /** A new object that is not in the tree yet. */
  make(dn: string, attributes: Record<string, string[]>): Entry {
    const parts = partsOf(dn)
    const [[type, value] = ['', '']] = parts
    if (!type) throw new Refusal(34)
    const guid = randomUUID()
    const hex = guid.replaceAll('-', '').replace(/^(..)(..)(..)(..)(..)(..)(..)(..)/, '$4$3$2$1$6$5$8$7')
    const own = { [type.toLowerCase()]: [value], name: [value], objectguid: [hex] }
    return { guid, dn: nameOf(parts), attributes: { ...attributes, ...own }, members: [], secret: null }
  }

  beneath(entry: Entry, deep: boolean): Entry[] {
    const key = `,${keyOf(entry.dn)}`
    const isBeneath = (at: string) => at.endsWith(key) && (deep || !at.slice(0, -key.length).includes(','))
    return [...this.entries.values()].filter(other => isBeneath(keyOf(other.dn)))
  }

  #all = (guids: Iterable<string>): Entry[] => [...guids].flatMap(guid => this.entries.get(guid) ?? [])
  groupsOf = (entry: Entry): Entry[] => this.#all(this.#groups.get(entry.guid) ?? [])

  /** The primary group and every other one at any depth, by their ids. */
  #tokens(entry: Entry): string[] {
    const primary = Buffer.from(first(entry, 'objectsid'), 'hex')
    if (primary.length > 4) primary.writeUInt32LE(Number(first(entry, 'primarygroupid')), primary.length - 4)
    const around = new Set(this.groupsOf(entry))
    for (const group of around) for (const outer of this.groupsOf(group)) around.add(outer)
    return [primary.toString('hex'), ...[...around].map(group => first(group, 'objectsid'))]
  }

  /** All values of an attribute, computed ones too. */
  valuesOf(entry: Entry, attribute: string): string[] {
    const type = attribute.toLowerCase()
    if (type === 'member') return this.#all(entry.members).map(({ dn }) => dn)
    if (type === 'memberof') return this.groupsOf(entry).map(({ dn }) => dn)
    if (type === 'tokengroups') return this.#tokens(entry)
    return type === 'distinguishedname' ? [entry.dn] : (entry.attributes[type] ?? [])
  }

  /** Whether an entry satisfies a filter (RFC 4511, 4.5.1.7), undefined being false. */
  matches(entry: Entry, filter: Element): boolean {
    const { tag } = filter
    if (tag === 0x87) return this.valuesOf(entry, text(filter)).length > 0
    const parts = inside(filter)
    const [type, asked] = parts
    if (tag === 0xa0) return parts.every(part => this.matches(entry, part))
    if (tag === 0xa1) return parts.some(part => this.matches(entry, part))
    if (tag === 0xa2) return type !== undefined && !this.matches(entry, type)
    if (tag === 0xa9) return this.#matchesRule(entry, parts)
    const kind = kindOf(text(type))
    const values = this.valuesOf(entry, text(type))
    if (tag === 0xa4) {
      const pattern = inside(asked).map(part => {
        const piece = folded(text(part)).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
        return part.tag === 0x80 ? `^${piece}` : part.tag === 0x82 ? `${piece}$` : piece
      })
      return values.some(value => new RegExp(pattern.join('.*'), 's').test(folded(value)))
    }
    if (tag !== 0xa3 && tag !== 0xa8) throw new Refusal(12)
    if (kind?.bytes) return values.includes(asked?.body.toString('hex') ?? '')
    const target = this.find(text(asked))?.dn ?? text(asked)
    return values.some(value =>
      kind?.names ? keyOf(value) === keyOf(target) : folded(value) === folded(text(asked)),
    )
  }

  /** Bits all (.803) or any (.804) set; membership at any depth (.1941). */
  #matchesRule(entry: Entry, parts: readonly Element[]): boolean {
    const [rule = '', type = '', asked = ''] = [0x81, 0x82, 0x83].map(tag =>
      text(parts.find(part => part.tag === tag)),
    )
    if (rule.endsWith('.1941')) {
      const target = this.find(asked)
      const seen = new Set<Entry>()
      const up = type.toLowerCase() === 'memberof'
      const walk = (at: Entry): boolean =>
        (up ? this.groupsOf(at) : this.#all(at.members)).some(
          next => next === target || (!seen.has(next) && !!seen.add(next) && walk(next)),
        )
      return target !== undefined && walk(entry)
    }
    const bits = this.valuesOf(entry, type).map(value => Number(value) & Number(asked))
    return bits.some(found => (rule.endsWith('.803') ? found === Number(asked) : found !== 0))
  }
}
