/**
 * Distinguished names (RFC 4514), as far as a connector needs them: to build one, to compare two, to tell whether one
 * lies beneath another. Directories return them with their own case, spacing and escapes.
 */

const special = /["+,;<=>\\#\p{Cc}]/gu
const edgeSpaces = /^ | $/g
const bytesOf = (text: string) =>
  [...Buffer.from(text)].map(byte => `\\${byte.toString(16).padStart(2, '0')}`).join('')

/**
 * One relative name. Specials become hex pairs, never `\,`: ldapts' `modifyDN` splits its argument at the first comma
 * that no backslash precedes, and a value ending in an escaped backslash would mislead it.
 */
export function relativeName(type: string, value: string): string {
  return `${type}=${value.replace(special, bytesOf).replace(edgeSpaces, '\\20')}`
}

export const childOf = (parent: string, relative: string): string => `${relative},${parent}`

/** The parts of a DN, nearest first, each normalised so that equal names are equal texts. */
function parts(dn: string): string[] {
  const found: string[] = []
  let current = ''
  for (let at = 0; at < dn.length; at++) {
    const sign = dn.charAt(at)
    if (sign === '\\') {
      current += sign + dn.charAt(++at)
    } else if (sign === ',' || sign === ';') {
      found.push(current)
      current = ''
    } else current += sign
  }
  found.push(current)
  return found.map(normalPart)
}

function normalPart(part: string): string {
  const equals = part.indexOf('=')
  const value = part
    .slice(equals + 1)
    .replace(/^ +/, '')
    .replace(/(?<!\\) +$/, '')
  return `${part.slice(0, equals).trim()}=${unescaped(value)}`.normalize('NFC').toLowerCase()
}

/** Undoes `\2c`, `\C3\A9` and `\,`; commas inside come back as U+0000 so that a joined name stays unambiguous. */
function unescaped(value: string): string {
  const bare = value.replace(/(?:\\[0-9a-f]{2})+|\\./gis, match =>
    /^\\[0-9a-f]{2}/i.test(match)
      ? Buffer.from(match.replaceAll('\\', ''), 'hex').toString('utf8')
      : match.slice(1),
  )
  return bare.replaceAll(',', '\u0000')
}

/** Two DNs name the same object if and only if their keys are equal. */
export const keyOf = (dn: string): string => parts(dn).join(',')

/** Whether `dn` is `ancestor` or lies beneath it; both as `keyOf` gives them. */
export const isWithin = (key: string, ancestorKey: string): boolean =>
  key === ancestorKey || key.endsWith(`,${ancestorKey}`)

/** The relative name of `dn` as the directory wrote it, re-escaped for `modifyDN`. */
export function ownRelativeName(dn: string): string {
  let end = 0
  while (end < dn.length && dn.charAt(end) !== ',') end += dn.charAt(end) === '\\' ? 2 : 1
  const [type = '', ...rest] = dn.slice(0, end).split('=')
  return relativeName(type.trim(), unescaped(rest.join('=')).replaceAll('\u0000', ','))
}
