import { type Change, changed, checkAccount, move, secretOf, ticksOf, withDefaults } from './accounts.ts'
import {
  type Element,
  entryMessage,
  inside,
  number,
  pagedResults,
  permissiveModify,
  type Request,
  resultMessage,
  showRecycled,
  text,
  type Values,
  valuesIn,
} from './messages.ts'
import { folded, keyOf, kindOf, nameOf, partsOf } from './schema.ts'
import { type Entry, first, Refusal, type Tree } from './tree.ts'

/** What all sessions share. */
export interface Domain {
  readonly tree: Tree
  readonly baseDn: string
  /** Keys of the OUs whose accounts, and of the groups whose members, the delegated account may write. */
  readonly delegated: readonly string[]
  readonly serviceKey: string
  readonly administratorKey: string
  now(): number
  nextRelativeId(): number
}

const [mostEntries, mostValues] = [1000, 1500]
const kinds = ['add', 'delete', 'replace'] as const

/** One connection: who is bound to it and what it still has to page through. */
export class Session {
  readonly #domain: Domain
  #who: Entry | null = null
  #pages: Entry[] = []

  constructor(domain: Domain) {
    this.#domain = domain
  }

  /** The messages that answer a request. `empty`: the server pretends to hold nothing. */
  answer(request: Request, empty: boolean): Buffer[] {
    try {
      const parts = request.tag === 0x4a ? [request.operation] : inside(request.operation)
      if (request.tag === 0x60) this.#bind(parts)
      else if (request.tag === 0x63) return this.#search(request, parts, empty)
      else this.#write(request, parts, empty)
      return [resultMessage(request, 0, '')]
    } catch (error) {
      if (error instanceof Refusal) return [resultMessage(request, error.code, error.message)]
      throw error
    }
  }

  #bind([, dn, credentials]: Element[]): void {
    const { tree, now } = this.#domain
    this.#who = null
    const [who, password] = [text(dn), text(credentials)]
    if (who === '' && password === '') return
    const login = folded(who.slice(who.indexOf('\\') + 1))
    const isCalled = (other: Entry) =>
      ['userprincipalname', 'samaccountname'].some(type => folded(first(other, type)) === login)
    const entry = tree.find(who) ?? [...tree.entries.values()].find(isCalled)
    const why = '80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error'
    const refused = (data: string) => new Refusal(49, `${why}, data ${data}, v3839`)
    if (!entry || password === '' || entry.secret !== secretOf(entry, password)) throw refused('52e')
    if (Number(first(entry, 'useraccountcontrol')) & 2) throw refused('533')
    const expires = BigInt(first(entry, 'accountexpires'))
    if (expires !== 0n && expires <= BigInt(ticksOf(now()))) throw refused('701')
    if (first(entry, 'pwdlastset') === '0') throw refused('773')
    this.#who = entry
  }

  #search(request: Request, parts: Element[], empty: boolean): Buffer[] {
    const { tree, baseDn } = this.#domain
    const [base, scope] = [text(parts[0]), number(parts[1])]
    if (base === '' && scope === 0) {
      const root = { defaultNamingContext: baseDn, namingContexts: baseDn, dnsHostName: 'localhost' }
      const shown = Object.entries(root).map(([type, value]) => ({ type, values: [Buffer.from(value)] }))
      return [entryMessage(request.id, '', shown), resultMessage(request, 0, '')]
    }
    if (this.#who === null) throw new Refusal(1)
    if (empty) return [resultMessage(request, 0, '')]
    const page = request.controls.get(pagedResults)
    const [size, cookie] = page ? inside(inside({ body: page })[0]) : []
    const filter = parts[6]
    if (text(cookie) === '' && filter) {
      const deleted = request.controls.has(showRecycled) && tree.tombstones.get(base.slice(6, -1))
      const at = deleted || tree.need(base)
      const reached = [...(scope === 1 ? [] : [at]), ...(scope === 0 ? [] : tree.beneath(at, scope === 2))]
      this.#pages = reached.filter(entry => tree.matches(entry, filter))
    }
    const found = this.#pages.splice(0, Math.min(number(size) || mostEntries, mostEntries))
    const more = this.#pages.length > 0
    const asked = inside(parts[7]).map(text)
    const messages = found.map(entry => entryMessage(request.id, entry.dn, this.#shown(entry, asked)))
    return [...messages, resultMessage(request, more && !page ? 4 : 0, '', page && (more ? 'more' : ''))]
  }

  /** The attributes asked for; long lists in ranges of 1,500 values, as Active Directory gives them. */
  #shown(entry: Entry, asked: readonly string[]): Values[] {
    const own = [...Object.keys(entry.attributes), 'member', 'memberOf', 'distinguishedName']
    const types = asked.length === 0 || asked.includes('*') ? [...new Set([...own, ...asked])] : asked
    return types.flatMap(request => {
      const [attribute = '', range = ''] = request.split(';range=')
      const kind = kindOf(attribute)
      const values = this.#domain.tree.valuesOf(entry, attribute)
      const [from = 0, to = Number.NaN] = range.split('-').map(Number)
      if (!kind || values.length <= from) return []
      const end = Math.min((to || values.length) + 1, from + mostValues, values.length)
      const bytes = values.slice(from, end).map(value => Buffer.from(value, kind.bytes ? 'hex' : 'utf8'))
      const name = `${kind.name};range=${from}-${end === values.length ? '*' : end - 1}`
      return [{ type: range || values.length > mostValues ? name : kind.name, values: bytes }]
    })
  }

  #write({ tag, controls }: Request, parts: Element[], empty: boolean): void {
    const { tree, now, nextRelativeId } = this.#domain
    if (this.#who === null) throw new Refusal(1)
    if (empty) throw new Refusal(32)
    const dn = text(parts[0])
    if (tag === 0x68) {
      const parent = tree.need(nameOf(partsOf(dn).slice(1)))
      if (tree.find(dn)) throw new Refusal(68)
      const given = inside(parts[1]).map(valuesIn)
      const classes = given.find(({ type }) => folded(type) === 'objectclass')?.values.map(String) ?? []
      if (classes.length === 0) throw new Refusal(65)
      this.#needRight(parent, classes.includes('user') ? 'child' : 'other')
      const bare = tree.make(dn, { objectclass: classes })
      const named = classes.includes('user') || classes.includes('group')
      const changes = given.filter(({ type }) => !/^(objectclass|cn|ou|name)$/i.test(type))
      const replacing = changes.map((values): Change => ({ ...values, kind: 'replace' }))
      const whole = named ? withDefaults(bare, nextRelativeId()) : bare
      const entry = changed(tree, whole, replacing, false, now())
      checkAccount(tree, entry)
      tree.put(entry)
      return
    }
    const entry = tree.need(dn)
    if (tag === 0x66) {
      const changes = inside(parts[1]).map((change): Change => {
        const [kind, values] = inside(change)
        return { ...valuesIn(values), kind: kinds[number(kind)] ?? 'replace' }
      })
      this.#needRight(entry, changes.every(({ type }) => folded(type) === 'member') ? 'member' : 'account')
      const after = changed(tree, entry, changes, controls.has(permissiveModify), now())
      checkAccount(tree, after)
      tree.put(after)
      return
    }
    this.#needRight(entry, 'account')
    if (tag === 0x6c) {
      if (parts[3]) this.#needRight(tree.need(text(parts[3])), 'child')
      move(tree, entry, text(parts[1]), text(parts[3]))
    } else if (tag !== 0x4a) throw new Refusal(2)
    else if (tree.beneath(entry, false).length > 0) throw new Refusal(66)
    else tree.remove(entry)
  }

  /** The administrator may all; the delegated account what was delegated; everybody else nothing. */
  #needRight(entry: Entry, what: 'child' | 'account' | 'member' | 'other'): void {
    const { administratorKey, serviceKey, delegated } = this.#domain
    const who = keyOf(this.#who?.dn ?? '')
    if (who === administratorKey) return
    const key = keyOf(entry.dn)
    const inside = delegated.some(place => key.endsWith(`,${place}`))
    const isContainer = !key.startsWith('CN=')
    const allowed =
      what === 'account' ? inside && !isContainer : what !== 'other' && (inside || delegated.includes(key))
    if (who !== serviceKey || !allowed) throw new Refusal(50)
  }
}
