import { changed, checkAccount, moved, secretOf, ticksOf, withDefaults } from './accounts.ts'
import {
  entryMessage,
  type Operation,
  pagedResults,
  permissiveModify,
  type Request,
  readPage,
  resultMessage,
  type Values,
} from './messages.ts'
import { folded, keyOf, kindOf, partsOf } from './schema.ts'
import { type Entry, first, Refusal, type Tree } from './tree.ts'

type Of<K extends Operation['kind']> = Extract<Operation, { kind: K }>

/** The directory all sessions share. */
export interface Domain {
  readonly tree: Tree
  readonly baseDn: string
  /** Keys of the OUs in which the delegated account may write accounts, and of the groups whose members it may write. */
  readonly delegated: readonly string[]
  /** The delegated account and the domain's administrator, by DN key. */
  readonly serviceKey: string
  readonly administratorKey: string
  now(): number
  nextRelativeId(): number
}

const mostEntries = 1000
const mostValues = 1500
const refusedBind = (data: string) =>
  new Refusal(
    49,
    `80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data ${data}, v3839`,
  )

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
    const { operation } = request
    try {
      if (operation.kind === 'bind') this.#bind(operation)
      else if (operation.kind === 'search') return this.#search(request, operation, empty)
      else this.#write(request, operation, empty)
      return [resultMessage(request, 0)]
    } catch (error) {
      if (error instanceof Refusal) return [resultMessage(request, error.code, error.message)]
      throw error
    }
  }

  #bind({ dn, password }: Of<'bind'>): void {
    this.#who = null
    if (password === null) throw new Refusal(7, 'only simple binds are known here')
    if (dn === '' && password === '') return
    const { tree } = this.#domain
    const login = folded(dn.slice(dn.indexOf('\\') + 1))
    const entry =
      tree.find(dn) ??
      [...tree.entries.values()].find(other =>
        [first(other, 'userPrincipalName'), first(other, 'sAMAccountName')].some(
          name => name !== undefined && folded(name) === login,
        ),
      )
    if (!entry || password === '' || entry.secret !== secretOf(entry, password)) throw refusedBind('52e')
    if (Number(first(entry, 'userAccountControl')) & 2) throw refusedBind('533')
    const expires = first(entry, 'accountExpires') ?? '0'
    if (expires !== '0' && BigInt(expires) <= BigInt(ticksOf(this.#domain.now()))) throw refusedBind('701')
    if (first(entry, 'pwdLastSet') === '0') throw refusedBind('773')
    this.#who = entry
  }

  #search(request: Request, { base, scope, filter, attributes }: Of<'search'>, empty: boolean): Buffer[] {
    const { tree, baseDn } = this.#domain
    if (base === '' && scope === 'base') {
      const root = { defaultNamingContext: baseDn, namingContexts: baseDn, dnsHostName: 'localhost' }
      const about = {
        ...root,
        supportedLDAPVersion: '3',
        currentTime: new Date(this.#domain.now()).toISOString(),
      }
      const shown = Object.entries(about).map(([type, value]) => ({ type, values: [Buffer.from(value)] }))
      return [entryMessage(request.id, '', shown), resultMessage(request, 0)]
    }
    this.#needBind()
    if (empty) return [resultMessage(request, 0)]
    const page = request.controls.get(pagedResults)
    const { size, cookie } = page ? readPage(page) : { size: mostEntries, cookie: '' }
    if (cookie === '') {
      const at = tree.need(base)
      const near = scope === 'base' ? [] : tree.childrenOf(at, scope === 'sub')
      const reached = scope === 'one' ? near : [at, ...near]
      this.#pages = reached.filter(entry => tree.matches(entry, filter))
    }
    const limit = Math.min(size || mostEntries, mostEntries)
    const found = this.#pages.splice(0, limit)
    const more = this.#pages.length > 0
    const messages = found.map(entry => entryMessage(request.id, entry.dn, this.#shown(entry, attributes)))
    const code = more && page === undefined ? 4 : 0
    return [...messages, resultMessage(request, code, '', page && (more ? 'more' : ''))]
  }

  /** The attributes asked for; long lists in ranges of 1,500 values, as Active Directory gives them. */
  #shown(entry: Entry, asked: readonly string[]): Values[] {
    const { tree } = this.#domain
    const everything = asked.length === 0 || asked.includes('*')
    const own = [...Object.keys(entry.attributes), 'member', 'memberOf', 'distinguishedName']
    const types = everything ? [...new Set([...own, ...asked])] : asked
    return types.flatMap(request => {
      const [attribute = '', range] = request.split(';range=')
      const kind = kindOf(attribute)
      if (kind === undefined || kind.name === 'unicodePwd') return []
      const values = tree.valuesOf(entry, attribute)
      const from = Number(range?.split('-')[0] ?? 0)
      if (values.length <= from) return []
      const to = Math.min(
        Number(range?.split('-')[1] ?? Number.NaN) || values.length - 1,
        from + mostValues - 1,
      )
      const ranged = range !== undefined || values.length > mostValues
      const end = to >= values.length - 1 ? '*' : to
      const bytes = values.slice(from, to + 1).map(value => Buffer.from(value, kind.bytes ? 'hex' : 'utf8'))
      return [{ type: ranged ? `${kind.name};range=${from}-${end}` : kind.name, values: bytes }]
    })
  }

  #write(request: Request, operation: Operation, empty: boolean): void {
    const { tree, now, nextRelativeId } = this.#domain
    this.#needBind()
    if (empty) throw new Refusal(32, 'NO_OBJECT')
    switch (operation.kind) {
      case 'add': {
        const parent = tree.need(operation.dn.slice(operation.dn.search(/(?<!\\),/) + 1))
        if (tree.find(operation.dn)) throw new Refusal(68, '00002071: UpdErr: problem 6005 (ENTRY_EXISTS)')
        const classes = operation.attributes.find(({ type }) => folded(type) === 'objectclass')
        const names = classes?.values.map(String) ?? []
        if (names.length === 0) throw new Refusal(65, '0000207C: UpdErr: problem 6002 (OBJ_CLASS_VIOLATION)')
        this.#needRight(parent, names.includes('user') ? 'child' : 'other')
        const bare = tree.make(operation.dn, { objectclass: names })
        if (names.includes('user') || names.includes('group')) withDefaults(bare, nextRelativeId())
        const given = operation.attributes.filter(({ type }) => !/^(objectclass|cn|ou|name)$/i.test(type))
        const entry = changed(
          tree,
          bare,
          given.map(values => ({ ...values, kind: 'replace' })),
          false,
          now(),
        )
        checkAccount(tree, entry)
        tree.put(entry)
        break
      }
      case 'modify': {
        const entry = tree.need(operation.dn)
        const types = operation.changes.map(({ type }) => folded(type))
        const itself = entry.guid === this.#who?.guid && types.every(type => type === 'unicodepwd')
        const resets = operation.changes.some(
          ({ type, kind }) => folded(type) === 'unicodepwd' && kind === 'replace',
        )
        if (!itself || resets)
          this.#needRight(entry, types.every(type => type === 'member') ? 'member' : 'account')
        const permissive = request.controls.has(permissiveModify)
        const after = changed(tree, entry, operation.changes, permissive, now())
        checkAccount(tree, after)
        tree.put(after)
        break
      }
      case 'rename': {
        const entry = tree.need(operation.dn)
        this.#needRight(entry, 'account')
        if (operation.superior !== null) this.#needRight(tree.need(operation.superior), 'child')
        moved(tree, entry, operation.relative, operation.superior)
        break
      }
      case 'delete': {
        const entry = tree.need(operation.dn)
        this.#needRight(entry, 'account')
        if (tree.childrenOf(entry, false).length > 0) throw new Refusal(66, 'it has children')
        tree.remove(entry)
        break
      }
      default:
        throw new Refusal(2, 'this server does not know that operation')
    }
  }

  #needBind(): void {
    if (this.#who === null)
      throw new Refusal(1, '000004DC: LdapErr: DSID-0C090A5C, comment: a successful bind must be completed')
  }

  /** The administrator may all; the delegated account what was delegated; everybody else nothing. */
  #needRight(entry: Entry, what: 'child' | 'account' | 'member' | 'other'): void {
    const { administratorKey, serviceKey, delegated } = this.#domain
    const who = keyOf(this.#who?.dn ?? '')
    if (who === administratorKey) return
    const key = keyOf(entry.dn)
    const named = delegated.includes(key)
    const inside = delegated.some(place => key.endsWith(`,${place}`))
    const isContainer = partsOf(entry.dn)[0]?.[0] !== 'CN'
    const allowed = what === 'account' ? inside && !isContainer : what !== 'other' && (inside || named)
    if (who !== serviceKey || !allowed)
      throw new Refusal(50, '00000005: SecErr: DSID-03152E29, problem 4003 (INSUFF_ACCESS_RIGHTS)')
  }
}
