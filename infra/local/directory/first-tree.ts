import { randomBytes } from 'node:crypto'
import type { DirectorySettings } from '../../../schemas/settings.ts'
import { policy, secretOf, withDefaults } from './accounts.ts'
import { keyOf, nameOf, partsOf } from './schema.ts'
import type { Tree } from './tree.ts'

export const groupsOf = ({ groups }: DirectorySettings): string[] => [
  groups.removableStorage,
  ...Object.values(groups.internet),
  ...Object.values(groups.entitlements),
]

/**
 * The domain, the OUs and groups of the settings, the protected groups, `krbtgt`, and the accounts of `passwords` (by DN);
 * the first of these is the administrator, member of the first protected group.
 */
export function plantFirstTree(
  tree: Tree,
  settings: DirectorySettings,
  passwords: Readonly<Record<string, string>>,
  nextRelativeId: () => number,
): void {
  const { baseDn, activeOu, inactiveOu, managedOus, protectedGroups } = settings
  const container = (dn: string): void => {
    const parts = partsOf(dn)
    if (tree.find(dn)) return
    const isDomain = keyOf(dn) === keyOf(baseDn)
    if (!isDomain) container(nameOf(parts.slice(1)))
    const objectclass = ['top', parts[0]?.[0] === 'OU' ? 'organizationalUnit' : 'container']
    tree.put(tree.make(dn, { objectclass, ...(isDomain ? policy : {}) }))
  }
  const named = (
    dn: string,
    objectClass: string,
    relativeId: number,
    more: Record<string, string[]> = {},
  ) => {
    container(nameOf(partsOf(dn).slice(1)))
    const attributes = {
      objectclass: ['top', objectClass],
      samaccountname: [partsOf(dn)[0]?.[1] ?? ''],
      ...more,
    }
    return withDefaults(tree.make(dn, attributes), relativeId)
  }
  for (const dn of [baseDn, activeOu, inactiveOu, ...managedOus]) container(dn)
  for (const dn of new Set([...protectedGroups, ...groupsOf(settings)]))
    tree.put(named(dn, 'group', nextRelativeId()))
  for (const [at, [dn, password]] of Object.entries(passwords).entries()) {
    const flags = { useraccountcontrol: ['66048'], pwdlastset: ['1'] }
    const account = named(dn, 'user', at === 0 ? 500 : nextRelativeId(), flags)
    tree.put({ ...account, secret: secretOf(account, password) })
    const powers = at === 0 ? tree.find(protectedGroups[0] ?? '') : undefined
    if (powers) tree.put({ ...powers, members: [account.guid] })
  }
  tree.put({ ...named(`CN=krbtgt,CN=Users,${baseDn}`, 'user', 502), secret: randomBytes(16).toString('hex') })
}
