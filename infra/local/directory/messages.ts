/** LDAP messages (RFC 4511): nested elements of tag, length and body. */
export interface Element {
  readonly tag: number
  readonly body: Buffer
}
export interface Values {
  readonly type: string
  readonly values: readonly Buffer[]
}

const octets = 0x04
export const pagedResults = '1.2.840.113556.1.4.319'
export const showRecycled = '1.2.840.113556.1.4.2064'
export const permissiveModify = '1.2.840.113556.1.4.1413'

/** Where the first element's body begins and ends; null while the buffer is too short for it. */
function extent(buffer: Buffer): { start: number; end: number } | null {
  const length = buffer[1] ?? 0
  const size = length < 0x80 ? 0 : length & 0x7f
  if (size > 4) throw new Error('not an LDAP message')
  if (buffer.length < 2 + size) return null
  const end = 2 + size + (size === 0 ? length : buffer.readUIntBE(2, size))
  return buffer.length < end ? null : { start: 2 + size, end }
}
export const frameLength = (buffer: Buffer): number | null => extent(buffer)?.end ?? null

export function inside({ body }: { body: Buffer } = { body: Buffer.alloc(0) }): Element[] {
  const found: Element[] = []
  for (let rest = body; rest.length > 0; ) {
    const at = extent(rest)
    if (at === null) throw new Error('an element is cut off')
    found.push({ tag: rest[0] ?? 0, body: rest.subarray(at.start, at.end) })
    rest = rest.subarray(at.end)
  }
  return found
}
export const text = (element: Element | undefined): string => element?.body.toString() ?? ''
export const number = (element: Element | undefined): number =>
  element?.body.length ? element.body.readUIntBE(0, element.body.length) : 0

export function valuesIn(element: Element | undefined): Values {
  const [type, values] = inside(element)
  return { type: text(type), values: inside(values).map(({ body }) => body) }
}

export interface Request {
  readonly id: number
  readonly tag: number
  readonly operation: Element
  readonly controls: ReadonlyMap<string, Buffer>
}

export function readRequest(frame: Buffer): Request {
  const [id, operation, controls] = inside(inside({ body: frame })[0])
  if (operation === undefined) throw new Error('a message without operation')
  const named = inside(controls).map((control): [string, Buffer] => {
    const [type, ...rest] = inside(control)
    return [text(type), rest.find(({ tag }) => tag === octets)?.body ?? Buffer.alloc(0)]
  })
  return { id: number(id), tag: operation.tag, operation, controls: new Map(named) }
}

function element(tag: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map(part => Buffer.from(part)))
  const head = Buffer.from([tag, 0x84, 0, 0, 0, 0])
  head.writeUInt32BE(body.length, 2)
  return Buffer.concat([body.length < 0x80 ? Buffer.from([tag, body.length]) : head, body])
}
function integer(value: number): Buffer {
  const body = Buffer.alloc(4)
  body.writeInt32BE(value)
  return element(0x02, body)
}

/** The final answer to a request; `page` is the cookie of the paged results control. */
export function resultMessage({ id, tag }: Request, code: number, why: string, page?: string): Buffer {
  const answerTag = tag === 0x63 ? 0x65 : tag === 0x4a ? 0x6b : tag + 1
  const result = element(answerTag, element(0x0a, Buffer.from([code])), element(octets), element(octets, why))
  if (page === undefined) return element(0x30, integer(id), result)
  const value = element(0x30, integer(0), element(octets, page))
  const control = element(0x30, element(octets, pagedResults), element(octets, value))
  return element(0x30, integer(id), result, element(0xa0, control))
}

export function entryMessage(id: number, dn: string, attributes: readonly Values[]): Buffer {
  const list = attributes.map(({ type, values }) => {
    const set = element(0x31, ...values.map(value => element(octets, value)))
    return element(0x30, element(octets, type), set)
  })
  return element(0x30, integer(id), element(0x64, element(octets, dn), element(0x30, ...list)))
}
