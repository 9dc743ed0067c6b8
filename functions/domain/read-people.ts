import { Contract } from '../../schemas/contract.ts'
import { RegisterRow } from '../../schemas/hr-event.ts'
import { readCsv } from './csv.ts'
import { faultsOf, mostFaults } from './faults.ts'
import type { ImportRow } from './import-row.ts'
import { type NationalIdScheme, parseNationalId } from './national-id.ts'
import type { CodedFault } from './refusal.ts'

/** A fault of one row. Rows are counted from 1, the heading of a CSV not among them; pointers are relative to the row. */
export interface RowFault extends CodedFault {
  readonly row: number
}

/** A list as sent, as rows still to be checked; or what is wrong with it as a whole. */
export type SentRows = { readonly rows: readonly unknown[]; readonly faults: readonly RowFault[] }

const columns = Object.keys(RegisterRow.shape)
const optional = new Set(['regime', 'endsOn', 'otherType'])

/** The list of people as CSV. */
export const rowsOfCsv = (text: string) => rowsOfTable(text, columns, optional)

/** Rows of a CSV by its heading, whose columns may stand in any order. An empty cell is an absent member. */
export function rowsOfTable(
  text: string,
  columns: readonly string[],
  optional: ReadonlySet<string>,
): SentRows | { readonly refused: readonly CodedFault[] } {
  const read = readCsv(text)
  if ('fault' in read) return { refused: [{ pointer: `/${read.fault.record}`, code: 'shape.malformed-csv' }] }
  const [heading = [], ...records] = read.records
  const refused: CodedFault[] = [
    ...heading.flatMap((name, index): CodedFault[] =>
      columns.includes(name)
        ? heading.indexOf(name) === index
          ? []
          : [{ pointer: `/0/${index}`, code: 'body.repeated-member' }]
        : [{ pointer: `/0/${index}`, code: 'csv.unknown-column' }],
    ),
    ...columns
      .filter(name => !optional.has(name) && !heading.includes(name))
      .map((name): CodedFault => ({ pointer: `/0/${name}`, code: 'csv.missing-column' })),
  ]
  if (refused.length > 0) return { refused }
  const faults: RowFault[] = []
  const rows = records.map((cells, index) => {
    if (cells.length !== heading.length) faults.push({ row: index + 1, pointer: '', code: 'csv.cells' })
    return Object.fromEntries(
      heading.flatMap((name, column) => {
        const cell = cells[column] ?? ''
        return cell === '' ? [] : [[name, cell]]
      }),
    )
  })
  return { rows, faults }
}

/** One row as what the register records, or all its faults. */
function checkRow(sent: unknown, scheme: NationalIdScheme): ImportRow | readonly CodedFault[] {
  const parsed = RegisterRow.safeParse(sent)
  const members = typeof sent === 'object' && sent !== null ? (sent as Record<string, unknown>) : {}
  const faults: CodedFault[] = parsed.success ? [] : faultsOf(parsed.error, sent)
  if (members !== sent) return faults
  const { type, regime, startsOn, endsOn, otherType } = members
  const contract = Contract.safeParse({ type, regime, startsOn, endsOn, otherType: otherType ?? undefined })
  if (!contract.success)
    for (const fault of faultsOf(contract.error, members))
      if (!faults.some(({ pointer }) => pointer === fault.pointer)) faults.push(fault)
  const nationalId =
    typeof members.nationalId === 'string' ? parseNationalId(scheme, members.nationalId) : undefined
  if (nationalId?.ok === false && !faults.some(({ pointer }) => pointer === '/nationalId'))
    faults.push({ pointer: '/nationalId', code: nationalId.code })
  if (!parsed.success || !contract.success || nationalId?.ok !== true) return faults
  const { givenNames, surnames, position, unit } = parsed.data
  return {
    person: { nationalId: nationalId.value, givenNames, surnames, position },
    unit,
    contract: contract.data,
  }
}

/**
 * Every row checked by itself and against the others: nobody may stand in a list twice. `rows` counts only if no fault was
 * found; after a thousand faults nothing more is looked at.
 */
export function checkRows(
  sent: SentRows,
  scheme: NationalIdScheme,
): { readonly rows: readonly ImportRow[]; readonly faults: readonly RowFault[] } {
  const faults: RowFault[] = [...sent.faults]
  const rows: ImportRow[] = []
  const seen = new Set<string>()
  for (const [index, one] of sent.rows.entries()) {
    if (faults.length > mostFaults) break
    const row = index + 1
    const checked = checkRow(one, scheme)
    if (!('person' in checked)) {
      faults.push(...checked.map(fault => ({ row, ...fault })))
      continue
    }
    if (seen.has(checked.person.nationalId))
      faults.push({ row, pointer: '/nationalId', code: 'people.repeated-person' })
    seen.add(checked.person.nationalId)
    rows.push(checked)
  }
  return { rows, faults }
}
