/**
 * Distinguished names (RFC 4514), as far as a connector needs them: to build one, to compare two, to tell whether one
 * lies beneath another. Directories and settings write them with their own case, spacing and escapes.
 */

const special = /["+,;<=>\\#\p{Cc}]/gu
const edgeSpaces = /^ | $/g
const hexPairs = (text: string) =>
  [...Buffer.from(text)].map(byte => `\\${byte.toString(16).padStart(2, '0')}`).join('')

/**
 * One relative name. Specials become hex pairs, never `\,`: ldapts' `modifyDN` splits its argument at the first comma
 * that no backslash precedes, and a value ending in an escaped backslash would mislead it.
 */
export const relativeName = (type: string, value: string): string =>
  `${type}=${value.replace(special, hexPairs).replace(edgeSpaces, '\\20')}`

export const childOf = (parent: string, relative: string): string => `${relative},${parent}`

/** Parts of a DN, nearest first, as [type, value] with escapes undone. */
function partsOf(dn: string): [type: string, value: string][] {
  const parts = dn.match(/(?:\\.|[^,;\\])+/gs) ?? []
  return parts.map(part => {
    const [, type = '', value = ''] = /^\s*([^=]*?)\s*=\s*((?:\\.|[^\\])*?)\s*$/s.exec(part) ?? []
    return [type, unescaped(value)]
  })
}

/** Undoes `\2c`, `\C3\A9` and `\,`. */
const unescaped = (value: string): string =>
  value.replace(/(?:\\[0-9a-f]{2})+|\\./gis, pair =>
    /^\\[0-9a-f]{2}/i.test(pair)
      ? Buffer.from(pair.replaceAll('\\', ''), 'hex').toString('utf8')
      : pair.slice(1),
  )

/** The same name, spelled as every server reads it. */
export const canonicalName = (dn: string): string =>
  partsOf(dn)
    .map(([type, value]) => relativeName(type.toUpperCase(), value))
    .join(',')

const keys = new Map<string, string>()
const mostKeys = 10_000

/** Two DNs name the same object if and only if their keys are equal. The same few groups come back with every account. */
export function keyOf(dn: string): string {
  const known = keys.get(dn)
  if (known !== undefined) return known
  const key = canonicalName(dn).normalize('NFC').toLowerCase()
  if (keys.size >= mostKeys) keys.clear()
  keys.set(dn, key)
  return key
}

/** Whether `key` is `ancestorKey` or lies beneath it; both as `keyOf` gives them. */
export const isWithin = (key: string, ancestorKey: string): boolean =>
  key === ancestorKey || key.endsWith(`,${ancestorKey}`)

/** The relative name of `dn`, as every server reads it. */
export function ownRelativeName(dn: string): string {
  const [own = ['', '']] = partsOf(dn)
  return relativeName(...own)
}
