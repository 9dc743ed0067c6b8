import type * as z from 'zod'
import type { CodedFault } from './refusal.ts'
import { type Code, codeOf } from './texts/index.ts'

/** More faults than these nobody reads, and the answer would outgrow what Lambda may return. */
export const mostFaults = 1_000

/** One segment of a JSON pointer (RFC 6901): `~` and `/` are escaped. */
export const pointerSegment = (key: string | number) =>
  `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`

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

/** Kinds of fault that say nothing of a member that is not there. */
const aboutShape = ['invalid_type', 'invalid_union', 'invalid_format']

/**
 * Every fault zod found, as pointers into what was sent. An unknown member is pointed at itself, a missing one at where it
 * should stand. `prefix` places a query (`/query`) or a row.
 */
export const faultsOf = (error: z.ZodError, input: unknown, prefix = ''): CodedFault[] => {
  const faults = new Map<string, CodedFault>()
  const add = (pointer: string, code: Code) => {
    const key = `${pointer} ${code}`
    if (faults.size < mostFaults && !faults.has(key)) faults.set(key, { pointer: prefix + pointer, code })
  }
  for (const issue of error.issues) {
    const pointer = at(issue.path)
    if (issue.code === 'unrecognized_keys')
      for (const key of issue.keys) add(pointer + pointerSegment(key), 'shape.unrecognized-keys')
    else if (aboutShape.includes(issue.code) && memberAt(input, issue.path) === undefined)
      add(pointer, 'shape.missing')
    else add(pointer, codeOf(issue))
  }
  return [...faults.values()]
}
