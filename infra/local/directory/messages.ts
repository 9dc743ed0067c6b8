/** LDAP messages (RFC 4511), as far as this server needs them: nested elements of tag, length and body. */
interface Element {
  tag: number
  body: Buffer
}

export type Filter =
  | { kind: 'and'; of: Filter[] }
  | { kind: 'or'; of: Filter[] }
  | { kind: 'not'; of: Filter }
  | { kind: 'equals' | 'at-least' | 'at-most'; type: string; value: Buffer }
  | { kind: 'substrings'; type: string; initial: string; any: string[]; final: string }
  | { kind: 'present'; type: string }
  | { kind: 'extensible'; type: string; rule: string; value: Buffer }
export interface Values {
  type: string
  values: Buffer[]
}
export type Change = Values & { kind: 'add' | 'delete' | 'replace' }
export type Operation =
  | { kind: 'bind'; dn: string; password: string | null }
  | { kind: 'unbind' | 'abandon' | 'unknown' }
  | { kind: 'search'; base: string; scope: 'base' | 'one' | 'sub'; filter: Filter; attributes: string[] }
  | { kind: 'modify'; dn: string; changes: Change[] }
  | { kind: 'add'; dn: string; attributes: Values[] }
  | { kind: 'delete'; dn: string }
  | { kind: 'rename'; dn: string; relative: string; superior: string | null }
export interface Request {
  id: number
  operation: Operation
  controls: Map<string, Buffer>
}

export const pagedResults = '1.2.840.113556.1.4.319'
export const permissiveModify = '1.2.840.113556.1.4.1413'

/** Where the first element's body begins and ends; null while the buffer is too short for it. */
function extent(buffer: Buffer): { start: number; end: number } | null {
  const length = buffer[1]
  if (length === undefined) return null
  const size = length < 0x80 ? 0 : length & 0x7f
  if (size > 4) throw new Error('not an LDAP message')
  if (buffer.length < 2 + size) return null
  const end = 2 + size + (size === 0 ? length & 0x7f : buffer.readUIntBE(2, size))
  return buffer.length < end ? null : { start: 2 + size, end }
}

export const frameLength = (buffer: Buffer): number | null => extent(buffer)?.end ?? null

function elementsIn(buffer: Buffer): Element[] {
  const found: Element[] = []
  for (let rest = buffer; rest.length > 0; ) {
    const at = extent(rest)
    if (at === null) throw new Error('an element is cut off')
    found.push({ tag: rest[0] ?? 0, body: rest.subarray(at.start, at.end) })
    rest = rest.subarray(at.end)
  }
  return found
}

const text = (element: Element | undefined): string => element?.body.toString() ?? ''
const number = (element: Element | undefined): number => element?.body.readUIntBE(0, element.body.length) ?? 0
const inside = (element: Element | undefined): Element[] => (element ? elementsIn(element.body) : [])

function valuesIn(element: Element): Values {
  const [type, values] = inside(element)
  return { type: text(type), values: inside(values).map(({ body }) => body) }
}

function filterOf(element: Element | undefined): Filter {
  const tag = element?.tag
  if (tag === 0x87) return { kind: 'present', type: text(element) }
  const parts = inside(element)
  const [type, value] = parts
  const tagged = (wanted: number) => parts.filter(part => part.tag === wanted)
  if (tag === 0xa0 || tag === 0xa1) return { kind: tag === 0xa0 ? 'and' : 'or', of: parts.map(filterOf) }
  if (tag === 0xa2) return { kind: 'not', of: filterOf(type) }
  if (tag === 0xa9) {
    const [rule, name, asked] = [0x81, 0x82, 0x83].map(wanted => tagged(wanted)[0])
    return { kind: 'extensible', type: text(name), rule: text(rule), value: asked?.body ?? Buffer.alloc(0) }
  }
  if (tag === 0xa4) {
    const pieces = inside(value)
    const piece = (wanted: number) => pieces.filter(part => part.tag === wanted).map(text)
    const [initial = '', final = ''] = [piece(0x80)[0], piece(0x82)[0]]
    return { kind: 'substrings', type: text(type), initial, any: piece(0x81), final }
  }
  const kind = tag === 0xa5 ? 'at-least' : tag === 0xa6 ? 'at-most' : 'equals'
  return { kind, type: text(type), value: value?.body ?? Buffer.alloc(0) }
}

function operationOf({ tag, body }: Element): Operation {
  if (tag === 0x42) return { kind: 'unbind' }
  if (tag === 0x50) return { kind: 'abandon' }
  if (tag === 0x4a) return { kind: 'delete', dn: body.toString() }
  const parts = elementsIn(body)
  const [first, second, third, fourth] = parts
  const dn = text(first)
  if (tag === 0x60)
    return { kind: 'bind', dn: text(second), password: third?.tag === 0x80 ? text(third) : null }
  if (tag === 0x63) {
    const scope = (['base', 'one', 'sub'] as const)[number(second)] ?? 'sub'
    return {
      kind: 'search',
      base: dn,
      scope,
      filter: filterOf(parts[6]),
      attributes: inside(parts[7]).map(text),
    }
  }
  if (tag === 0x66) {
    const changes = inside(second).map((change): Change => {
      const [kind, values] = inside(change)
      const name = (['add', 'delete', 'replace'] as const)[number(kind)] ?? 'replace'
      return { kind: name, ...(values ? valuesIn(values) : { type: '', values: [] }) }
    })
    return { kind: 'modify', dn, changes }
  }
  if (tag === 0x68) return { kind: 'add', dn, attributes: inside(second).map(valuesIn) }
  if (tag === 0x6c)
    return { kind: 'rename', dn, relative: text(second), superior: fourth ? text(fourth) : null }
  return { kind: 'unknown' }
}

export function readRequest(frame: Buffer): Request {
  const [id, operation, controls] = inside(elementsIn(frame)[0])
  if (operation === undefined) throw new Error('a message without operation')
  const pairs = inside(controls).map((control): [string, Buffer] => {
    const [type, ...rest] = inside(control)
    return [text(type), rest.find(part => part.tag === octets)?.body ?? Buffer.alloc(0)]
  })
  return { id: number(id), operation: operationOf(operation), controls: new Map(pairs) }
}

export function readPage(value: Buffer): { size: number; cookie: string } {
  const [size, cookie] = inside(elementsIn(value)[0])
  return { size: number(size), cookie: text(cookie) }
}

const [sequence, set, octets, enumeration, integer] = [0x30, 0x31, 0x04, 0x0a, 0x02]

function element(tag: number, ...parts: (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part) : part)))
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body])
  const head = Buffer.from([tag, 0x84, 0, 0, 0, 0])
  head.writeUInt32BE(body.length, 2)
  return Buffer.concat([head, body])
}
const integerOf = (value: number, tag: number = integer): Buffer => {
  const body = Buffer.alloc(4)
  body.writeInt32BE(value)
  return tag === enumeration ? element(tag, body.subarray(3)) : element(tag, body)
}

const answers = { bind: 0x61, search: 0x65, modify: 0x67, add: 0x69, delete: 0x6b, rename: 0x6d } as const

/** The final answer to a request; `page` is the cookie of the paged results control. */
export function resultMessage({ id, operation }: Request, code: number, why = '', page?: string): Buffer {
  const tag = operation.kind in answers ? answers[operation.kind as keyof typeof answers] : 0x78
  const result = element(tag, integerOf(code, enumeration), element(octets), element(octets, why))
  if (page === undefined) return element(sequence, integerOf(id), result)
  const value = element(sequence, integerOf(0), element(octets, page))
  const control = element(sequence, element(octets, pagedResults), element(octets, value))
  return element(sequence, integerOf(id), result, element(0xa0, control))
}

export function entryMessage(id: number, dn: string, attributes: readonly Values[]): Buffer {
  const list = attributes.map(({ type, values }) =>
    element(sequence, element(octets, type), element(set, ...values.map(value => element(octets, value)))),
  )
  return element(sequence, integerOf(id), element(0x64, element(octets, dn), element(sequence, ...list)))
}
