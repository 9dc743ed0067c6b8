import { CatalogueId } from '../../../schemas/access.ts'
import type { ErpSettings } from '../../../schemas/settings.ts'

type Mapping = ErpSettings['mapping']

/**
 * A flag as the ERP writes it. Only its own `no`, or nothing at all, is a no: any other sign (blocked, supervisor…) counts
 * as a yes, so that an access is never understated; `odd` tells that it is neither.
 */
export function readFlag(
  flags: Mapping['flags'],
  value: unknown,
): { readonly on: boolean; readonly odd: boolean } {
  if (alike(value, flags.yes)) return { on: true, odd: false }
  if (value === null || value === undefined || alike(value, flags.no)) return { on: false, odd: false }
  return { on: true, odd: true }
}

export const writeFlag = (flags: Mapping['flags'], on: boolean) => (on ? flags.yes : flags.no)

/** Columns of fixed length are padded, bits come as booleans, decimals as text. */
const alike = (value: unknown, flag: unknown): boolean => plain(value) === plain(flag)

const plain = (value: unknown): string =>
  typeof value === 'boolean' ? String(Number(value)) : String(value).trim()

export const moduleCode = (mapping: Mapping, id: string): string | number =>
  Object.hasOwn(mapping.modules, id) ? (mapping.modules[id] ?? id) : id

/**
 * Our id of the ERP's module, null where it has none: a code that the mapping does not name and that could not be an id of
 * ours. Such permissions are not reported as rights, and they go when the person is deactivated.
 */
export function moduleId(mapping: Mapping, code: unknown): string | null {
  const text = String(code).trim()
  for (const [id, known] of Object.entries(mapping.modules)) if (String(known) === text) return id
  const keepsItsId = typeof code === 'string' && !Object.hasOwn(mapping.modules, text)
  return keepsItsId && CatalogueId.safeParse(text).success ? text : null
}

/** Specific accesses (box B of the form) in one column: joined by `; `, with `\` before `;` and `\`. Read back it is the same list. */
export function writeSpecifics(specifics: readonly string[]): string | null {
  if (specifics.length === 0) return null
  return [...specifics]
    .sort()
    .map(one => one.replace(/[\\;]/g, sign => `\\${sign}`))
    .join('; ')
}

export function readSpecifics(text: unknown): string[] {
  if (text === null || text === undefined) return []
  const found: string[] = ['']
  const signs = [...String(text)]
  for (let at = 0; at < signs.length; at++) {
    if (signs[at] === ';') found.push('')
    else found[found.length - 1] += signs[at] === '\\' ? (signs[++at] ?? '') : (signs[at] ?? '')
  }
  return found
    .map(one => one.trim())
    .filter(one => one !== '')
    .sort()
}
