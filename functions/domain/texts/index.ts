import type { Settings } from '../../../schemas/settings.ts'
import { type Code, esCL } from './es-cl.ts'
import { esGT } from './es-gt.ts'

export type { Code } from './es-cl.ts'

export type Locale = Settings['locale']

const catalogues: Record<Locale, Partial<Record<Code, string>>> = { 'es-CL': esCL, 'es-GT': esGT }

export const isCode = (text: string): text is Code => Object.hasOwn(esCL, text)

/** The sentence of a code. What the locale does not say otherwise is said as in es-CL. */
export const say = (
  locale: Locale,
  code: Code,
  parameters: Readonly<Record<string, string | number>> = {},
): string =>
  (catalogues[locale][code] ?? esCL[code]).replace(/\{(\w+)\}/g, (gap, name: string) =>
    String(parameters[name] ?? gap),
  )

/** A day as written in these countries, `31-12-2026`. */
export const sayDay = (day: string): string => day.split('-').reverse().join('-')

/** What of a parser's issue tells its kind; fits zod's issues without knowing zod. */
export interface ParserIssue {
  readonly code?: string | undefined
  readonly message: string
}

const KINDS: Record<string, Code> = {
  invalid_type: 'shape.invalid-type',
  unrecognized_keys: 'shape.unrecognized-keys',
  invalid_union: 'shape.invalid-union',
  invalid_value: 'shape.invalid-value',
  invalid_format: 'shape.invalid-format',
  too_small: 'shape.too-small',
  too_big: 'shape.too-big',
}

/** The closed code of a parser's issue: the schema's own, where it has one, else the kind of fault. Never a text from outside. */
export const codeOf = (issue: ParserIssue): Code => {
  if (isCode(issue.message)) return issue.message
  return (issue.code === undefined ? undefined : KINDS[issue.code]) ?? 'shape.invalid'
}
