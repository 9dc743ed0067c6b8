import type { Access, EndedAccess } from '../../schemas/access.ts'
import type { Settings, TargetId } from '../../schemas/settings.ts'
import { phrase, rightInWords } from './step-words.ts'
import type { Code } from './texts/index.ts'

type Worded = { readonly settings: Settings }

const systems: Readonly<Record<Access['system'] | 'all', Code>> = {
  directory: 'access.directory',
  mail: 'access.mail',
  erp: 'access.erp',
  'data-centre': 'access.data-centre',
  all: 'access.all',
}

/** A target as people call what they have in it: the account, the mailbox, the ERP. */
export const targetInWords = (worded: Worded, target: TargetId): string => phrase(worded, systems[target])

const nameIn = (catalogue: readonly { readonly id: string; readonly name: string }[], id: string): string =>
  catalogue.find(one => one.id === id)?.name ?? id

export const moduleInWords = ({ settings }: Worded, module: string): string =>
  nameIn(settings.erpModules, module)

const inDirectory = (worded: Worded, access: Omit<Access & { system: 'directory' }, 'system'>): string[] => {
  const right = (id: string) => rightInWords({ ...worded, target: 'directory', name: '' }, { id })
  return [
    ...(access.internetProfile === undefined ? [] : [right(`internet:${access.internetProfile}`)]),
    ...(access.removableStorage === true ? [right('removable-storage')] : []),
    ...(access.entitlements ?? []).map(id => right(`entitlement:${id}`)),
  ]
}

const detailOf = (worded: Worded, access: Access | EndedAccess): string[] => {
  const { settings } = worded
  switch (access.system) {
    case 'all':
      return []
    case 'directory':
      return inDirectory(worded, access)
    case 'mail':
      return access.copyToHead === true ? [phrase(worded, 'right.copy-to-head')] : []
    case 'erp': {
      if (access.module === undefined) return []
      if (!('type' in access)) return [moduleInWords(worded, access.module)]
      const { module, operations = [], specific = [] } = access
      return [
        rightInWords(
          { ...worded, target: 'erp', name: '' },
          { id: module, operations: [...operations], specific: [...specific] },
        ),
      ]
    }
    case 'data-centre':
      return (access.doors ?? []).map(
        serial => settings.doors.find(door => door.serial === serial)?.name ?? serial,
      )
  }
}

/** What a line of the form asks for or ends, as the catalogue of the body names it. */
export const accessInWords = (worded: Worded, access: Access | EndedAccess): string => {
  const detail = detailOf(worded, access)
  const system = phrase(worded, systems[access.system])
  return detail.length === 0 ? system : `${system}: ${detail.join('; ')}`
}
