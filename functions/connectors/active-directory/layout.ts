import type { DirectorySettings } from '../../../schemas/settings.ts'
import { canonicalName, isWithin, keyOf } from './distinguished-name.ts'

/** The body's directory, with every name in comparable form: where accounts live and which group is which right. */
export interface Layout {
  /** The settings, names spelled as every server reads them. */
  readonly settings: DirectorySettings
  /** Group DN of a right's id. */
  readonly groupOfRight: ReadonlyMap<string, string>
  /** Right ids of a group's key: two rights may share a group. */
  readonly rightsOfGroup: ReadonlyMap<string, readonly string[]>
  /** Whether an account there may be written. */
  isManaged(key: string): boolean
  /** Whether a group's members may be written: it is named in the settings or lies in a managed OU. */
  isManagedGroup(key: string): boolean
  isRetired(key: string): boolean
}

export function layoutOf(written: DirectorySettings): Layout {
  const settings: DirectorySettings = {
    ...written,
    baseDn: canonicalName(written.baseDn),
    activeOu: canonicalName(written.activeOu),
    inactiveOu: canonicalName(written.inactiveOu),
    protectedGroups: written.protectedGroups.map(canonicalName),
  }
  const groupOfRight = new Map<string, string>()
  for (const [profile, dn] of Object.entries(settings.groups.internet))
    if (dn !== undefined) groupOfRight.set(`internet:${profile}`, canonicalName(dn))
  groupOfRight.set('removable-storage', canonicalName(settings.groups.removableStorage))
  for (const [id, dn] of Object.entries(settings.groups.entitlements))
    groupOfRight.set(`entitlement:${id}`, canonicalName(dn))

  const rightsOfGroup = new Map<string, string[]>()
  for (const [right, dn] of groupOfRight) {
    const key = keyOf(dn)
    rightsOfGroup.set(key, [...(rightsOfGroup.get(key) ?? []), right])
  }
  const managed = settings.managedOus.map(keyOf)
  const active = keyOf(settings.activeOu)
  const inactive = keyOf(settings.inactiveOu)
  const isManaged = (key: string) => managed.some(ou => key !== ou && isWithin(key, ou))
  return {
    settings,
    groupOfRight,
    rightsOfGroup,
    isManaged,
    isManagedGroup: key => rightsOfGroup.has(key) || isManaged(key),
    // One may lie beneath the other: the nearer one says what an account is.
    isRetired: key => isWithin(key, inactive) && !(isWithin(key, active) && isWithin(active, inactive)),
  }
}
