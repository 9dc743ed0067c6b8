/** How an attribute behaves: `one` value only, `bytes` kept as hex, `fixed` by the server, `names` objects, longest text. */
export interface AttributeKind {
  readonly name: string
  readonly one: boolean
  readonly bytes: boolean
  readonly fixed: boolean
  readonly names: boolean
  readonly longest: number
}

const many = 'objectClass member memberOf servicePrincipalName proxyAddresses otherTelephone url'.split(' ')
const binary = 'objectGUID objectSid unicodePwd'.split(' ')
const fixed = 'objectGUID objectSid memberOf distinguishedName sAMAccountType objectCategory name'.split(' ')
const names = 'member memberOf manager managedBy objectCategory distinguishedName'.split(' ')
const limits = { sAMAccountName: 256, displayName: 256, givenName: 64, sn: 64, title: 128, department: 64 }
const longest = new Map(Object.entries({ ...limits, employeeID: 16, cn: 64, description: 1024 }))
const others = `ou dc userPrincipalName userAccountControl accountExpires pwdLastSet primaryGroupID adminCount groupType mail
  telephoneNumber info comment company physicalDeliveryOfficeName initials employeeNumber extensionAttribute1 whenCreated`

const kinds = new Map(
  [...many, ...binary, ...fixed, ...names, ...longest.keys(), ...others.split(/\s+/)].map(name => [
    name.toLowerCase(),
    {
      name,
      one: !many.includes(name),
      bytes: binary.includes(name),
      fixed: fixed.includes(name),
      names: names.includes(name),
      longest: longest.get(name) ?? 4096,
    },
  ]),
)

/** The attribute of that name, whatever its case; undefined if this directory has none. */
export const kindOf = (attribute: string): AttributeKind | undefined => kinds.get(attribute.toLowerCase())

/** How Active Directory compares texts: neither case nor accents count. */
export const folded = (value: string): string =>
  value.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().trim()

/** Parts of a DN, nearest first, as [type, value] with escapes undone. */
export function partsOf(dn: string): [string, string][] {
  return (dn.match(/(?:\\.|[^,\\])+/gs) ?? []).map(part => {
    const [, type = '', value = ''] = /^\s*([^=]*?)\s*=\s*(.*?)(?<!\\)\s*$/s.exec(part) ?? []
    const bare = value.replace(/(?:\\[0-9a-f]{2})+|\\./gis, pair =>
      /^\\[0-9a-f]{2}/i.test(pair) ? Buffer.from(pair.replaceAll('\\', ''), 'hex').toString() : pair.slice(1),
    )
    return [type.toUpperCase(), bare]
  })
}

export const nameOf = (parts: readonly [string, string][]): string =>
  parts.map(([type, value]) => `${type}=${value.replace(/["+,;<>\\=]|^[# ]| $/g, '\\$&')}`).join(',')

const keys = new Map<string, string>()

/** Equal names have equal keys. */
export function keyOf(dn: string): string {
  const known = keys.get(dn)
  if (known !== undefined) return known
  if (keys.size > 50_000) keys.clear()
  const parts = partsOf(dn).map(([type, value]) => `${type}=${encodeURIComponent(folded(value))}`)
  keys.set(dn, parts.join(','))
  return parts.join(',')
}
