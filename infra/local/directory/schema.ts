const many =
  'objectClass member memberOf tokenGroups servicePrincipalName proxyAddresses otherTelephone url'.split(' ')
const binary = 'objectGUID objectSid tokenGroups unicodePwd'.split(' ')
const fixed =
  'objectGUID objectSid memberOf tokenGroups distinguishedName isDeleted sAMAccountType name'.split(' ')
const names = 'member memberOf manager managedBy distinguishedName'.split(' ')
const limits = { displayName: 256, givenName: 64, sn: 64, title: 128, department: 64, employeeID: 16, cn: 64 }
const longest = new Map(Object.entries(limits))
const others = `ou dc sAMAccountName userPrincipalName userAccountControl accountExpires pwdLastSet primaryGroupID adminCount
  groupType mail telephoneNumber description info comment company physicalDeliveryOfficeName initials employeeNumber
  minPwdLength pwdProperties pwdHistoryLength minPwdAge`
const all = [...many, ...binary, ...fixed, ...names, ...longest.keys(), ...others.split(/\s+/)]
/** How an attribute behaves: `one` value only, `bytes` kept as hex, `fixed` by the server, `names` objects, longest text. */
const kindOfName = (name: string) => ({
  name,
  one: !many.includes(name),
  bytes: binary.includes(name),
  fixed: fixed.includes(name),
  names: names.includes(name),
  longest: longest.get(name) ?? 4096,
})
export type AttributeKind = ReturnType<typeof kindOfName>
const kinds = new Map(all.map(name => [name.toLowerCase(), kindOfName(name)]))

/** The attribute of that name, whatever its case; undefined if this directory has none. */
export const kindOf = (attribute: string): AttributeKind | undefined => kinds.get(attribute.toLowerCase())

/** How Active Directory compares texts: neither case nor accents count. */
export const folded = (value: string): string =>
  value.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().trim()

/** Parts of a DN, nearest first, as [type, value] with escapes undone. */
export function partsOf(dn: string): [string, string][] {
  const decoded = (pair: string) =>
    /^\\[0-9a-f]{2}/i.test(pair) ? Buffer.from(pair.replaceAll('\\', ''), 'hex').toString() : pair.slice(1)
  return (dn.match(/(?:\\.|[^,\\])+/gs) ?? []).map(part => {
    const [, type = '', value = ''] = /^\s*([^=]*?)\s*=\s*((?:\\.|[^\\])*?)\s*$/s.exec(part) ?? []
    return [type.toUpperCase(), value.replace(/(?:\\[0-9a-f]{2})+|\\./gis, decoded)]
  })
}

export const nameOf = (parts: readonly [string, string][]): string =>
  parts.map(([type, value]) => `${type}=${value.replace(/["+,;<>\\=]|^[# ]| $/g, '\\$&')}`).join(',')

const keys = new Map<string, string>()

/** Equal names have equal keys. */
export function keyOf(dn: string): string {
  const parts = () => partsOf(dn).map(([type, value]) => `${type}=${encodeURIComponent(folded(value))}`)
  const key = keys.get(dn) ?? parts().join(',')
  if (keys.size > 50_000) keys.clear()
  keys.set(dn, key)
  return key
}
