import { Buffer } from 'node:buffer'
import { pointerSegment } from '../domain/faults.ts'
import type { CodedFault } from '../domain/refusal.ts'
import type { Code } from '../domain/texts/index.ts'

/** Bytes of a body; the contract's limit, which is also what Lambda takes in one call. */
const largestBody = 6 * 1024 * 1024
/** Members and elements within each other. The deepest body of the contract has seven. */
const deepest = 32

export type ReadBody =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'csv'; readonly text: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'malformed'; readonly faults: readonly CodedFault[] }

/** What a route takes. Values are members and elements, all together: a parser that finds a fault in each must survive it. */
export interface BodyLimits {
  readonly csv: boolean
  readonly mostValues: number
}

interface RawBody {
  readonly body?: string | undefined
  readonly isBase64Encoded?: boolean | undefined
  readonly headers: Readonly<Record<string, string | undefined>>
}

const malformed = (code: Code, pointer = ''): ReadBody => ({
  kind: 'malformed',
  faults: [{ pointer, code }],
})

const decode = (raw: RawBody): string | null => {
  if (!raw.isBase64Encoded) return raw.body ?? ''
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(raw.body ?? '', 'base64'))
  } catch {
    return null
  }
}

/**
 * Reads a body as what it says it is. Without a content type it is taken for JSON; `text/csv` only where `csv` is allowed.
 * Never throws: whatever cannot be read is a fault with a pointer.
 */
export const readBody = (raw: RawBody, { csv, mostValues }: BodyLimits): ReadBody => {
  const bytes = Buffer.byteLength(raw.body ?? '', raw.isBase64Encoded ? 'base64' : 'utf8')
  if (bytes > largestBody) return { kind: 'too-large' }
  const text = decode(raw)?.replace(/^\uFEFF/, '')
  if (text === undefined) return malformed('body.not-utf8')
  const type =
    (raw.headers['content-type'] ?? 'application/json').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (csv && type === 'text/csv') return { kind: 'csv', text }
  if (!/^application\/([a-z0-9.-]+\+)?json$/.test(type)) return malformed('problem.unsupported-media-type')
  if (text.trim() === '') return { kind: 'absent' }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return malformed('shape.malformed-json')
  }
  const unsound = unsoundTexts(value, mostValues)
  if (!Array.isArray(unsound)) return malformed(unsound)
  const faults = [...repeatedMembers(text), ...unsound]
  return faults.length > 0 ? { kind: 'malformed', faults } : { kind: 'json', value }
}

/**
 * Members given twice in one object. `JSON.parse` would keep the last and say nothing, and what a person signed would depend
 * on the reader. Expects text that `JSON.parse` accepts.
 */
const repeatedMembers = (text: string): CodedFault[] => {
  const faults: CodedFault[] = []
  const open: { keys: Set<string> | null; at: string | number }[] = []
  let expectsKey = false
  for (let position = 0; position < text.length; position += 1) {
    const level = open.at(-1)
    const sign = text[position]
    if (sign === '{') {
      open.push({ keys: new Set(), at: '' })
      expectsKey = true
    } else if (sign === '[') open.push({ keys: null, at: 0 })
    else if (sign === '}' || sign === ']') open.pop()
    else if (sign === ',' && level) {
      if (level.keys) expectsKey = true
      else level.at = Number(level.at) + 1
    } else if (sign === '"') {
      const end = endOfString(text, position)
      if (expectsKey && level?.keys) {
        const name = JSON.parse(text.slice(position, end + 1)) as string
        level.at = name
        if (level.keys.has(name))
          faults.push({
            pointer: open.map(step => pointerSegment(step.at)).join(''),
            code: 'body.repeated-member',
          })
        level.keys.add(name)
        expectsKey = false
      }
      position = end
    }
  }
  return faults
}

/** Index of the quotation mark that closes the string opened at `start`. */
const endOfString = (text: string, start: number): number => {
  let end = start + 1
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1
  return end
}

/** Texts that no store and no target keeps as they are: NUL, half surrogate pairs. A code alone: more than any body has. */
const unsoundTexts = (root: unknown, mostValues: number): CodedFault[] | Code => {
  const faults: CodedFault[] = []
  let values = 0
  const rest: { value: unknown; pointer: string; depth: number }[] = [{ value: root, pointer: '', depth: 0 }]
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    const { value, pointer, depth } = next
    const unsound = (text: string) => text.includes('\u0000') || !text.isWellFormed()
    if (typeof value === 'string' && unsound(value)) faults.push({ pointer, code: 'text.unprintable' })
    if (typeof value !== 'object' || value === null) continue
    if (depth >= deepest) return 'body.too-deep'
    for (const [key, member] of Object.entries(value)) {
      const where = pointer + pointerSegment(key.toWellFormed())
      if (unsound(key)) faults.push({ pointer: where, code: 'text.unprintable' })
      values += 1
      if (values > mostValues) return 'shape.too-big'
      rest.push({ value: member, pointer: where, depth: depth + 1 })
    }
  }
  return faults.sort((left, right) => left.pointer.localeCompare(right.pointer))
}
