import type { Access, Atom, EndedAccess } from '../../schemas/access.ts'
import type { TargetId } from '../../schemas/settings.ts'

export interface AtomOfAccess {
  readonly atom: Atom
  /** The part of the line's access that concerns this atom. */
  readonly access: Access
}

type DirectoryAccess = Extract<Access, { system: 'directory' }>

const directoryAtoms = (access: DirectoryAccess, held: ReadonlySet<Atom>): AtomOfAccess[] => {
  const atoms: AtomOfAccess[] = []
  const { internetProfile, removableStorage } = access
  const entitlements = access.entitlements ?? []
  const onlyFurther =
    internetProfile === undefined && (removableStorage !== undefined || entitlements.length > 0)
  if (!(onlyFurther && held.has('account'))) atoms.push({ atom: 'account', access: { system: 'directory' } })
  if (internetProfile !== undefined)
    atoms.push({ atom: 'internet', access: { system: 'directory', internetProfile } })
  if (removableStorage === true || (removableStorage === false && held.has('removable-storage')))
    atoms.push({ atom: 'removable-storage', access: { system: 'directory', removableStorage } })
  for (const id of entitlements)
    atoms.push({ atom: `entitlement:${id}`, access: { system: 'directory', entitlements: [id] } })
  return atoms
}

/** Copies to the head are granted beside the mailbox and leave one that is held alone: its end is its own. */
const mailAtoms = (access: Extract<Access, { system: 'mail' }>, held: ReadonlySet<Atom>): AtomOfAccess[] => {
  const mailbox: AtomOfAccess = { atom: 'mail', access: { system: 'mail' } }
  if (access.copyToHead !== true) return [mailbox]
  return [...(held.has('mail') ? [] : [mailbox]), { atom: 'copy-to-head', access }]
}

/**
 * What an accepted line grants, atom by atom. `held`: the atoms that this person has from this unit under this contract.
 * A line with entitlements or removable storage only leaves a held account's end alone; `removableStorage: false` is
 * worth an atom only where it takes back a held one.
 */
export const atomsOf = (access: Access, held: ReadonlySet<Atom>): AtomOfAccess[] => {
  switch (access.system) {
    case 'directory':
      return directoryAtoms(access, held)
    case 'mail':
      return mailAtoms(access, held)
    case 'erp':
      return [{ atom: `erp:${access.module}`, access }]
    case 'data-centre':
      return access.doors.map(door => ({
        atom: `door:${door}`,
        access: { system: 'data-centre', doors: [door] },
      }))
  }
}

/** The target that makes an atom true. */
export const targetOf = (atom: Atom): TargetId => {
  if (atom === 'mail' || atom === 'copy-to-head') return 'mail'
  if (atom.startsWith('erp:')) return 'erp'
  return atom.startsWith('door:') ? 'data-centre' : 'directory'
}

/** Whether a deactivation line ends what this atom gives. A system without detail is the whole system. */
export const endedBy = (ended: EndedAccess, atom: Atom): boolean => {
  switch (ended.system) {
    case 'all':
      return true
    case 'directory':
      return ended.entitlements === undefined
        ? targetOf(atom) === 'directory'
        : ended.entitlements.some(id => atom === `entitlement:${id}`)
    case 'mail':
      return atom === 'copy-to-head' || (atom === 'mail' && ended.copyToHead !== true)
    case 'erp':
      return ended.module === undefined ? atom.startsWith('erp:') : atom === `erp:${ended.module}`
    case 'data-centre':
      return ended.doors === undefined
        ? atom.startsWith('door:')
        : ended.doors.some(door => atom === `door:${door}`)
  }
}
