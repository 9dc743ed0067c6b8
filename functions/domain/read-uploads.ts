import { Operation } from '../../schemas/access.ts'
import type { ListedAccountRow } from '../../schemas/reading.ts'
import { UploadRow } from '../../schemas/reconciliation.ts'
import type { ManualSettings, Settings } from '../../schemas/settings.ts'
import type { Right } from '../../schemas/target.ts'
import { faultsOf, mostFaults } from './faults.ts'
import { parseNationalId } from './national-id.ts'
import { type RowFault, rowsOfTable, type SentRows } from './read-people.ts'
import type { Code } from './texts/index.ts'

const columns = Object.keys(UploadRow.shape)
const optional = new Set(columns.filter(name => name !== 'name' && name !== 'state'))

/** The list of a target's users as CSV. */
export const uploadsOfCsv = (text: string) => rowsOfTable(text, columns, optional)

/** `tesoreria:ingreso+modificacion;bodega`: modules, each with its operations; without any it is a `consulta` (R4). */
function rightsOf(written: string, modules: ReadonlySet<string>): Right[] | Code {
  const rights = new Map<string, Right>()
  for (const part of written.split(';').map(text => text.trim())) {
    if (part === '') continue
    const [id = '', listed = ''] = part.split(':').map(text => text.trim())
    if (!modules.has(id)) return 'catalogue.unknown-module'
    if (rights.has(id)) return 'upload.module-twice'
    const named = listed === '' ? [] : listed.split('+').map(text => text.trim())
    const operations = Operation.options.filter(operation => named.includes(operation))
    if (operations.length !== named.length) return 'upload.unknown-operation'
    rights.set(id, { id, operations, specific: [], until: null })
  }
  return [...rights.values()].sort((one, other) => (one.id < other.id ? -1 : 1))
}

/**
 * Every row of an uploaded list by itself, and no account twice. `accounts` counts only if no fault was found; a row
 * without `accountId` is known by its name.
 */
export function checkUploads(
  sent: SentRows,
  target: ManualSettings,
  settings: Pick<Settings, 'nationalId' | 'erpModules'>,
): { readonly accounts: readonly ListedAccountRow[]; readonly faults: readonly RowFault[] } {
  const faults: RowFault[] = [...sent.faults]
  const accounts: ListedAccountRow[] = []
  const modules = new Set(target.id === 'erp' ? settings.erpModules.map(({ id }) => id) : [])
  const seen = new Set<string>()
  const isNew = (key: string) => !seen.has(key) && seen.add(key) !== undefined
  for (const [index, one] of sent.rows.entries()) {
    if (faults.length > mostFaults) break
    const fault = (pointer: string, code: Code) => faults.push({ row: index + 1, pointer, code })
    const parsed = UploadRow.safeParse(one)
    if (!parsed.success) {
      faults.push(...faultsOf(parsed.error, one).map(found => ({ row: index + 1, ...found })))
      continue
    }
    const { name, state, accountId = name, shownName = null, modules: written = '' } = parsed.data
    if (!isNew(`name ${name.toLowerCase()}`)) fault('/name', 'upload.repeated')
    if (!isNew(`id ${accountId}`)) fault('/accountId', 'upload.repeated')
    if (target.domain !== undefined && !name.toLowerCase().endsWith(`@${target.domain.toLowerCase()}`))
      fault('/name', 'upload.other-domain')
    const rights = rightsOf(written, modules)
    if (typeof rights === 'string') fault('/modules', rights)
    const id =
      parsed.data.nationalId === undefined
        ? null
        : parseNationalId(settings.nationalId, parsed.data.nationalId)
    if (id?.ok === false) fault('/nationalId', id.code)
    accounts.push({
      accountId,
      name,
      state,
      expiresAt: null,
      rights: typeof rights === 'string' ? [] : rights,
      nationalId: id?.ok ? id.value : null,
      personId: null,
      shownName,
      mail: target.id === 'mail' ? name : null,
      untouchable: false,
    })
  }
  return { accounts, faults }
}
