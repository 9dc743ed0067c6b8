import type * as z from 'zod'
import type { CodedFault } from './refusal.ts'

/** More faults than these nobody reads, and the answer would outgrow what Lambda may return. */
const mostFaults = 1_000

/** One segment of a JSON pointer (RFC 6901): `~` and `/` are escaped. */
export const pointerSegment = (key: string | number) =>
  `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`

type Issue = z.core.$ZodIssue

/** Our schemas put a code of the catalogue where zod has its English message. */
const ownCode = /^[a-z][a-z0-9-]*\.[a-z0-9-]+$/

const at = (path: readonly PropertyKey[]) => path.map(step => pointerSegment(String(step))).join('')

/** The member an issue speaks of in what was sent; undefined where nothing stands there. */
const memberAt = (input: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Record<PropertyKey, unknown>)[step]
        : undefined,
    input,
  )

const sizeCode = (issue: Issue & { code: 'too_small' | 'too_big' }) => {
  const bound = issue.code === 'too_small' ? issue.minimum : issue.maximum
  const kind = issue.origin === 'string' ? 'text' : issue.origin === 'array' ? 'list' : 'number'
  return {
    code: `shape.${kind}-${issue.code === 'too_small' ? 'too-short' : 'too-long'}`,
    bound: Number(bound),
  }
}

/**
 * Every fault zod found, as pointers into what was sent. An unknown member is pointed at itself, a missing one at where it
 * should stand. `prefix` places a query (`/query`) or a row.
 */
export const faultsOf = (error: z.ZodError, input: unknown, prefix = ''): CodedFault[] => {
  const faults = new Map<string, CodedFault>()
  const add = (pointer: string, code: string, params?: CodedFault['params']) => {
    const key = `${pointer} ${code}`
    if (faults.size < mostFaults && !faults.has(key))
      faults.set(key, { pointer: prefix + pointer, code, ...(params && { params }) })
  }
  for (const issue of error.issues) {
    const pointer = at(issue.path)
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) add(pointer + pointerSegment(key), 'shape.unknown-member')
    } else if (memberAt(input, issue.path) === undefined && issue.code !== 'custom')
      add(pointer, 'shape.missing')
    else if (ownCode.test(issue.message)) add(pointer, issue.message)
    else if (issue.code === 'invalid_type')
      add(pointer, 'shape.wrong-type', { expected: String(issue.expected) })
    else if (issue.code === 'invalid_value')
      add(pointer, 'shape.unknown-choice', { choices: issue.values.map(String).join(', ') })
    else if (issue.code === 'invalid_union')
      add(pointer, 'shape.unknown-choice', {
        choices: ('options' in issue ? (issue.options ?? []) : []).map(String).join(', '),
      })
    else if (issue.code === 'too_small' || issue.code === 'too_big') {
      const { code, bound } = sizeCode(issue)
      add(pointer, code, { bound })
    } else add(pointer, 'shape.wrong-format')
  }
  return [...faults.values()]
}
